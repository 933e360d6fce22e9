"""Rollouts of small towns: the calendar, the panels an analyst would have, and the truth beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import omo
from scenarios.errors import UsageError
from scenarios.loader import Loaded, load
from sim.evaluation.rollout.document import rollout_document
from sim.evaluation.rollout.judged import PARTS
from sim.evaluation.rollout.panels import OUTCOMES, Panels, panels
from sim.evaluation.rollout.schedule import calendar, start_weeks, steps, without_waves
from sim.experiment import run
from sim.log.run_directory import Request

SETS = [
    "population.shoppers=2400",
    "horizon.days=37",
    "learning.days=2",
    "choice.collect=1.5",
    "rollout.first.day=7",
    "rollout.second.day=14",
    "rollout.third.day=24",
]


def twelve(*sets: str) -> Loaded:
    return load("ward-twelve-stores", [*SETS, *sets])


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    loaded = twelve()
    requests = [Request(loaded, 1, 1), Request(without_waves(loaded), 1, 1)]
    first, second = run(requests, tmp_path_factory.mktemp("rollout"), jobs=2)
    return first, second


@pytest.fixture(scope="module")
def both(worlds: tuple[Path, Path]) -> tuple[Panels, Panels]:
    return panels(worlds[0] / "rep-000", twelve().scenario), panels(worlds[1] / "rep-000", twelve().scenario)


def test_a_store_starts_in_the_week_of_its_first_wave_that_changes_anything() -> None:
    scenario = twelve('rollout.nothing={day=0,stores=["market"],mode="siloed"}').scenario
    found = dict(zip(scenario.stores, start_weeks(scenario).tolist(), strict=True))
    assert (found["station"], found["mall"], found["park"], found["market"]) == (1, 2, 3, 5)
    assert {step.wave for step in steps(scenario)} == {"platform", "first", "second", "third"}
    weeks = {row["store"]: row["first_week"] for row in calendar(scenario)}
    assert (weeks["bridge"], weeks["temple"]) == (1, None)


def test_the_world_without_the_waves_keeps_what_is_done_to_ec_alone() -> None:
    loaded = twelve()
    other = without_waves(loaded)
    assert list(other.scenario.rollout) == ["platform"]
    assert (
        other.scenario.model_copy(update={"rollout": loaded.scenario.rollout, "title": loaded.scenario.title})
        == loaded.scenario
    )
    assert without_waves(load("ward-rollout")).scenario.rollout == {}


@pytest.mark.parametrize(
    ("sets", "what"),
    [
        (["rollout.first.day=3"], "first week"),
        ([f"rollout.{wave}.day=36" for wave in ("first", "second", "third")], "no store is ever changed"),
        (
            [f"rollout.{wave}.day=14" for wave in ("first", "second", "third")]
            + ['rollout.third.stores=["park","college","hillside","riverside","temple","market"]'],
            "same week",
        ),
    ],
)
def test_a_calendar_without_a_comparison_is_refused(sets: list[str], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        start_weeks(twelve(*sets).scenario)


def test_no_yen_of_sales_is_lost_on_the_way_to_the_catchments(both: tuple[Panels, Panels]) -> None:
    for one in both:
        company = one.company["sales_yen"]
        assert one.true_catchment["sales_yen"].sum() == company
        assert one.catchment["sales_yen"].sum() == pytest.approx(company)
        assert one.store["sales_yen"].sum() < company  # what is sent home belongs to no store


def test_before_the_first_wave_both_worlds_are_the_same(both: tuple[Panels, Panels]) -> None:
    rollout, without = both
    for outcome in OUTCOMES:
        for level in ("store", "catchment"):
            assert (rollout.real(level, outcome)[:, 0] == without.real(level, outcome)[:, 0]).all()
    assert (rollout.store["sales_yen"] != without.store["sales_yen"]).any()


def test_the_company_places_sales_about_where_their_buyers_live(both: tuple[Panels, Panels]) -> None:
    """Most receipts carry no name; spread like those that do, they land near the truth."""
    seen, real = (getattr(both[1], name)["sales_yen"].sum(axis=1) for name in ("catchment", "true_catchment"))
    assert np.abs(seen / real - 1).mean() < 0.08
    assert np.abs(seen - real).max() > 0


def test_stores_that_wait_lose_shoppers_and_by_catchment_the_error_shrinks(worlds: tuple[Path, Path]) -> None:
    """Collection is popular here and known at once, so that a few weeks of a small town show it."""
    document = rollout_document(*worlds)
    stores, catchments = (document["levels"][level]["sales_yen"] for level in ("store", "catchment"))
    assert stores["true_effect"]["treated"]["mean"] > 0
    assert stores["true_effect"]["not_yet_treated"]["mean"] < 0
    for name in ("two_way_fixed_effects", "callaway_santanna"):
        by_store, by_home = (
            side["estimators"][name]["error_parts"]["spill_over"]["mean"] for side in (stores, catchments)
        )
        assert by_store > 0
        assert abs(by_home) < by_store


def test_the_errors_of_a_real_rollout_split_exactly(worlds: tuple[Path, Path]) -> None:
    document = rollout_document(*worlds)
    for outcomes in document["levels"].values():
        for found in outcomes.values():
            for one in found["estimators"].values():
                parts = sum(one["error_parts"][part]["mean"] for part in PARTS)
                assert parts == pytest.approx(one["bias"]["mean"], abs=0.01)


def test_the_command_keeps_its_document_and_runs_nothing_twice(worlds: tuple[Path, Path]) -> None:
    out = worlds[0].parent
    arguments = ["rollout", "ward-twelve-stores", "--reps", "1", "--out", str(out)]
    arguments += [part for one in SETS for part in ("--set", one)]
    before = sorted(path.name for path in out.iterdir() if path.is_dir())
    shown = CliRunner().invoke(omo.app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "Callaway" in shown.output
    document = json.loads(CliRunner().invoke(omo.app, [*arguments, "--json"]).stdout)
    assert document["schema"] == "omo.rollout/1"
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == before
    (kept,) = out.glob("rollout-*.json")
    assert json.loads(kept.read_text(encoding="utf-8")) == document
    assert document["replications"] == 1
    assert document["company"]["sales_yen"]["gain_yen"]["half_width"] is None


def test_a_scenario_without_waves_is_refused_before_anything_is_run(tmp_path: Path) -> None:
    shown = CliRunner().invoke(omo.app, ["rollout", "ward-omo", "--out", str(tmp_path)])
    assert shown.exit_code != 0
    assert isinstance(shown.exception, UsageError)
    assert not list(tmp_path.iterdir())
