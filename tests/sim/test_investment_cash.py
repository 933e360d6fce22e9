"""Net present value, payback and the dip: worked by hand, against published examples, and by their laws."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.evaluation.investment.cash import Dip, dip, discounted, npv, payback, rate_per_period

flows = st.lists(st.integers(-(10**7), 10**7).map(float), min_size=1, max_size=60)
rates = st.floats(0, 0.5)


def test_net_present_values_of_published_examples() -> None:
    """The examples of numpy_financial.npv, with its results."""
    assert npv(0.281, [-100, 39, 59, 55, 20]) == pytest.approx(-0.008478591638455768)
    assert npv(0.08, [-40_000, 5_000, 8_000, 12_000, 30_000]) == pytest.approx(3065.2226681795255)


@given(flows, rates)
def test_net_present_value_is_that_of_numpy_financial(values: list[float], rate: float) -> None:
    financial = pytest.importorskip("numpy_financial")
    assert npv(rate, values) == pytest.approx(float(financial.npv(rate, values)), abs=1e-3)


@given(st.floats(1e-4, 0.2), st.integers(1, 120))
def test_a_level_flow_is_an_annuity(rate: float, periods: int) -> None:
    """Present value of 1 a period: (1 - (1 + i) ** -n) / i."""
    assert npv(rate, [0.0, *[1.0] * periods]) == pytest.approx((1 - (1 + rate) ** -periods) / rate)


def test_an_investment_by_hand() -> None:
    """1,000 down, 100 a month for a year at 12.682503 % a year, 1 % a month: the annuity factor is 11.2550775, so that
    the net present value is +125.51. Undiscounted it is back after ten months. Discounted, the first n months are worth
    100 (1 - 1.01 ** -n) / 0.01: 947.13 after ten, 1036.76 after eleven, so 52.87 / 89.63 of the eleventh: 10.59."""
    rate = rate_per_period(0.12682503)
    project = [-1000.0, *[100.0] * 12]
    assert rate == pytest.approx(0.01)
    assert npv(rate, project) == pytest.approx(125.50775, abs=1e-4)
    assert payback(project) == 10.0
    assert payback(discounted(rate, project)) == pytest.approx(10.59, abs=0.005)


def test_payback_falls_inside_a_period_and_after_the_last_time_below_zero() -> None:
    assert payback([-1000, 400, 400, 400]) == 2.5
    assert payback([-100, 150, -100, 75]) == pytest.approx(2 + 50 / 75)
    assert payback([0, 10, -5]) == 0.0
    assert payback([-100, 90]) is None
    assert payback([-100, 150, -60]) is None


def test_the_dip_is_the_lowest_point_and_the_first_of_several() -> None:
    assert dip([-50, -30, 20, -20, 100]) == Dip(80.0, 1)
    assert dip([10, -5, 3]) == Dip(0.0, 0)


@given(flows)
def test_a_rate_of_nothing_leaves_the_sum_and_discounting_sums_to_the_value(values: list[float]) -> None:
    assert npv(0.0, values) == sum(values)
    assert sum(discounted(0.01, values)) == pytest.approx(npv(0.01, values))


@given(flows, flows, rates)
def test_present_values_of_two_projects_add_up(a: list[float], b: list[float], rate: float) -> None:
    length = max(len(a), len(b))
    both = [x + y for x, y in zip(a + [0.0] * (length - len(a)), b + [0.0] * (length - len(b)), strict=True)]
    assert npv(rate, both) == pytest.approx(npv(rate, a) + npv(rate, b), abs=1e-2)


@given(flows)
def test_nothing_is_below_zero_after_payback_and_something_is_before(values: list[float]) -> None:
    standing, back = list(accumulate(values)), payback(values)
    if back is None:
        assert standing[-1] < 0
    else:
        assert all(total >= 0 for period, total in enumerate(standing) if period >= back)
        assert back == 0 or standing[int(back) if back % 1 else int(back) - 1] < 0
    assert (dip(values).depth > 0) == (back != 0)


@given(flows, st.integers(0, 10**6))
def test_a_bigger_first_investment_never_pays_back_sooner_and_dips_deeper(values: list[float], more: int) -> None:
    bigger = [values[0] - more, *values[1:]]
    sooner, later = payback(values), payback(bigger)
    assert later is None or (sooner is not None and later >= sooner - 1e-9)
    assert dip(bigger).depth >= dip(values).depth
