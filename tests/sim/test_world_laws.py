"""Laws hold on whatever a scenario asks for, and each one fires when its rows are tampered with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from any_scenario import any_scenario
from hypothesis import HealthCheck, given, settings
from towns import small

from scenarios.errors import LawViolated
from scenarios.loader import load
from sim.experiment import run_replication
from sim.laws import check


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished replication that all laws hold on."""
    directory = tmp_path_factory.mktemp("finished")
    visits = ["capabilities.visit_booking=true", "visit_booking.books=1.0", "capabilities.door_counter=true"]
    for _ in run_replication(small(sets=visits).scenario, 1, 0, directory):
        pass
    return directory


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(town=any_scenario())
def test_laws_hold_for_any_valid_scenario(
    town: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    loaded = load(*town)
    done = list(run_replication(loaded.scenario, loaded.scenario.seed, 0, tmp_path_factory.mktemp("any")))
    assert done == list(range(1, loaded.scenario.horizon.days + 1))


@pytest.mark.parametrize(
    "sets",
    [
        [f"stores.station.floor_staff={[0] * 24}", "choice.collect=4.0"],
        ["returns.exchange=1.0", "returns.defect=1.0"],
        ["fulfilment.hold_hours=2000", "fulfilment.no_show=1.0", "choice.collect=4.0"],
    ],
    ids=["nobody on the floor to pick", "every return exchanged", "orders kept for months"],
)
def test_every_need_ends(sets: list[str], tmp_path: Path) -> None:
    loaded = small(sets=["population.shoppers=250", "horizon.days=3", *sets])
    assert list(run_replication(loaded.scenario, 1, 0, tmp_path)) == [1, 2, 3]


def _one_yen_more(column: str) -> Callable[[pa.Table], pa.Table]:
    def tamper(table: pa.Table) -> pa.Table:
        first = pa.array([1] + [0] * (table.num_rows - 1), pa.int64())
        index = table.schema.get_field_index(column)
        changed = pc.add(table[column].cast(pa.int64()), first).cast(table.schema.field(column).type)
        return table.set_column(index, table.schema.field(column), changed)

    return tamper


def _without(kind_column: str, kind: str) -> Callable[[pa.Table], pa.Table]:
    def tamper(table: pa.Table) -> pa.Table:
        wanted = pc.equal(table[kind_column].cast(pa.string()), kind).to_pylist()
        first = wanted.index(True)
        return pa.concat_tables([table.slice(0, first), table.slice(first + 1)])

    return tamper


def _all_kept(table: pa.Table) -> pa.Table:
    index = table.schema.get_field_index("state")
    kept = pa.array(["kept"] * table.num_rows).dictionary_encode().cast(table.schema.field(index).type)
    return table.set_column(index, table.schema.field(index), kept)


def _first_twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(0, 1)])


@pytest.mark.parametrize(
    ("table", "tamper", "law"),
    [
        ("payments", _one_yen_more("amount_yen"), "payments and ledger disagree"),
        ("ledger", _without("account", "cost_of_goods"), "do not sum to its contribution"),
        ("ledger", _without("account", "revenue"), "payments and ledger disagree"),
        ("needs", _one_yen_more("contribution_yen"), "do not sum to its contribution"),
        ("needs", _first_twice, "does not end exactly once"),
        ("needs", _without("outcome", "store"), "began and never ended"),
        ("stock_closing", _one_yen_more("on_hand"), "opening plus movements is not closing"),
        ("stock_moves", _without("reason", "opening"), "negative, or more held than there"),
        ("stock_moves", _without("reason", "reserve"), "negative, or more held than there"),
        ("events", _without("kind", "leave"), "arrivals and departures"),
        ("queues", _one_yen_more("served"), "joiners are not its served"),
        ("door_counts", _one_yen_more("visitors"), "others than arrived"),
        ("events", _without("kind", "visit_booked"), "booking does not end exactly once"),
        ("visit_bookings", _first_twice, "a slot is given to two"),
        ("visit_bookings", _all_kept, "had not arrived"),
    ],
)
def test_a_tampered_table_breaks_its_law(
    finished: Path, tmp_path: Path, table: str, tamper: Callable[[pa.Table], pa.Table], law: str
) -> None:
    for path in finished.glob("*.parquet"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    file = tmp_path / f"{table}.parquet"
    pq.write_table(tamper(pq.read_table(file)), file)
    with pytest.raises(LawViolated, match=law) as broken:
        check(tmp_path)
    assert "{'" in str(broken.value), "the message shows rows"
