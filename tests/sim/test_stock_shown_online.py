"""What is shown online is as old as its synchronisation, and oversells for that reason alone."""

from __future__ import annotations

from collections.abc import Generator

import pytest
import simpy
from towns import lived, rows, small

from sim.engine import Engine
from sim.inventory.shown_online import ShownOnline, nightly_batch, synchronisation

THIN = ["stock.cover_days=0.5", "stock.safety_factor=0.5", "choice.collect=2.5", "stock.online_buffer=0"]
RIGHT = ["stock.shrink_per_unit_and_day=0.0", "stock.receipt_miscount=0.0", "stock.till_mix_up=0.0"]


def cancelled(*sets: str) -> int:
    """Orders of a week whose goods were not all there."""
    events = rows(lived(small(sets=[*THIN, *sets])), "events")
    return sum(event["kind"] == "cancelled" for event in events)


def test_a_fresh_and_right_record_never_oversells() -> None:
    assert cancelled(*RIGHT, "capabilities.stock_sync_minutes=1") == 0


def test_an_older_record_cancels_more_orders() -> None:
    nightly = cancelled(*RIGHT, "capabilities.stock_sync_minutes=1440")
    hourly = cancelled(*RIGHT, "capabilities.stock_sync_minutes=60")
    assert nightly > 1.5 * hourly > 0


def test_a_wrong_record_oversells_though_it_is_fresh() -> None:
    assert cancelled("stock.shrink_per_unit_and_day=0.05", "capabilities.stock_sync_minutes=1") > 0


def test_a_safety_buffer_saves_orders_from_being_cancelled() -> None:
    nightly = [*RIGHT, "capabilities.stock_sync_minutes=1440"]
    assert cancelled(*nightly, "stock.online_buffer=3") < cancelled(*nightly) / 2


def test_between_two_batches_only_online_promises_count() -> None:
    recorded, held = [[5], [9]], [[0], [0]]
    online = ShownOnline(recorded, held, buffer=1)
    nightly_batch(online, [1440.0])
    recorded[0][0] = 2  # three were sold in the store
    online.promised(0, 0, 2)
    assert online.units(0, 0) == 3
    online.promised(0, 0, -2)
    assert online.units(0, 0) == 5
    nightly_batch(online, [1440.0])
    assert online.units(0, 0) == 2


def test_stock_at_or_below_buffer_and_hold_back_is_not_shown_and_the_warehouse_has_neither() -> None:
    recorded = [[4, 5], [1, 9]]
    online = ShownOnline(recorded, [[0, 0], [0, 0]], buffer=2)
    online.hold_back[0] = [2, 2]
    stores, warehouse = online.tables()
    assert stores.tolist() == [[0, 5]]
    assert warehouse.tolist() == [1, 9]
    assert [online.units(0, sku) for sku in (0, 1)] == [0, 5]


@pytest.mark.parametrize(("minutes", "age_s"), [(15.0, 900), (60.0, 3600), (600.0, 36000)])
def test_the_record_is_never_older_than_promised(minutes: float, age_s: float) -> None:
    """A unit is sold every 100 s; what is known lags behind by at most the sales of the allowed age."""
    recorded = [[100_000], [0]]
    online = ShownOnline(recorded, [[0], [0]], buffer=0)
    engine = Engine(simpy.Environment())
    nightly_batch(online, [minutes])
    lags = []

    def sales() -> Generator[int, None, None]:
        for _ in range(863):
            yield 100
            recorded[0][0] -= 1
            lags.append(online.units(0, 0) - recorded[0][0])

    engine.start(synchronisation(online, [minutes]))
    engine.start(sales())
    engine.env.run(until=86400)
    assert max(lags) <= age_s / 100
    assert max(lags) >= age_s / 100 - 1
