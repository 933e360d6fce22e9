"""Intervals over replications and paired differences under common random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student


@dataclass(frozen=True)
class Interval:
    """A mean over replications with a two-sided t-interval; the half-width is nan for fewer than two."""

    mean: float
    half_width: float
    n: int

    @property
    def low(self) -> float:
        """Lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + self.half_width


@dataclass(frozen=True)
class Paired:
    """B against A on the same needs. `variance_reduction` says how many times smaller the variance of the difference
    is than it would be with independent seeds; infinite where the difference is the same in every replication."""

    a: Interval
    b: Interval
    difference: Interval
    variance_reduction: float


def t_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's t-interval of the mean of independent replications."""
    x = np.asarray(values, dtype=float)
    if len(x) < 2:
        return Interval(float(x.mean()) if len(x) else float("nan"), float("nan"), len(x))
    quantile = float(student.ppf(0.5 + confidence / 2, len(x) - 1))
    return Interval(float(x.mean()), quantile * float(x.std(ddof=1)) / len(x) ** 0.5, len(x))


def paired(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> Paired:
    """Compare two scenarios, replication by replication (equal streams in both)."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} replications against {len(b)}: pairs need equal numbers")
    difference = np.asarray(b, dtype=float) - np.asarray(a, dtype=float)
    reduction = float("nan")
    if len(a) > 1:
        independent = float(np.var(a, ddof=1) + np.var(b, ddof=1))
        together = float(np.var(difference, ddof=1))
        reduction = independent / together if together > 0 else float("inf")
    return Paired(t_interval(a, confidence), t_interval(b, confidence), t_interval(difference.tolist()), reduction)
