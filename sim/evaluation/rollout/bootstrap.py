"""Standard errors by resampling whole stores.

Each draw weighs the stores at random (Rubin 1981, the Bayesian bootstrap: exponential weights with mean one) instead of
leaving some out, so that no draw loses a cohort. A weighting of store-weeks depends on the calendar alone, so one set
of draws serves every outcome and replication. With few stores, and fewer still in a cohort, such errors mislead: a
cohort of one store has no spread at all. The spread over replications shows by how much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.stats import t as student

from sim.evaluation.rollout.weightings import Floats, Ints

DRAWS: Final = 299
_STREAM: Final = 0x0D1D
"""Tells this choice of random numbers from others made on finished runs with the same seed."""

Named = dict[str, Floats]


def masses(stores: int, seed: int, draws: int = DRAWS) -> Floats:
    """How much each store counts in each draw, shape (draws, stores)."""
    rng = np.random.default_rng([seed, _STREAM])
    drawn = rng.exponential(size=(draws, stores))
    found: Floats = drawn / drawn.mean(axis=1, keepdims=True)
    return found


def resampled(weightings: Callable[[Floats], Named], mass: Floats) -> Named:
    """Every named weighting under every draw, shape (draws, units, weeks)."""
    drawn = [weightings(one) for one in mass]
    return {name: np.array([one[name] for one in drawn]) for name in drawn[0]}


def standard_error(drawn: Floats, outcome: Floats) -> float:
    """Standard deviation of the estimate over draws."""
    estimates = np.tensordot(drawn, outcome, axes=2)
    return float(np.std(estimates, ddof=1))


def quantile(start: Ints, confidence: float = 0.95) -> float:
    """Student's t with one degree of freedom fewer than there are stores, as is usual with clusters."""
    return float(student.ppf(0.5 + confidence / 2, len(start) - 1))
