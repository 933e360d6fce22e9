"""Ratios of means over replications, with Fieller's interval.

The mean of a numerator over the mean of a denominator, not the mean of ratios: a replication with little in its
denominator must not count as much as any other, and may have nothing there at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import t as student


@dataclass(frozen=True)
class Ratio:
    """`value` is None where the denominators sum to nothing. `low` and `high` are None where no interval can be given:
    one replication, or a mean denominator that cannot be told from 0 (Fieller's set is not an interval then)."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def ratio_of_means(numerators: Sequence[float], denominators: Sequence[float], confidence: float = 0.95) -> Ratio:
    """Mean of `numerators` over mean of `denominators`, paired by replication, with Fieller's interval.

    Fieller 1954, Some problems in interval estimation, J. R. Stat. Soc. B 16: all ratios R for which mean(x - R y) is
    not significantly different from 0 by Student's t with n - 1 degrees of freedom. With means a, b and (co)variances
    v of the means, t^2 = q: the roots of (b^2 - q v_yy) R^2 - 2 (a b - q v_xy) R + (a^2 - q v_xx) = 0.
    """
    x, y = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    if len(x) != len(y):
        raise ValueError(f"{len(x)} numerators against {len(y)} denominators: pairs need equal numbers")
    n = len(x)
    if n == 0 or y.sum() == 0:
        return Ratio(None, None, None, n)
    a, b = float(x.mean()), float(y.mean())
    if n < 2:
        return Ratio(a / b, None, None, n)
    q = float(student.ppf(0.5 + confidence / 2, n - 1)) ** 2
    (v_xx, v_xy), (_, v_yy) = (np.cov(x, y, ddof=1) / n).tolist()
    squared, linear, constant = b * b - q * v_yy, a * b - q * v_xy, a * a - q * v_xx
    if squared <= 0:
        return Ratio(a / b, None, None, n)
    # Rounding may push an exactly proportional pair a hair below 0.
    half = sqrt(max(0.0, linear * linear - squared * constant)) / squared
    return Ratio(a / b, linear / squared - half, linear / squared + half, n)


def share_of_means(parts: Sequence[float], wholes: Sequence[float], confidence: float = 0.95) -> Ratio:
    """The same where each part lies within its whole: the interval is cut to [0, 1], in which the truth lies."""
    found = ratio_of_means(parts, wholes, confidence)
    if found.low is None or found.high is None:
        return found
    return Ratio(found.value, min(max(found.low, 0.0), 1.0), min(max(found.high, 0.0), 1.0), found.n)
