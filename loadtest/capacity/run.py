"""A whole capacity run: for each moment of the day its trace, the search, the fit, the forecast and its score."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from loadtest.capacity.fit import others_cores, saturation, scalability
from loadtest.capacity.forecast import forecast, left_out, mean_absolute_error, scored, unmeasured_rate
from loadtest.capacity.point import QUANTILES, Endpoint, Limits, Point, Verdict, as_document, verdict_of
from loadtest.capacity.profile import latency_profile
from loadtest.capacity.replay import Stepper
from loadtest.capacity.search import Rules, edge_of, search
from loadtest.capacity.slices import rate_of
from loadtest.load import Options
from loadtest.show import progress
from loadtest.trace_schema import Trace
from sim.log.run_directory import write_json

SCHEMA: Final = "omo.capacity/1"

QUIET: Final = 0.1
QUIET_TRIES: Final = 3
_NOTHING: Final = Endpoint(0, 0.0, (0.0,) * len(QUANTILES))

StepOf = Callable[[int, float], Point]
"""Runs a step: its number within the moment, and the steps per second asked for."""
Tell = Callable[[Point, Verdict], None]


@dataclass(frozen=True)
class Moment:
    """A part of the day whose mix of requests is asked for. `expected_per_s` are the steps per second that come."""

    name: str
    trace: Trace
    expected_per_s: float


@dataclass(frozen=True)
class Plan:
    """What is searched, and how. `start` is the first load; None: the expected peak of the moment."""

    limits: Limits
    rules: Rules
    seconds: float
    start: float | None = None
    workers: int = 0


@dataclass
class _Steps:
    """Runs steps of one moment in turn; Ctrl-C makes one that is `interrupted`."""

    step_of: StepOf
    number: int = 0
    interrupted: bool = False

    def run(self, per_s: float) -> Point:
        self.number += 1
        try:
            point = self.step_of(self.number, per_s)
        except KeyboardInterrupt:
            point = Point(per_s, 0, 0, 0, _NOTHING, interrupted=True)
        self.interrupted = self.interrupted or point.interrupted
        return point


def examine(moment: Moment, plan: Plan, step_of: StepOf, tell: Tell) -> tuple[dict[str, Any], list[Point], bool]:
    """Search at one moment: what stands in the document, the points that passed, and whether it was interrupted."""
    steps = _Steps(step_of)
    rules = replace(plan.rules, start=plan.start or moment.expected_per_s)
    points = search(steps.run, rules, plan.limits, tell)
    edge = edge_of([(point.asked_per_s, verdict_of(point, plan.limits)) for point in points])
    carried = _carried(points, plan.limits, edge.carried_per_s)
    if carried and not steps.interrupted:
        quiet = _quiet(carried, steps.run)
        points += quiet
        carried += _carried(quiet, plan.limits, edge.carried_per_s)
    check = None if steps.interrupted or not carried else _check(carried, steps.run)
    machine = float(os.cpu_count() or 1)
    limits = {"machine": machine, "core": 1.0, "psp": 1.0, "generator": float(max(plan.workers, 1))}
    found = {
        "moment": moment.name,
        "expected_per_s": moment.expected_per_s,
        "mix": dict(moment.trace.header["steps_by_action"]),
        "trace_steps_per_s": rate_of(moment.trace),
        "edge": asdict(edge),
        "headroom": None if edge.carried_per_s is None else edge.carried_per_s / moment.expected_per_s,
        "points": [as_document(point, plan.limits) for point in points],
        "usl": scalability([point for point in points if not point.invalid_because]),
        "saturation": saturation(points, limits) if any(point.cpu for point in points) else [],
        "others_cores": others_cores(points),
        "forecast": _scores(check, carried),
    }
    return found, carried, steps.interrupted


def document(
    source: dict[str, Any], plan: Plan, moments: Sequence[dict[str, Any]], *, target: str, interrupted: bool
) -> dict[str, Any]:
    """`omo.capacity/1`."""
    return {
        "schema": SCHEMA,
        "state": "interrupted" if interrupted else "complete",
        "source": source,
        "target": target,
        "limits": asdict(plan.limits),
        "rules": {key: value for key, value in asdict(plan.rules).items() if key != "start"},
        "seconds": plan.seconds,
        "workers": plan.workers,
        "moments": list(moments),
        "machine": {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()},
    }


def search_moments(
    moments: Sequence[Moment], about: dict[str, Any], plan: Plan, options: Options, out: Path, *, keep: bool
) -> dict[str, Any]:
    """Search at each moment in turn; `capacity.json` and the profiles are written after each. `about` is the source."""
    out.mkdir(parents=True, exist_ok=True)
    described: list[dict[str, Any]] = []
    result: dict[str, Any] = {}
    for moment in moments:
        with progress(f"{moment.name}: load step") as tell:
            stepper = Stepper(moment.trace, plan.seconds, options, out / moment.name.replace(":", ""), keep, tell)
            found, carried, interrupted = examine(moment, plan, stepper.step, teller())
        if not keep:
            shutil.rmtree(stepper.folder, ignore_errors=True)
        described.append(found)
        result = document(about, plan, described, target=options.target, interrupted=interrupted)
        write_json(out / "capacity.json", result)
        measured = {"source": about, "target": options.target, "p99_ms": plan.limits.p99_ms}
        profile = profile_of(carried, found, measured | {"machine": result["machine"]})
        if profile is not None:
            write_json(profile_path(out, moment.name, len(moments)), profile)
        if interrupted:
            break
    return result


def teller() -> Tell:
    """Says how each step ended, on a terminal only."""
    console = Console(stderr=True, highlight=False)

    def tell(point: Point, verdict: Verdict) -> None:
        if console.is_terminal:
            p99_ms = point.everything.quantile(0.99)
            console.print(f"{point.offered_per_s:,.0f} steps/s: {verdict}, p99 {p99_ms:,.1f} ms")

    return tell


def profile_of(carried: Sequence[Point], found: dict[str, Any], about: dict[str, Any]) -> dict[str, Any] | None:
    """The latency profile of a moment."""
    known = {"moment": found["moment"], "limited_by": found["edge"]["limited_by"]}
    return latency_profile(carried, {**about, **known, "others_cores": found["others_cores"]})


def _carried(points: Sequence[Point], limits: Limits, top: float | None) -> list[Point]:
    return [
        point
        for point in points
        if top is not None and point.asked_per_s <= top and verdict_of(point, limits) == "passed"
    ]


def _quiet(carried: Sequence[Point], run_step: Callable[[float], Point]) -> list[Point]:
    """A step at `QUIET` of the edge, where none was that low: what is slow under load is slow against this."""
    rates = [point.asked_per_s for point in carried]
    if min(rates) <= 2 * QUIET * max(rates):
        return []
    found: list[Point] = []
    for _ in range(QUIET_TRIES):
        point = run_step(QUIET * max(rates))
        if point.interrupted:
            break
        found.append(point)
        if not point.invalid_because:
            break
    return found


def _check(carried: Sequence[Point], run_step: Callable[[float], Point]) -> dict[str, Any] | None:
    """Forecast a load that was never run, then run it. It lies in the upper part, where latency bends."""
    rates = [point.asked_per_s for point in carried]
    upper = {rate for rate in rates if rate >= max(rates) / 3}
    rate = unmeasured_rate(sorted(upper if len(upper) > 1 else set(rates)))
    if rate is None:
        return None
    expected = forecast(carried, rate)
    point = run_step(rate)
    if point.interrupted:
        return None
    return scored(point, expected) | {"invalid_because": list(point.invalid_because)}


def _scores(check: dict[str, Any] | None, carried: Sequence[Point]) -> dict[str, Any]:
    others = left_out(carried)
    return {
        "used_by_the_world": "interpolated",
        "never_measured_before": check,
        "left_out": others,
        "mean_absolute_error": mean_absolute_error([*others, *([check] if check else [])]),
    }


def profile_path(folder: Path, moment: str, moments: int) -> Path:
    """Where the profile of a moment is written."""
    return folder / ("latency-profile.json" if moments == 1 else f"latency-profile-{moment.replace(':', '')}.json")
