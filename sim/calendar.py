"""Days: which are holidays, and how needs spread over the hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import holidays
import numpy as np
from numpy.typing import NDArray

from scenarios.events import Campaign, PointsDay
from scenarios.schema import Scenario
from sim.streams import Floats

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0


@dataclass(frozen=True)
class Day:
    """One simulated day. `needs_factor` scales every shopper's rate of needs."""

    index: int
    holiday: bool
    needs_factor: float

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
        for event in scenario.events.values():
            if isinstance(event, (Campaign, PointsDay)) and event.day <= number < event.day + event.days:
                factor *= event.demand_factor
        found.append(Day(number, holiday, factor))
    return found


def time_of_day(uniform: Floats, hours: NDArray[np.float64]) -> Floats:
    """Seconds after midnight by inversion of an hourly profile (shape (24,)), uniform inside each hour."""
    cumulative = np.concatenate([[0.0], np.cumsum(hours)])
    seconds: Floats = np.interp(uniform, cumulative / cumulative[-1], np.arange(25) * HOUR_S)
    return seconds
