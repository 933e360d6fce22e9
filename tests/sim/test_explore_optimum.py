"""The place of an optimum and its interval, on curves whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from sim.evaluation.exploring.optimum import Floats, lack_of_fit_p, optimum
from sim.evaluation.exploring.parts import own_instead_of_common
from sim.evaluation.ratios import ratio_of_means

PLACES = np.linspace(0.0, 1.0, 11)


def worlds(rng: np.random.Generator, at: float, replications: int = 8, noise: float = 100.0) -> Floats:
    """Shoppers in common, a parabola of height 1,000 with its top at `at`, and a slope that differs by replication."""
    shoppers = rng.normal(100_000, 3000, (replications, 1))
    slopes = rng.normal(0, noise, (replications, 1))
    return shoppers - 1000 * (PLACES - at) ** 2 + slopes * PLACES + rng.normal(0, noise / 4, (replications, 11))


def test_the_top_of_a_parabola_is_found_with_what_it_is_worth() -> None:
    found = optimum(PLACES.tolist(), worlds(np.random.default_rng(1), 0.6, 30, 50.0), seed=1)
    assert found is not None
    assert found.at == pytest.approx(0.6, abs=0.03)
    assert found.low is not None
    assert found.high is not None
    assert 0.0 < found.low <= 0.6 <= found.high < 1.0
    assert found.high - found.low < 0.1
    assert found.interior_share == 1.0
    assert abs(found.gain_low.mean - 360.0) < found.gain_low.half_width
    assert abs(found.gain_high.mean - 160.0) < found.gain_high.half_width


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        found = optimum(PLACES.tolist(), worlds(rng, 0.6, 6, 300.0), seed=1, resamples=20)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.6 <= found.high
    assert 0.91 <= hits / 300 <= 0.985


def test_for_a_parabola_the_interval_is_fiellers() -> None:
    outcomes = worlds(np.random.default_rng(3), 0.5, 10, 60.0)
    fits = [np.polyfit(PLACES, row, 2) for row in outcomes]
    oracle = ratio_of_means([-linear for _, linear, _ in fits], [2 * squared for squared, _, _ in fits])
    found = optimum(PLACES.tolist(), outcomes, seed=1)
    assert found is not None
    assert found.degree == 2
    assert oracle.value is not None
    assert found.at == pytest.approx(oracle.value, abs=0.001)
    assert found.low == pytest.approx(oracle.low, abs=0.002)
    assert found.high == pytest.approx(oracle.high, abs=0.002)


def test_an_outcome_that_only_rises_is_best_at_the_end() -> None:
    found = optimum(PLACES.tolist(), worlds(np.random.default_rng(2), 1.6), seed=1)
    assert found is not None
    assert (found.at, found.high, found.interior_share) == (1.0, 1.0, 0.0)
    assert found.gain_high.mean == 0.0
    assert found.gain_low.mean == pytest.approx(1000 * (1.6**2 - 0.6**2), abs=200)


def test_noise_alone_has_no_optimum_that_could_be_placed() -> None:
    outcomes = np.random.default_rng(8).normal(100_000, 500, (8, 11))
    found = optimum(PLACES.tolist(), outcomes, seed=1)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 0.5
    assert found.gain_low.low < 0 < found.gain_low.high


def test_a_lopsided_curve_is_not_taken_for_a_parabola() -> None:
    rng = np.random.default_rng(4)
    truth = 3000 * PLACES * np.exp(-4 * PLACES)
    found = optimum(PLACES.tolist(), rng.normal(1e5, 3000, (10, 1)) + truth + rng.normal(0, 10, (10, 11)), seed=1)
    assert found is not None
    assert found.degree > 2
    assert found.at == pytest.approx(0.25, abs=0.03)


def test_steps_are_not_smoothed() -> None:
    rng = np.random.default_rng(11)
    places = np.linspace(0.0, 1.0, 6)
    steps = np.array([0.0, 0.0, 40.0, 40.0, 130.0, 130.0])
    found = optimum(places.tolist(), rng.normal(4000, 100, (6, 1)) + steps + rng.normal(0, 5, (6, 6)), seed=1)
    assert found is not None
    assert found.degree == 0
    assert found.at in (0.8, 1.0)
    assert (found.low, found.high) == (0.8, 1.0)
    assert found.gain_low.mean == pytest.approx(130, abs=8)
    assert abs(found.gain_high.mean) < 8


def test_lack_of_fit_is_claimed_as_seldom_as_it_should() -> None:
    rng = np.random.default_rng(6)
    shape = (6, 11)
    p_values = [lack_of_fit_p(PLACES, rng.normal(0, 10, shape) - 1000 * (PLACES - 0.4) ** 2, 2) for _ in range(500)]
    assert 0.025 <= np.mean([p is not None and p < 0.05 for p in p_values]) <= 0.08


def test_a_parameter_that_does_nothing_has_no_optimum() -> None:
    outcomes = np.repeat(np.random.default_rng(1).normal(0, 1, (5, 1)), 11, axis=1)
    assert optimum(PLACES.tolist(), outcomes, seed=1) is None


def test_one_replication_has_a_place_and_no_interval() -> None:
    found = optimum(PLACES.tolist(), worlds(np.random.default_rng(1), 0.6, 1, 5.0), seed=1)
    assert found is not None
    assert found.at == pytest.approx(0.6, abs=0.03)
    assert (found.low, found.high, found.interior_share) == (None, None, None)


def test_own_optima_gain_what_one_for_all_gives_away() -> None:
    rng = np.random.default_rng(9)
    gain = own_instead_of_common(
        PLACES.tolist(), {"a": worlds(rng, 0.2, 20, 20.0), "b": worlds(rng, 0.8, 20, 20.0), "idle": np.ones((20, 11))}
    )
    assert gain.mean == pytest.approx(2 * 1000 * 0.3**2, abs=3 * gain.half_width)
    assert gain.half_width < 20
