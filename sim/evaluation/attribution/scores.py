"""How far a rule's credit is from the truth, and what it costs to follow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from sim.evaluation.shapley import Coalition
from sim.evaluation.statistics import Interval, t_interval

ByReplication = Mapping[Coalition, Sequence[float]]
"""What each world is worth, replication by replication (the same needs in all worlds)."""


def share_error(credit: Mapping[str, float], truth: Mapping[str, float]) -> float | None:
    """Share of the credit that stands at the wrong touch: half the sum of |share of credit - true share|.

    Credit and truth below zero count as zero here; None where one of them has nothing above.
    """
    given, due = (np.maximum([amounts[touch] for touch in sorted(truth)], 0.0) for amounts in (credit, truth))
    if not given.sum() or not due.sum():
        return None
    return float(np.abs(given / given.sum() - due / due.sum()).sum() / 2)


def rank_agreement(credit: Mapping[str, float], truth: Mapping[str, float]) -> float | None:
    """Kendall's tau-b: 1 the same order, -1 the reverse; None where either holds all to be equal."""
    given, due = ([amounts[touch] for touch in sorted(truth)] for amounts in (credit, truth))
    if len(set(given)) < 2 or len(set(due)) < 2:
        return None
    return float(kendalltau(given, due).statistic)


def sign_errors(credit: Mapping[str, float], truth: Mapping[str, Interval]) -> list[dict[str, Any]]:
    """Touches that get credit and whose true effect is below zero, or cannot be told from zero."""
    found = []
    for touch, effect in truth.items():
        # With a single replication there is no interval: the effect is taken at its word.
        low, high = (effect.low, effect.high) if effect.n > 1 else (effect.mean, effect.mean)
        if credit[touch] > 0 and low <= 0:
            kind = "negative" if high < 0 else "not shown to be above zero"
            found.append({"touch": touch, "credit_yen": credit[touch], "truth": kind})
    return found


def decision_regrets(credit: Mapping[str, float], worth: ByReplication) -> list[dict[str, Any]]:
    """What the company loses in yen when it keeps the touches that a rule ranks first, for each number of them.

    It is the difference between the best world with as many touches and the rule's. The last entry keeps whatever gets
    credit, and is compared with the best of all worlds. The best is the best on average over the same replications,
    so chance makes these regrets too large rather than too small. Ties go by name.
    """
    touches = sorted(credit, key=lambda touch: (-credit[touch], touch))
    regrets = []
    for keep in range(1, len(touches)):
        rivals = [frozenset(some) for some in combinations(sorted(touches), keep)]
        regrets.append({"keep": keep, **_regret(frozenset(touches[:keep]), rivals, worth)})
    with_credit = frozenset(touch for touch in touches if credit[touch] > 0)
    return [*regrets, {"keep": "credited", **_regret(with_credit, list(worth), worth)}]


def _regret(chosen: Coalition, rivals: Sequence[Coalition], worth: ByReplication) -> dict[str, Any]:
    best = max([chosen, *rivals], key=lambda world: float(np.mean(worth[world])))
    loss = np.asarray(worth[best], dtype=float) - np.asarray(worth[chosen], dtype=float)
    return {"chosen": sorted(chosen), "best": sorted(best), "regret_yen": t_interval(loss.tolist())}
