"""Sizing: the arithmetic in closed form, and the cheapest level with what the tills lose, on the same shoppers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from loadtest.sizing.loss import IDLE, losses_per_year
from loadtest.sizing.machine import Peak, describe, in_flight, levels_around, pods_for, times_of
from loadtest.sizing.prices import Prices, read_prices, shipped
from omo import app
from scenarios.errors import DataInvalid, UsageError
from sim.theory.usl import Scalability

PROFILE: dict[str, Any] = {
    "schema": "omo.latency-profile/1",
    "quantiles": [0.1, 0.5, 0.9],
    "capacity": {"calls_per_s": 100.0, "payments_per_s": 20.0},
    "loads": [
        {
            "calls_per_s": rate,
            "payments_per_s": rate / 5,
            "endpoints": {"pay": {"calls": 9, "ms": [ms] * 3}, "product": {"calls": 9, "ms": [5.0] * 3}},
        }
        for rate, ms in ((10.0, 30.0), (100.0, 90.0))
    ],
}
PEAK = Peak(50.0, 60.0, {"pay": 10.0, "product": 40.0}, payments_per_year=1e6)
SMALL = ("horizon.days=1", "population.shoppers=2500", "payments.cash_share=0.1")


def prices(**changes: float) -> Prices:
    values = read_prices(None).model_dump(by_alias=True)
    for key, value in changes.items():
        table, _, name = key.partition("__")
        values[table][name] = value
    return Prices.model_validate(values)


def test_pods_add_up_by_the_scalability_law() -> None:
    assert times_of(1, prices()) == pytest.approx(1.0)
    assert times_of(4, prices(pod__contention=0.0, pod__coherence=0.0, pod__measured_share=0.5)) == pytest.approx(2.0)
    law = Scalability(0.1, 0.01, 1.0)
    assert times_of(6, prices(pod__contention=0.1, pod__coherence=0.01)) == pytest.approx(float(law.throughput(6)))


def test_the_fewest_pods_are_enough_and_one_less_is_not() -> None:
    wanted = prices()
    for times in (0.5, 1.0, 3.3, 7.0):
        found = pods_for(times, wanted)
        assert found is not None
        assert times_of(found, wanted) >= times
        assert found == 1 or times_of(found - 1, wanted) < times


def test_contention_that_no_number_of_pods_overcomes_is_said_so() -> None:
    """With sigma = 0.5 and kappa = 0.1 the law never reaches three times one pod."""
    assert pods_for(3.0, prices(pod__contention=0.5, pod__coherence=0.1)) is None


def test_calls_in_flight_are_rate_times_mean_latency() -> None:
    """Little: 10 x 1.2 payments of 30 + 60 x 50/90 ms at 60 calls a second, and 40 x 1.2 look-ups of 5 ms."""
    expected = 12.0 * (30 + 60 * (60 - 10) / 90) / 1000 + 48.0 * 5 / 1000
    assert in_flight(PROFILE, PEAK, times=1.0) == pytest.approx(expected)
    twice = 12.0 * (30 + 60 * (30 - 10) / 90) / 1000 + 48.0 * 5 / 1000
    assert in_flight(PROFILE, PEAK, times=2.0) == pytest.approx(twice), "each of two pods sees half the load"


def test_headroom_commits_storage_and_cost_are_plain_arithmetic() -> None:
    own = prices(
        pod__yen_per_hour=10,
        pod__contention=0,
        pod__coherence=0,
        database__yen_per_hour=20,
        database__years_kept=5,
        plan__hours_per_year=1000,
    )
    level = describe(3, PROFILE, PEAK, own)
    assert level["headroom"] == pytest.approx(3 * 100.0 / 60.0)
    assert level["commits_per_s"] == pytest.approx(12.0), "look-ups do not commit"
    assert level["storage_gb"] == pytest.approx(1e6 * 5 * 4000 / 1e9)
    cost = level["cost_yen_per_year"]
    assert (cost["pods"], cost["database"]) == (3 * 10 * 1000, 20 * 8760)
    assert cost["storage"] == pytest.approx(20.0 * 30 * 12)
    assert cost["total"] == pytest.approx(cost["pods"] + cost["database"] + cost["storage"])


def test_limits_are_named_level_by_level() -> None:
    (few,) = describe(1, PROFILE, PEAK, prices(plan__headroom=2.0))["limits"]
    assert few == "headroom 1.7 < 2"
    (many,) = describe(7, PROFILE, PEAK, prices())["limits"]
    assert many.startswith("112 connections > 100")
    (busy,) = describe(2, PROFILE, PEAK, prices(database__commits_per_s=10))["limits"]
    assert busy == "12 commits/s > 10"


def test_levels_lie_below_and_above_what_is_needed() -> None:
    assert levels_around(8) == [2, 4, 6, 8, 12]
    assert levels_around(1) == [1, 2]


def test_loss_is_the_paired_difference_times_towns_and_times_a_year() -> None:
    found = {
        IDLE: [{"contribution_yen": 100.0}, {"contribution_yen": 300.0}],
        "1": [{"contribution_yen": 90.0}, {"contribution_yen": 295.0}],
    }
    assert losses_per_year(found, "1", copies=10.0, times_per_year=12.0) == [1200.0, 600.0]


def test_the_shipped_price_file_marks_what_is_assumed_and_can_be_edited(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    assert CliRunner().invoke(app, ["size", "--new-prices", str(path)]).exit_code == 0
    assert read_prices(path) == read_prices(None)
    assert path.read_text() == shipped()
    lines = [line for line in shipped().splitlines() if "=" in line and not line.startswith(("#", "schema"))]
    assert all("#" in line for line in lines)
    again = CliRunner().invoke(app, ["size", "--new-prices", str(path)])
    assert again.exit_code != 0
    assert isinstance(again.exception, UsageError)


def test_a_wrong_price_file_names_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(shipped().replace("yen_per_hour = 15.0", "yen_per_hour = -1").replace("years_kept", "years"))
    with pytest.raises(DataInvalid) as found:
        read_prices(path)
    assert {problem.split(": ")[1] for problem in found.value.problems} == {
        "pod.yen_per_hour",
        "database.years_kept",
        "database.years",
    }


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A tiny core behind a small town that stands for 400 stores, at two sizes."""
    folder = tmp_path_factory.mktemp("size")
    tiny = [load | {"payments_per_s": load["payments_per_s"] / 80} for load in PROFILE["loads"]]
    capacity = {"calls_per_s": 1.25, "payments_per_s": 0.25}
    (folder / "profile.json").write_text(json.dumps(PROFILE | {"capacity": capacity, "loads": tiny}))
    (folder / "prices.toml").write_text(shipped().replace("yen_per_hour = 15.0", "yen_per_hour = 0.5"))
    command = ["size", "ward-omo", "--profile", str(folder / "profile.json"), "--stores", "400", "--reps", "2"]
    command += ["--prices", str(folder / "prices.toml"), "--out", str(folder), "--jobs", "1", "--json"]
    command += [part for pods in (1, 40) for part in ("--pods", str(pods))]
    answer = CliRunner().invoke(app, [*command, *(part for key in SMALL for part in ("--set", key))])
    assert answer.exit_code == 0, answer.output
    document: dict[str, Any] = json.loads(answer.stdout)
    assert json.loads(next(folder.glob("size-*.json")).read_text()) == document
    return document


def test_too_small_a_core_costs_the_tills_more_than_it_saves(sized: dict[str, Any]) -> None:
    one, forty = sized["levels"]
    assert one["headroom"] < 1 < forty["headroom"]
    assert one["lost_yen_per_year"]["mean"] > forty["lost_yen_per_year"]["mean"]
    assert one["lost_yen_per_year"]["mean"] > 0
    assert one["cost_yen_per_year"]["total"] < forty["cost_yen_per_year"]["total"]
    assert one["felt"]["double_captures"]["difference"]["mean"] > 0
    assert sized["cheapest_pods"] == min(sized["levels"], key=lambda level: level["total_yen_per_year"]["mean"])["pods"]


def test_the_cheapest_level_is_no_dearer_than_itself(sized: dict[str, Any]) -> None:
    (best,) = [level for level in sized["levels"] if level["pods"] == sized["cheapest_pods"]]
    assert best["dearer_than_cheapest_yen"] == {"mean": 0.0, "half_width": 0.0}
    assert sized["copies"] == 100.0
