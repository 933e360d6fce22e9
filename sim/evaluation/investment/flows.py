"""From two worlds' ledgers to the cash of the difference: by day as simulated, by month over the years.

Pay that is booked at the end of a month was earned over its days and is spread over them; everything else stands on its
own day. Rows after the horizon belong to orders placed before it. They are left out of the days: the steady state that
is carried forward has the same in each of its months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from sim.calendar import DAY_S
from sim.evaluation.tables import opened
from sim.streams import Floats

MONTH_DAYS: Final = 365 / 12
STEADY_DAYS: Final = 28
"""Days at the end of the horizon whose gain is carried forward, unless the user wants more of them."""

# What is booked at midnight concerns the day that ends with it.
_BY_DAY: Final = f"""
  select greatest(ceil(time_s / {DAY_S}) - 1, 0)::int, account::varchar = 'bonus', sum(amount_yen)::bigint
  from ledger group by 1, 2"""


@dataclass(frozen=True)
class Days:
    """Contribution by day of the horizon, in yen, and what was booked beyond it."""

    yen: Floats
    after_yen: float


def daily_contribution(directory: Path, days: int, first_day: date) -> Days:
    """Contribution of a replication by day; `yen` and `after_yen` sum to the ledger."""
    yen, after = np.zeros(days), 0.0
    with opened(directory) as db:
        rows = db.execute(_BY_DAY).fetchall()
    for day, is_pay, amount in rows:
        first = _first_of_month(day, first_day) if is_pay else day
        if first >= days:
            after += amount
        else:
            last = min(day, days - 1)
            yen[first : last + 1] += amount / (last + 1 - first)
    return Days(yen, after)


def _first_of_month(day: int, first_day: date) -> int:
    return max(0, day + 1 - (first_day + timedelta(days=day)).day)


def run_rate_yen(gains: Floats, steady_days: int = STEADY_DAYS) -> float:
    """Gain of a month in the steady state, as in the last `steady_days`."""
    return float(gains[-steady_days:].mean()) * MONTH_DAYS


def weekly_standing(gains: Floats, capex: Mapping[int, float]) -> list[float]:
    """Gains so far less what has been invested so far, at the start and after each whole week.

    `capex` is yen by day on which it is spent; what is spent on the first day stands in the start.
    """
    total = np.concatenate([[0.0], np.cumsum(gains)])
    return [
        float(total[day]) - sum(yen for when, yen in capex.items() if when == 0 or when < day)
        for day in range(0, len(gains) + 1, 7)
    ]


def monthly_flows(
    gains: Floats, capex: Mapping[int, float], months: int, steady_days: int = STEADY_DAYS
) -> list[float]:
    """Cash by month: gains at the end of each, investment at the month's boundary next to its day; length months + 1.

    Months have 365 / 12 days. Beyond the days of `gains` each brings `run_rate_yen`.
    """
    ends = np.arange(months + 1) * MONTH_DAYS
    known = np.concatenate([[0.0], np.cumsum(gains)])
    beyond = np.maximum(ends - len(gains), 0) * run_rate_yen(gains, steady_days) / MONTH_DAYS
    total = np.interp(ends, np.arange(len(known)), known) + beyond
    flows = [0.0, *np.diff(total).tolist()]
    for day, yen in capex.items():
        flows[min(months, round(day / MONTH_DAYS))] -= yen
    return flows
