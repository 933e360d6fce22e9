"""Latency at a load that has not been measured, forecast in three ways, and how far each was off.

- `interpolated`: between the neighbouring measured loads; this is what the world does with a latency profile.
- `queueing`: a + b rho / (1 - rho) with rho = load / capacity, the hockey stick of a queue with one server.
- `usl`: the interpolated latency of the nearest load, scaled by the mean latency that the scalability law gives
  by Little's law: R(N) = N / X(N).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, least_squares

from loadtest.capacity.point import Point
from sim.theory.usl import Scalability, fit

Floats = NDArray[np.float64]

METHODS: Final = ("interpolated", "queueing", "usl")
_SHARES: Final = {"p50_ms": 0.5, "p99_ms": 0.99}


def forecast(points: Sequence[Point], per_s: float) -> dict[str, dict[str, float | None]]:
    """p50 and p99 of all calls at `per_s` offered calls a second, by method; None where a method cannot say."""
    loads = np.array([point.offered_per_s for point in points])
    order = np.argsort(loads)
    loads, ordered = loads[order], [points[at] for at in order]
    found: dict[str, dict[str, float | None]] = {}
    law = _law(points)
    for name, share in _SHARES.items():
        ms = np.array([point.everything.quantile(share) for point in ordered])
        found.setdefault("interpolated", {})[name] = float(np.interp(per_s, loads, ms))
        found.setdefault("queueing", {})[name] = _queueing(loads, ms, per_s)
        found.setdefault("usl", {})[name] = _scaled(law, loads, ms, per_s)
    return found


def score(expected: dict[str, dict[str, float | None]], measured: Point) -> dict[str, dict[str, float | None]]:
    """Relative error (forecast / measured - 1) of each method's p50 and p99."""
    return {
        method: {
            name: None if ms is None else ms / measured.everything.quantile(_SHARES[name]) - 1
            for name, ms in quantiles.items()
        }
        for method, quantiles in expected.items()
    }


def left_out(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Each load between the ends forecast from the other loads, and scored."""
    rates = sorted({point.asked_per_s for point in points})
    found = []
    for rate in rates[1:-1]:
        others = [point for point in points if point.asked_per_s != rate]
        for point in (each for each in points if each.asked_per_s == rate):
            expected = forecast(others, point.offered_per_s)
            found.append(scored(point, expected))
    return found


def scored(point: Point, expected: dict[str, dict[str, float | None]]) -> dict[str, Any]:
    """A forecast beside what was measured."""
    return {
        "offered_per_s": point.offered_per_s,
        "measured": {name: point.everything.quantile(share) for name, share in _SHARES.items()},
        "forecast": expected,
        "error": score(expected, point),
    }


def mean_absolute_error(scores: Sequence[dict[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Mean |error| of each method over `scores`."""
    found: dict[str, dict[str, float | None]] = {}
    for method in METHODS:
        for name in _SHARES:
            errors = [abs(each["error"][method][name]) for each in scores if each["error"][method][name] is not None]
            found.setdefault(method, {})[name] = float(np.mean(errors)) if errors else None
    return found


def unmeasured_rate(rates: Sequence[float]) -> float | None:
    """The middle of the widest gap (as a ratio) between measured loads; None for fewer than two."""
    ordered = sorted(set(rates))
    if len(ordered) < 2:
        return None
    low, high = max(pairwise(ordered), key=lambda pair: pair[1] / pair[0])
    return float((low * high) ** 0.5)


def _queueing(loads: Floats, ms: Floats, per_s: float) -> float | None:
    """Least squares of relative residuals; three numbers need three different loads."""
    if len(np.unique(loads)) < 3:
        return None

    def curve(parameters: Floats, at: Floats) -> Floats:
        base, slope, room = parameters
        rho = at / (loads.max() * (1 + room))
        value: Floats = base + slope * rho / (1 - rho)
        return value

    def residuals(parameters: Floats) -> Floats:
        off: Floats = curve(parameters, loads) / ms - 1
        return off

    start = np.array([max(float(ms.min()), 1e-3), max(float(np.ptp(ms)), 1e-3) / 4, 0.2])
    fitted = least_squares(residuals, start, bounds=((0, 0, 1e-3), (np.inf, np.inf, 10.0)))
    return float(curve(fitted.x, np.array([min(per_s, float(loads.max()))]))[0])


def _law(points: Sequence[Point]) -> Scalability | None:
    used = [point for point in points if point.in_flight >= 1]
    if len({point.in_flight for point in used}) < 3:
        return None
    return fit([point.in_flight for point in used], [point.achieved_per_s for point in used])


def _scaled(law: Scalability | None, loads: Floats, ms: Floats, per_s: float) -> float | None:
    nearest = int(np.argmin(np.abs(loads - per_s)))
    here, there = _mean_s(law, per_s), _mean_s(law, float(loads[nearest]))
    return None if here is None or there is None else float(ms[nearest] * here / there)


def _mean_s(law: Scalability | None, per_s: float) -> float | None:
    """Mean latency at which the law's throughput is `per_s`; None beyond its largest."""
    if law is None:
        return None
    top = min(law.best_load, 1e6)
    if float(law.throughput(top)) < per_s:
        return None
    in_flight = brentq(lambda n: float(law.throughput(n)) - per_s, 1e-9, top)
    return float(in_flight / per_s)
