"""The statement, the waterfalls and the matrix all add up to the company's difference."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dashboard.charts.steps import division_steps, group_steps, matrix, moves, stayed
from dashboard.findings import sign_of
from dashboard.run_list import entries
from dashboard.statement import (
    COMPANY,
    GROUPS,
    TOTAL,
    Line,
    owners,
    paired_lines,
    shown_accounts,
    single_lines,
    statement,
)
from dashboard.words import words
from scenarios.loader import load
from sim.evaluation.comparison import compare_runs
from sim.evaluation.statistics import t_interval
from sim.log.run_directory import Request
from sim.log.schema import Account, labels

Pair = tuple[Path, Path]


def test_the_company_is_the_sum_of_the_divisions_and_of_its_ledger(pair: Pair) -> None:
    for run in pair:
        found = statement(run, 0)
        ledger = pq.read_table(run / "rep-000" / "ledger.parquet")
        assert found[COMPANY, TOTAL] == sum(ledger["amount_yen"].to_pylist())
        revenue = ledger.filter(pq_equal(ledger, "account", "revenue"))["amount_yen"].to_pylist()
        assert found[COMPANY, "revenue"] == sum(revenue)
        for account in {name for _, name in found}:
            assert found[COMPANY, account] == found.get(("store", account), 0) + found.get(("ec", account), 0)


def test_every_account_stands_in_one_group_and_the_groups_sum_to_the_total(pair: Pair) -> None:
    grouped = [account for accounts in GROUPS.values() for account in accounts]
    assert sorted(grouped) == sorted(labels(Account))
    found = statement(pair[1], 0)
    for owner in {owner for owner, _ in found}:
        assert sum(found.get((owner, group), 0) for group in GROUPS) == found[owner, TOTAL]
    rows = shown_accounts(single_lines(pair[1]))
    assert (rows[0], rows[-1]) == ("revenue", TOTAL)
    assert rows.index("cost_of_goods") > rows.index("net_sales") > rows.index("revenue")


def test_totals_are_those_of_the_comparison(pair: Pair) -> None:
    document = compare_runs(*pair)
    totals = {line.owner: line for line in paired_lines(*pair) if line.account == TOTAL}
    names = {"store": "store_pl_yen", "ec": "ec_pl_yen", COMPANY: "contribution_yen"}
    for owner, name in names.items():
        assert totals[owner].difference is not None
        assert totals[owner].difference.mean == pytest.approx(document["measures"][name]["difference"]["mean"])
        assert totals[owner].difference.half_width == pytest.approx(
            document["measures"][name]["difference"]["half_width"]
        )


def test_waterfalls_end_at_the_company(pair: Pair) -> None:
    for steps in (division_steps(compare_runs(*pair)), group_steps(paired_lines(*pair))):
        assert steps[-1].is_total
        assert sum(step.change_yen for step in steps[:-1]) == pytest.approx(steps[-1].change_yen)


def test_a_step_of_a_single_replication_has_no_interval() -> None:
    one = t_interval([3.0])
    (step,) = group_steps([Line(COMPANY, TOTAL, one, one, one)])
    assert (step.change_yen, step.half_width_yen) == (3.0, None)


def test_what_no_division_owns_has_a_column_and_a_bar_where_there_is_any() -> None:
    """Of 10 yen more, the stores see 4, EC sees 9, and -3 are in neither P/L."""
    changes = {"store_pl_yen": 4.0, "ec_pl_yen": 9.0, "unallocated_yen": -3.0, "contribution_yen": 10.0}
    document = {"measures": {k: {"difference": {"mean": yen, "half_width": None}} for k, yen in changes.items()}}
    steps = division_steps(document)
    assert [step.key for step in steps] == ["store", "ec", "unallocated", COMPANY]
    assert sum(step.change_yen for step in steps[:-1]) == steps[-1].change_yen
    document["measures"]["unallocated_yen"]["difference"]["mean"] = 0.0
    assert [step.key for step in division_steps(document)] == ["store", "ec", COMPANY]
    lines = [Line(owner, TOTAL, t_interval([1.0, 2.0])) for owner in ("store", "unallocated", COMPANY)]
    assert owners(lines) == ["store", "unallocated", COMPANY]


def test_the_matrix_sums_to_the_difference_and_its_needs_to_all_needs(pair: Pair) -> None:
    document = compare_runs(*pair)
    found = matrix(document)
    assert sum(found.cells.values()) + found.unallocated_yen == pytest.approx(found.total_yen)
    assert found.total_yen == pytest.approx(document["measures"]["contribution_yen"]["difference"]["mean"])
    alike, everything = stayed(document)
    assert alike + sum(move.needs for move in moves(document)) == pytest.approx(everything)


def test_a_single_run_has_the_same_levels_as_in_a_pair(pair: Pair) -> None:
    single = {(line.owner, line.account): line.a.mean for line in single_lines(pair[0])}
    paired = {(line.owner, line.account): line.a.mean for line in paired_lines(*pair)}
    assert {key: value for key, value in paired.items() if value} == {key: v for key, v in single.items() if v}


def test_the_command_that_reproduces_a_run_has_its_hash(runs_root: Path) -> None:
    for run in entries(runs_root):
        _, _, scenario, _, seed, _, replications, *_ = run.reproduce.split()
        assert Request(load(scenario), int(seed), int(replications)).hash == run.inputs_hash
        assert json.loads((run.path / "manifest.json").read_text())["inputs_hash"] == run.inputs_hash


@pytest.mark.parametrize(
    ("mean", "half_width", "sign"), [(5, 4, "up"), (-5, 4, "down"), (5, 6, "open"), (5, None, "open")]
)
def test_a_difference_is_settled_when_its_interval_leaves_out_zero(mean: float, half_width: float, sign: str) -> None:
    assert sign_of({"mean": mean, "half_width": half_width}) == sign


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_finding_says_who_would_vote_against_the_company(language: str) -> None:
    from dashboard.findings import headline, ledgers_sentence

    def difference(mean: float) -> dict[str, dict[str, float]]:
        return {"difference": {"mean": mean, "half_width": 1e6}}

    say = words("ja" if language == "ja" else "en")
    worlds = {"a": {"title": "Old"}, "b": {"title": "New"}, "days": 56, "replications": 3}
    measures = {"contribution_yen": difference(5e6), "store_pl_yen": difference(-2e7), "ec_pl_yen": difference(2.5e7)}
    document = {**worlds, "measures": measures}
    assert say("finding.vote_store_wrong_up") in ledgers_sentence(document, say)
    assert "¥5.00M" in headline(document, say) or "500万円" in headline(document, say)
    measures["contribution_yen"] = difference(-5e6)
    assert say("finding.vote_ec_wrong_down") in ledgers_sentence(document, say)
    measures["contribution_yen"] = difference(5e5)
    assert say("finding.vote_open") in ledgers_sentence(document, say)


def pq_equal(table: object, column: str, value: str) -> object:
    import pyarrow.compute as pc

    return pc.equal(pc.cast(table[column], "string"), value)  # type: ignore[index]
