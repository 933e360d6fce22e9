"""The best of several systems by the fully sequential procedure KN, with an indifference zone.

S.-H. Kim and B. L. Nelson, "A fully sequential procedure for indifference-zone selection in simulation", ACM TOMACS
11(3), 2001, section 3, with c = 1. Common random numbers are allowed, and help: only variances of differences enter.
With normal data, the system of the largest mean is selected with probability >= 1 - alpha whenever it leads by at
least the indifference zone; it is among the survivors with that probability whenever the procedure is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """Where the procedure stands after `looked_at` observations of each survivor.

    `eliminated_at` maps a system to the number of observations at which it went. `decided` is true when the procedure
    has ended by its own rule; `most_needed` is the number of observations after which it ends in any case.
    """

    survivors: list[int]
    eliminated_at: dict[int, int]
    decided: bool
    looked_at: int
    most_needed: int


def eta(systems: int, first_stage: int, alpha: float) -> float:
    """The constant eta for c = 1: the root of (1 + 2 eta)^(-(n0 - 1) / 2) / 2 = alpha / (k - 1)."""
    return 0.5 * (float((2 * alpha / (systems - 1)) ** (-2 / (first_stage - 1))) - 1)


def kim_nelson(
    observations: Sequence[Sequence[float]], indifference: float, first_stage: int, alpha: float = 0.05
) -> Selection:
    """Replay KN on what has been observed so far of each system, the larger the better.

    Observation r of all systems belongs together (common random numbers). A system may have stopped after it was
    eliminated; survivors are looked at as far as all of them reach, and observations beyond that are not used.
    `ValueError` for an indifference zone of 0 or less, fewer than 2 in the first stage, or a system with fewer.
    """
    if indifference <= 0 or first_stage < 2 or min(map(len, observations)) < first_stage:
        raise ValueError(f"KN needs an indifference zone > 0 and {max(first_stage, 2)} observations of each system")
    systems = len(observations)
    if systems == 1:
        return Selection([0], {}, True, first_stage, first_stage)
    padded = _padded(observations)
    reach = eta(systems, first_stage, alpha) * 2 * (first_stage - 1) * _variances(padded[:, :first_stage])
    # In 2001's terms reach = h^2 S^2_il, most = max_i N_i + 1 and the triangle's height at r is W_il(r).
    most = max(first_stage, int(np.max(reach // indifference**2)) + 1)
    sums = np.cumsum(padded, axis=1)
    alive = np.arange(systems)
    eliminated: dict[int, int] = {}
    r = first_stage
    while True:
        keep = _kept(sums[alive, r - 1] / r, reach[np.ix_(alive, alive)], indifference, r)
        eliminated |= {int(system): r for system in alive[~keep]}
        alive = alive[keep]
        decided = len(alive) == 1 or r >= most
        if decided or r == min(len(observations[int(system)]) for system in alive):
            return Selection([int(system) for system in alive], eliminated, decided, r, most)
        r += 1


def _kept(means: Floats, reach: Floats, indifference: float, r: int) -> NDArray[np.bool_]:
    """Who survives the screening at r observations: nobody's mean is ahead by more than the triangle allows."""
    allowed = np.maximum(0.0, (reach / indifference - indifference * r) / (2 * r))
    return np.asarray(np.all(means[:, None] >= means[None, :] - allowed, axis=1))


def _variances(first: Floats) -> Floats:
    """Sample variance of the difference of each pair of systems, shape (k, k)."""
    return np.asarray(np.var(first[:, None, :] - first[None, :, :], axis=2, ddof=1))


def _padded(observations: Sequence[Sequence[float]]) -> Floats:
    """One row a system, nan beyond its last observation."""
    table = np.full((len(observations), max(map(len, observations))), np.nan)
    for row, values in zip(table, observations, strict=True):
        row[: len(values)] = values
    return table
