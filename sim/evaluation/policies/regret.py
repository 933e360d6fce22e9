"""Regret: what a choice gives away against the best choice, in a replication or in a state of nature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.evaluation.statistics import Interval, t_interval

Floats = NDArray[np.float64]

_PURPOSE = 6001


@dataclass(frozen=True)
class Regret:
    """Of one choice, over replications: against whoever was best in each of them."""

    mean: Interval
    worst: float


@dataclass(frozen=True)
class Minimax:
    """Regret by choice and state, from mean outcomes: shapes (choices, states) and (choices,).

    `chosen` has the smallest largest regret; `confidence` is the share of resamplings of the replications in which
    each choice is the one.
    """

    means: Floats
    regrets: Floats
    largest: Floats
    chosen: int
    confidence: Floats


def regrets(outcomes: Floats) -> list[Regret]:
    """Of each choice, given outcomes (choices, replications) on the same shoppers, the larger the better."""
    lost = outcomes.max(axis=0) - outcomes
    return [Regret(t_interval(row.tolist()), float(row.max())) for row in lost]


def minimax(outcomes: Sequence[Floats], seed: int, resamples: int = 2000) -> Minimax:
    """Savage's minimax regret over states of nature, each given by outcomes (choices, replications).

    Replications are resampled together for all choices of a state, and for all states with equally many, since equal
    numbers are the same shoppers as far as the states have them in common.
    """
    means = np.stack([state.mean(axis=1) for state in outcomes], axis=1)
    lost = means.max(axis=0) - means
    rng = np.random.default_rng([seed, _PURPOSE])
    wins = np.zeros(len(means))
    for _ in range(resamples):
        draws = {n: rng.integers(0, n, n) for n in {state.shape[1] for state in outcomes}}
        drawn = np.stack([state[:, draws[state.shape[1]]].mean(axis=1) for state in outcomes], axis=1)
        wins[_least_largest(drawn.max(axis=0) - drawn)] += 1
    return Minimax(means, lost, lost.max(axis=1), _least_largest(lost), wins / resamples)


def _least_largest(lost: Floats) -> int:
    return int(np.argmin(lost.max(axis=1)))
