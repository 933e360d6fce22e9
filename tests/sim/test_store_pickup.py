"""Where orders are collected: lockers at any hour, the counter, the floor staff, or the line at the tills."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from till_hall import Hall

from sim.calendar import DAY_S, HOUR_S
from sim.log.schema import Place
from sim.store.floor_tasks import FloorTask
from sim.store.pickup_counter import clear_away, collect_order, comes_s, keep_ready
from sim.store.store import INFINITE_PATIENCE

WITH_COUNTER = "capabilities.pickup_counter=true"
HAND_OVER_S = 150.0


def _collector(hall: Hall, order: int, kept: Place, done: dict[int, float]) -> Generator[Any, Any, None]:
    yield from collect_order(hall.town, hall.store, hall.errand(order), order, kept)
    done[order] = hall.town.engine.now


def _collect(hall: Hall, at_s: list[float], kept: Place = Place.PICKUP_COUNTER) -> dict[int, float]:
    """When collectors who come at these times have their order in hand."""
    done: dict[int, float] = {}
    for order, come_s in enumerate(at_s):
        hall.town.engine.start(_collector(hall, order, kept, done), come_s)
    hall.run([], until_s=DAY_S)
    return done


def test_lockers_are_never_more_than_there_are_and_become_free_again() -> None:
    hall = Hall([WITH_COUNTER, "stores.station.pickup_lockers=3", "fulfilment.locker_s=20"])
    town, store = hall.town, hall.store
    assert [keep_ready(town, store) for _ in range(5)] == [Place.LOCKER] * 3 + [Place.PICKUP_COUNTER] * 2
    clear_away(store, Place.PICKUP_COUNTER)
    clear_away(store, Place.LOCKER)
    assert [keep_ready(town, store) for _ in range(2)] == [Place.LOCKER, Place.PICKUP_COUNTER]
    assert _collect(hall, [2 * HOUR_S, 2 * HOUR_S], Place.LOCKER) == {0: 2 * HOUR_S + 20, 1: 2 * HOUR_S + 20}
    assert [keep_ready(town, store) for _ in range(3)] == [Place.LOCKER] * 2 + [Place.PICKUP_COUNTER]
    assert hall.counted("served", Place.LOCKER) == 2
    assert store.open_units(Place.LOCKER, 2) == 3


def test_there_are_no_lockers_without_the_capability() -> None:
    hall = Hall(["capabilities.pickup_counter=false", "stores.station.pickup_lockers=3"])
    assert keep_ready(hall.town, hall.store) is Place.PICKUP_COUNTER


def test_lockers_are_opened_at_night_and_the_counter_is_not() -> None:
    roster = [0] * 10 + [2] * 10 + [0] * 4
    store = Hall([f"stores.station.staffed_tills={roster}"]).store
    errand = Hall().errand(1, later_draw=0.5)
    assert comes_s(store, errand, 2 * HOUR_S, Place.LOCKER) == 2 * HOUR_S
    assert comes_s(store, errand, 2 * HOUR_S, Place.PICKUP_COUNTER) == 12 * HOUR_S
    assert comes_s(store, errand, 22 * HOUR_S, Place.PICKUP_COUNTER) == 36 * HOUR_S
    assert comes_s(store, errand, 15 * HOUR_S, Place.PICKUP_COUNTER) == 15 * HOUR_S


def test_collectors_queue_at_their_counter_and_not_at_the_tills() -> None:
    hall = Hall([WITH_COUNTER, "stores.station.pickup_counters=1"], tills=1)
    assert _collect(hall, [100.0, 100.0]) == {0: 100.0 + HAND_OVER_S, 1: 100.0 + 2 * HAND_OVER_S}
    assert hall.counted("wait_s", Place.PICKUP_COUNTER) == HAND_OVER_S
    assert hall.counted("joined") == 0


@pytest.mark.parametrize("lines", ["pooled", "separate"])
def test_without_a_counter_collectors_are_people_in_the_line_at_the_tills(lines: str) -> None:
    hall = Hall(["capabilities.pickup_counter=false", f'tills.lines="{lines}"', "tills.jockey_from_people=1"], tills=2)
    done = _collect(hall, [100.0, 100.0, 100.0])
    assert done == {0: 100.0 + HAND_OVER_S, 1: 100.0 + HAND_OVER_S, 2: 100.0 + 2 * HAND_OVER_S}
    assert hall.counted("joined") == hall.counted("served") == 3
    assert hall.counted("joined", Place.PICKUP_COUNTER) == 0
    assert len(hall.events("queue_join")) == 3


def _floor_task(
    hall: Hall, minutes: float, priority: FloorTask, started: dict[str, float]
) -> Generator[Any, Any, None]:
    yield (hall.store.floor, INFINITE_PATIENCE, int(priority))
    started.setdefault(priority.name, hall.town.engine.now)
    yield minutes * 60
    hall.store.floor.release()


def test_without_counter_staff_the_floor_hands_over_before_it_picks() -> None:
    """One person on the floor picks until second 600; then comes the collector, then the next pick."""
    floor = f"stores.station.floor_staff={[1] * 24}"
    hall = Hall([WITH_COUNTER, "stores.station.pickup_counters=0", floor])
    started: dict[str, float] = {}
    later: dict[str, float] = {}
    start = hall.town.engine.start
    start(_floor_task(hall, 10, FloorTask.PICK_ORDER, started), 0.5)
    start(_floor_task(hall, 10, FloorTask.PICK_ORDER, later), 50.0)
    assert _collect(hall, [100.0])[0] == 600.5 + HAND_OVER_S
    assert later["PICK_ORDER"] == 600.5 + HAND_OVER_S


def test_whom_the_floor_has_not_served_by_closing_the_last_till_serves() -> None:
    roster = [1] * 20 + [0] * 4
    sets = [f"stores.station.{who}={roster}" for who in ("floor_staff", "staffed_tills")]
    hall = Hall([WITH_COUNTER, "stores.station.pickup_counters=0", *sets])
    hall.town.engine.start(_floor_task(hall, 30, FloorTask.PICK_ORDER, {}), 19.9 * HOUR_S)
    assert _collect(hall, [19.95 * HOUR_S])[0] == 20 * HOUR_S + HAND_OVER_S
    assert hall.counted("served") == 1
