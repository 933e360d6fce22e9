"""`omo sweep`: a scenario with one or two of its numbers set to several values each, on the same shoppers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from rich.console import Console

from scenarios.errors import UsageError
from scenarios.loader import Loaded, load
from sim.evaluation.exploring.parameters import (
    Parameter,
    numbers_of,
    parameter,
    refuse_idle_credit,
    refuse_shared_keys,
    varied,
)
from sim.evaluation.exploring.parts import By
from sim.evaluation.exploring.sweep_document import Swept, document
from sim.evaluation.kept import kept, path_of
from sim.evaluation.worlds import Launch, Stopped, measured, teller
from sim.log.run_directory import Request, write_json
from sim.output import kept_in

_MOST = 2


@dataclass(frozen=True)
class Axis:
    """A parameter and the values that it takes, ascending."""

    parameter: Parameter
    values: tuple[float, ...]


@dataclass(frozen=True)
class SweepAsked:
    """What the command line says. `baseline` is a point by its values; None is the first. `least`: low is good."""

    scenario: str
    axes: list[str]
    seed: int | None
    sets: list[str]
    replications: int
    measure: str = "contribution_yen"
    baseline: str | None = None
    by: By | None = None
    least: bool = False


def axis(text: str, loaded: Loaded) -> Axis:
    """The axis that `KEY=LOW:HIGH:STEPS` asks for: both ends and what lies evenly between."""
    name, equals, spec = text.partition("=")
    bounds, _, steps = spec.rpartition(":")
    if not equals or not steps.isdecimal() or int(steps) < 2:
        raise UsageError(f"{text}: write it as KEY=LOW:HIGH:STEPS with two steps at least, such as credit=0:1:11")
    one = parameter(name.strip(), bounds, loaded)
    return Axis(one, tuple(dict.fromkeys(one.rounded(v) for v in np.linspace(one.low, one.high, int(steps)).tolist())))


def sweep(asked: SweepAsked, launch: Launch) -> dict[str, Any]:
    """The document, from <out>/sweep-<hash12>.json when all of this has been run before.

    After Ctrl-C it holds the points that were finished; exits with 130 where there are fewer than two.
    """
    loaded = load(asked.scenario, asked.sets)
    axes = _axes(asked, loaded)
    points = list(itertools.product(*(one.values for one in axes)))
    baseline = _baseline(asked, axes, points)
    seed = loaded.scenario.seed if asked.seed is None else asked.seed
    requests = {
        str(at): Request(_world(asked, axes, point, loaded), seed, asked.replications)
        for at, point in enumerate(points)
    }
    told = {"asked": asdict(asked), "worlds": [request.hash for request in requests.values()]}
    path = path_of("sweep", told, launch.out)
    if (earlier := kept(path, launch.force)) is not None:
        return earlier
    teller()(f"{len(points)} worlds, {asked.replications} replications each")
    complete = True
    try:
        found = measured(requests, launch, launch.force)
    except Stopped as stopped:
        found, complete = stopped.found, False
    at = [at for at in range(len(points)) if len(found.get(str(at), [])) >= min(2, asked.replications)]
    _enough(at, baseline)
    runs: list[Path] = [launch.out / requests[str(n)].name for n in at] if complete else []
    about = {"scenario": loaded.name, "title": loaded.scenario.title, "seed": seed}
    about |= {"days": loaded.scenario.horizon.days}
    swept = Swept([one.parameter for one in axes], [points[n] for n in at], [found[str(n)] for n in at], runs)
    choice = {"measure": asked.measure, "least": asked.least, "by": asked.by}
    result = document(swept, at.index(baseline), choice, about, complete)
    write_json(path, result)
    teller()(kept_in(path))
    return result


def _axes(asked: SweepAsked, loaded: Loaded) -> list[Axis]:
    axes = [axis(text, loaded) for text in asked.axes]
    if not 1 <= len(axes) <= _MOST:
        raise UsageError(f"omo sweep takes one or two parameters, not {len(axes)}; omo best --search takes more")
    if asked.by is not None and len(axes) > 1:
        raise UsageError("--by goes with one parameter")
    parameters = [one.parameter for one in axes]
    refuse_shared_keys(parameters)
    refuse_idle_credit(parameters, loaded)
    return axes


def _world(asked: SweepAsked, axes: Sequence[Axis], point: Sequence[float], loaded: Loaded) -> Loaded:
    base = numbers_of(loaded)
    assignments = [one.parameter.assignments(value, base) for one, value in zip(axes, point, strict=True)]
    return varied(asked.scenario, asked.sets, {key: number for part in assignments for key, number in part.items()})


def _baseline(asked: SweepAsked, axes: Sequence[Axis], points: Sequence[tuple[float, ...]]) -> int:
    """Which point the others are compared with."""
    if asked.baseline is None:
        return 0
    try:
        wanted = tuple(float(value) for value in asked.baseline.split(","))
    except ValueError:
        wanted = ()
    if wanted not in points:
        choices = " and ".join(", ".join(f"{value:g}" for value in one.values) for one in axes)
        raise UsageError(f"--baseline {asked.baseline}: no point of the sweep; its values are {choices}")
    return points.index(wanted)


def _enough(at: Sequence[int], baseline: int) -> None:
    if len(at) < 2 or baseline not in at:
        text = "interrupted before two points and the baseline were done; the same command goes on from what was kept"
        Console(stderr=True).print(text, highlight=False)
        raise typer.Exit(130)
