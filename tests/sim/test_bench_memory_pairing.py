"""The measurements of memory and of pairing: their arithmetic against what is known, and that they measure worlds."""

from __future__ import annotations

import numpy as np
import pytest

from sim.bench.memory import growth, resident_by_day
from sim.bench.pairing import measure_pairing, ratio_interval, variance_ratio


def test_growth_is_the_slope_and_noise_without_one_is_within_its_error() -> None:
    steps = np.arange(200.0)
    slope, error = growth(5_000.0 + 3.0 * steps)
    assert slope == pytest.approx(3.0)
    assert error == pytest.approx(0.0, abs=1e-9)
    noise = np.random.default_rng(1).normal(0, 100, 200)
    slope, error = growth(5_000.0 + noise)
    assert abs(slope) < 3 * error
    assert error == pytest.approx(100 / (200**3 / 12) ** 0.5, rel=0.2)


def test_resident_memory_is_told_for_every_day() -> None:
    peak, by_day = resident_by_day(3)
    assert len(by_day) == 3
    assert 0 < max(by_day) <= peak * 1.01  # the kernel counts the peak a moment later


def test_the_variance_ratio_of_equal_variances_is_one_over_one_minus_correlation() -> None:
    rng = np.random.default_rng(2)
    common, own = rng.normal(size=20_000), rng.normal(size=(2, 20_000))
    a, b = (0.9**0.5 * common + 0.1**0.5 * mine for mine in own)
    low, high = ratio_interval(a[:400], b[:400])
    assert variance_ratio(a, b) == pytest.approx(10, rel=0.05)
    assert low < 10 < high
    assert high / low < 2


def test_replications_with_the_same_numbers_are_paired() -> None:
    figures = measure_pairing(replications=4)
    assert figures["replications"] == 4
    assert figures["sd_independent_yen"] > 0
    ratio = (figures["sd_independent_yen"] / figures["sd_paired_yen"]) ** 2
    assert figures["variance_independent_over_paired"] == pytest.approx(ratio)
    assert ratio > 1
