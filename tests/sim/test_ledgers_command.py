"""`omo ledgers` and `omo points`: documents whose every waterfall arrives where it says, to the yen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from omo import app
from scenarios.errors import UsageError

TINY = ["--set", "population.shoppers=900", "--set", "horizon.days=5", "--jobs", "1"]
WORLDS = ["ward-omo", "--against", "ward-siloed", "--reps", "2", *TINY, "--set", "evaluation.policy=double_credit"]


def _said(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for runs."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def books(out: Path) -> dict[str, Any]:
    """The books of two worlds with what is nobody's, and double credit."""
    return _said("ledgers", *WORLDS, "--set", "evaluation.booking.capability_opex=unallocated", "--out", str(out))


def _ledger_yen(run: Path) -> int:
    tables = (pq.read_table(path)["amount_yen"] for path in sorted(run.glob("rep-*/ledger.parquet")))
    return sum(sum(table.to_pylist()) for table in tables)


def _arrives(steps: Sequence[dict[str, Any]]) -> bool:
    return sum(step["sum"] for step in steps[:-1]) == steps[-1]["sum"]


def test_waterfalls_lead_from_what_divisions_see_to_what_the_ledgers_hold(books: dict[str, Any], out: Path) -> None:
    company = _ledger_yen(out / books["run"])
    assert _arrives(books["waterfall"])
    assert books["waterfall"][-1]["sum"] == company
    assert {step["owner"] for step in books["waterfall"]} == {"store", "ec", "unallocated", "company"}
    steps = books["against"]["waterfall"]
    assert _arrives(steps)
    assert steps[0]["sum"] == _ledger_yen(out / books["against"]["run"])
    assert steps[-1]["sum"] == company


def test_every_row_of_the_statement_sums_over_its_owners(books: dict[str, Any]) -> None:
    for rows in (books["statement"], books["against"]["statement"]):
        assert rows[-1]["account"] == "total"
        for row in rows:
            assert row["store"]["sum"] + row["ec"]["sum"] + row["unallocated"]["sum"] == row["company"]["sum"]
        for owner in ("store", "ec", "unallocated", "company"):
            assert sum(row[owner]["sum"] for row in rows[:-1]) == rows[-1][owner]["sum"]
    (opex,) = (row for row in books["statement"] if row["account"] == "capability_opex")
    assert opex["unallocated"]["sum"] == opex["company"]["sum"] < 0


def test_credit_beside_credit(books: dict[str, Any]) -> None:
    sales = books["sales"]
    assert _arrives(sales["claims"])
    accounting, evaluation = (
        sum(row[f"{kind}_yen"]["sum"] for row in sales["credit"]) for kind in ("accounting", "evaluation")
    )
    assert accounting == sales["company_yen"]["sum"]
    assert evaluation == accounting + sales["counted_twice_yen"]["sum"]
    assert sales["inflation"]["mean"] > 1
    shares = books["ec_involved"]["ec_share"]
    assert 0 <= shares["delivery"]["mean"] <= shares["and_home_pickup"]["mean"] <= shares["and_in_store"]["mean"] == 1


def test_points_of_two_worlds_roll_forward_and_their_difference_is_paired(out: Path) -> None:
    """What if EC points became usable in stores? The same shoppers, and one switch."""
    shared, apart = (f"capabilities.points_shared={value}" for value in ("true", "false"))
    told = [f"ward-siloed+{shared}", "--against", f"ward-siloed+{apart}"]
    document = _said("points", *told, "--reps", "2", *TINY, "--set", "points.opening_mean_yen=600", "--out", str(out))
    worlds = (document, document["against"])
    assert [world["points_shared"] for world in worlds] == [True, False]
    for world in worlds:
        for purse in world["roll_forward"].values():
            lines = [figure["sum"] for figure in purse.values()]
            assert sum(lines[:-1]) == lines[-1]
    for name, difference in document["against"]["difference"].items():
        here, there = (world["liability"][name]["sum"] for world in worlds)
        assert difference["sum"] == here - there
    used = [world["roll_forward"]["both"]["used"]["sum"] for world in worlds]
    assert used[0] < used[1] < 0  # more is used where both purses can be


def test_tables_show_the_same_figures_and_a_finished_run_is_named_instead_of_run(
    books: dict[str, Any], out: Path
) -> None:
    runner = CliRunner(env={"COLUMNS": "200"})
    total = books["statement"][-1]["company"]["mean"]
    kept = sorted(path.name for path in out.glob("ledgers-*.json"))
    shown = runner.invoke(app, ["ledgers", books["run"], "--out", str(out)], catch_exceptions=False).stdout
    assert f"{total:,.0f}" in shown
    assert "double_credit" in shown
    assert len(list(out.glob("ledgers-*.json"))) == len(kept) + 1
    shown = runner.invoke(app, ["points", str(out / books["run"]), "--breakage", "0.5", "--out", str(out)]).stdout
    assert "50.0%" in shown
    assert "contract liability" in shown


def test_worlds_of_different_seeds_are_not_put_side_by_side(books: dict[str, Any], out: Path) -> None:
    arguments = ["ledgers", books["run"], "--against", "ward-siloed", "--seed", "99", *TINY, "--out", str(out)]
    with pytest.raises(UsageError, match="seed"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
