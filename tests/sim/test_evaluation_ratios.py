"""Ratios of means against the definition of Fieller's set, coverage, and degenerate cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.evaluation.ratios import ratio_of_means, share_of_means

TAKEN = [12.0, 15.0, 9.0, 14.0, 11.0]
ONLINE = [50.0, 61.0, 44.0, 52.0, 55.0]


def test_at_the_ends_of_the_interval_a_t_test_is_just_significant() -> None:
    """Fieller's set is that of the R for which x - R y has a mean that the t-test does not tell from 0."""
    ratio = ratio_of_means(TAKEN, ONLINE)
    for end in (ratio.low, ratio.high):
        assert end is not None
        residuals = np.array(TAKEN) - end * np.array(ONLINE)
        assert stats.ttest_1samp(residuals, 0).pvalue == pytest.approx(0.05, abs=1e-9)
    assert ratio.value == pytest.approx(61 / 262)


def test_nineteen_of_twenty_intervals_hold_the_true_ratio() -> None:
    """2,000 samples of 6 pairs with ratio 0.3; a binomial of 0.95 lies within 0.935 and 0.965 at three sigma."""
    generator = np.random.default_rng(4)
    held = 0
    for _ in range(2000):
        y = generator.normal(10, 2, 6)
        x = 0.3 * y + generator.normal(0, 0.5, 6)
        ratio = ratio_of_means(x.tolist(), y.tolist())
        assert ratio.low is not None
        assert ratio.high is not None
        held += ratio.low <= 0.3 <= ratio.high
    assert 0.935 <= held / 2000 <= 0.965


def test_a_denominator_that_cannot_be_told_from_nothing_gives_no_interval() -> None:
    ratio = ratio_of_means([1.0, 2.0, 1.5], [3.0, -2.5, 0.4])
    assert ratio.value == pytest.approx(4.5 / 0.9)
    assert (ratio.low, ratio.high) == (None, None)


def test_nothing_over_nothing_has_no_value() -> None:
    assert ratio_of_means([0.0, 0.0], [0.0, 0.0]).value is None


def test_one_replication_has_a_value_and_no_interval() -> None:
    ratio = ratio_of_means([1.0], [4.0])
    assert (ratio.value, ratio.low) == (0.25, None)


def test_a_share_that_never_varies_has_an_interval_of_no_width() -> None:
    ratio = ratio_of_means([2.0, 2.5, 3.0], [8.0, 10.0, 12.0])
    assert (ratio.low, ratio.high) == (pytest.approx(0.25), pytest.approx(0.25))


def test_unequal_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="equal numbers"):
        ratio_of_means([1.0], [1.0, 2.0])


def test_the_interval_of_a_share_ends_at_all_and_nothing() -> None:
    share = share_of_means([9.0, 11.0, 6.0], [10.0, 11.0, 9.0])
    assert share.high == 1.0
    assert share.low == ratio_of_means([9.0, 11.0, 6.0], [10.0, 11.0, 9.0]).low
