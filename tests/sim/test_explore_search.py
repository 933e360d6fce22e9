"""The search for the best values, on a function whose optimum is known."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pytest

from scenarios.errors import ScenarioInvalid, UsageError
from sim.evaluation.exploring.parameters import Parameter
from sim.evaluation.exploring.search import FIRST_LOOK, GainOf, SearchPlan, Trial, best_so_far, search

pytest.importorskip("optuna")

PARAMETERS = [Parameter("share", ("a",), 0.0, 1.0), Parameter("fee", ("b",), 0.0, 10.0, whole=True)]


def known(values: Mapping[str, float], replications: int) -> list[float]:
    """A hill of 1,000 yen at share 0.3 and fee 7; noise of 20 yen in each replication."""
    noise = np.random.default_rng(round(1e6 * values["share"]) + round(values["fee"])).normal(0, 20, 100)
    height = 1000 - 4000 * (values["share"] - 0.3) ** 2 - 30 * (values["fee"] - 7) ** 2
    return [height + float(e) for e in noise[:replications]]


def searched(plan: SearchPlan, gain_of: GainOf = known) -> list[Trial]:
    done: list[Trial] = []
    search(plan, gain_of, done)
    return done


def test_the_hill_is_found_and_its_foot_is_given_up_early() -> None:
    done = searched(SearchPlan(PARAMETERS, trials=80, replications=15, seed=1))
    best = best_so_far(done)
    assert best is not None
    assert best.values["share"] == pytest.approx(0.3, abs=0.1)
    assert abs(best.values["fee"] - 7) <= 1
    assert best.gain.mean > 900
    assert {len(trial.gains) for trial in done if trial.state == "given_up"} == {FIRST_LOOK}
    assert {len(trial.gains) for trial in done if trial.state == "complete"} == {15}
    assert all(trial.gain.mean < best.gain.mean for trial in done if trial.state == "given_up")


def test_equal_seeds_try_the_same_points_and_the_own_one_comes_first() -> None:
    plan = SearchPlan(PARAMETERS, trials=8, replications=3, seed=4, start={"share": 0.5, "fee": 2.0})
    once, again = searched(plan), searched(plan)
    assert [trial.values for trial in once] == [trial.values for trial in again]
    assert once[0].values == {"share": 0.5, "fee": 2.0}
    assert [trial.values for trial in searched(SearchPlan(PARAMETERS, 8, 3, seed=5))] != [t.values for t in once]


def test_an_invalid_scenario_is_a_trial_that_failed() -> None:
    def half(values: Mapping[str, float], replications: int) -> list[float]:
        if values["share"] > 0.5:
            raise ScenarioInvalid(["town.toml:1: a: too much"])
        return known(values, replications)

    done = searched(SearchPlan(PARAMETERS, trials=20, replications=3, seed=1), half)
    assert len(done) == 20
    assert {trial.state for trial in done if trial.values["share"] > 0.5} == {"invalid"}
    assert "too much" in next(trial.problem for trial in done if trial.state == "invalid")


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"omotwin\[search\]"):
        searched(SearchPlan(PARAMETERS, 2, 2, 1))
