"""A counter at the door counts people: companions, collectors and staff beside shoppers, and not all of them."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from towns import lived, rows, small

from sim.calendar import DAY_S
from sim.evaluation.measures import measure
from sim.experiment import run_replication
from sim.log.recorder import Memory
from sim.log.schema import TABLES

ON = "capabilities.door_counter=true"
PERFECT = ("door_counter.companions=0.0", "door_counter.staff_passes_per_hour=0.0", "door_counter.missed=0.0")
DAYS = 7


def entries(memory: Memory) -> tuple[Counter[Any], Counter[Any]]:
    """By store, day and hour of the horizon: arrivals, and orders collected from people."""
    counts: tuple[Counter[Any], Counter[Any]] = (Counter(), Counter())
    for row in rows(memory, "events"):
        time_s: Any = row["time_s"]
        where = (row["store"], int(time_s // DAY_S), int(time_s % DAY_S // 3600))
        if time_s < DAYS * DAY_S:
            counts[0][where] += row["kind"] == "arrive"
            counts[1][where] += row["kind"] == "collected" and row["place"] != "locker"
    return +counts[0], +counts[1]


def test_a_sensor_changes_nothing_but_its_own_table() -> None:
    without, having = lived(small()), lived(small(sets=[ON]))
    assert not without.table("door_counts").num_rows
    assert having.table("door_counts").num_rows
    for table in set(TABLES) - {"door_counts"}:
        assert without.table(table).equals(having.table(table)), table


def test_a_perfect_counter_counts_arrivals_and_collectors() -> None:
    memory = lived(small(sets=[ON, *PERFECT]))
    arrived, collected = entries(memory)
    found: list[dict[str, Any]] = rows(memory, "door_counts")
    assert {(r["store"], r["day"], r["hour"]): r["visitors"] for r in found if r["visitors"]} == arrived
    assert {(r["store"], r["day"], r["hour"]): r["others"] for r in found if r["others"]} == collected
    assert all(row["counted"] == row["visitors"] + row["others"] for row in found)


@pytest.mark.parametrize(("companions", "passes", "missed"), [(0.25, 0.5, 0.03), (0.6, 0.0, 0.0), (0.0, 1.3, 0.2)])
def test_the_bias_is_the_configured_one(companions: float, passes: float, missed: float) -> None:
    """Expected: (1 - missed) ((shoppers + collectors) (1 + companions) + passes x hours on duty)."""
    keys = {"companions": companions, "staff_passes_per_hour": passes, "missed": missed}
    loaded = small(sets=[ON, *(f"door_counter.{key}={value}" for key, value in keys.items())])
    memory = lived(loaded)
    arrived, collected = entries(memory)
    people = arrived.total() + collected.total()
    stores = loaded.scenario.stores.values()
    duty = DAYS * sum(sum(store.floor_staff) + sum(store.staffed_tills) for store in stores)
    found: list[dict[str, Any]] = rows(memory, "door_counts")
    counted = sum(row["counted"] for row in found)
    expected = (1 - missed) * (people * (1 + companions) + passes * duty)
    seen = companions * (1 - missed)
    variance = people * (missed * (1 - missed) + seen * (1 - seen)) + 0.5 * DAYS * 24 * len(stores)
    assert people > 1000
    assert abs(counted - expected) < 4 * sqrt(variance)


def test_only_stores_with_a_counter_are_counted_and_from_its_day_on() -> None:
    memory = lived(small(sets=["rollout.door={day=3,stores=['mall'],set={door_counter=true}}"]))
    found = rows(memory, "door_counts")
    assert {row["store"] for row in found} == {"mall"}
    assert {row["day"] for row in found} == {3, 4, 5, 6}
    plain = lived(small())
    assert rows(memory, "events") == rows(plain, "events"), "nobody has to learn a sensor"


def within(directory: Path, table: str, column: str) -> list[dict[str, Any]]:
    """Rows of a table of a replication that lie in the horizon by this column."""
    return [row for row in pq.read_table(directory / f"{table}.parquet").to_pylist() if row[column] < DAYS * DAY_S]


def test_conversion_by_the_counter_falls_short_of_the_truth_by_its_bias(tmp_path: Path) -> None:
    """Where nobody collects and nothing comes back, receipts over arrivals is the truth; over the count it is less."""
    nothing_else = ["capabilities.click_and_collect=false", "missions.considered.inspected=false"]
    nothing_else += ["returns.defect=0.0", "returns.regret_below=-9.0"]
    found = {}
    for name, more in (("perfect", PERFECT), ("usual", ())):
        loaded = small(sets=[ON, *nothing_else, *more])
        for _ in run_replication(loaded.scenario, 1, 0, tmp_path / name):
            pass
        found[name] = measure(tmp_path / name, loaded.scenario)
    perfect, usual = found["perfect"], found["usual"]
    arrivals = sum(row["kind"] == "arrive" for row in within(tmp_path / "perfect", "events", "time_s"))
    sold = [row for row in within(tmp_path / "perfect", "orders", "placed_s") if row["state"] == "completed"]
    in_store = [row for row in sold if row["order_channel"] != "ec"]
    receipts = {(row["need"], row["store"], row["placed_s"] // DAY_S) for row in in_store}
    assert perfect["door_counter_bias"] == 0
    assert perfect["door_counter_conversion"] == pytest.approx(len(receipts) / arrivals, rel=1e-9)
    # Who comes again after the horizon is in the one and not in the other, and finds shelves that nobody fills.
    assert perfect["door_counter_conversion"] == pytest.approx(perfect["store_conversion"], abs=0.02)
    assert usual["store_conversion"] == perfect["store_conversion"]
    assert usual["door_counter_bias"] > 0.2
    short = perfect["door_counter_conversion"] / (1 + usual["door_counter_bias"])
    assert usual["door_counter_conversion"] == pytest.approx(short, rel=1e-9)
