"""The busiest minute of a day, without taking chance for demand, and what it becomes with more stores.

Copies of a town are superposed: rates add, and so do variances, so that a company of 500 stores has a smoother minute
than one of four. The minute is chosen, and its rate read, by the mean over a quarter of an hour, and in each
replication it is the minute that the others choose: the largest of 1,440 noisy numbers is not to be expected again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, Final

import numpy as np

from loadtest.demand.count import BACK_OFFICE, ENDPOINTS, Day, Floats
from sim.evaluation.statistics import t_interval

SMOOTH_MINUTES: Final = 15
ONE_IN_A_HUNDRED: Final = 2.3263
"""Standard normal quantile of 0.99."""


def busiest_minute(counts: Floats) -> int:
    """The minute with the largest mean over `SMOOTH_MINUTES`; `counts` has the shape (replications, 1440)."""
    mean = counts.mean(axis=0)
    return int(np.argmax(np.convolve(mean, np.ones(SMOOTH_MINUTES), "same")))


def minutes_without_oneself(counts: Floats) -> list[int]:
    """For each replication, the busiest minute of the others; of a single one its own."""
    if len(counts) == 1:
        return [busiest_minute(counts)]
    return [busiest_minute(np.delete(counts, at, axis=0)) for at in range(len(counts))]


def around(counts: Floats, minute: int) -> Floats:
    """Requests per minute in the `SMOOTH_MINUTES` around `minute`, shape (replications,)."""
    half = SMOOTH_MINUTES // 2
    mean: Floats = counts[:, max(0, minute - half) : minute + half + 1].mean(axis=1)
    return mean


def dispersion(counts: Floats) -> float:
    """Variance of a minute over its mean (1 for a Poisson process), from differences of neighbouring minutes."""
    mean = counts.mean()
    return float((np.diff(counts, axis=1) ** 2).mean() / 2 / mean) if mean > 0 else 1.0


def peak(day: Day, endpoints: Sequence[str], minutes: Sequence[int], copies: float) -> dict[str, Any]:
    """Requests per second of `copies` copies at `minutes` (one per replication), with the interval of the mean.

    `one_minute_in_a_hundred` is exceeded by 1 % of such minutes (normal approximation of the superposition).
    """
    counts = day.of(endpoints)
    rates = [float(around(counts[[at]], minute)[0]) for at, minute in enumerate(minutes)]
    found = t_interval(rates)
    variance = copies * found.mean * dispersion(counts)
    half_width = found.half_width * copies / 60
    return {
        "per_s": found.mean * copies / 60,
        "half_width": half_width if half_width == half_width else None,
        "one_minute_in_a_hundred": (found.mean * copies + ONE_IN_A_HUNDRED * sqrt(variance)) / 60,
    }


def scale(day: Day, copies: float, minutes: Sequence[int]) -> dict[str, Any]:
    """Every endpoint at the busiest minutes of all requests, and at the busiest one of its own."""
    total = peak(day, ENDPOINTS, minutes, copies)
    endpoints = {}
    for name in (*ENDPOINTS, *BACK_OFFICE, "push"):
        own = minutes_without_oneself(day.of([name]))
        at_own = busiest_minute(day.of([name]))
        endpoints[name] = peak(day, [name], minutes, copies) | {
            "own_minute": at_own if day.of([name]).any() else None,
            "own": peak(day, [name], own, copies),
            "most_in_a_minute": float(day.of([name]).mean(axis=0).max() * copies),
        }
    return {"copies": copies, "requests": total, "endpoints": endpoints}
