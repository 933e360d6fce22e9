"""Intervals against another implementation, and what pairing gains."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.evaluation.statistics import paired, t_interval


def test_the_t_interval_is_the_one_of_scipy() -> None:
    values = [3.0, 4.5, 1.2, 8.8, 5.1]
    interval = t_interval(values)
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_one_replication_has_no_interval() -> None:
    assert np.isnan(t_interval([1.0]).half_width)


def test_pairing_gains_what_the_correlation_promises() -> None:
    """Var(A) + Var(B) over Var(B - A) is 1 / (1 - rho) for equal variances."""
    generator = np.random.default_rng(5)
    common, own = generator.normal(size=4000), generator.normal(size=(2, 4000))
    rho = 0.9
    a, b = (rho**0.5 * common + (1 - rho) ** 0.5 * own[side] for side in (0, 1))
    assert paired(a.tolist(), b.tolist()).variance_reduction == pytest.approx(10, rel=0.1)


def test_unequal_numbers_of_replications_are_refused() -> None:
    with pytest.raises(ValueError, match="equal numbers"):
        paired([1.0], [1.0, 2.0])
