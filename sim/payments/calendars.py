"""Settlement calendars on real dates: for each day, when its period ends and when the money arrives.

Pay-out days are calendar days: a bank holiday does not move them.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from scenarios.settlement import Calendar
from sim.needs import Ints


@dataclass(frozen=True)
class Periods:
    """By day of the run (0 is its first): first and last day of the day's period, and the day of its pay-out."""

    start: Ints
    end: Ints
    pay_out: Ints


def periods(calendar: Calendar, first: date, days: int) -> Periods:
    """The periods of `calendar` for `days` days from `first` on; days before `first` are negative."""
    day = np.arange(days)
    if not calendar.closes:
        return Periods(day, day, day + calendar.lag_days)
    closings = list(_closings(calendar, first, days))
    closes = np.array([(closing - first).days for closing, _ in closings])
    pays = np.array([(paid - first).days for _, paid in closings])
    at = np.searchsorted(closes, day)
    return Periods(closes[at - 1] + 1, closes[at], pays[at])


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return _in_month(day, 31)


def _closings(calendar: Calendar, first: date, days: int) -> Iterator[tuple[date, date]]:
    """(end of a period, its pay-out) from the month before `first` until all `days` are covered."""
    month = month_end(first.replace(day=1) - timedelta(days=1))
    last = month_end(month_end(first + timedelta(days=days)) + timedelta(days=1))
    while month <= last:
        by_date: dict[date, date] = {}
        for place, wanted in enumerate(calendar.closes):
            closing = _in_month(month, wanted)
            lag = timedelta(days=calendar.lag_days)
            by_date[closing] = _next(closing, calendar.pays[place]) if calendar.pays else closing + lag
        yield from by_date.items()
        month = month_end(month + timedelta(days=1))


def _next(after: date, day_of_month: int) -> date:
    """The first such day of a month after `after`."""
    found = _in_month(after, day_of_month)
    return found if found > after else _in_month(month_end(after) + timedelta(days=1), day_of_month)


def _in_month(month: date, day_of_month: int) -> date:
    return month.replace(day=min(day_of_month, monthrange(month.year, month.month)[1]))
