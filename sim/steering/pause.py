"""How a store's day stands at a moment: what its manager would see on walking through it, and on the day's books.

A pause is a run of the same day up to that moment. All draws are keyed by who and what for, so the same instructions
give the same past, and going on is running again with what has been ordered since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.schema import Scenario
from sim.calendar import DAY_S, HOUR_S
from sim.log.recorder import Memory
from sim.log.schema import Account, Channel, Kind, Place, StaffAction
from sim.store.store import Store
from sim.streams import Streams
from sim.town import Town
from sim.world import World


@dataclass(frozen=True)
class Hour:
    """One hour in front of the staffed tills, as far as it has come. Seconds; people."""

    hour: int
    joined: int
    mean_wait_s: float
    longest_wait_s: float
    left: int
    """Who turned away or gave up."""


@dataclass(frozen=True)
class Standing:
    """One store at one moment of a day. Yen are of the day until then."""

    at_s: float
    queueing: int
    tills: int
    self_checkout_queueing: int
    floor_staff: int
    talking: int
    orders_waiting: int
    """Orders that wait to be picked, and collectors that wait for the floor staff."""
    hours: tuple[Hour, ...]
    lost_yen: int
    """Goods that visitors of this store wanted and did not get."""
    advised: int
    contacts: int
    app_orders: int
    contribution_yen: int
    """The whole company's."""
    store_sales_yen: int
    bonus_yen: float
    """What this store's staff have earned beyond the wage, by the evaluation policy in force."""


def pause(scenario: Scenario, store: str, at_s: float, seed: int, replication: int = 0) -> Standing:
    """How `store` stands at second `at_s` of the run; the town is lived through from the start."""
    world = World(scenario, Streams(seed, replication), Memory())
    world.live_until(at_s)
    town = world.town
    place = next(one for one in town.stores if one.name == store)
    ledger, contacts, events = (_today(town, name, at_s) for name in ("ledger", "staff_contacts", "events"))
    contacts = contacts[contacts["store"] == place.index]
    advised = (contacts["action"] > StaffAction.NOTHING) & (contacts["action"] < StaffAction.DEFLECT)
    lost = (events["kind"] == Kind.LOST_SALE) & (events["store"] == place.index)
    here = ledger["store"] == place.index
    revenue = np.isin(ledger["account"], [Account.REVENUE, Account.REFUND])
    at_tills = ledger["order_channel"] == Channel.STORE
    last = place.first_staff + max(place.table.floor_staff)
    return Standing(
        at_s=at_s,
        queueing=place.queueing_at_tills(),
        tills=place.tills_open(),
        self_checkout_queueing=place.self_checkouts.queue_length,
        floor_staff=place.floor.capacity,
        talking=town.crew.talking(place.index),
        orders_waiting=place.pickers.queue_length,
        hours=_hours(place, int(at_s % DAY_S / HOUR_S)),
        lost_yen=int(events["amount_yen"][lost].sum()),
        advised=int(advised.sum()),
        contacts=len(contacts),
        app_orders=len(np.unique(ledger["order"][here & revenue & (ledger["order_channel"] == Channel.APP)])),
        contribution_yen=int(ledger["amount_yen"].sum()),
        store_sales_yen=int(ledger["amount_yen"][here & revenue & at_tills].sum()),
        bonus_yen=float(town.crew.earned(town.log)[place.first_staff : last].sum()),
    )


def _today(town: Town, table: str, at_s: float) -> NDArray[Any]:
    """Rows of the day of `at_s` until then; what is known already of later, such as a refund at night, is left out."""
    rows, _ = town.log.rows_since(table, 0)
    times = rows["time_s"]
    return rows[(times >= at_s - at_s % DAY_S) & (times <= at_s)]


def _hours(store: Store, now: int) -> tuple[Hour, ...]:
    """The hours from opening to the one under way."""
    found = []
    for number in range(store.opening_hour, min(now, store.closing_hour) + 1):
        seen = store.queues[Place.STAFFED_TILL][number]
        wait_s = seen.wait_s / seen.served if seen.served else 0.0
        found.append(Hour(number, seen.joined, wait_s, seen.longest_wait_s, seen.balked + seen.reneged))
    return tuple(found)
