"""Calling back-room staff to the tills when lines are long, and sending them back when the queue is gone.

When the mean queue per open till passes `[tills] recall_from_people`, the next of the store's `back_room_staff` is
called and opens a till after `change_over_s`; whoever is on the way already counts as a till. (Antczak, Weron and
Zabawa 2020: back-office staff are recalled when the mean queue passes a threshold, with a change-over time.)
"""

from __future__ import annotations

from functools import partial

from sim.log.rows import EVENT
from sim.log.schema import Journey, Kind, Place
from sim.store.store import Store
from sim.town import Town

_RECALLED = int(Kind.RECALLED)
_NO_JOURNEY, _STAFFED_TILL = int(Journey.NONE), int(Place.STAFFED_TILL)


def call_help_if_long(town: Town, store: Store) -> None:
    """Call one more helper if the lines at staffed tills are too long with the one who is about to join."""
    called = store.helpers + store.helpers_coming
    if called >= store.table.back_room_staff:
        return
    rules = store.tills_table
    tills = store.tills_open() + store.helpers_coming
    if store.queueing_at_tills() + 1 <= rules.recall_from_people * max(1, tills):
        return
    store.helpers_coming += 1
    town.engine.call_after(rules.change_over_s, partial(_open_till, town, store))


def send_back_if_gone(store: Store) -> None:
    """Helpers return to the back room once nobody waits; asked whenever somebody has been served."""
    if store.helpers and not store.queueing_at_tills():
        store.send_helpers(-store.helpers)


def _open_till(town: Town, store: Store) -> None:
    store.helpers_coming -= 1
    if not store.queueing_at_tills():
        return
    store.send_helpers(1)
    row = (
        town.engine.now,
        -1,
        -1,
        _NO_JOURNEY,
        store.index,
        _RECALLED,
        _STAFFED_TILL,
        -1,
        store.helpers,
        0,
        -1,
        -1,
        -1,
    )
    town.log.events.extend(EVENT(*row))
