"""`omo sensitivity`: from the request to `omo.sensitivity/1`, for a scenario or for its difference to another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import typer
from rich.console import Console

from scenarios.errors import ScenarioInvalid, UsageError
from scenarios.loader import Loaded, load, source_of
from sim.evaluation.exploring.assumptions import DEFAULT
from sim.evaluation.exploring.parameters import OPEX, Parameter, numbers_of, parameter, refuse_shared_keys, varied
from sim.evaluation.exploring.sensitivity import Floats, Space, indices, morris_rows, screen, sobol_rows
from sim.evaluation.exploring.sweep_document import as_dict
from sim.evaluation.kept import kept, path_of
from sim.evaluation.measures import BY_NAME
from sim.evaluation.statistics import t_interval
from sim.evaluation.worlds import Found, Launch, Stopped, measured, teller
from sim.log.run_directory import Request, write_json
from sim.output import kept_in

Method = Literal["morris", "sobol"]
_WHEN_LEFT_OUT: Final = "x0.5:x2"
_DEFAULT_SIZE: Final[dict[Method, int]] = {"morris": 6, "sobol": 64}


@dataclass(frozen=True)
class SensitivityAsked:
    """What the command line says. `against` is another scenario: both get the changed keys, and the difference counts.

    `keys` is None for the curated assumptions, `size` for the method's own: trajectories, or Sobol's base sample.
    """

    scenario: str
    keys: str | None
    method: Method
    size: int | None
    against: str | None
    measure: str
    replications: int
    seed: int | None
    sets: list[str]


@dataclass(frozen=True)
class _Study:
    """The request with its scenarios loaded and its rows drawn."""

    asked: SensitivityAsked
    worlds: dict[str, Loaded]
    parameters: list[Parameter]
    rows: Floats
    seed: int

    @property
    def space(self) -> Space:
        """The inputs."""
        return Space([one.name for one in self.parameters], [(one.low, one.high) for one in self.parameters])

    def requests(self) -> dict[str, Request]:
        """One world for each row and scenario."""
        made = {}
        for reference, loaded in self.worlds.items():
            base = numbers_of(loaded)
            for at, row in enumerate(self.rows.tolist()):
                assignments = [one.assignments(x, base) for one, x in zip(self.parameters, row, strict=True)]
                merged = {key: number for part in assignments for key, number in part.items()}
                world = varied(reference, self.asked.sets, merged)
                made[f"{reference}/{at}"] = Request(world, self.seed, self.asked.replications)
        return made

    def outcome(self, found: Found, row: int) -> list[float]:
        """By replication; empty where a world is missing."""
        worlds = [found.get(f"{reference}/{row}", []) for reference in self.worlds]
        if min(len(world) for world in worlds) < self.asked.replications:
            return []
        own, *other = [[summary[self.asked.measure] for summary in world] for world in worlds]
        return [a - b for a, b in zip(own, other[0], strict=True)] if other else own


def sensitivity(asked: SensitivityAsked, launch: Launch) -> dict[str, Any]:
    """The document, from <out>/sensitivity-<hash12>.json when all of this has been run before.

    After Ctrl-C Morris tells of the trajectories that were finished; exits with 130 where these are fewer than two, or
    with Sobol, which needs all.
    """
    study = _study(asked)
    requests = study.requests()
    path = path_of("sensitivity", asdict(asked) | {"worlds": [r.hash for r in requests.values()]}, launch.out)
    if (earlier := kept(path, launch.force)) is not None:
        return earlier
    tell = teller()
    tell(f"{len({r.hash for r in requests.values()})} worlds, {asked.replications} replications each")
    complete = True
    try:
        found = measured(requests, launch, launch.force)
    except Stopped as stopped:
        found, complete = stopped.found, False
    rows, outcomes = _finished(study, [study.outcome(found, row) for row in range(len(study.rows))])
    result = _document(study, rows, outcomes, complete)
    write_json(path, result)
    tell(kept_in(path))
    return result


def _study(asked: SensitivityAsked) -> _Study:
    references = [asked.scenario] if asked.against is None else [asked.scenario, asked.against]
    worlds = {reference: load(reference, asked.sets) for reference in references}
    if asked.against is not None and len(worlds) < len(references):
        raise UsageError(f"--against {asked.against}: that is the scenario itself")
    loaded = worlds[asked.scenario]
    if len({world.scenario.horizon.days for world in worlds.values()}) > 1:
        raise UsageError(f"{asked.scenario} and {asked.against} have different horizons; add --set horizon.days=14")
    parameters = _parameters(asked.keys, loaded)
    _refuse_invalid_ends(asked, worlds, parameters)
    seed = loaded.scenario.seed if asked.seed is None else asked.seed
    space = Space([one.name for one in parameters], [(one.low, one.high) for one in parameters])
    size = _DEFAULT_SIZE[asked.method] if asked.size is None else asked.size
    rows = morris_rows(space, size, seed) if asked.method == "morris" else sobol_rows(space, size, seed)
    return _Study(asked, worlds, parameters, rows, seed)


def _parameters(keys: str | None, loaded: Loaded) -> list[Parameter]:
    """Those that were named, or the curated ones that the scenario has."""
    if keys is None:
        known = numbers_of(loaded)
        has_opex = any(key.startswith("capability_costs.") for key in known)
        wanted = {name: bounds for name, bounds in DEFAULT.items() if name in known or (name == OPEX and has_opex)}
    else:
        wanted = {}
        for text in filter(None, (text.strip() for text in keys.split(","))):
            name, _, bounds = text.partition("=")
            wanted[name.strip()] = bounds.strip() or _WHEN_LEFT_OUT
    parameters = [parameter(name, bounds, loaded) for name, bounds in wanted.items()]
    if not parameters:
        raise UsageError("--keys: name at least one key of the scenario")
    refuse_shared_keys(parameters)
    return parameters


def _refuse_invalid_ends(
    asked: SensitivityAsked, worlds: Mapping[str, Loaded], parameters: Sequence[Parameter]
) -> None:
    """`UsageError` where a scenario is invalid at the end of a range."""
    for reference, loaded in worlds.items():
        base = numbers_of(loaded)
        for one in parameters:
            missing = [key for key in one.keys if key not in base]
            if missing:
                raise UsageError(f"{', '.join(missing)}: not in {reference}; leave it out of --keys")
            for end in (one.low, one.high):
                try:
                    varied(reference, asked.sets, one.assignments(end, base))
                except ScenarioInvalid as error:
                    x = "x" if one.factor else ""
                    raise UsageError(f"{one.name} at {x}{end:g}: {error}; give other bounds in --keys") from None


def _finished(study: _Study, outcomes: Sequence[list[float]]) -> tuple[Floats, Floats]:
    """Rows and outcomes of what is whole: all of them, or Morris' finished trajectories."""
    path = len(study.parameters) + 1 if study.asked.method == "morris" else len(outcomes)
    whole = [at for at in range(0, len(outcomes), path) if all(outcomes[at : at + path])]
    if len(whole) < (2 if study.asked.method == "morris" else 1):
        text = "interrupted before there was enough for an answer; the same command goes on from what was kept"
        Console(stderr=True).print(text, highlight=False)
        raise typer.Exit(130)
    rows = [row for at in whole for row in range(at, at + path)]
    return study.rows[rows], np.asarray([outcomes[row] for row in rows], dtype=float)


def _document(study: _Study, rows: Floats, outcomes: Floats, complete: bool) -> dict[str, Any]:
    asked = study.asked
    loaded = study.worlds[asked.scenario]
    intervals = [t_interval(row.tolist()) for row in outcomes]
    return {
        "schema": "omo.sensitivity/1",
        "state": "complete" if complete else "interrupted",
        "scenario": asked.scenario,
        "title": loaded.scenario.title,
        "against": asked.against,
        "seed": study.seed,
        "days": loaded.scenario.horizon.days,
        "replications": asked.replications,
        "confidence": 0.95,
        "measure": asked.measure,
        "unit": BY_NAME[asked.measure].unit,
        "method": asked.method,
        "size": len(rows) // (len(study.parameters) + (1 if asked.method == "morris" else 2)),
        "worlds": len(rows) * len(study.worlds),
        "factors": _factors(study, loaded, rows, outcomes),
        "signs": {
            "positive": sum(one.low > 0 for one in intervals),
            "negative": sum(one.high < 0 for one in intervals),
            "undecided": sum(not (one.low > 0 or one.high < 0) for one in intervals),
        },
        "rows": [
            {"values": dict(zip(study.space.names, row, strict=True)), **as_dict(one)}
            for row, one in zip(rows.tolist(), intervals, strict=True)
        ],
    }


def _factors(study: _Study, loaded: Loaded, rows: Floats, outcomes: Floats) -> list[dict[str, Any]]:
    """Each input with its indices, those that matter most first."""
    base = numbers_of(loaded)
    if study.asked.method == "morris":
        found, rank = [asdict(one) for one in screen(study.space, rows, outcomes, study.seed)], "mu_star"
    else:
        found, rank = [asdict(one) for one in indices(study.space, outcomes, study.seed)], "total"
    told = []
    for at, (one, result) in enumerate(zip(study.parameters, found, strict=True)):
        keys = {key: {"value": base[key], "source": source_of(key, loaded.origins)} for key in one.keys}
        about = {"name": one.name, "keys": keys, "low": one.low, "high": one.high, "factor": one.factor}
        by_level = _by_level(rows[:, at], outcomes) if study.asked.method == "morris" else []
        told.append(about | result | {"by_level": by_level})
    return sorted(told, key=lambda factor: -float(factor[rank]["value"]))


def _by_level(column: Floats, outcomes: Floats) -> list[dict[str, float]]:
    """Mean outcome of the rows at each level of one input, whatever the others are."""
    level = np.round(column, 12)
    return [
        {"value": float(at), "mean": float(outcomes[level == at].mean()), "rows": int(np.sum(level == at))}
        for at in np.unique(level)
    ]
