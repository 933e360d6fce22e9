"""Settlement calendars against dates worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from scenarios.settlement import DEFAULT_CALENDARS, Calendar
from sim.payments.calendars import periods


@pytest.mark.parametrize(
    ("calendar", "sale", "period", "pay_out"),
    [
        ("twice_monthly", "2026-04-01", ("2026-04-01", "2026-04-15"), "2026-04-30"),
        ("twice_monthly", "2026-04-15", ("2026-04-01", "2026-04-15"), "2026-04-30"),
        ("twice_monthly", "2026-04-16", ("2026-04-16", "2026-04-30"), "2026-05-15"),
        ("twice_monthly", "2026-02-28", ("2026-02-16", "2026-02-28"), "2026-03-15"),
        ("twice_monthly", "2026-12-31", ("2026-12-16", "2026-12-31"), "2027-01-15"),
        ("monthly", "2026-04-10", ("2026-04-01", "2026-04-30"), "2026-05-31"),
        ("monthly", "2026-01-31", ("2026-01-01", "2026-01-31"), "2026-02-28"),
        ("monthly", "2028-01-05", ("2028-01-01", "2028-01-31"), "2028-02-29"),
        ("six_times", "2026-04-06", ("2026-04-06", "2026-04-10"), "2026-04-13"),
        ("six_times", "2026-02-27", ("2026-02-26", "2026-02-28"), "2026-03-03"),
        ("next_day", "2026-12-31", ("2026-12-31", "2026-12-31"), "2027-01-01"),
        ("at_once", "2026-05-05", ("2026-05-05", "2026-05-05"), "2026-05-05"),
    ],
)
def test_a_sale_is_settled_and_paid_out_on_these_days(
    calendar: str, sale: str, period: tuple[str, str], pay_out: str
) -> None:
    first = date.fromisoformat(sale) - timedelta(days=20)
    found = periods(DEFAULT_CALENDARS[calendar], first, 21)
    days = (found.start[20], found.end[20], found.pay_out[20])
    assert [str(first + timedelta(days=int(day))) for day in days] == [*period, pay_out]


@pytest.mark.parametrize(
    ("calendar", "days", "tolerance"),
    [("twice_monthly", 22, 0.5), ("monthly", 44.5, 0.9), ("six_times", 5, 0.2), ("next_day", 1, 0)],
)
def test_mean_days_to_cash_over_a_year(calendar: str, days: float, tolerance: float) -> None:
    """Published terms on months of 30 days; a real year is within a day of it."""
    found = periods(DEFAULT_CALENDARS[calendar], date(2026, 1, 1), 365)
    assert float((found.pay_out - range(365)).mean()) == pytest.approx(days, abs=tolerance)


def test_a_period_that_ends_on_the_30th_ends_in_february_too() -> None:
    found = periods(Calendar(closes=[10, 30], lag_days=2), date(2026, 2, 1), 59)
    assert found.end[[9, 10, 27, 28]].tolist() == [9, 27, 27, 37]
    assert (found.pay_out - found.end == 2).all()


@pytest.mark.parametrize("wrong", [{"closes": [15, 31], "pays": [31]}, {"closes": [31, 15]}, {"closes": [0]}])
def test_a_calendar_that_makes_no_sense_is_refused(wrong: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match=r"pays|closes"):
        Calendar.model_validate(wrong)
