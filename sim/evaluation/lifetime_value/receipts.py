"""Receipts of known customers, and the history that each customer's receipts amount to.

Purchases of one customer on one day count as one, as in Fader, Hardie and Lee (2005). A customer's clock starts with
the first receipt; `x` counts the repeat purchases after it. Time is in weeks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from scenarios.errors import DataInvalid, UsageError
from sim.calibrate.tables import Reader
from sim.needs import Ints
from sim.streams import Floats

WEEK: Final = 7
_COLUMNS: Final = ("customer", "date", "amount")


@dataclass(frozen=True)
class Receipts:
    """One row per customer and day with a purchase, by customer and day; arrays of shape (n,)."""

    customer: Ints
    """Number of the customer, 0, 1, ..."""
    day: Ints
    """Days since `first_day`, up to `last_day`."""
    amount: Floats
    first_day: date
    last_day: int

    def date_of(self, day: int) -> date:
        """The date of a day."""
        return self.first_day + timedelta(days=day)


@dataclass(frozen=True)
class Histories:
    """What an analyst knows at the end of a day; arrays of shape (n,), row = customer who had bought by then."""

    customer: Ints
    first: Ints
    """Day of the first purchase."""
    x: Ints
    """Repeat purchases."""
    t_x: Floats
    """Weeks from the first purchase to the last; 0 where there is one."""
    observed: Floats
    """Weeks from the first purchase to the end."""
    spend: Floats
    """Mean amount of the repeat purchases; 0 where there are none."""


def receipts_of(customer: ArrayLike, day: ArrayLike, amount: ArrayLike, first_day: date, last_day: int) -> Receipts:
    """Receipts from one row per purchase, in any order."""
    rows = np.column_stack([np.asarray(customer, np.int64), np.asarray(day, np.int64)])
    unique, which = np.unique(rows, axis=0, return_inverse=True)
    amounts = np.zeros(len(unique))
    np.add.at(amounts, which.ravel(), np.asarray(amount, float))
    return Receipts(unique[:, 0], unique[:, 1], amounts, first_day, last_day)


def read_receipts(path: Path) -> Receipts:
    """Receipts of a CSV file with the columns customer, date and amount.

    Raises `DataInvalid` with every bad row by its line, `UsageError` where there is no such file.
    """
    reader = Reader(path)
    found = [_row(reader, line, row) for line, row in reader.rows(_COLUMNS)]
    if reader.problems:
        raise DataInvalid(reader.problems)
    rows = [row for row in found if row is not None]
    first = min(day for _, day, _ in rows)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(name for name, _, _ in rows))}
    days = [(day - first).days for _, day, _ in rows]
    return receipts_of([numbers[name] for name, _, _ in rows], days, [row[2] for row in rows], first, max(days))


def _row(reader: Reader, line: int, row: Mapping[str, str]) -> tuple[str, date, float] | None:
    customer, day_text, amount_text = (row[column].strip() for column in _COLUMNS)
    before = len(reader.problems)
    day, amount = date.min, 0.0
    if not customer:
        reader.complain(line, "customer: missing; leave out receipts of nobody known")
    try:
        day = date.fromisoformat(day_text[:10])
    except ValueError:
        reader.complain(line, f"date: wanted a date such as 2026-04-01 (got {day_text!r})")
    try:
        amount = float(amount_text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        what = f"amount: wanted zero or more (got {amount_text!r}); take refunds off their purchases"
        reader.complain(line, what)
    return (customer, day, amount) if len(reader.problems) == before else None


def histories(receipts: Receipts, until: int) -> Histories:
    """Histories of all who have bought by the end of day `until`; `UsageError` where nobody has come back."""
    rows = receipts.day <= until
    customer, which = np.unique(receipts.customer[rows], return_inverse=True)
    day, amount = receipts.day[rows], receipts.amount[rows]
    purchases = np.bincount(which, minlength=len(customer))
    first = np.full(len(customer), until + 1)
    np.minimum.at(first, which, day)
    last = np.zeros(len(customer), dtype=np.int64)
    np.maximum.at(last, which, day)
    repeat = day > first[which]
    x = purchases - 1
    if not x.any():
        raise UsageError(f"no customer has bought on two days by {receipts.date_of(until)}: too short to say anything")
    spend = np.bincount(which[repeat], weights=amount[repeat], minlength=len(customer)) / np.maximum(x, 1)
    return Histories(customer, first, x, (last - first) / WEEK, (until - first) / WEEK, spend)
