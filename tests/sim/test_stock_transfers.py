"""Goods between our own locations: out of one, in transit, into another; nothing gets lost on the way."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from towns import lived, rows, small

from scenarios.errors import LawViolated
from sim.experiment import run_replication
from sim.laws import check
from sim.log.recorder import Memory

SLOW = ["stock.lead_days_store=9", "stock.cover_days=1", "stock.safety_factor=0"]
UNEVEN = [*SLOW, "stores.mall.appeal=1.5", "stores.temple.appeal=-1.0", "horizon.days=14"]
LACKING = ["stock.cover_days=0.5", "stock.safety_factor=0", "choice.collect=3.0", "choice.shown_sold_out=0.0"]


def missing_lines(memory: Memory) -> int:
    return sum(row["kind"] == "stock_out" and row["place"] == "floor" for row in rows(memory, "events"))


def moved(memory: Memory, reason: str) -> int:
    return sum(row["on_hand_change"] for row in rows(memory, "stock_moves") if row["reason"] == reason)  # type: ignore[misc]


def test_balancing_stores_saves_sales_and_costs_what_is_sent() -> None:
    alone = lived(small(sets=[*UNEVEN]))
    balanced = lived(small(sets=[*UNEVEN, "stock.rebalance=true"]))
    assert moved(alone, "transfer_out") == 0
    assert missing_lines(balanced) < missing_lines(alone)
    paid = -sum(row["amount_yen"] for row in rows(balanced, "ledger") if row["account"] == "transfer")  # type: ignore[misc]
    assert paid == 60 * -moved(balanced, "transfer_out") > 0


@pytest.mark.parametrize("days", [1, 5])
def test_what_was_sent_has_arrived_or_is_in_transit(days: int) -> None:
    memory = lived(small(sets=[*UNEVEN, "stock.rebalance=true", f"stock.transfer_days={days}"]))
    under_way = sum(row["in_transit"] for row in rows(memory, "stock_closing"))  # type: ignore[misc]
    assert -moved(memory, "transfer_out") == moved(memory, "transfer_in") + under_way
    assert under_way > 0


def test_an_order_gets_what_its_store_lacks_sent_there_held_and_collected(tmp_path: Path) -> None:
    """Its sale is saved; it waits a night; and all laws hold, in-transit goods included."""
    sets = [*LACKING, "capabilities.ship_from_store=false"]
    lacking = lived(small(sets=sets))
    served = small(sets=[*sets, "stock.ship_to_store=true"])
    memory = lived(served)
    list(run_replication(served.scenario, 1, 0, tmp_path))  # raises where a law is broken
    arrived = [row for row in rows(memory, "stock_moves") if row["reason"] == "transfer_in"]
    assert len(arrived) > 20
    assert all(row["held_change"] == row["on_hand_change"] for row in arrived)
    assert all(row["time_s"] % 86400 > 0 for row in arrived), "in opening hours"  # type: ignore[operator]
    picked = {(row["order"], row["sku"]) for row in rows(memory, "stock_moves") if row["reason"] == "pick"}
    assert {(row["order"], row["sku"]) for row in arrived} <= picked

    def collected(found: Memory) -> int:
        return sum(row["state"] == "completed" and row["fulfilment"] == "collect" for row in rows(found, "orders"))

    assert collected(memory) > collected(lacking)


def test_goods_that_vanish_in_transit_break_a_law(tmp_path: Path) -> None:
    served = small(sets=[*UNEVEN, "stock.rebalance=true"])
    list(run_replication(served.scenario, 1, 0, tmp_path))
    file = tmp_path / "stock_closing.parquet"
    closing = pq.read_table(file)
    lost = closing.set_column(
        closing.schema.get_field_index("in_transit"),
        closing.schema.field("in_transit"),
        pa.array([0] * closing.num_rows, pa.int32()),
    )
    pq.write_table(lost, file)
    with pytest.raises(LawViolated, match="neither arrived nor is in transit"):
        check(tmp_path)
