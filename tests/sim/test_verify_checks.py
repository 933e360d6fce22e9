"""The checks that are not published findings: what they count as agreeing, and that they can miss."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from towns import small

from scenarios.loader import load
from scenarios.schema import Scenario
from sim.experiment import run_replication
from sim.laws import LAWS, violations
from sim.streams import Streams
from sim.theory import mmc
from sim.verify import checks, closed_forms, laws_of_runs, reason
from sim.verify.closed_forms import agrees
from sim.verify.table import collect, shown
from sim.verify.till_hall import Shoppers, hall, waits_s
from sim.verify.trials import Question, Sample, Trial
from sim.verify.worlds import differing_rows


def samples(values: Sequence[float]) -> list[Sample]:
    return [{"x": value} for value in values]


def test_a_closed_form_inside_a_narrow_interval_agrees_and_one_outside_does_not() -> None:
    found = samples([9.8, 10.1, 10.0, 9.9, 10.2] * 6)
    assert agrees("x", lambda: 10.02, "s")(found).holds
    wrong = agrees("x", lambda: 10.5, "s")(found)
    assert not wrong.holds
    assert wrong.found.startswith("10.00 s")
    assert "-4.76%" in wrong.found


def test_an_interval_that_covers_everything_says_nothing() -> None:
    found = samples([5.0, 16.0, 7.0, 13.0])
    assert not agrees("x", lambda: 10.0, "s")(found).holds
    assert agrees("x", lambda: 10.25, "s")(found).holds, "the mean itself is exact"


def test_every_row_has_an_id_of_its_own_that_says_its_group() -> None:
    prefixes = {"closed form": "CF-", "law": "LAW-", "reason": "RE-"}
    ids = [(trial.group, question.id) for trial in checks.CHECKS for question in trial.questions]
    assert all(name.startswith(prefixes[group]) for group, name in ids)
    assert len({name for _, name in ids}) == len(ids) >= 30


def test_rows_are_compared_whatever_their_order() -> None:
    table = pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    assert differing_rows(table, table) == 0
    other = pa.table({"a": [1, 2, 4], "b": ["x", "y", "z"]})
    assert differing_rows(table, other) == 2
    assert differing_rows(table, table.slice(1)) == 1


def test_a_till_hall_serves_in_order_and_makes_each_wait_for_those_before() -> None:
    loaded = hall(1, ["tills.staffed_log_mean=0", "tills.staffed_log_per_log_item=0", "tills.staffed_log_sigma=1"])
    shoppers = Shoppers(
        at_s=np.array([0.0, 10.0, 20.0]),
        items=np.ones(3, dtype=np.int64),
        scanning_z=np.log([30.0, 30.0, 30.0]),
        ready_s=np.array([5.0, 0.0, 0.0]),
    )
    assert waits_s(loaded, Streams(1, 0), shoppers) == pytest.approx([0.0, 25.0, 45.0])


def test_another_theory_than_the_right_one_is_a_miss() -> None:
    """Half of the lines that the store has, and Erlang C without the one server too many."""
    found = [closed_forms._mmc(seed) for seed in range(4)]
    load, servers = 3.2, 4
    wrong = agrees("waits", lambda: mmc.erlang_c(servers + 1, load), "share")(found)
    assert not wrong.holds


def test_other_units_of_money_scale_yen_and_what_is_per_yen() -> None:
    values = load("ward-omo").scenario.model_dump(exclude_none=True)
    other = Scenario.model_validate(reason.in_other_units(values, 10))
    before = Scenario.model_validate(values)
    assert other.categories["food"].price_mean_yen == 10 * before.categories["food"].price_mean_yen
    assert other.choice.per_100_yen_fee == pytest.approx(before.choice.per_100_yen_fee / 10)
    assert other.fulfilment.free_shipping_from_yen == 39_800
    assert other.payments.tenders["konbini"].fee_yen == 10 * before.payments.tenders["konbini"].fee_yen
    assert other.staff.money_half_yen == 10 * before.staff.money_half_yen
    assert other.evaluation == before.evaluation.model_copy(
        update={"join_fee_yen": 10 * before.evaluation.join_fee_yen}
    )


def test_a_broken_law_is_named_in_its_row(tmp_path: Path) -> None:
    for _ in run_replication(small().scenario, 1, 0, tmp_path):
        pass
    assert violations(tmp_path) == {}
    table = pq.read_table(tmp_path / "needs.parquet")
    bought = [yen > 0 for yen in table["net_yen"].to_pylist()].index(True)
    without = pa.concat_tables([table.slice(0, bought), table.slice(bought + 1)])
    pq.write_table(without, tmp_path / "needs.parquet")
    broken = violations(tmp_path)
    assert set(broken) == {
        "ledger: a need's rows do not sum to its contribution",
        "flow: a need began and never ended",
    }
    sample = {f"broken {law}": float(law in broken) for law in LAWS} | {f"rows {law}": 1.0 for law in LAWS}
    by_topic = {question.source: question.answer for question in laws_of_runs.LAWS_OF_RUNS[0].questions[:6]}
    assert not by_topic["sim/laws.py, ledger"]([sample]).holds
    assert by_topic["sim/laws.py, ledger"]([sample]).reason.startswith("ledger:")
    assert not by_topic["sim/laws.py, flow"]([sample]).holds
    assert by_topic["sim/laws.py, stock"]([sample]).holds


def test_rows_come_by_group_and_only_those_asked_for(tmp_path: Path) -> None:
    found = collect(2, ["RE-05", "CF-06", "CF-07b"], tmp_path, 2)
    assert [row.id for row in found] == ["CF-06", "CF-07b", "RE-05"]
    assert all(row.verdict == "holds" for row in found)
    assert [row.seeds for row in found] == [30, 30, 2]
    assert shown(found).row_count == 3
    assert not list(tmp_path.iterdir()), "no world is kept for these"


def test_a_trial_is_answered_in_order_of_its_seeds() -> None:
    trial: Trial = next(t for t in checks.CHECKS if t.questions[0].id == "CF-01a")
    question: Question = trial.questions[0]
    first, second = trial.sample(0), trial.sample(1)
    assert question.answer([first, second]).values == [first["wait_s"], second["wait_s"]]


def test_the_reporting_checklist_points_to_files_that_exist() -> None:
    root = Path(closed_forms.__file__).parents[2]
    text = (root / "docs" / "stress-des.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:sim|scenarios|docs|tests)/[\w./-]+)`", text))
    assert len(named) > 30
    assert [name for name in sorted(named) if not (root / name).exists()] == []
