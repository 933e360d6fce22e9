"""How many replications an interval of a wanted half-width takes, without spoiling its coverage.

Going on until a t-interval happens to be short enough stops too early: short intervals come from samples that vary
too little. Stein's two-stage rule (Ann. Math. Statist. 16, 1945) settles the number of replications by the variance
of the first stage alone; for normal data its interval covers the mean with at least the stated probability.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student


def replications_needed(first_stage: Sequence[float], half_width: float, confidence: float = 0.95) -> int:
    """Replications, first stage included, after which the interval is no wider than +- `half_width`."""
    return max(len(first_stage), math.ceil((_scale(first_stage, confidence) / half_width) ** 2))


def half_width_after(first_stage: Sequence[float], replications: int, confidence: float = 0.95) -> float:
    """Half-width of the interval around the mean of all `replications`; the variance is that of the first stage."""
    return _scale(first_stage, confidence) / math.sqrt(replications)


def _scale(first_stage: Sequence[float], confidence: float) -> float:
    quantile = float(student.ppf(0.5 + confidence / 2, len(first_stage) - 1))
    return quantile * float(np.std(first_stage, ddof=1))
