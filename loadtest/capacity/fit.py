"""What the steps of a search say together: the scalability law, and which part saturates first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadtest.capacity.point import Point
from sim.theory.usl import Scalability, fit

Floats = NDArray[np.float64]

RESAMPLES: Final = 200
TRUSTED: Final = 2.0
"""Extrapolation beyond this many times the measured range is marked."""
LEAST_STEPS: Final = 5
_CURVE: Final = 60


def scalability(points: Sequence[Point], seed: int = 0) -> dict[str, Any] | None:
    """USL of throughput against calls in flight, with 95 % percentile intervals of a bootstrap over the steps.

    Steps with less than one call in flight say nothing of contention and are left out. None where fewer than
    `LEAST_STEPS` different ones remain: three numbers always fit three steps.
    """
    used = [point for point in points if point.in_flight >= 1 and point.achieved_per_s > 0]
    load = np.array([point.in_flight for point in used])
    rate = np.array([point.achieved_per_s for point in used])
    if len(np.unique(load)) < LEAST_STEPS:
        return None
    law = fit(load, rate)
    laws = _bootstrap(load, rate, seed)
    curve_to = np.geomspace(1.0, 4 * load.max(), _CURVE)
    band = np.array([each.throughput(curve_to) for each in laws])
    return {
        "contention": _estimate(law.contention, [each.contention for each in laws]),
        "coherence": _estimate(law.coherence, [each.coherence for each in laws]),
        "rate_per_s": _estimate(law.rate, [each.rate for each in laws]),
        "best_in_flight": law.best_load if isfinite(law.best_load) else None,
        "most_beyond_trust": bool(law.best_load > TRUSTED * load.max()),
        "most_per_s": _estimate(_most(law), [_most(each) for each in laws]),
        "steps": len(used),
        "measured_in_flight": [float(load.min()), float(load.max())],
        "resamples": len(laws),
        "curve": [
            {
                "in_flight": float(n),
                "per_s": float(x),
                "low": float(low),
                "high": float(high),
                "beyond_trust": bool(n > TRUSTED * load.max()),
            }
            for n, x, low, high in zip(curve_to, law.throughput(curve_to), *_ends(band), strict=True)
        ],
    }


def _bootstrap(load: Floats, rate: Floats, seed: int) -> list[Scalability]:
    rng = np.random.default_rng(seed)
    laws: list[Scalability] = []
    while len(laws) < RESAMPLES:
        at = rng.integers(0, len(load), len(load))
        if len(np.unique(load[at])) >= 3:
            laws.append(fit(load[at], rate[at]))
    return laws


def _most(law: Scalability) -> float:
    """Largest throughput; where the law never falls, what it tends to (lambda / sigma), infinite without contention."""
    if isfinite(law.best_load):
        return float(law.throughput(max(law.best_load, 1.0)))
    return law.rate / law.contention if law.contention > 0 else float("inf")


def _ends(band: Floats) -> tuple[Floats, Floats]:
    low, high = np.percentile(band, [2.5, 97.5], axis=0)
    return low, high


def _estimate(value: float, resampled: Sequence[float]) -> dict[str, float | None]:
    low, high = np.percentile(np.asarray(resampled), [2.5, 97.5], method="inverted_cdf")
    return {name: float(x) if isfinite(x) else None for name, x in (("value", value), ("low", low), ("high", high))}


def saturation(points: Sequence[Point], limits: Mapping[str, float]) -> list[dict[str, Any]]:
    """CPU per call of each part and the rate at which it reaches its limit (the utilisation law), the first one first.

    `limits`: cores that each part can use; of the others, those of `machine`. The slope of cores against calls a
    second, by least squares, leaves out what a part uses when idle.
    """
    used = [point for point in points if point.cpu]
    found: list[dict[str, Any]] = []
    for part in sorted({name for point in used for name in point.cpu} - {"machine"}):
        rate = np.array([point.achieved_per_s for point in used])
        cores = np.array([point.cpu.get(part, 0.0) for point in used])
        slope, idle = np.polyfit(rate, cores, 1) if len(np.unique(rate)) > 1 else (cores[0] / rate[0], 0.0)
        if slope <= 0:
            slope, idle = float((rate * cores).sum() / (rate**2).sum()), 0.0
        limit = limits.get(part, limits["machine"])
        most = float((limit - max(idle, 0.0)) / slope) if slope > 0 else None
        found.append(
            {
                "part": part,
                "cpu_ms_per_call": 1000 * float(slope),
                "idle_cores": max(float(idle), 0.0),
                "limit_cores": limit,
                "saturates_at_per_s": most,
            }
        )
    together = sum(part["cpu_ms_per_call"] for part in found)
    found.append(
        {
            "part": "machine",
            "cpu_ms_per_call": together,
            "idle_cores": 0.0,
            "limit_cores": limits["machine"],
            "saturates_at_per_s": 1000 * limits["machine"] / together if together > 0 else None,
        }
    )

    def at_per_s(part: dict[str, Any]) -> float:
        return float(part["saturates_at_per_s"] or "inf")

    return sorted(found, key=at_per_s)


def others_cores(points: Sequence[Point]) -> float | None:
    """Cores that processes outside the test used, on average: latency contains waiting for them."""
    busy = [2 * p.cpu["machine"] - sum(p.cpu.values()) for p in points if "machine" in p.cpu]
    return max(0.0, float(np.mean(busy))) if busy else None
