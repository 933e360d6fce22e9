"""Morris and Sobol as we use them, on functions whose indices are known."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.errors import UsageError
from scenarios.loader import load, source_of
from sim.evaluation.exploring.assumptions import DEFAULT
from sim.evaluation.exploring.parameters import numbers_of, parameter

pytest.importorskip("SALib")

from sim.evaluation.exploring.sensitivity import (
    Floats,
    Space,
    elementary_effects,
    indices,
    morris_rows,
    screen,
    sobol_rows,
)

ISHIGAMI = Space(["x1", "x2", "x3"], [(-np.pi, np.pi)] * 3)
FIRST = (0.3139, 0.4424, 0.0)
TOTAL = (0.5576, 0.4424, 0.2437)
"""Ishigami and Homma 1990 with a = 7, b = 0.1, in closed form."""

SPACE = Space(["up", "down", "idle", "with_up"], [(0.0, 2.0), (-1.0, 1.0), (5.0, 6.0), (0.0, 1.0)])


def ishigami(rows: Floats) -> Floats:
    x1, x2, x3 = rows.T
    return np.asarray(np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1))[:, None]


def linear(rows: Floats) -> Floats:
    """Per full range: +6 for up, -8 for down, nothing for idle."""
    return np.asarray(3 * rows[:, 0] - 4 * rows[:, 1])[:, None]


def test_sobol_gives_ishigamis_indices() -> None:
    found = indices(ISHIGAMI, ishigami(sobol_rows(ISHIGAMI, 4096, seed=1)), seed=1)
    for result, first, total in zip(found, FIRST, TOTAL, strict=True):
        assert result.first.value == pytest.approx(first, abs=0.02)
        assert result.total.value == pytest.approx(total, abs=0.02)
        assert result.first.low <= first <= result.first.high
        assert result.total.low <= total <= result.total.high


def test_morris_sees_that_ishigamis_third_input_only_acts_with_another() -> None:
    rows = morris_rows(ISHIGAMI, 30, seed=1)
    third = screen(ISHIGAMI, rows, ishigami(rows), seed=1)[2]
    assert third.mu_star.value > 1
    assert third.sigma.value > third.mu_star.value


def test_the_effects_of_a_sum_are_its_coefficients_over_the_range() -> None:
    rows = morris_rows(SPACE, 5, seed=2)
    assert rows.shape == (5 * 5, 4)
    up, down, idle, _ = screen(SPACE, rows, linear(rows), seed=2)
    assert (up.mu.value, up.mu_star.value, up.sigma.value) == pytest.approx((6, 6, 0))
    assert (down.mu.value, down.mu_star.value) == pytest.approx((-8, 8))
    assert (down.mu_star.low, down.mu_star.high) == pytest.approx((8, 8))
    assert (idle.mu_star.value, idle.sigma.value, idle.sign_changes) == (0, 0, 0)


def test_our_effects_are_those_that_salib_averages() -> None:
    rows = morris_rows(SPACE, 6, seed=3)
    outcomes = linear(rows) + (rows[:, 0] * rows[:, 3])[:, None]
    means = elementary_effects(SPACE, rows, outcomes).mean(axis=(0, 2))
    found = [result.mu.value for result in screen(SPACE, rows, outcomes, seed=3)]
    assert found == pytest.approx(means.tolist())
    assert screen(SPACE, rows, outcomes, seed=3)[3].sigma.value > 0


def test_what_is_chance_is_told_apart_from_what_matters() -> None:
    rng = np.random.default_rng(7)
    rows = morris_rows(SPACE, 20, seed=4)
    outcomes = 10 * linear(rows) + rng.normal(0, 4, (len(rows), 4))
    up, down, idle, _ = screen(SPACE, rows, outcomes, seed=4)
    for matters in (up, down):
        assert matters.noise is not None
        assert matters.mu_star.value > 5 * matters.noise
    assert idle.noise is not None
    assert idle.mu_star.value == pytest.approx(idle.noise, rel=0.5)


def test_only_the_input_that_turns_the_sign_is_said_to() -> None:
    rows = morris_rows(SPACE, 10, seed=5)
    outcomes = np.where(rows[:, 0] > 1, 1.0, -1.0)[:, None] * (1 + 0.1 * rows[:, 3:])
    up, *others = screen(SPACE, rows, outcomes, seed=5)
    assert (up.sign_changes, up.steps) == (10, 10)
    assert [other.sign_changes for other in others] == [0, 0, 0]


def test_samples_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="power of two"):
        sobol_rows(SPACE, 48, seed=1)
    with pytest.raises(UsageError, match="two at least"):
        morris_rows(SPACE, 1, seed=1)
    with pytest.raises(UsageError, match="none of these keys"):
        indices(SPACE, np.ones((16 * 6, 1)), seed=1)


def test_the_curated_keys_are_assumptions_and_their_ranges_hold_the_value() -> None:
    loaded = load("ward-omo")
    base = numbers_of(loaded)
    for name, bounds in DEFAULT.items():
        one = parameter(name, bounds, loaded)
        for key in one.keys:
            assert "assumption" in source_of(key, loaded.origins), key
            assert one.low <= (1 if one.factor else base[key]) <= one.high, key
