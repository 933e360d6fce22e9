"""Yen lost at the tills for want of capacity: the same shoppers with a core of each size, against one never busy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any, Final

from scenarios.errors import UsageError
from scenarios.loader import load
from scenarios.measured_latency import assignment, core_under_load
from sim.evaluation.statistics import Interval, t_interval
from sim.evaluation.worlds import OUTCOME, Found, values
from sim.log.run_directory import Request

IDLE: Final = "never busy"
FELT: Final = ("till_wait_s", "renege_rate", "double_captures", "lost_sales_yen")
"""Measures that tell why money was lost."""


def requests_of(
    scenario: str,
    sets: Sequence[str],
    seed: int | None,
    reps: int,
    profile: Mapping[str, Any],
    copies: float,
    times: Mapping[str, float],
) -> dict[str, Request]:
    """The world without limits, and one for each size of the core: `times` the measured one, by name."""
    if any(assigned.startswith("payments.core") for assigned in sets):
        raise UsageError("--set payments.core: omo size sets it itself, to each size in turn")
    found = {}
    for name, own in [(IDLE, ()), *((name, (_core(profile, copies, factor),)) for name, factor in times.items())]:
        loaded = load(scenario, [*sets, *own])
        found[name] = Request(loaded, loaded.scenario.seed if seed is None else seed, reps)
    return found


def _core(profile: Mapping[str, Any], copies: float, times: float) -> str:
    return assignment(core_under_load(profile, copies, times))


def losses_per_year(found: Found, name: str, copies: float, times_per_year: float) -> list[float]:
    """Contribution that all stores lose with core `name`, in yen a year, replication by replication."""
    whole, limited = values(found[IDLE], OUTCOME), values(found[name], OUTCOME)
    return [(a - b) * copies * times_per_year for a, b in zip(whole, limited, strict=True)]


def felt(found: Found, name: str) -> dict[str, Any]:
    """What shoppers feel with core `name`: each measure, and its paired difference from a core that is never busy."""
    return {
        measure: {
            "mean": t_interval(values(found[name], measure)).mean,
            "difference": interval(
                [b - a for a, b in zip(values(found[IDLE], measure), values(found[name], measure), strict=True)]
            ),
        }
        for measure in FELT
        if all(measure in summary for summary in (*found[IDLE], *found[name]))
    }


def interval(numbers: Sequence[float]) -> dict[str, float | None]:
    """Mean and half-width; null where there is one replication."""
    found: Interval = t_interval(numbers)
    return {"mean": found.mean, "half_width": None if isnan(found.half_width) else found.half_width}
