"""One pool: stores ship what the warehouse lacks, the next store when a pick fails, and each place its own parcel."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from towns import lived, rows, small

from sim.experiment import run_replication
from sim.inventory.ship_from_store import allocate
from sim.log.recorder import Memory
from sim.streams import Streams
from sim.town import Town
from sim.world import World

EMPTY_WAREHOUSE = [
    "stock.lead_days_warehouse=1",
    "stock.lead_days_store=6",
    "stock.cover_days=1",
    "stock.safety_factor=0",
    "stock.online_buffer=0",
    "choice.ec=3.0",
    "choice.shown_sold_out=0.0",
]
SHIPS = "capabilities.ship_from_store=true"


@pytest.fixture(scope="module")
def town() -> Town:
    """The ward with ten units of everything in the warehouse, and 3, 4, 5, 6 in the stores."""
    world = World(small(sets=[SHIPS, "stock.online_buffer=0"]).scenario, Streams(1, 0), Memory())
    stock = world.town.stock
    for location, units in enumerate((3, 4, 5, 6, 10)):
        for table in (stock.on_hand, stock.recorded):
            table[location][:] = [units] * len(table[location])
    return world.town


def test_the_warehouse_ships_what_it_can(town: Town) -> None:
    assert allocate(town, [(0, 10), (7, 1)]) == [(town.warehouse, [(0, 10), (7, 1)])]


def test_a_line_it_cannot_fill_comes_from_the_store_with_most(town: Town) -> None:
    recorded = town.stock.recorded
    recorded[town.warehouse][5] = 1
    assert allocate(town, [(4, 2), (5, 2)]) == [(town.warehouse, [(4, 2)]), (3, [(5, 2)])]


def test_a_store_that_sends_a_parcel_anyway_sends_the_next_line_too(town: Town) -> None:
    recorded = town.stock.recorded
    recorded[town.warehouse][10] = recorded[town.warehouse][11] = 0
    recorded[0][10], recorded[1][11] = 50, 60
    assert allocate(town, [(10, 2), (11, 2)]) == [(0, [(10, 2), (11, 2)])]


def test_what_nobody_has_is_left_to_the_warehouse_to_refuse(town: Town) -> None:
    assert allocate(town, [(20, 99)]) == [(town.warehouse, [(20, 99)])]


def lost_online(memory: Memory) -> int:
    """Lines that nobody could ship to those who ordered from home."""
    return sum(row["kind"] == "stock_out" and row["journey"] == "ec_order" for row in rows(memory, "events"))


def test_stores_that_ship_save_orders_when_the_warehouse_is_empty() -> None:
    alone = lived(small(sets=[*EMPTY_WAREHOUSE, "capabilities.ship_from_store=false"]))
    pooled = lived(small(sets=[*EMPTY_WAREHOUSE, SHIPS]))
    assert lost_online(pooled) < lost_online(alone) / 2
    assert {row["location"] for row in rows(alone, "stock_moves") if row["reason"] == "ship"} == {"ec"}


def test_each_location_that_sends_part_of_an_order_pays_a_parcel(tmp_path: Path) -> None:
    loaded = small(sets=[*EMPTY_WAREHOUSE, SHIPS, "stock.shrink_per_unit_and_day=0.05", "fulfilment.parcel_yen=1000"])
    list(run_replication(loaded.scenario, 1, 0, tmp_path))  # raises where a law is broken
    memory = lived(loaded)
    senders: dict[object, set[object]] = defaultdict(set)
    for row in rows(memory, "stock_moves"):
        if row["reason"] == "ship":
            senders[row["order"]].add(row["location"])
    parcels: dict[object, int] = defaultdict(int)
    for row in rows(memory, "ledger"):
        if row["account"] == "parcel" and row["order"] in senders:
            parcels[row["order"]] -= row["amount_yen"]  # type: ignore[operator]
    returned = {row["order"] for row in rows(memory, "events") if row["kind"] == "returned"}
    kept = senders.keys() - returned
    assert {order: 1000 * len(senders[order]) for order in kept} == {order: parcels[order] for order in kept}
    assert any(len(places) > 1 for places in senders.values()), "orders are split"


def test_a_pick_that_fails_is_made_good_by_another_store() -> None:
    """With records far too high many picks fail; an order reserved anew after it was paid is one that was saved."""
    sets = [*EMPTY_WAREHOUSE, SHIPS, "stock.shrink_per_unit_and_day=0.1", "capabilities.stock_sync_minutes=1"]
    memory = lived(small(sets=sets))
    paid_s = {row["order"]: row["time_s"] for row in rows(memory, "events") if row["kind"] == "paid"}
    again = {
        (row["order"], row["sku"], row["location"])
        for row in rows(memory, "stock_moves")
        if row["reason"] == "reserve" and row["order"] in paid_s and row["time_s"] > paid_s[row["order"]]  # type: ignore[operator]
    }
    shipped = {
        (row["order"], row["sku"], row["location"]) for row in rows(memory, "stock_moves") if row["reason"] == "ship"
    }
    assert len(again) > 5
    assert again <= shipped
    assert {location for _, _, location in again} <= {"station", "mall", "riverside", "temple"}
