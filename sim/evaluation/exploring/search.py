"""The search for the best values of several numbers at once: Optuna proposes, the same shoppers judge.

The tree-structured Parzen estimator (Bergstra et al. 2011) gets, for each trial, the mean paired gain over the scenario
as it is. A trial whose first replications show that it cannot keep up with the best so far stops there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from types import ModuleType
from typing import TYPE_CHECKING, Final, Literal

from scenarios.errors import ScenarioInvalid, UsageError
from sim.evaluation.exploring.parameters import Parameter
from sim.evaluation.statistics import Interval, t_interval

if TYPE_CHECKING:
    import optuna

FIRST_LOOK: Final = 5
"""Replications after which a trial may be given up."""

State = Literal["complete", "given_up", "invalid"]
GainOf = Callable[[Mapping[str, float], int], list[float]]
"""Gains over the scenario as it is, by replication, with each parameter at a value; for a number of replications."""


@dataclass(frozen=True)
class Trial:
    """One point of the search. `gains` are paired, by replication; those of an invalid scenario are empty."""

    number: int
    values: dict[str, float]
    state: State
    gains: list[float]
    problem: str = ""

    @property
    def gain(self) -> Interval:
        """Mean with its interval."""
        return t_interval(self.gains)


@dataclass(frozen=True)
class SearchPlan:
    """What is searched. `start` is the scenario's own point, where it lies in the ranges: the first trial."""

    parameters: list[Parameter]
    trials: int
    replications: int
    seed: int
    start: dict[str, float] | None = None


def search(plan: SearchPlan, gain_of: GainOf, done: list[Trial], tell: Callable[[str], None] = lambda _: None) -> None:
    """Fill `done`, trial by trial. What `gain_of` raises goes through, but for a scenario that is invalid."""
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=plan.seed))
    if plan.start is not None:
        study.enqueue_trial(plan.start)
    for number in range(plan.trials):
        asked = study.ask()
        values = {one.name: _suggested(asked, one) for one in plan.parameters}
        trial = _tried(plan, gain_of, number, values, best_so_far(done))
        done.append(trial)
        if trial.state == "complete":
            study.tell(asked, trial.gain.mean)
        elif trial.state == "given_up":
            asked.report(trial.gain.mean, len(trial.gains))
            study.tell(asked, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
        tell(f"trial {number + 1} of {plan.trials}: {told(values)}: {trial.state.replace('_', ' ')}")


def best_so_far(done: Sequence[Trial]) -> Trial | None:
    """The complete trial with the largest mean gain."""
    return max((trial for trial in done if trial.state == "complete"), key=lambda trial: trial.gain.mean, default=None)


def told(values: Mapping[str, float]) -> str:
    """Values in words."""
    return ", ".join(f"{name}={value:g}" for name, value in values.items())


def _tried(plan: SearchPlan, gain_of: GainOf, number: int, values: dict[str, float], best: Trial | None) -> Trial:
    """Run one point: a first look, and the rest where it may still be the best."""
    first = min(FIRST_LOOK, plan.replications)
    try:
        gains = gain_of(values, first)
    except ScenarioInvalid as error:
        return Trial(number, values, "invalid", [], str(error))
    if first < plan.replications:
        if best is not None and t_interval(gains).high < best.gain.mean:
            return Trial(number, values, "given_up", gains)
        gains = gain_of(values, plan.replications)
    return Trial(number, values, "complete", gains)


def _suggested(asked: optuna.Trial, one: Parameter) -> float:
    if one.whole:
        return float(asked.suggest_int(one.name, ceil(one.low), floor(one.high)))
    return one.rounded(asked.suggest_float(one.name, one.low, one.high))


def _optuna() -> ModuleType:
    try:
        import optuna
    except ImportError:
        raise UsageError("--search needs Optuna: pip install 'omotwin[search]'") from None
    return optuna
