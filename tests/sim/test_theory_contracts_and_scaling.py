"""Linear contracts over several tasks and the scalability law, against known answers and numerical optima."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from sim.theory.multitask import Tasks, best_rates, efforts, surplus
from sim.theory.usl import Scalability, fit

TWO_CHANNELS = Tasks(value=(100, 80), cost=((1, 0.6), (0.6, 1)), noise=((10, 0), (0, 100)), risk_aversion=0.02)


def test_piece_rates_of_two_tasks_that_compete() -> None:
    """det(I + r C Sigma) = 1.2 * 3 - 1.2 * .12 = 3.456; b = ((3 * 100 - 1.2 * 80), (1.2 * 80 - .12 * 100)) / det."""
    assert best_rates(TWO_CHANNELS) == pytest.approx((59.0278, 24.3056), abs=5e-5)


def test_no_other_rates_leave_more_to_both() -> None:
    found = minimize(lambda b: -surplus(TWO_CHANNELS, b), x0=np.zeros(2), method="BFGS")
    assert found.x == pytest.approx(best_rates(TWO_CHANNELS), rel=1e-4)


def test_the_agent_chooses_what_pays_best() -> None:
    rates = np.array([50.0, 20.0])
    cost = np.asarray(TWO_CHANNELS.cost)
    found = minimize(lambda a: -(rates @ a - a @ cost @ a / 2), x0=np.zeros(2), method="BFGS")
    assert found.x == pytest.approx(efforts(TWO_CHANNELS, rates), rel=1e-4)


def test_without_fear_of_risk_everybody_gets_what_they_bring() -> None:
    assert best_rates(Tasks((100, 80), ((1, 0.6), (0.6, 1)), ((10, 0), (0, 100)), 0.0)) == pytest.approx((100, 80))


def test_the_worse_the_second_task_is_measured_the_lower_both_rates() -> None:
    """Substitutes: a task that cannot be measured is protected by paying less for the one that can."""
    rates = [
        best_rates(Tasks((100, 80), ((1, 0.6), (0.6, 1)), ((10, 0), (0, noise)), 0.02)) for noise in (10, 100, 1000)
    ]
    assert np.all(np.diff(rates, axis=0) < 0)


LOADS = (1, 2, 4, 6, 8, 10)
MEASURED = (1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557)


def test_the_scalability_law_is_found_again() -> None:
    law = fit(LOADS, MEASURED)
    assert (law.contention, law.coherence, law.rate) == pytest.approx((0.02, 0.02, 1.0), abs=1e-4)
    assert law.best_load == pytest.approx(7.0, abs=0.02)


@given(st.floats(0.001, 0.3), st.floats(1e-6, 0.01), st.floats(1.0, 1e5))
def test_any_law_is_found_again_from_its_own_curve(contention: float, coherence: float, rate: float) -> None:
    loads = np.array([1, 2, 4, 8, 16, 32, 64])
    true = Scalability(contention, coherence, rate)
    found = fit(loads, true.throughput(loads))
    assert found.throughput(loads) == pytest.approx(true.throughput(loads), rel=1e-6)
    assert found.coherence == pytest.approx(coherence, rel=0.01, abs=1e-7)


def test_a_system_without_contention_scales_for_ever() -> None:
    law = fit((1, 2, 4, 8), (10, 20, 40, 80))
    assert law.throughput(16) == pytest.approx(160, rel=1e-3)
    assert Scalability(0.0, 0.0, 1.0).best_load == inf


def test_two_loads_are_too_few() -> None:
    with pytest.raises(ValueError, match="three different loads"):
        fit((1, 2), (1, 2))
