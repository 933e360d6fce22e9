"""Fit hour profiles, weekday indices, basket sizes and the cash share to a retailer's own hourly files.

The model is a product: transactions of an hour = mean of that weekday's total x share of that hour in its day type
(Monday to Saturday, or Sunday and holiday). For complete days this is the maximum likelihood fit of independent
Poisson counts. It is judged on the last week, which a fit on the days before does not see; what is handed on is the
fit on all days.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ive

from scenarios.errors import DataInvalid, UsageError
from sim.calibrate.tables import BasketRow, Floats, Hourly, read_baskets, read_cashiers, read_transactions

WEEK = 7
SUNDAY = 6
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SAME_COUNT = 1e-6
CHANCE_MAX = 1e-3
Days = NDArray[np.bool_]


@dataclass(frozen=True)
class Inputs:
    """The files of one store, read. `left_out` holds the problems of rows that were left out on request."""

    transactions: Hourly
    baskets: Sequence[BasketRow]
    cashiers: Hourly | None
    left_out: Sequence[str]


@dataclass(frozen=True)
class Profile:
    """Mean transactions by hour of an ordinary day and of a Sunday or holiday, and by weekday (Monday first)."""

    weekday_hours: Floats
    holiday_hours: Floats
    day_level: Floats
    warnings: Sequence[str]


@dataclass(frozen=True)
class Fit:
    """Hourly error on days the fit did not see. Errors are prediction minus count, in transactions per hour."""

    hours: int
    mape: float
    weighted_ape: float
    mean_error: float
    week_before_mape: float


@dataclass(frozen=True)
class BasketFit:
    """Shares of baskets by items (the last entry holds all larger ones), mean items, share paid in cash."""

    item_shares: Floats
    mean_items: float
    largest: int
    cash_share: float


@dataclass(frozen=True)
class Calibration:
    """All that was found out about one store."""

    profile: Profile
    baskets: BasketFit
    baskets_before: BasketFit | None
    baskets_held_out: BasketFit | None
    cashiers: Profile | None
    fit: Fit | None
    predicted: Floats
    held_out: Days
    used: Days
    notes: Sequence[str]


def read_inputs(transactions: Path, baskets: Path, cashiers: Path | None, skip_bad_rows: bool = False) -> Inputs:
    """Read a store's files.

    Raises `DataInvalid` with every bad row of all files, unless they are to be skipped, and `UsageError` when a file
    is missing.
    """
    counts, problems = read_transactions(transactions)
    rows, more = read_baskets(baskets)
    problems = problems + more
    starting = None
    if cashiers is not None:
        starting, more = read_cashiers(cashiers)
        problems = problems + more
    if problems and not skip_bad_rows:
        raise DataInvalid([*problems, f"{len(problems)} problems; mend them, or go on without with --skip-bad-rows"])
    return Inputs(counts, rows, starting, problems)


def calibrate(inputs: Inputs, items_max: int, exclude: Collection[date], holidays: Collection[date]) -> Calibration:
    """Fit a store's files. `exclude` are days to leave out, with any copy of them; `holidays` count as Sundays.

    Raises `UsageError` when no complete day is left.
    """
    hourly = inputs.transactions
    used, notes = usable_days(hourly, exclude)
    if not used.any():
        raise UsageError("no complete day is left to fit; give at least one day with a count for every hour")
    free = np.array([day.weekday() == SUNDAY or day in holidays for day in hourly.days])
    held_out = np.zeros(len(used), dtype=bool)
    if len(used) >= 2 * WEEK:
        held_out[-WEEK:] = True
    else:
        notes.append(f"{len(used)} days are too few to hold out a week: no goodness of fit (give 14 days or more)")
    before, after = used & ~held_out, used & held_out
    predicted = np.full_like(hourly.counts, np.nan)
    fit = None
    if before.any() and after.any():
        trained = fit_profile(hourly, before, free)
        notes += [f"fit before the held-out week: {warning}" for warning in trained.warnings]
        predicted = predict(trained, hourly.days, free)
        fit = goodness(hourly.counts, predicted, before, after)
    notes.append(_coverage(inputs, used))
    both = fit is not None
    return Calibration(
        profile=fit_profile(hourly, used, free),
        baskets=fit_baskets(inputs, used, items_max),
        baskets_before=fit_baskets(inputs, before, items_max) if both else None,
        baskets_held_out=fit_baskets(inputs, after, items_max) if both else None,
        cashiers=_cashier_profile(inputs.cashiers, dict(zip(hourly.days, used, strict=True)), holidays),
        fit=fit,
        predicted=predicted,
        held_out=held_out,
        used=used,
        notes=[*hourly.notes, *notes],
    )


def repeated_days(hourly: Hourly) -> list[tuple[date, date]]:
    """Pairs of days whose counts are equal in every hour known of both: one of them is a copy.

    Days of few customers may be equal by chance: two Poisson counts of mean m are equal with probability
    exp(-2 m) I0(2 m). A pair counts only where the expected number of such pairs in the file is below `CHANCE_MAX`.
    """
    days, counts = hourly.days, hourly.counts
    found = []
    n_pairs = len(days) * (len(days) - 1) / 2
    chance_by_hour = np.where(np.isnan(counts), 1.0, ive(0, 2 * np.nan_to_num(counts)))
    for first in range(len(days)):
        later = counts[first + 1 :]
        known = ~np.isnan(counts[first]) & ~np.isnan(later)
        equal = (~known | (np.abs(later - counts[first]) < SAME_COUNT)).all(axis=1)
        chance = np.where(known, chance_by_hour[first], 1.0).prod(axis=1)
        copies = np.flatnonzero(equal & (chance * n_pairs < CHANCE_MAX))
        found += [(days[first], days[first + 1 + second]) for second in copies]
    return found


def usable_days(hourly: Hourly, exclude: Collection[date]) -> tuple[Days, list[str]]:
    """Which days are complete, open, not excluded and not a copy of a later day; and why the others are not."""
    counts, days = hourly.counts, hourly.days
    unknown = sorted(set(exclude) - set(days))
    if unknown:
        raise UsageError(f"--exclude-day {unknown[0]}: not in the file, which has {days[0]} to {days[-1]}")
    trading = np.nansum(counts, axis=0) > 0
    incomplete = np.isnan(counts[:, trading]).any(axis=1)
    closed = np.nansum(counts, axis=1) == 0
    reasons = {days[row]: "no transaction all day" for row in np.flatnonzero(closed)}
    reasons |= {days[row]: "hours are missing" for row in np.flatnonzero(incomplete)}
    reasons |= dict.fromkeys(exclude, "excluded on request")
    for first, second in repeated_days(hourly):
        reasons[first] = f"every hour equals {second}: a copy, and the file does not say which day is the original"
        if second in exclude:
            reasons[first] = f"every hour equals {second}, which is excluded"
        elif first in exclude:
            reasons[second] = f"every hour equals {first}, which is excluded"
    used = np.array([day not in reasons for day in days])
    return used, [f"{day:%a %Y-%m-%d} left out: {reasons[day]}" for day in sorted(reasons)]


def fit_profile(hourly: Hourly, use: Days, free: Days) -> Profile:
    """The product model on the days in `use`; `free` marks Sundays and holidays."""
    counts = np.nan_to_num(hourly.counts)
    weekdays = np.array([day.weekday() for day in hourly.days])
    warnings = []
    shapes = {}
    for name, kind in (("Monday to Saturday", ~free), ("Sunday or holiday", free)):
        of_kind = use & kind
        if not of_kind.any():
            warnings.append(f"no usable {name}: the hour profile of the other days stands in")
            of_kind = use
        shapes[name] = counts[of_kind].mean(axis=0)
    totals = counts.sum(axis=1)
    level = np.full(WEEK, np.nan)
    for weekday in range(WEEK):
        mine = use & (weekdays == weekday) & ((weekday == SUNDAY) | ~free)
        if mine.any():
            level[weekday] = totals[mine].mean()
    measured = level.copy()
    for weekday in (weekday for weekday in range(WEEK) if np.isnan(measured[weekday])):
        level[weekday] = _stand_in(measured, weekday) if not np.isnan(measured).all() else totals[use].mean()
        warnings.append(f"no usable {WEEKDAYS[weekday]}: the mean of the other weekdays stands in")
    return Profile(shapes["Monday to Saturday"], shapes["Sunday or holiday"], level, warnings)


def _stand_in(level: Floats, weekday: int) -> float:
    """Mean of Monday to Friday for one of these where any is known, else of all days."""
    working = level[:5]
    return float(np.nanmean(working if weekday < 5 and not np.isnan(working).all() else level))


def predict(profile: Profile, days: Sequence[date], free: Days) -> Floats:
    """Transactions by day and hour that the model expects. A holiday has the level of a Sunday."""
    table = np.empty((len(days), 24))
    for row, (day, is_free) in enumerate(zip(days, free, strict=True)):
        shape = profile.holiday_hours if is_free else profile.weekday_hours
        level = profile.day_level[SUNDAY if is_free else day.weekday()]
        table[row] = level * shape / shape.sum()
    return table


def goodness(counts: Floats, predicted: Floats, before: Days, after: Days) -> Fit:
    """Errors over the hours with a transaction on days `after`.

    The mean absolute percentage error of "the same as a week before" stands beside it where that day is in `before`.
    """
    rows = np.flatnonzero(after)
    actual, expected = np.nan_to_num(counts[rows]), predicted[rows]
    open_hours = actual > 0
    error = (expected - actual)[open_hours]
    pairs = [row for row in rows if row >= WEEK and before[row - WEEK]]
    then, now = np.nan_to_num(counts[[row - WEEK for row in pairs]]), np.nan_to_num(counts[pairs])
    naive = np.abs(then - now)[now > 0] / now[now > 0]
    return Fit(
        hours=int(open_hours.sum()),
        mape=float((np.abs(error) / actual[open_hours]).mean()),
        weighted_ape=float(np.abs(error).sum() / actual[open_hours].sum()),
        mean_error=float(error.mean()),
        week_before_mape=float(naive.mean()) if naive.size else float("nan"),
    )


def fit_baskets(inputs: Inputs, use: Days, items_max: int) -> BasketFit:
    """Shares of baskets with 1, 2, ... `items_max` or more items, on the days in `use`; raises `UsageError`."""
    days = {day for day, used in zip(inputs.transactions.days, use, strict=True) if used}
    rows = [row for row in inputs.baskets if row.day in days]
    total = sum(row.transactions for row in rows)
    if total <= 0:
        raise UsageError("no baskets on the days that are fitted; do both files cover the same days?")
    shares = np.zeros(items_max)
    for row in rows:
        shares[min(row.items, items_max) - 1] += row.transactions / total
    return BasketFit(
        item_shares=shares,
        mean_items=sum(row.items * row.transactions for row in rows) / total,
        largest=max(row.items for row in rows),
        cash_share=sum(row.transactions for row in rows if row.cash) / total,
    )


def _coverage(inputs: Inputs, used: Days) -> str:
    days = {day for day, flag in zip(inputs.transactions.days, used, strict=True) if flag}
    baskets = sum(row.transactions for row in inputs.baskets if row.day in days)
    share = baskets / np.nansum(inputs.transactions.counts[used])
    return f"the basket file holds {share:.1%} of the transactions of the days used"


def _cashier_profile(cashiers: Hourly | None, used: dict[date, bool], holidays: Collection[date]) -> Profile | None:
    if cashiers is None:
        return None
    days = cashiers.days
    use = np.array([used.get(day, False) for day in days]) & ~np.isnan(cashiers.counts).all(axis=1)
    if not use.any():
        return None
    return fit_profile(cashiers, use, np.array([day.weekday() == SUNDAY or day in holidays for day in days]))
