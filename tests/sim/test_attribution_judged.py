"""Rules beside the truth: scores worked out by hand, worlds without touches, and the command on a small town."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from towns import SMALL, small
from typer.testing import CliRunner

from omo import app
from scenarios.errors import UsageError
from sim.evaluation.attribution.judged import true_effects, worlds
from sim.evaluation.attribution.scores import decision_regrets, rank_agreement, share_error, sign_errors
from sim.evaluation.attribution.switches import chosen, switches, world_with
from sim.evaluation.shapley import Coalition, coalitions
from sim.evaluation.statistics import Interval

ADDED = {"a": (30.0, 50.0), "b": (10.0, 10.0), "c": (-20.0, -20.0)}
"""What each touch adds to a world in two replications, whatever else is there."""


def additive() -> dict[Coalition, list[float]]:
    """The worth of every world when touches do not meet: 100 and 200 without any."""
    return {
        world: [base + sum(ADDED[touch][r] for touch in world) for r, base in enumerate((100.0, 200.0))]
        for world in coalitions(list(ADDED))
    }


def test_where_touches_do_not_meet_all_kinds_of_effect_are_what_each_adds() -> None:
    for effects in true_effects(additive(), list(ADDED)).values():
        assert {touch: effect.mean for touch, effect in effects.items()} == pytest.approx({"a": 40, "b": 10, "c": -20})
        assert effects["b"].half_width == pytest.approx(0, abs=1e-9)
        assert effects["a"].half_width == pytest.approx(12.7062 * 10, rel=1e-4)  # t of one degree of freedom


def test_substitutes_are_worth_nothing_left_out_and_everything_alone() -> None:
    worth = {world: [7.0 if world else 0.0] for world in coalitions(["a", "b"])}
    effects = true_effects(worth, ["a", "b"])
    assert [effects[kind]["a"].mean for kind in ("leave_one_out", "shapley", "alone")] == [0.0, 3.5, 7.0]


def test_the_share_error_is_the_part_of_the_credit_at_the_wrong_touch() -> None:
    truth = {"a": 60.0, "b": 40.0, "c": -50.0}
    assert share_error({"a": 6.0, "b": 4.0, "c": 0.0}, truth) == pytest.approx(0)
    assert share_error({"a": 0.0, "b": 0.0, "c": 1.0}, truth) == pytest.approx(1)
    assert share_error({"a": 1.0, "b": 2.0, "c": 1.0}, truth) == pytest.approx(0.25 + 0.10)
    assert share_error({"a": 0.0, "b": 0.0, "c": 0.0}, truth) is None


def test_rank_agreement_is_one_for_the_same_order_and_undefined_without_any() -> None:
    truth = {"a": 3.0, "b": 2.0, "c": -1.0}
    assert rank_agreement({"a": 30.0, "b": 20.0, "c": 1.0}, truth) == pytest.approx(1)
    assert rank_agreement({"a": 1.0, "b": 2.0, "c": 3.0}, truth) == pytest.approx(-1)
    assert rank_agreement({"a": 2.0, "b": 3.0, "c": 1.0}, truth) == pytest.approx(1 / 3)  # one of three pairs turned
    assert rank_agreement(dict.fromkeys("abc", 0.0), truth) is None


def test_credit_for_what_brings_nothing_is_a_sign_error() -> None:
    truth = {"a": Interval(5, 9, 4), "b": Interval(-5, 9, 4), "c": Interval(-5, 2, 4), "d": Interval(-5, 2, 4)}
    errors = sign_errors({"a": 1.0, "b": 2.0, "c": 3.0, "d": 0.0}, truth)
    assert [(error["touch"], error["certain"]) for error in errors] == [("b", False), ("c", True)]


def regrets(credit: dict[str, float]) -> dict[Any, float]:
    return {entry["keep"]: entry["regret_yen"].mean for entry in decision_regrets(credit, additive())}


def test_following_the_true_order_costs_nothing_but_keeping_a_harmful_touch_does() -> None:
    assert regrets({"a": 5.0, "b": 1.0, "c": -3.0}) == pytest.approx({1: 0, 2: 0, "credited": 0})
    assert regrets({"a": 5.0, "b": 1.0, "c": 0.5}) == pytest.approx({1: 0, 2: 0, "credited": 20})


def test_regret_is_what_the_best_choice_of_as_many_touches_would_have_brought() -> None:
    # Keeps c alone: -20 in place of a's 40. Keeps c and b: -10 in place of 50. Keeps all three: 30 in place of 50.
    assert regrets({"a": 1.0, "b": 2.0, "c": 3.0}) == pytest.approx({1: 60, 2: 60, "credited": 20})


def test_a_rule_that_tells_nothing_apart_loses_what_choosing_at_random_loses() -> None:
    # Mean of 40, 10 and -20 is 10; of 50, 20 and -10 it is 20. Without credit all are cut: 50 are missed.
    assert regrets(dict.fromkeys("abc", 0.0)) == pytest.approx({1: 30, 2: 30, "credited": 50})


def test_a_world_without_touches_differs_in_their_keys_alone() -> None:
    loaded = small("ward-rollout", ["horizon.days=56"])
    without = world_with(loaded, ["reminder", "staff_advice"], frozenset())
    assert not any(wave.values().get("reminder") for wave in without.scenario.rollout.values())
    assert not without.scenario.capabilities.reminder
    assert without.scenario.staff == loaded.scenario.staff.model_copy(update={"intercept": -50.0})
    assert "reminder" not in switches(without.scenario)
    assert "staff_advice" not in switches(without.scenario)
    same = without.scenario.model_dump(exclude={"title", "staff", "capabilities", "rollout"})
    assert same == loaded.scenario.model_dump(exclude={"title", "staff", "capabilities", "rollout"})


def test_only_touches_that_a_scenario_has_are_judged_and_five_at_most() -> None:
    assert chosen(small("ward-siloed").scenario, []) == ["staff_advice", "research_online"]
    many = small("ward-touchpoints").scenario
    assert chosen(many, []) == list(many.touchpoints)[:5]
    with pytest.raises(UsageError, match="no such touch"):
        chosen(small("ward-siloed").scenario, ["reminder"])
    with pytest.raises(UsageError, match="64 worlds"):
        chosen(many, [*list(many.touchpoints)[:5], "reminder"])


def test_all_worlds_of_the_touches_are_run_and_the_full_one_is_the_scenario_itself() -> None:
    loaded = small("ward-touchpoints")
    found = worlds(loaded, ["line", "reminder"])
    assert [sorted(world) for world in found] == [["line", "reminder"], ["line"], ["reminder"], []]
    assert found[frozenset({"line", "reminder"})] is loaded
    assert not found[frozenset({"reminder"})].scenario.touchpoints["line"].used


def test_the_command_puts_rules_beside_the_truth_of_its_worlds(tmp_path: Path) -> None:
    arguments = ["attribution", "ward-omo", "--reps", "2", "--out", str(tmp_path), "--touch", "staff_advice"]
    arguments += ["--touch", "scan_look_up", *(word for key in SMALL for word in ("--set", key))]
    runner = CliRunner(env={"COLUMNS": "200"})
    result = runner.invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == "omo.attribution-judged/1"
    worth = {tuple(world["touches"]): world["contribution_yen"]["mean"] for world in document["worlds"]}
    truth = document["truth"]["contribution_yen"]
    everything = worth["scan_look_up", "staff_advice"]
    assert truth["total"]["mean"] == pytest.approx(everything - worth[()])
    assert truth["sums"]["shapley"] == pytest.approx(truth["total"]["mean"])
    left_out = truth["touches"]["staff_advice"]["leave_one_out"]["mean"]
    assert left_out == pytest.approx(everything - worth[("scan_look_up",)])
    for rule, found in document["rules"].items():
        credit = sum(interval["mean"] for interval in found["credit_yen"].values())
        assert credit == pytest.approx(document["company_view"]["net_revenue_yen"]), rule
        assert all(entry["regret_yen"]["mean"] >= 0 for entry in found["decisions"]), rule
    assert document["rules"]["last"]["share_of_sales"] == 0
    assert document["rules"]["last_but_visit"]["credit_yen"]["staff_advice"]["mean"] > 0
    (kept,) = tmp_path.glob("attribution-*.json")
    before = kept.stat().st_mtime_ns
    again = runner.invoke(app, arguments, catch_exceptions=False)
    assert kept.stat().st_mtime_ns == before
    assert "staff advice" in again.stdout
    assert kept.name in again.stdout
