"""Estimators of a staged rollout's effect, each as a weighting of store-weeks: the estimate is sum(weights * outcome).

Shapes: outcomes and weightings are (units, weeks); `start` (units,) is the week in which a unit is first treated, the
number of weeks for never; `mass` (units,) is how much each unit counts, 1 but in a bootstrap. A weighting that the
calendar does not identify is None.

As every estimator is linear in the outcomes, its error splits exactly: see `judged`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def treated(start: Ints, weeks: int) -> Flags:
    """Which store-weeks are treated."""
    flags: Flags = np.arange(weeks) >= start[:, None]
    return flags


def window(start: Ints, weeks: int) -> int:
    """Weeks in which somebody is still untreated: all where a unit never is, else until the last cohort's start."""
    return min(weeks, int(start.max()))


def before_after(start: Ints, weeks: int, mass: Floats) -> Floats | None:
    """Treated weeks less the same store's mean before; stores that are never treated have no part in it."""
    after = treated(start, weeks) * mass[:, None]
    before = ~treated(start, weeks) * (after.sum(axis=1) / start)[:, None]
    found: Floats = (after - before) / after.sum()
    return found


def treated_untreated(start: Ints, weeks: int, mass: Floats) -> Floats | None:
    """Treated stores less the mean of those untreated in the same week, over weeks that have both."""
    on = treated(start, weeks) * mass[:, None]
    off = ~treated(start, weeks) * mass[:, None]
    on[:, off.sum(axis=0) == 0] = 0.0
    off[:, on.sum(axis=0) == 0] = 0.0
    shares = np.divide(on.sum(axis=0), off.sum(axis=0), out=np.zeros(weeks), where=off.sum(axis=0) > 0)
    found: Floats = (on - off * shares) / on.sum()
    return found


def two_way(start: Ints, weeks: int, mass: Floats) -> Floats | None:
    """Static two-way fixed effects: least squares of the outcome on store, week and one dummy for treated.

    By Frisch-Waugh-Lovell the slope is sum(d y) / sum(d^2) with d the dummy less its store's and its week's mean.
    """
    within = _within(treated(start, weeks).astype(float), mass)
    weighted: Floats = within * mass[:, None]
    return weighted / float((weighted * within).sum())


def group_time(start: Ints, weeks: int, mass: Floats, cohort: int, week: int) -> Floats | None:
    """ATT(g, t) of Callaway and Sant'Anna 2021 (J. Econometrics 225): a 2x2 difference from the cohort's last week
    before treatment to `week`, against all that are untreated in both weeks; without covariates."""
    base = cohort - 1
    own = (start == cohort) * mass
    others = ((start > max(week, base)) & (start != cohort)) * mass
    if base < 0 or week == base or not own.any() or not others.any():
        return None
    change = own / own.sum() - others / others.sum()
    found = np.zeros((len(start), weeks))
    found[:, week] += change
    found[:, base] -= change
    return found


def callaway_santanna(start: Ints, weeks: int, mass: Floats) -> Floats | None:
    """Mean of the group-time effects after treatment, by size of the cohort."""
    cells = [(cohort, week) for cohort in _cohorts(start, weeks) for week in range(cohort, weeks)]
    return _mean_of(start, weeks, mass, cells)


def callaway_santanna_at(start: Ints, weeks: int, mass: Floats, lead: int) -> Floats | None:
    """The same at one relative week: cohorts by size; negative is before treatment, against the week before it."""
    cells = [(cohort, cohort + lead) for cohort in _cohorts(start, weeks) if 0 <= cohort + lead < weeks]
    return _mean_of(start, weeks, mass, cells)


def two_way_event(start: Ints, weeks: int, mass: Floats) -> dict[int, Floats]:
    """Two-way fixed effects with a dummy for each relative week but the last before treatment.

    Where everybody is treated in the end the weeks from the last cohort's start on are left out, and it stands for
    those who never are: with all weeks the dummies would not be identified.
    """
    until = window(start, weeks)
    relative = np.where(start[:, None] >= until, -1, np.arange(until) - start[:, None])
    leads = [lead for lead in range(int(relative.min()), int(relative.max()) + 1) if lead != -1]
    dummies = [_within((relative == lead).astype(float), mass) for lead in leads if (relative == lead).any()]
    columns = np.array([dummy.ravel() for dummy in dummies])
    heavy = columns * np.repeat(mass, until)
    solved = np.linalg.pinv(heavy @ columns.T, rcond=1e-10) @ heavy
    found = {}
    for lead, row in zip([lead for lead in leads if (relative == lead).any()], solved, strict=True):
        found[lead] = np.pad(row.reshape(len(start), until), ((0, 0), (0, weeks - until)))
    return found


@dataclass(frozen=True)
class Estimator:
    """A name, what it is, its weighting, and the treated store-weeks whose mean effect it is meant to find."""

    name: str
    label: str
    weighting: Callable[[Ints, int, Floats], Floats | None]
    everywhere: bool
    """Whether its target is all treated store-weeks, or only those in weeks in which somebody is untreated."""


ESTIMATORS: Final = (
    Estimator("before_after", "after - before", before_after, True),
    Estimator("treated_untreated", "treated - untreated", treated_untreated, False),
    Estimator("two_way_fixed_effects", "two-way fixed eff.", two_way, True),
    Estimator("callaway_santanna", "Callaway-Sant'Anna", callaway_santanna, False),
)


def target(start: Ints, weeks: int, everywhere: bool) -> Floats:
    """The weighting of true effects that an estimator is meant to find: the mean over treated store-weeks."""
    cells = treated(start, weeks).astype(float)
    if not everywhere:
        cells[:, window(start, weeks) :] = 0.0
    found: Floats = cells / cells.sum()
    return found


def target_at(start: Ints, weeks: int, lead: int) -> Floats | None:
    """The same at one relative week, over the cohorts that have untreated others then."""
    until = window(start, weeks)
    cells = ((np.arange(weeks) - start[:, None] == lead) & (np.arange(weeks) < until)).astype(float)
    cells[start >= until] = 0.0
    found: Floats | None = cells / cells.sum() if cells.any() else None
    return found


def relative_weeks(start: Ints, weeks: int) -> range:
    """Relative weeks of the cohorts that are treated while others are not."""
    until = window(start, weeks)
    cohorts = [int(week) for week in start if week < until]
    return range(-max(cohorts), until - min(cohorts))


def negative_share(weighting: Floats, start: Ints) -> float:
    """How much of the weight on treated store-weeks is below zero, of their absolute weight (de Chaisemartin and
    D'Haultfoeuille 2020): with any, effects that grow can turn the estimate's sign."""
    on = weighting[treated(start, weighting.shape[1])]
    total = float(np.abs(on).sum())
    return float(np.maximum(-on, 0.0).sum()) / total if total else 0.0


def _cohorts(start: Ints, weeks: int) -> Iterator[int]:
    return (int(week) for week in np.unique(start) if week < weeks)


def _mean_of(start: Ints, weeks: int, mass: Floats, cells: list[tuple[int, int]]) -> Floats | None:
    total, size = np.zeros((len(start), weeks)), 0.0
    for cohort, week in cells:
        one = group_time(start, weeks, mass, cohort, week)
        if one is not None:
            members = float(mass[start == cohort].sum())
            total += members * one
            size += members
    return total / size if size else None


def _within(values: Floats, mass: Floats) -> Floats:
    """Less the row's and the column's mean, plus the mean of all; exact as no store-week is missing."""
    share = mass / mass.sum()
    of_week = share @ values
    found: Floats = values - values.mean(axis=1, keepdims=True) - of_week + of_week.mean()
    return found
