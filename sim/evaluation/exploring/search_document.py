"""`omo best --search`: from the request to `omo.search/1`, with the best confirmed under fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import typer
from rich.console import Console

from scenarios.errors import UsageError
from scenarios.loader import Loaded, load
from sim.evaluation.confirmation import fresh_seed, gap
from sim.evaluation.exploring.parameters import (
    Parameter,
    numbers_of,
    parameter,
    refuse_idle_credit,
    refuse_shared_keys,
    varied,
)
from sim.evaluation.exploring.search import SearchPlan, Trial, best_so_far, search
from sim.evaluation.exploring.sweep_document import as_dict, paired_measures
from sim.evaluation.kept import kept, path_of
from sim.evaluation.statistics import t_interval
from sim.evaluation.worlds import OUTCOME, Launch, Stopped, measured, teller, values
from sim.log.run_directory import Request, write_json
from sim.output import kept_in

_OWN = "as it is"
_TRIED = "tried"


@dataclass(frozen=True)
class SearchAsked:
    """What the command line says. `ranges` are KEY=LOW:HIGH; `confirm` replications under fresh seeds, 0 for none."""

    scenario: str
    ranges: list[str]
    seed: int | None
    sets: list[str]
    trials: int
    replications: int
    confirm: int


class _Worlds:
    """The scenario as it is beside the scenario with each parameter at a value."""

    def __init__(self, asked: SearchAsked, loaded: Loaded, parameters: list[Parameter], launch: Launch) -> None:
        self.asked, self.loaded, self.parameters, self.launch = asked, loaded, parameters, launch

    def at(self, point: Mapping[str, float]) -> Loaded:
        """The world of one trial."""
        base = numbers_of(self.loaded)
        parts = [one.assignments(point[one.name], base) for one in self.parameters]
        return varied(self.asked.scenario, self.asked.sets, {k: number for part in parts for k, number in part.items()})

    def both(self, point: Mapping[str, float], seed: int, replications: int) -> dict[str, list[dict[str, float]]]:
        """Measures of the scenario as it is and of a trial."""
        requests = {
            _OWN: Request(self.loaded, seed, replications),
            _TRIED: Request(self.at(point), seed, replications),
        }
        return measured(requests, self.launch, force=False)


def find_values(asked: SearchAsked, launch: Launch) -> dict[str, Any]:
    """The document, from <out>/search-<hash12>.json when all of this has been done before.

    After Ctrl-C it holds the trials that were finished; exits with 130 where there is none. --force searches again,
    in worlds that are kept.
    """
    loaded = load(asked.scenario, asked.sets)
    seed = loaded.scenario.seed if asked.seed is None else asked.seed
    parameters = [_parameter(text, loaded) for text in asked.ranges]
    refuse_shared_keys(parameters)
    refuse_idle_credit(parameters, loaded)
    path = path_of("search", asdict(asked) | {"world": Request(loaded, seed, asked.replications).hash}, launch.out)
    if (earlier := kept(path, launch.force)) is not None:
        return earlier
    worlds, done = _Worlds(asked, loaded, parameters, launch), list[Trial]()

    def gain_of(point: Mapping[str, float], replications: int) -> list[float]:
        found = worlds.both(point, seed, replications)
        return [a - b for a, b in zip(values(found[_TRIED], OUTCOME), values(found[_OWN], OUTCOME), strict=True)]

    plan = SearchPlan(parameters, asked.trials, asked.replications, seed, _start(parameters, loaded))
    confirmed, complete, tell = None, True, teller()
    try:
        search(plan, gain_of, done, tell)
        if asked.confirm:
            tell("confirming the best on fresh replications")
            confirmed = _confirmed(worlds, done, seed, asked.confirm)
    except Stopped:
        complete = False
    result = _document(worlds, done, confirmed, seed, complete)
    write_json(path, result)
    tell(kept_in(path))
    return result


def _parameter(text: str, loaded: Loaded) -> Parameter:
    name, equals, bounds = text.partition("=")
    if not equals:
        raise UsageError(f"--search {text}: write it as KEY=LOW:HIGH, such as evaluation.commission_percent=0:5")
    return parameter(name.strip(), bounds.strip(), loaded)


def _start(parameters: list[Parameter], loaded: Loaded) -> dict[str, float] | None:
    """The scenario's own point: None where it lies outside, or linked keys differ."""
    base, start = numbers_of(loaded), dict[str, float]()
    for one in parameters:
        own = {1.0} if one.factor else {base[key] for key in one.keys}
        if len(own) > 1 or None in own or not one.low <= min(own) <= one.high:
            return None
        start[one.name] = float(own.pop())
    return start


def _confirmed(worlds: _Worlds, done: list[Trial], seed: int, replications: int) -> dict[str, Any] | None:
    """The best trial's gain under fresh seeds beside the gain that had it chosen."""
    best = _best(done)
    if not any(best.gains):
        return None
    found = worlds.both(best.values, fresh_seed(seed), replications)
    gains = [a - b for a, b in zip(values(found[_TRIED], OUTCOME), values(found[_OWN], OUTCOME), strict=True)]
    return {
        "seed": fresh_seed(seed),
        "n": replications,
        "gain": as_dict(t_interval(gains)),
        "winners_curse": as_dict(gap(best.gains, gains)),
        "measures": paired_measures(found[_TRIED], found[_OWN]),
    }


def _best(done: list[Trial]) -> Trial:
    best = best_so_far(done)
    if best is None:
        problems = [trial.problem for trial in done if trial.problem]
        if problems:
            raise UsageError(f"no trial was a valid scenario; the last one: {problems[-1]}")
        Console(stderr=True).print("interrupted before the first trial was done", highlight=False)
        raise typer.Exit(130)
    return best


def _document(
    worlds: _Worlds, done: list[Trial], confirmed: dict[str, Any] | None, seed: int, complete: bool
) -> dict[str, Any]:
    best, scenario = _best(done), worlds.loaded.scenario
    return {
        "schema": "omo.search/1",
        "state": "complete" if complete else "interrupted",
        "scenario": worlds.loaded.name,
        "title": scenario.title,
        "seed": seed,
        "days": scenario.horizon.days,
        "confidence": 0.95,
        "outcome": OUTCOME,
        "method": "TPE (Optuna), paired gain over the scenario as it is, first look by t",
        "replications": worlds.asked.replications,
        "parameters": [asdict(one) for one in worlds.parameters],
        "trials": [_told(trial) for trial in done],
        "best": _told(best),
        "confirmation": confirmed,
    }


def _told(trial: Trial) -> dict[str, Any]:
    gain = as_dict(trial.gain) if trial.gains else None
    return {
        "number": trial.number,
        "values": trial.values,
        "state": trial.state,
        "n": len(trial.gains),
        "gain_yen": gain,
        "problem": trial.problem,
    }
