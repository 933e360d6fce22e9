"""Where an outcome is highest along one parameter, how surely, and what that is worth.

A polynomial is fitted by least squares, quadratic unless the points contradict it. Least squares is linear in the
outcomes, and all points share the shoppers: each replication has its own coefficients, which are independent of those
of other replications and hold everything that is common to all points in a constant that drops out. So the slope at a
place x is a mean over replications with Student's interval, and the interval of the optimum is all places at which
this slope could be zero (for a quadratic this is Fieller's set for a ratio of means, 1954: right in small samples too,
where percentiles of a bootstrap over few replications are too narrow). The bootstrap over replications says how often
the optimum lies inside rather than at an end.

Where no polynomial follows the points (a rule that rounds makes steps), the points stand for themselves, with straight
lines between: the interval spans those not significantly worse than the best. Lopsided curves that pass for polynomials
are covered less often than the interval says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as fisher
from scipy.stats import t as student

from sim.evaluation.statistics import Interval, t_interval

Floats = NDArray[np.float64]

_GRID: Final = 1001
_HIGHEST_DEGREE: Final = 6
POINTS: Final = 0
"""The degree of a curve that is no polynomial: straight lines from point to point."""
_LACK_OF_FIT: Final = 0.2
"""A higher degree is tried below this p-value: a lack of fit that was missed would pass for precision."""
_NO_CURVE: Final = 0.05
"""No polynomial is believed below this one."""
_RESAMPLES: Final = 2000
_PURPOSE: Final = 7401
"""Tells this bootstrap's random numbers from others under the same seed."""


@dataclass(frozen=True)
class Optimum:
    """`low` and `high` bound the place of the optimum (None for one replication). `degree` 0 are straight lines.
    `lack_of_fit_p` is None where there are too few points to test the curve. `interior_share` is the share of resamples
    whose optimum is at neither end.

    `gain_low` and `gain_high`: the optimum against either end, each replication read at the optimum that the others
    give, so that luck in choosing it does not count. `curve`: (place, gain against the low end) for drawing.
    """

    at: float
    low: float | None
    high: float | None
    degree: int
    lack_of_fit_p: float | None
    interior_share: float | None
    resamples: int
    gain_low: Interval
    gain_high: Interval
    best_point: float
    curve: list[tuple[float, Interval]]


@dataclass(frozen=True)
class Curves:
    """One curve a replication: `rises` above the low end, and `slopes` of polynomials; both (grid, replications)."""

    degree: int
    lack_of_fit_p: float | None
    rises: Floats
    slopes: Floats | None
    places: Floats

    def best(self, weights: Floats | None = None) -> NDArray[np.intp]:
        """Place on the grid of the highest mean; with `weights` (sets, replications) one for each set of weights."""
        return np.asarray(self.rises.mean(axis=1).argmax() if weights is None else (self.rises @ weights.T).argmax(0))


def optimum(
    places: Sequence[float], outcomes: Floats, seed: int, confidence: float = 0.95, resamples: int = _RESAMPLES
) -> Optimum | None:
    """Where `outcomes` (replications, points) are highest over [first, last place]; the places ascend.

    None where no point differs from another in any replication: the parameter does nothing.
    """
    if not np.ptp(outcomes, axis=1).any():
        return None
    x = np.asarray(places, dtype=float)
    fitted = curves(x, outcomes)
    grid = np.linspace(x[0], x[-1], _GRID)
    best = int(fitted.best())
    low, high = _bounds(fitted, best, confidence)
    gains = gains_elsewhere(fitted)
    return Optimum(
        at=float(grid[best]),
        low=None if low is None else float(grid[low]),
        high=None if high is None else float(grid[high]),
        degree=fitted.degree,
        lack_of_fit_p=fitted.lack_of_fit_p,
        interior_share=_interior(fitted, seed, resamples) if len(outcomes) > 1 else None,
        resamples=resamples,
        gain_low=t_interval(gains[0].tolist(), confidence),
        gain_high=t_interval(gains[1].tolist(), confidence),
        best_point=float(x[int(outcomes.mean(axis=0).argmax())]),
        curve=[(float(grid[at]), t_interval(fitted.rises[at].tolist(), confidence)) for at in range(0, _GRID, 20)],
    )


def curves(places: Floats, outcomes: Floats) -> Curves:
    """The polynomial of the lowest degree from 2 to 6 that the points do not contradict, for each replication; straight
    lines between the points where they contradict all."""
    highest = min(_HIGHEST_DEGREE, max(2, len(places) - 2), len(places) - 1)
    p: float | None = None
    for degree in range(min(2, highest), highest + 1):
        p = lack_of_fit_p(places, outcomes, degree)
        if p is None or p >= (_LACK_OF_FIT if degree < highest else _NO_CURVE):
            return _polynomials(places, outcomes, degree, p)
    grid = np.linspace(places[0], places[-1], _GRID)
    rises = np.array([np.interp(grid, places, row - row[0]) for row in outcomes]).T
    return Curves(POINTS, p, rises, None, places)


def _polynomials(places: Floats, outcomes: Floats, degree: int, p: float | None) -> Curves:
    powers = np.arange(1, degree + 1)
    design = np.vander(_unit(places), degree + 1, increasing=True)
    coefficients = np.linalg.pinv(design)[1:] @ outcomes.T
    v = np.linspace(-1.0, 1.0, _GRID)[:, None]
    rises, slopes = (v**powers - (-1.0) ** powers) @ coefficients, (powers * v ** (powers - 1)) @ coefficients
    return Curves(degree, p, rises, slopes, places)


def lack_of_fit_p(places: Floats, outcomes: Floats, degree: int) -> float | None:
    """p-value that points lie on a polynomial: F of what it leaves of the means against points by replications.

    Two-way layout without repetition (Scheffé 1959, The Analysis of Variance, section 4.8); None without freedom.
    """
    replications, points = outcomes.shape
    free = points - 1 - degree
    if free < 1 or replications < 2:
        return None
    centred = outcomes - outcomes.mean(axis=1, keepdims=True)
    means = centred.mean(axis=0)
    noise = float(((centred - means) ** 2).sum()) / ((replications - 1) * (points - 1))
    design = np.vander(_unit(places), degree + 1, increasing=True)
    left = means - design @ (np.linalg.pinv(design) @ means)
    misfit = replications * float((left**2).sum()) / free
    if noise == 0:
        return 1.0 if misfit < 1e-9 * float((means**2).sum()) else 0.0
    return float(fisher.sf(misfit / noise, free, (replications - 1) * (points - 1)))


def places_without_each(fitted: Curves) -> NDArray[np.intp]:
    """For each replication, the optimum on the grid that the others give; its own where there is no other."""
    n = fitted.rises.shape[1]
    return fitted.best(np.ones((n, n)) - np.eye(n)) if n > 1 else np.atleast_1d(fitted.best())


def gains_elsewhere(fitted: Curves) -> Floats:
    """(2, replications): gain against the low and the high end at the optimum that the other replications give."""
    n = fitted.rises.shape[1]
    at_optimum = fitted.rises[places_without_each(fitted), np.arange(n)]
    return np.array([at_optimum, at_optimum - fitted.rises[-1]])


def _unit(places: Floats) -> Floats:
    """The places from -1 to 1."""
    return np.asarray(2 * (places - places[0]) / (places[-1] - places[0]) - 1)


def _bounds(fitted: Curves, best: int, confidence: float) -> tuple[int | None, int | None]:
    """First and last place on the grid that may be the optimum."""
    n = fitted.rises.shape[1]
    if n < 2:
        return None, None
    behind = fitted.rises[best] - fitted.rises
    mean, error = behind.mean(axis=1), behind.std(axis=1, ddof=1) / n**0.5
    if fitted.slopes is None:
        # One-sided against each other point, all together: Bonferroni.
        at = np.round((_unit(fitted.places) + 1) / 2 * (_GRID - 1)).astype(int)
        quantile = float(student.ppf(1 - (1 - confidence) / (len(at) - 1), n - 1))
        possible = np.zeros(_GRID, dtype=bool)
        possible[at] = mean[at] <= quantile * error[at]
    else:
        quantile = float(student.ppf(0.5 + confidence / 2, n - 1))
        possible = _could_be_level(fitted.slopes, quantile) & (mean <= quantile * error)
    possible[best] = True
    places = np.flatnonzero(possible)
    return int(places[0]), int(places[-1])


def _could_be_level(slopes: Floats, quantile: float) -> NDArray[np.bool_]:
    """Places whose slope could be zero; an end also where the outcome could fall towards the inside."""
    slope, slack = slopes.mean(axis=1), quantile * slopes.std(axis=1, ddof=1) / slopes.shape[1] ** 0.5
    level = np.abs(slope) <= slack
    level[0] = slope[0] <= slack[0]
    level[-1] = slope[-1] >= -slack[-1]
    return np.asarray(level)


def _interior(fitted: Curves, seed: int, resamples: int) -> float:
    n = fitted.rises.shape[1]
    rng = np.random.default_rng([seed, _PURPOSE])
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    best = fitted.best(weights)
    return float(np.mean((best > 0) & (best < _GRID - 1)))
