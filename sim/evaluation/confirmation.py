"""The winner's curse: whoever looks best among many was also lucky; fresh seeds say by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.stats import ttest_ind

from sim.evaluation.statistics import Interval

_FRESH: Final = 1_000_000
"""Seeds of the confirmation are so far from those of the selection that nobody has looked at them by the way."""


def fresh_seed(seed: int) -> int:
    """The seed of the confirmation that belongs to a selection."""
    return seed + _FRESH


def gap(selected: Sequence[float], confirmed: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean of the selected estimate minus the confirmed one, with Welch's interval: the two samples are independent.

    `n` is the number of confirmed replications; the half-width is nan where either sample has fewer than two.
    """
    a, b = np.asarray(selected, dtype=float), np.asarray(confirmed, dtype=float)
    mean = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return Interval(mean, float("nan"), len(b))
    if np.ptp(a) == 0 and np.ptp(b) == 0:
        return Interval(mean, 0.0, len(b))
    bounds = ttest_ind(a, b, equal_var=False).confidence_interval(confidence)
    return Interval(mean, float(bounds.high - bounds.low) / 2, len(b))
