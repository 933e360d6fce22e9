"""Laws hold on whatever a scenario asks for, and each one fires when its rows are tampered with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from towns import small

from scenarios.errors import LawViolated
from sim.experiment import run_replication
from sim.laws import check


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished replication that all laws hold on."""
    directory = tmp_path_factory.mktemp("finished")
    for _ in run_replication(small().scenario, 1, 0, directory):
        pass
    return directory


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sets=st.fixed_dictionaries(
        {
            "population.needs_per_week": st.floats(0.1, 5),
            "staff.intercept": st.floats(-4, 3),
            "choice.ec": st.floats(-2, 3),
            "choice.collect": st.floats(-2, 3),
            "payments.cash_share": st.floats(0, 1),
            "payments.late_capture": st.floats(0, 1),
            "payments.attempts": st.integers(1, 3),
            "payments.tenders.wallet.time_out": st.floats(0, 0.5),
            "stock.cover_days": st.floats(0.5, 5),
            "stock.shrink_per_unit_and_day": st.floats(0, 0.2),
            "stock.online_buffer": st.integers(0, 3),
            "fulfilment.no_show": st.floats(0, 1),
            "fulfilment.hold_hours": st.floats(1, 100),
            "evaluation.commission_percent": st.floats(0, 7),
            "seed": st.integers(0, 1000),
        }
    )
)
def test_laws_hold_for_any_valid_scenario(sets: dict[str, float], tmp_path_factory: pytest.TempPathFactory) -> None:
    town = ["population.shoppers=250", "horizon.days=3"]
    loaded = small(sets=[*town, *(f"{key}={value}" for key, value in sets.items())])
    assert list(run_replication(loaded.scenario, loaded.scenario.seed, 0, tmp_path_factory.mktemp("any"))) == [1, 2, 3]


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
        ("stock_closing", _one_yen_more("on_hand"), "opening plus movements is not closing"),
        ("stock_moves", _without("reason", "opening"), "negative, or more held than there"),
        ("stock_moves", _without("reason", "reserve"), "negative, or more held than there"),
        ("events", _without("kind", "leave"), "arrivals and departures"),
        ("queues", _one_yen_more("served"), "joiners are not its served"),
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
