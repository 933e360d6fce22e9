"""The three fitted numbers of [staff] are what the fit gives, and the logit does what surveys found."""

from __future__ import annotations

import pytest

from scenarios.evaluation import Evaluation
from scenarios.staff import Staff
from sim.staff.calibration import COMMISSION_UPLIFT, IN_STOCK_RATE, STOCK_OUT_RATE, fit, rate
from sim.staff.pay import IN_STOCK, STOCKED_OUT


@pytest.mark.parametrize("start", [{}, {"intercept": 0.0, "stock_out": 0.0, "money": 3.0}])
def test_the_defaults_are_the_fit_wherever_it_starts(start: dict[str, float]) -> None:
    found = fit(Staff(**start))
    assert found.intercept == pytest.approx(Staff().intercept, abs=0.002)
    assert found.stock_out == pytest.approx(Staff().stock_out, abs=0.002)
    assert found.money == pytest.approx(Staff().money, abs=0.002)


def test_siloed_staff_recommend_as_surveyed_over_the_mix_of_people() -> None:
    assert rate(Staff(), Evaluation(), 1.0, IN_STOCK) == pytest.approx(IN_STOCK_RATE, abs=0.001)
    assert rate(Staff(), Evaluation(), 1.0, STOCKED_OUT) == pytest.approx(STOCK_OUT_RATE, abs=0.001)


def test_three_percent_moves_staff_as_reported_whether_half_or_fully_believed() -> None:
    """+45 to +80 % around the +63 % of one company [S119], from the first month on."""
    paid = Evaluation(policy="commission")
    uplifts = [rate(Staff(), paid, belief, IN_STOCK) / IN_STOCK_RATE for belief in (0.5, 0.75, 1.0)]
    assert uplifts == sorted(uplifts)
    assert uplifts[0] > 1.45
    assert uplifts[1] == pytest.approx(COMMISSION_UPLIFT, abs=0.01)
    assert uplifts[2] < 1.80


def test_the_fit_follows_the_other_keys() -> None:
    """People who see less of a threat need less of an intercept to recommend as rarely as they say."""
    fearless = Staff(threat=0.0)
    found = fit(fearless)
    assert found.intercept < Staff().intercept - 0.3
    again = fearless.model_copy(update={"intercept": found.intercept, "money": found.money})
    assert rate(again, Evaluation(), 1.0, IN_STOCK) == pytest.approx(IN_STOCK_RATE, abs=0.001)
