"""From ledgers to cash by day and month: hand-written ledgers, and what must be conserved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_ledgers import Row, booked, hand_written

from sim.evaluation.investment.flows import MONTH_DAYS, daily_contribution, monthly_flows, run_rate_yen, weekly_standing
from sim.evaluation.investment.outcomes import Terms, outcomes
from sim.log.schema import TABLES

DAY_S = 86_400


def folder(path: Path, rows: Sequence[Row]) -> Path:
    path.mkdir(exist_ok=True)
    pq.write_table(hand_written(TABLES["ledger"], rows), path / "ledger.parquet")
    return path


def at(day: float, account: str, yen: int) -> Row:
    return booked(account, yen, time_s=day * DAY_S)


def test_each_row_stands_on_its_day_and_pay_on_the_days_it_was_earned(tmp_path: Path) -> None:
    """From 28 April, eight days. A sale at noon of day 1: 100. What is booked at the midnight that ends day 1, running
    costs of -7, is day 1's. Pay of April, -30, is booked at the end of day 2 and spread over days 0 to 2; that of May,
    -50 at the end of the run on day 20, over days 3 to 7. A return on day 9, -40, is beyond the horizon.
    """
    rows = [at(1.5, "revenue", 100), at(2, "capability_opex", -7), at(3, "bonus", -30), at(21, "bonus", -50)]
    found = daily_contribution(folder(tmp_path / "a", [*rows, at(9.2, "refund", -40)]), 8, date(2026, 4, 28))
    assert found.yen.tolist() == [-10, 83, -10, -10, -10, -10, -10, -10]
    assert found.after_yen == -40


@given(st.lists(st.tuples(st.floats(0, 70), st.booleans(), st.integers(-9999, 9999)), max_size=30))
def test_no_yen_is_lost(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, bool, int]]) -> None:
    path = tmp_path_factory.mktemp("ledger")
    folder(path, [at(day, "bonus" if pay else "revenue", yen) for day, pay, yen in rows])
    found = daily_contribution(path, 40, date(2026, 4, 6))
    assert found.yen.sum() + found.after_yen == pytest.approx(sum(yen for _, _, yen in rows))


def test_months_bring_what_was_simulated_then_the_last_four_weeks() -> None:
    """60 days of 10 and 28 of 24: a month at the end brings 24 * 365 / 12 = 730. Of the first 88 days, 1,272 yen, three
    months of 91.25 days hold all and 3.25 days of the steady 24: 1,350. Invested are 500 at once and 300 on day 28,
    which is nearest to the end of the first month."""
    gains = np.array([10.0] * 60 + [24.0] * 28)
    flows = monthly_flows(gains, {0: 500.0, 28: 300.0}, 12)
    assert run_rate_yen(gains) == pytest.approx(730)
    assert flows[0] == -500
    assert flows[1] == pytest.approx(10 * MONTH_DAYS - 300)
    assert sum(flows[:4]) == pytest.approx(1350 - 800)
    assert flows[4:] == pytest.approx([730.0] * 9)


@given(st.lists(st.floats(-1e5, 1e5), min_size=28, max_size=200), st.integers(1, 24))
def test_months_sum_to_the_days_they_cover(gains: list[float], months: int) -> None:
    days, invested = np.array(gains), {0: 5.0, 27: 7.0}
    beyond = max(0.0, months * MONTH_DAYS - len(days)) * days[-28:].mean()
    covered = min(months * MONTH_DAYS, len(days))
    inside = days[: int(covered)].sum() + (covered % 1) * (days[int(covered)] if covered % 1 else 0.0)
    assert sum(monthly_flows(days, invested, months)) == pytest.approx(inside + beyond - 12, abs=1e-3)


def test_weeks_stand_where_gains_and_investment_have_brought_them() -> None:
    assert weekly_standing(np.ones(21), {0: 100.0, 7: 50.0}) == [-100, -93, -136, -129]


def test_an_order_that_some_replications_never_pay_back_has_a_share_and_no_mean() -> None:
    """1,000 down. One replication gains 10 a day, 304.17 a month, and is back after 3.29 months; the other loses 2 a
    day and never is. On average they gain 4 a day: 121.67 a month, 8.22 months."""
    gains = [np.full(56, 10.0), np.full(56, -2.0)]
    found = outcomes(gains, {0: 1000.0}, Terms(years=1, discount_percent=0))
    back = found["payback_months"]
    assert (back["mean"], back["never_share"]) == (None, 0.5)
    assert back["per_replication"] == [pytest.approx(1000 / (10 * MONTH_DAYS)), None]
    assert back["of_mean_curve"]["value"] == pytest.approx(1000 / (4 * MONTH_DAYS))
    assert (back["of_mean_curve"]["low"] is not None, back["of_mean_curve"]["high"]) == (True, None)
    assert found["npv_yen"]["per_replication"] == pytest.approx([2650, -1730])
    assert found["dip"]["depth_yen"]["per_replication"] == pytest.approx([1000, 1730])
    assert found["dip"]["of_mean_curve"] == {"depth_yen": 1000, "month": 0}
    assert found["wards_needed"]["value"] == pytest.approx(1000 / (4 * 365))


def test_the_band_of_the_payback_is_where_zero_lies_in_the_interval_of_the_standing() -> None:
    """1,000 down; 9, 10 and 11 a day. After t days the standing is 10 t - 1000 with t-interval 4.303 t / sqrt(3), so
    that 0 is inside from 1000 / 12.484 = 80.1 days to 1000 / 7.516 = 133.1, and the mean is back after 100 days."""
    found = outcomes([np.full(140, daily) for daily in (9.0, 10.0, 11.0)], {0: 1000.0}, Terms(1, 0))
    curve = {name: months * MONTH_DAYS for name, months in found["payback_months"]["of_mean_curve"].items()}
    assert curve == pytest.approx({"value": 100, "low": 80.1, "high": 133.05}, abs=0.1)


def test_more_steady_days_carry_their_own_mean_forward() -> None:
    gains = np.array([0.0] * 28 + [5.0] * 28 + [15.0] * 28)
    by_days = [monthly_flows(gains, {}, 12, days)[12] for days in (28, 56)]
    assert by_days == pytest.approx([15 * MONTH_DAYS, 10 * MONTH_DAYS])


def test_as_many_wards_as_are_needed_make_the_value_nothing() -> None:
    gains, spent = [np.full(35, 8.0), np.full(35, 12.0)], {0: 30_000.0, 28: 10_000.0}
    one = outcomes(gains, spent, Terms(years=5, discount_percent=8))
    wards = one["wards_needed"]["value"]
    shared = outcomes([wards * gain for gain in gains], spent, Terms(years=5, discount_percent=8))
    assert shared["npv_yen"]["mean"] == pytest.approx(0, abs=1e-6)
    three = outcomes(gains, spent, Terms(years=5, discount_percent=8, wards=3))
    assert three["npv_yen"]["mean"] > one["npv_yen"]["mean"]
    assert three["wards_needed"] == one["wards_needed"]
