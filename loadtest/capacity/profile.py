"""The latency profile that a search leaves: quantiles by endpoint and load, for the world to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loadtest.capacity.point import QUANTILES, Endpoint, Point
from scenarios.measured_latency import SCHEMA


def latency_profile(points: Sequence[Point], about: Mapping[str, Any]) -> dict[str, Any] | None:
    """`omo.latency-profile/1` of the loads in `points`, which the target carried; None where there are none.

    Repeats of a load are pooled, quantile by quantile, weighted by their calls. `about` says what was measured.
    """
    loads = [_load([point for point in points if point.asked_per_s == rate]) for rate in _rates(points)]
    if not loads:
        return None
    top = loads[-1]
    return {
        "schema": SCHEMA,
        **about,
        "quantiles": list(QUANTILES),
        "capacity": {"calls_per_s": top["calls_per_s"], "payments_per_s": top["payments_per_s"]},
        "loads": loads,
    }


def _rates(points: Sequence[Point]) -> list[float]:
    return sorted({point.asked_per_s for point in points})


def _load(repeats: Sequence[Point]) -> dict[str, Any]:
    names = sorted({name for point in repeats for name in point.endpoints})
    return {
        "calls_per_s": float(np.mean([point.offered_per_s for point in repeats])),
        "payments_per_s": float(np.mean([point.payments_per_s for point in repeats])),
        "repeats": len(repeats),
        "endpoints": {
            name: _pooled([point.endpoints[name] for point in repeats if name in point.endpoints]) for name in names
        },
    }


def _pooled(parts: Sequence[Endpoint]) -> dict[str, Any]:
    calls = [part.calls for part in parts]
    ms = np.average([part.ms for part in parts], axis=0, weights=calls)
    return {"calls": sum(calls), "ms": [round(float(x), 3) for x in ms]}
