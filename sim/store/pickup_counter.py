"""Collecting an order: from a locker, at the pickup counter, from floor staff, or in the line at the tills.

With the capability `pickup_counter` a ready order goes into a locker if one is free, else behind the counter. A
counter without staff of its own (`pickup_counters = 0`) is served from the floor. Without the capability collectors
are one more person in the line at the staffed tills. Nobody balks or reneges who has paid.
"""

from __future__ import annotations

from collections.abc import Generator
from math import exp
from typing import Any

from sim.calendar import HOUR_S
from sim.errand import Errand
from sim.log.schema import Place
from sim.store.floor_tasks import FloorTask
from sim.store.store import INFINITE_PATIENCE, Store
from sim.store.tills import fetch_at_till
from sim.town import Town

_FIRST_HOURS = 4


def keep_ready(town: Town, store: Store) -> Place:
    """Put a picked order where it will be collected: LOCKER, which takes a compartment, or PICKUP_COUNTER."""
    if town.open.pickup_counter[store.index] > 0 and store.lockers_in_use < store.table.pickup_lockers:
        store.lockers_in_use += 1
        return Place.LOCKER
    return Place.PICKUP_COUNTER


def comes_s(store: Store, errand: Errand, wishes_s: float, kept: Place) -> float:
    """When the shopper comes: to a locker as wished, else in opening hours or in the first hours of the next day."""
    opens_s = store.next_open_s(wishes_s)
    if kept is Place.LOCKER or opens_s == wishes_s:
        return wishes_s
    return opens_s + _FIRST_HOURS * HOUR_S * errand.later_draw


def clear_away(store: Store, kept: Place) -> None:
    """Take out what nobody has collected."""
    if kept is Place.LOCKER:
        store.lockers_in_use -= 1


def collect_order(town: Town, store: Store, errand: Errand, order: int, kept: Place) -> Generator[Any, Any, None]:
    """Come for the order with id `order`, kept where `keep_ready` said, and have it in hand at the end."""
    if kept is Place.LOCKER:
        yield from _open_locker(town, store)
        return
    service_s = town.scenario.fulfilment.hand_over_median_s * exp(errand.hand_over_z)
    if town.open.pickup_counter[store.index] > 0:
        yield from _at_the_counter(town, store, errand, order, service_s)
    else:
        yield from fetch_at_till(town, store, errand, order, service_s)


def _open_locker(town: Town, store: Store) -> Generator[Any, Any, None]:
    service_s = town.scenario.fulfilment.locker_s
    hour = store.queue_hour(Place.LOCKER, town.engine.now)
    hour.joined += 1
    hour.serve(0.0, service_s)
    yield service_s
    store.lockers_in_use -= 1


def _at_the_counter(
    town: Town, store: Store, errand: Errand, order: int, service_s: float
) -> Generator[Any, Any, None]:
    """At the counter; whom the floor staff have not served by closing goes to the tills, which serve the last."""
    came_s = town.engine.now
    staff, patience_s, priority = store.pickup, INFINITE_PATIENCE, 0
    if not store.table.pickup_counters:
        staff, priority = store.pickers, int(FloorTask.HAND_OVER)
        patience_s = max(0.0, store.closes_s(came_s) - came_s)
    served = yield (staff, patience_s, priority)
    if not served:
        yield from fetch_at_till(town, store, errand, order, service_s)
        return
    now_s = town.engine.now
    hour = store.queue_hour(Place.PICKUP_COUNTER, came_s)
    hour.joined += 1
    hour.serve(now_s - came_s, service_s)
    yield service_s
    staff.release()
