"""omo sweep, omo best --search and omo sensitivity on a small town."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from omo import app
from scenarios.errors import UsageError
from sim.evaluation.comparison import summaries
from sim.evaluation.statistics import t_interval
from sim.evaluation.worlds import Found, Stopped
from sim.log.run_directory import list_runs

TOWN = ("--set", "population.shoppers=400", "--set", "horizon.days=3", "--jobs", "1", "--json")
CREDIT = ("sweep", "ward-omo", "credit=0:1:3", "--set", "evaluation.policy=siloed_pl", "--reps", "2")


def omo(*arguments: str, out: Path) -> Any:
    result = CliRunner().invoke(app, [*arguments, *TOWN, "--out", str(out)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def test_a_sweep_tells_each_point_against_the_first(runs: Path) -> None:
    document = omo(*CREDIT, out=runs)
    assert document["schema"] == "omo.sweep/1"
    assert [point["values"] for point in document["points"]] == [{"credit": 0.0}, {"credit": 0.5}, {"credit": 1.0}]
    first, last = ([s["contribution_yen"] for s in summaries(runs / document["points"][at]["run"])] for at in (0, -1))
    told = document["points"][-1]["measures"]["contribution_yen"]
    assert told["mean"] == pytest.approx(sum(last) / 2)
    paired = t_interval([b - a for a, b in zip(first, last, strict=True)])
    assert told["difference"]["mean"] == pytest.approx(paired.mean)
    assert told["difference"]["half_width"] == pytest.approx(paired.half_width)
    assert (
        document["points"][-1]["measures"]["bonus_yen"]["mean"] > document["points"][0]["measures"]["bonus_yen"]["mean"]
    )


def test_the_same_sweep_runs_nothing_again(runs: Path) -> None:
    document = omo(*CREDIT, out=runs)
    before = {run: run.stat().st_mtime_ns for run in list_runs(runs)}
    assert omo(*CREDIT, out=runs) == document
    assert {run: run.stat().st_mtime_ns for run in list_runs(runs)} == before


@pytest.mark.parametrize("by", ["store", "area", "category"])
def test_parts_are_the_companys_contribution(runs: Path, by: str) -> None:
    document = omo(*CREDIT, "--by", by, "--baseline", "0.5", out=runs)
    assert document["baseline"] == {"credit": 0.5}
    parts = document["by"]["parts"]
    assert {"store": "station", "area": "station", "category": "apparel"}[by] in {part["part"] for part in parts}
    for at, point in enumerate(document["points"]):
        whole = sum(part["contribution_yen"][at]["mean"] for part in parts)
        assert whole == pytest.approx(point["measures"]["contribution_yen"]["mean"], abs=1e-3)
    assert sum(part["share_of_net_revenue"] for part in parts) == pytest.approx(1.0)


def test_two_parameters_make_a_grid_with_its_best_cell(runs: Path) -> None:
    grid = ("evaluation.store_bonus_percent=0:1:2", "stock.cover_days=2:4:2")
    document = omo("sweep", "ward-siloed", *grid, "--reps", "2", out=runs)
    means = {tuple(p["values"].values()): p["measures"]["contribution_yen"]["mean"] for p in document["points"]}
    assert set(means) == {(0.0, 2.0), (0.0, 4.0), (1.0, 2.0), (1.0, 4.0)}
    assert tuple(document["best"]["values"].values()) == max(means, key=lambda cell: means[cell])
    assert document["optimum"] is None


def test_a_search_confirms_its_best_on_fresh_seeds(runs: Path) -> None:
    pytest.importorskip("optuna")
    search = ("--search", "evaluation.store_bonus_percent=0:1", "--trials", "2")
    document = omo("best", "ward-siloed", *search, "--reps", "2", "--confirm", "2", out=runs)
    assert document["schema"] == "omo.search/1"
    assert document["trials"][0]["values"] == {"evaluation.store_bonus_percent": 0.5}
    assert document["trials"][0]["gain_yen"]["mean"] == 0.0
    best = document["best"]
    assert best["gain_yen"]["mean"] == max(trial["gain_yen"]["mean"] for trial in document["trials"])
    confirmed = document["confirmation"]
    assert confirmed is not None
    assert confirmed["seed"] != document["seed"]
    assert confirmed["winners_curse"]["mean"] == pytest.approx(
        best["gain_yen"]["mean"] - confirmed["gain"]["mean"], abs=0.01
    )


def test_sensitivity_puts_both_worlds_at_the_same_points(runs: Path) -> None:
    pytest.importorskip("SALib")
    keys = "choice.rival=0.6:2.6,evaluation.booking.shared_store_share=0:1"
    document = omo(
        "sensitivity", "ward-omo", "--against", "ward-siloed", "--keys", keys, "--trajectories", "2", "--reps", "1",
        out=runs,
    )  # fmt: skip
    assert document["schema"] == "omo.sensitivity/1"
    assert document["worlds"] == 2 * 2 * 3
    by_name = {factor["name"]: factor for factor in document["factors"]}
    assert by_name["choice.rival"]["mu_star"]["value"] > 0
    assert by_name["evaluation.booking.shared_store_share"]["mu_star"]["value"] == 0
    assert len(document["rows"]) == 6
    assert sum(document["signs"].values()) == 6


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sweep", "ward-omo", "credit=0:1:3"), "no bonus on sales"),
        (("sweep", "ward-omo", "staff.skill=0:1:3", "--measure", "contribution"), "did you mean contribution_yen"),
        (("sweep", "ward-omo", "staff.skill=0:1:3", "--baseline", "0.7"), "its values are 0, 0.5, 1"),
        (("sweep", "ward-omo", "staff.skill=0:1:3", "stock.cover_days=1:2:2", "--by", "store"), "one parameter"),
        (("best", "ward-omo", "--search", "staff.skil=0:1"), "did you mean staff.skill"),
        (("best", "ward-omo", "--search", "staff.skill=0:1", "--policies", "split"), "leave out --policies"),
        (("sensitivity", "ward-omo", "--keys", "capabilities.match_rate"), "other bounds"),
        (("sensitivity", "ward-omo", "--keys", "staff.skill", "--against", "ward-omo"), "the scenario itself"),
    ],
)
def test_what_cannot_be_asked_is_explained(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        CliRunner().invoke(app, [*arguments, "--out", str(tmp_path)], catch_exceptions=False)
    assert not list(tmp_path.iterdir())


def stopped_after(worlds: int) -> Any:
    """In place of running worlds: Ctrl-C when so many of them are done, each with two replications."""

    def measured(requests: dict[str, Any], *_: object, **__: object) -> Found:
        names = list(requests)[:worlds]
        raise Stopped({name: [{"contribution_yen": 10.0 * at + r} for r in range(2)] for at, name in enumerate(names)})

    return measured


def test_a_sweep_that_was_stopped_tells_the_points_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sim.evaluation.exploring.sweep.measured", stopped_after(3))
    ask = ["sweep", "ward-siloed", "credit=0:1:5", "--reps", "2", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, [*ask, "--json"])
    assert result.exit_code == 130
    document = json.loads(result.stdout)
    assert document["state"] == "interrupted"
    assert [point["values"]["credit"] for point in document["points"]] == [0.0, 0.25, 0.5]
    assert document["best"]["values"] == {"credit": 0.5}
    assert "Interrupted" in CliRunner().invoke(app, ask).stdout


def test_a_screening_that_was_stopped_tells_the_trajectories_it_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("SALib")
    monkeypatch.setattr("sim.evaluation.exploring.sensitivity_document.measured", stopped_after(8))
    ask = ["sensitivity", "ward-omo", "--keys", "staff.skill,choice.rival", "--reps", "2", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, [*ask, "--trajectories", "4", "--json"])
    assert result.exit_code == 130
    document = json.loads(result.stdout)
    assert (document["state"], document["size"], len(document["rows"])) == ("interrupted", 2, 6)
    assert CliRunner().invoke(app, [*ask, "--method", "sobol", "--json"]).exit_code == 130


def test_a_search_that_was_stopped_tells_the_trials_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    calls: list[int] = []

    def measured(requests: dict[str, Any], *_: object, **__: object) -> Found:
        calls.append(1)
        if len(calls) > 2:
            raise Stopped({})
        return {name: [{"contribution_yen": 100.0 * at + r} for r in range(2)] for at, name in enumerate(requests)}

    monkeypatch.setattr("sim.evaluation.exploring.search_document.measured", measured)
    ask = ["best", "ward-siloed", "--search", "credit=0:1", "--reps", "2", "--out", str(tmp_path), "--json"]
    result = CliRunner().invoke(app, ask)
    assert result.exit_code == 130
    document = json.loads(result.stdout)
    assert (document["state"], len(document["trials"]), document["confirmation"]) == ("interrupted", 2, None)
    assert document["best"]["gain_yen"]["mean"] == 100.0
