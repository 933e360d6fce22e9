"""Closing the month: a clerk works through settlement files and their breaks, in the order in which they arrive.

A month is closed when every file that covers one of its days has been matched and its breaks are cleared: a period
that runs past the month's end keeps the month open until its file comes. While a month that has ended is open the
clerk works overtime.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

import duckdb
import holidays
import pyarrow as pa

from scenarios.schema import Scenario
from scenarios.settlement import Accounting
from sim.payments.calendars import month_end, periods
from sim.rollout import open_today


@dataclass
class File:
    """What a provider sends for one period: `arrives_day` is the day after its end. `minutes` is the work in it."""

    provider: str
    start_day: int
    arrives_day: int
    minutes: float
    cleared_day: int = -1


@dataclass
class Clerk:
    """When the work gets done. Minutes worked beyond the usual are kept by day."""

    rules: Accounting
    works_on: Callable[[int], bool]
    overtime_minutes: dict[int, float] = field(default_factory=dict)

    def work_off(self, files: list[File], month_ends: list[int]) -> None:
        """Clear `files` (in order of arrival), noting the day of each; first come, first served."""
        arriving, waiting = deque(files), deque[File]()
        left = {id(file): file.minutes for file in files}
        day = files[0].arrives_day if files else 0
        while arriving or waiting:
            while arriving and arriving[0].arrives_day <= day:
                waiting.append(arriving.popleft())
            ended = max((end for end in month_ends if end < day), default=-1)
            if self.works_on(day):
                urgent = any(file.start_day <= ended for file in waiting)
                self._work(day, waiting, left, urgent)
            day += 1

    def _work(self, day: int, waiting: deque[File], left: dict[int, float], urgent: bool) -> None:
        usual = self.rules.clerk_minutes_per_day
        most = usual + urgent * self.rules.overtime_minutes_per_day
        worked = 0.0
        while waiting and worked < most:
            done = min(left[id(waiting[0])], most - worked)
            worked += done
            left[id(waiting[0])] -= done
            if left[id(waiting[0])] > 0:
                break
            waiting.popleft().cleared_day = day
        if worked > usual:
            self.overtime_minutes[day] = worked - usual


class DayOfProvider(NamedTuple):
    """What a provider carried on a day by one calendar."""

    provider: str
    calendar: str
    day: int
    start_day: int
    end_day: int
    items: int


class Break(NamedTuple):
    """When an item that differs was paid, by whom, and when its file comes."""

    provider: str
    day: int
    found_day: int


_CARRIED = """
    select provider, calendar, day, start_day, end_day, count(*) from item where provider is not null
    group by all order by all"""


def close_months(db: duckdb.DuckDBPyConnection, scenario: Scenario, breaks: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The rows of `month_ends`, one for each month that the run touches, and `breaks` with the day each was cleared.

    A month that the run covers in part has the breaks of the days covered, and all its files.
    """
    clerk = Clerk(scenario.payments.accounting, _working_days(scenario.horizon.start))
    months = _months(scenario)
    carried = [DayOfProvider(*row) for row in db.sql(_CARRIED).fetchall()]
    found = [Break(**row) for row in breaks.select(Break._fields).to_pylist()]
    files = _files(scenario, carried, found)
    clerk.work_off(files, [month.last for month in months])
    cleared = {(file.provider, file.arrives_day): file.cleared_day for file in files}
    days = pa.array([cleared[one.provider, one.found_day] for one in found], pa.int32())
    rows = [_month_end(scenario, month, carried, found, files, clerk) for month in months]
    return pa.Table.from_pylist(rows), breaks.append_column("cleared_day", days)


class Month(NamedTuple):
    """Days of the run: the first and last of a calendar month, and of the one after it the last."""

    first: int
    last: int
    next_last: int
    covered: int
    """Days of it that the run covers."""


def _months(scenario: Scenario) -> list[Month]:
    start, days = scenario.horizon.start, scenario.horizon.days
    dates = (start + timedelta(days=day) for day in range(days))
    found = []
    for end, covered in groupby(dates, month_end):
        next_end = month_end(end + timedelta(days=1))
        first, last, next_last = ((mark - start).days for mark in (end.replace(day=1), end, next_end))
        found.append(Month(first, last, next_last, len(list(covered))))
    return found


def _files(scenario: Scenario, carried: list[DayOfProvider], breaks: list[Break]) -> list[File]:
    """One for each provider and end of a period with items, in order of arrival, with the work that it brings."""
    count = Counter((one.provider, one.found_day) for one in breaks)
    starts: dict[tuple[int, str], int] = {}
    for row in carried:
        key = (row.end_day + 1, row.provider)
        starts[key] = min(row.start_day, starts.get(key, row.start_day))
    each_break = scenario.payments.accounting.minutes_per_break
    files = []
    for (arrives, provider), start_day in sorted(starts.items()):
        minutes = _minutes_of_files(scenario, provider, arrives) + count[provider, arrives] * each_break
        files.append(File(provider, start_day, arrives, minutes))
    return files


def _minutes_of_files(scenario: Scenario, provider: str, day: int) -> float:
    """Work on the files of one settlement as such; one view of settlement counts when it is open everywhere."""
    rules = scenario.payments.accounting
    one_view = all(open_today(scenario, min(day, scenario.horizon.days - 1)).one_settlement_view)
    each = rules.minutes_per_file_one_view if one_view else rules.minutes_per_file
    return scenario.payments.providers[provider].files_per_settlement * each


def _month_end(
    scenario: Scenario,
    month: Month,
    carried: list[DayOfProvider],
    breaks: list[Break],
    files: list[File],
    clerk: Clerk,
) -> dict[str, int | float]:
    providers = scenario.payments.providers
    within = [row for row in carried if month.first <= row.day <= month.last]
    used = {row.provider for row in within}
    new = used - {row.provider for row in carried if row.day < month.first} if month.first > 0 else set()
    sent = {name: _settlements_in(scenario, month, {r.calendar for r in within if r.provider == name}) for name in used}
    found = sum(month.first <= one.day <= month.last for one in breaks)
    overtime = sum(minutes for day, minutes in clerk.overtime_minutes.items() if month.last < day <= month.next_last)
    file_hours = sum(n * _minutes_of_files(scenario, name, month.last) for name, n in sent.items()) / 60
    break_hours = found * clerk.rules.minutes_per_break / 60
    return {
        "month_end_day": month.last,
        "days_covered": month.covered,
        "items": sum(row.items for row in within),
        "files": sum(count * providers[name].files_per_settlement for name, count in sent.items()),
        "breaks": found,
        "file_hours": file_hours,
        "break_hours": break_hours,
        "overtime_hours": overtime / 60,
        "closed_day": max((f.cleared_day for f in files if f.start_day <= month.last), default=month.last),
        "provider_yen": sum(providers[name].monthly_fee_yen for name in used)
        + sum(providers[name].integration_yen for name in new),
        "accounting_yen": round((file_hours + break_hours) * clerk.rules.wage_yen_per_hour),
    }


def _settlements_in(scenario: Scenario, month: Month, calendars: set[str]) -> int:
    """How often a provider with these calendars settles in a whole month."""
    first = scenario.horizon.start + timedelta(days=month.first)
    length = month.last - month.first + 1
    ends = [periods(scenario.payments.calendars[name], first, length).end.tolist() for name in calendars]
    return len({end for calendar in ends for end in calendar if end < length})


def _working_days(first: date) -> Callable[[int], bool]:
    """Whether a day of the run is a working day: Monday to Friday, no public holiday."""
    public = holidays.country_holidays("JP")

    def works_on(day: int) -> bool:
        at = first + timedelta(days=day)
        return at.weekday() < 5 and at not in public

    return works_on
