"""A retailer's hourly CSV files as arrays, with every bad row by its line.

Three files: transactions (`time,transactions`), baskets (`time,items,tender,transactions`) and cashiers
(`time,cashiers_starting`). Times are local, ISO 8601. A row at 07:30 in an hourly file belongs to 07:00-08:00.
Nothing is dropped silently: each reader returns what it could read together with the rows it could not.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import DataInvalid, UsageError

HOURLY_SHARE = 0.9
"""A file with at least this share of its rows at the same minute of the hour holds hourly counts."""
SAME_RATE = 1e-9
SECONDS_PER_HOUR = 3600.0

Floats = NDArray[np.float64]
Row = tuple[int, Mapping[str, str]]


@dataclass(frozen=True)
class Hourly:
    """Counts per hour: `counts[day, hour]`, NaN where the file says nothing."""

    first_day: date
    counts: Floats
    form: str = "hourly counts"
    notes: Sequence[str] = ()

    @property
    def days(self) -> list[date]:
        """The date of each row of `counts`."""
        return [self.first_day + timedelta(days=day) for day in range(len(self.counts))]


@dataclass(frozen=True)
class BasketRow:
    """Baskets of one size and tender in one hour; `transactions` may hold halves."""

    day: date
    items: int
    cash: bool
    transactions: float


@dataclass
class Reader:
    """One CSV file being read; `problems` collects `file:line: what` of every row left out."""

    path: Path
    problems: list[str] = field(default_factory=list)

    def complain(self, line: int, what: str) -> None:
        """Note a problem at a line of the file."""
        self.problems.append(f"{self.path}:{line}: {what}")

    def rows(self, columns: Sequence[str]) -> list[Row]:
        """The file's rows with their line numbers.

        Raises `UsageError` when there is no such file, `DataInvalid` when it cannot be read as CSV with `columns`.
        """
        if not self.path.is_file():
            raise UsageError(f"{self.path}: no such file")
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataInvalid([f"{self.path}:1: not UTF-8 ({error}); save the file as UTF-8"]) from None
        reader = csv.DictReader(text.splitlines(), restkey="", restval=None)
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            found = ",".join(reader.fieldnames or []) or "nothing"
            raise DataInvalid(
                [f"{self.path}:1: header lacks {', '.join(missing)} (wanted {','.join(columns)}; got {found})"]
            )
        rows: list[Row] = []
        try:
            for row in reader:
                if "" in row or None in row.values():
                    self.complain(reader.line_num, f"wanted {len(reader.fieldnames or [])} fields, got another number")
                else:
                    rows.append((reader.line_num, row))
        except csv.Error as error:
            self.complain(reader.line_num, f"not CSV: {error}")
        if not rows:
            raise DataInvalid([*self.problems, f"{self.path}:1: no rows that can be read"])
        return rows

    def time(self, line: int, row: Mapping[str, str]) -> datetime | None:
        """The row's local time, or None with a complaint."""
        text = row["time"].strip()
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            self.complain(line, f"time: wanted a local time such as 2018-02-01 07:30:00 (got {text!r})")
            return None
        if value.tzinfo is not None:
            self.complain(line, f"time: write local time without a zone (got {text!r})")
            return None
        return value

    def number(self, line: int, row: Mapping[str, str], column: str) -> float | None:
        """A number that is not negative, or None with a complaint."""
        text = row[column].strip()
        if not text:
            self.complain(line, f"{column}: missing")
            return None
        try:
            value = float(text)
        except ValueError:
            self.complain(line, f"{column}: wanted a number (got {text!r})")
            return None
        if not math.isfinite(value) or value < 0:
            self.complain(line, f"{column}: must be zero or more (got {text})")
            return None
        return value


def read_transactions(path: Path) -> tuple[Hourly, list[str]]:
    """Transactions per hour, from hourly counts or from points of a rate in transactions per hour.

    Rows at the same minute of every hour are hourly counts. Rows at irregular times are points of a piecewise linear
    rate; an hour's count is the area under it. Returns the counts and the problems of rows left out.
    """
    return _read_hourly(path, "transactions", rates_allowed=True)


def read_cashiers(path: Path) -> tuple[Hourly, list[str]]:
    """Cashiers starting work per hour. Returns the counts and the problems of rows left out."""
    return _read_hourly(path, "cashiers_starting", rates_allowed=False)


def read_baskets(path: Path) -> tuple[list[BasketRow], list[str]]:
    """Baskets by hour, items and tender. Returns the rows and the problems of rows left out."""
    reader = Reader(path)
    seen: dict[tuple[datetime, float, str], int] = {}
    baskets = []
    for line, row in reader.rows(("time", "items", "tender", "transactions")):
        time = reader.time(line, row)
        items = reader.number(line, row, "items")
        count = reader.number(line, row, "transactions")
        tender = row["tender"].strip().lower()
        if tender not in ("cash", "non-cash"):
            reader.complain(line, f"tender: wanted cash or non-cash (got {tender!r})")
            continue
        if items is not None and (items < 1 or items != int(items)):
            reader.complain(line, f"items: wanted a whole number from 1 (got {row['items']})")
            continue
        if time is None or items is None or count is None:
            continue
        key = (_hour(time), items, tender)
        if key in seen:
            reader.complain(line, f"same hour, items and tender as in line {seen[key]}")
            continue
        seen[key] = line
        baskets.append(BasketRow(time.date(), int(items), tender == "cash", count))
    return baskets, reader.problems


def _read_hourly(path: Path, column: str, rates_allowed: bool) -> tuple[Hourly, list[str]]:
    reader = Reader(path)
    points = []
    for line, row in reader.rows(("time", column)):
        time, value = reader.time(line, row), reader.number(line, row, column)
        if time is not None and value is not None:
            points.append((line, time, value))
    if not points:
        raise DataInvalid(reader.problems)
    minutes = Counter((time.minute, time.second) for _, time, _ in points)
    (grid, on_grid), *_ = minutes.most_common(1)
    if rates_allowed and on_grid < HOURLY_SHARE * len(points):
        return _from_rates(reader, points), reader.problems
    return _from_counts(reader, points, grid), reader.problems


def _from_counts(reader: Reader, points: list[tuple[int, datetime, float]], grid: tuple[int, int]) -> Hourly:
    lines: dict[datetime, int] = {}
    values: dict[datetime, float] = {}
    for line, time, value in points:
        hour = _hour(time)
        if (time.minute, time.second) != grid:
            reader.complain(line, f"time: {time} is not {grid[0]} min {grid[1]} s past the hour as the other rows are")
        elif hour in lines:
            reader.complain(line, f"time: the hour {hour:%Y-%m-%d %H:00} was given in line {lines[hour]}")
        else:
            lines[hour], values[hour] = line, value
    first, last = min(values), max(values)
    table = _empty(first, last)
    previous = first
    for step in range(int((last - first) / timedelta(hours=1)) + 1):
        hour = first + timedelta(hours=step)
        if hour in values:
            table[(hour.date() - first.date()).days, hour.hour] = values[hour]
            previous = hour
        else:
            reader.complain(lines[previous], f"the hour {hour:%Y-%m-%d %H:00} is missing after this row")
    return Hourly(first.date(), table)


def _from_rates(reader: Reader, points: list[tuple[int, datetime, float]]) -> Hourly:
    kept: dict[datetime, tuple[int, float]] = {}
    twice = 0
    for line, time, value in points:
        if time not in kept:
            kept[time] = (line, value)
        elif abs(kept[time][1] - value) <= SAME_RATE:
            twice += 1
        else:
            reader.complain(line, f"time: {time} has another value in line {kept[time][0]}")
    notes = [f"{twice} points are given twice with the same value, which leaves the rate as it is"] if twice else []
    times = sorted(kept)
    midnight = datetime.combine(times[0].date(), datetime.min.time())
    hours = np.array([(time - midnight).total_seconds() / SECONDS_PER_HOUR for time in times])
    rates = np.array([kept[time][1] for time in times])
    table = _empty(times[0], times[-1])
    counts, known = _areas(hours, rates, table.size)
    for at in np.flatnonzero(np.diff(hours) > 1):
        reader.complain(kept[times[at]][0], f"no point for more than an hour after this row (next: {times[at + 1]})")
    counts[~known] = np.nan
    return Hourly(times[0].date(), counts.reshape(table.shape), "points of a rate", notes)


def _areas(hours: Floats, rates: Floats, n_hours: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Area under a piecewise linear rate by hour, and which hours the points cover without a gap of over an hour."""
    edges = np.arange(n_hours + 1, dtype=float)
    inside = edges[(edges >= hours[0]) & (edges <= hours[-1])]
    knots = np.union1d(hours, inside)
    heights = np.interp(knots, hours, rates)
    area = np.concatenate([[0.0], np.cumsum(np.diff(knots) * (heights[1:] + heights[:-1]) / 2)])
    counts = np.diff(np.interp(edges, knots, area))
    known = (edges[:-1] >= hours[0]) & (edges[1:] <= hours[-1])
    for at in np.flatnonzero(np.diff(hours) > 1):
        known &= (edges[1:] <= hours[at]) | (edges[:-1] >= hours[at + 1])
    return counts, known


def _hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def _empty(first: datetime, last: datetime) -> Floats:
    return np.full(((last.date() - first.date()).days + 1, 24), np.nan)
