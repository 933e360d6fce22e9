"""Counting stock: it puts records right, costs floor time, and waits for everything else."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from till_hall import Hall

from sim.calendar import DAY_S, HOUR_S
from sim.store.floor_tasks import FloorTask, count_stock
from sim.store.store import INFINITE_PATIENCE

ROSTER = [0] * 10 + [1] * 10 + [0] * 4


def _hall(skus: int, minutes: float = 3.0) -> Hall:
    sets = [f"stores.station.{who}={ROSTER}" for who in ("floor_staff", "staffed_tills")]
    counts = [f"stock.cycle_count_skus_per_day={skus}", f"stock.cycle_count_minutes_per_sku={minutes}"]
    hall = Hall([*sets, *counts])
    stock, here = hall.town.stock, hall.store.index
    stock.recorded[here][:] = [units + 1 for units in stock.recorded[here]]
    return hall


def _wrong(hall: Hall) -> int:
    stock, here = hall.town.stock, hall.store.index
    return sum(a != b for a, b in zip(stock.recorded[here], stock.on_hand[here], strict=True))


def _days(hall: Hall, count: int) -> None:
    for day in range(count):
        hall.town.engine.start(count_stock(hall.town, hall.store), day * DAY_S)
    hall.run([], until_s=count * DAY_S)


def test_each_day_counts_the_next_skus_and_puts_their_records_right() -> None:
    hall = _hall(40)
    wrong = _wrong(hall)
    _days(hall, 3)
    assert wrong - _wrong(hall) == 3 * 40


def test_a_count_that_is_not_done_by_closing_goes_on_the_next_day() -> None:
    """Ten hours of one person are 200 counts of three minutes; 900 are asked for."""
    hall = _hall(900)
    wrong = _wrong(hall)
    _days(hall, 2)
    assert wrong - _wrong(hall) == 2 * 200
    assert hall.store.floor.in_use == hall.store.floor.queue_length == 0


def test_counting_waits_for_picking_and_leaves_no_time_for_shoppers_meanwhile() -> None:
    hall = _hall(100, minutes=6.0)
    wrong = _wrong(hall)
    picked_s: list[float] = []

    def pick() -> Generator[Any, Any, None]:
        yield (hall.store.floor, INFINITE_PATIENCE, int(FloorTask.PICK_ORDER))
        yield 4.5 * HOUR_S
        picked_s.append(hall.town.engine.now)
        hall.store.floor.release()

    hall.town.engine.start(pick(), 10.25 * HOUR_S)
    _days(hall, 1)
    assert picked_s == [14.8 * HOUR_S], "the count under way is finished first: three SKUs by 10:18"
    assert wrong - _wrong(hall) == 3 + 52


def test_nothing_is_counted_by_default() -> None:
    hall = _hall(0)
    wrong = _wrong(hall)
    _days(hall, 1)
    assert _wrong(hall) == wrong
