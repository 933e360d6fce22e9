"""Days: which are holidays, and how needs spread over the hours."""

from __future__ import annotations

import datetime
from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import holidays
import numpy as np
from numpy.typing import NDArray

from scenarios.events import Campaign, CompetitorPromotion, Event, PointsDay, Rain
from scenarios.schema import Scenario
from sim.streams import Floats

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0
_PAYDAY: Final = 25
_PENSION_DAY: Final = 15


@dataclass(frozen=True)
class Day:
    """One simulated day. `needs_factor` scales every shopper's rate of needs."""

    index: int
    holiday: bool
    needs_factor: float
    pension: bool = False
    """Pensions are paid today."""
    points_factor: float = 1.0
    visit: float = 0.0
    """Utility of going out today (rain)."""
    rival: float = 0.0
    """Utility of the rival today (its promotion)."""

    @property
    def start_s(self) -> float:
        """Midnight at its start, in seconds of simulated time."""
        return self.index * DAY_S


def days(scenario: Scenario) -> list[Day]:
    """All days of the horizon. Sundays and Japanese public holidays count as holidays."""
    first = scenario.horizon.start
    last = first + timedelta(days=scenario.horizon.days)
    public = holidays.country_holidays("JP", years=range(first.year, last.year + 1))
    index = np.asarray(scenario.traffic.weekday_index)
    index = index / index.mean()
    found = []
    for number in range(scenario.horizon.days):
        date = first + timedelta(days=number)
        holiday = date.weekday() == 6 or date in public
        factor = float(index[6 if holiday else date.weekday()])
        if date == _working_day(date.replace(day=_PAYDAY), public):
            factor *= scenario.traffic.payday_factor
        pension = date.month % 2 == 0 and date == _working_day(date.replace(day=_PENSION_DAY), public)
        found.append(_with_events(scenario, Day(number, holiday, factor, pension)))
    return found


def happens_on(event: Event, day: int) -> bool:
    """Whether an event of the timetable is on during `day`; those that last hours belong to the day they begin on."""
    return event.day <= day < event.day + getattr(event, "days", 1)


def _with_events(scenario: Scenario, day: Day) -> Day:
    """The day with what the timetable has for it."""
    needs, points, visit, rival = day.needs_factor, 1.0, 0.0, 0.0
    for event in scenario.events.values():
        if not happens_on(event, day.index):
            continue
        match event:
            case Campaign():
                needs *= event.demand_factor
            case PointsDay():
                needs *= event.demand_factor
                points *= event.points_factor
            case Rain():
                visit += event.visit
            case CompetitorPromotion():
                rival += event.rival
    return replace(day, needs_factor=needs, points_factor=points, visit=visit, rival=rival)


def _working_day(date: datetime.date, public: Container[datetime.date]) -> datetime.date:
    """The date itself, or the working day before a weekend or holiday: when pay and pensions arrive."""
    while date.weekday() >= 5 or date in public:
        date -= timedelta(days=1)
    return date


def time_of_day(uniform: Floats, hours: NDArray[np.float64]) -> Floats:
    """Seconds after midnight by inversion of an hourly profile (shape (24,)), uniform inside each hour."""
    cumulative = np.concatenate([[0.0], np.cumsum(hours)])
    seconds: Floats = np.interp(uniform, cumulative / cumulative[-1], np.arange(25) * HOUR_S)
    return seconds
