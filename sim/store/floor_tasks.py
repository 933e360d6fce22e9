"""What floor staff do, and in which order: booked visits, collectors, picking, counting stock.

A contact with a shopper is not queued for: it happens when somebody is free at once (`sim/staff/decision.py`), so
whoever picks or counts is missing on the floor. Nobody is called away from a task once begun.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum
from typing import Any

from sim.calendar import DAY_S
from sim.store.store import Store
from sim.town import Town


class FloorTask(IntEnum):
    """Priority of a task that waits for floor staff, the smallest first."""

    RECEIVE_VISITOR = 0
    HAND_OVER = 1
    PICK_ORDER = 2
    COUNT_STOCK = 3


def count_stock(town: Town, store: Store) -> Generator[Any, Any, None]:
    """One day's cycle count: some SKUs in turn, each by whoever of the floor staff has nothing better to do.

    Starts at opening and ends at closing, done or not; the next day goes on where this one ended. The record of a SKU
    is put right at the moment when it has been counted.
    """
    rules, stock, engine = town.scenario.stock, town.stock, town.engine
    if not store.is_open_on(int(engine.now / DAY_S)):
        return
    recorded, on_hand = stock.recorded[store.index], stock.on_hand[store.index]
    opens_s = store.next_open_s(engine.now)
    closes_s = store.closes_s(opens_s)
    yield opens_s - engine.now
    counted = looked_at = 0
    while counted < rules.cycle_count_skus_per_day and looked_at < len(recorded):
        sku = store.next_sku_to_count % len(recorded)
        store.next_sku_to_count += 1
        looked_at += 1
        if not (recorded[sku] or on_hand[sku]):
            continue  # neither on the list nor on the shelf
        free = yield (store.floor, max(0.0, closes_s - engine.now), int(FloorTask.COUNT_STOCK))
        if not free:
            store.next_sku_to_count -= 1
            return
        yield rules.cycle_count_minutes_per_sku * 60
        stock.correct_record(store.index, sku)
        store.floor.release()
        counted += 1
