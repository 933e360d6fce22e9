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
    """Touches that get credit although their true effect is nil or negative on average over the replications.

    `certain` says that the effect's whole interval lies below zero, not only its mean.
    """
    return [
        {"touch": touch, "credit_yen": credit[touch], "true_yen": effect.mean, "certain": effect.high < 0}
        for touch, effect in truth.items()
        if credit[touch] > 0 and effect.mean <= 0
    ]


def decision_regrets(credit: Mapping[str, float], worth: ByReplication) -> list[dict[str, Any]]:
    """What the company loses in yen when it keeps the touches that a rule ranks first, for each number of them.

    It is the difference between the best world with as many touches and the rule's; of touches that a rule does not
    tell apart any may be kept, and the loss is the mean. The last entry keeps whatever gets credit, and is compared
    with the best of all worlds. The best is the best on average over the same replications, so chance makes these
    regrets too large rather than too small.
    """
    regrets = []
    for keep in range(1, len(credit)):
        rivals = [frozenset(some) for some in combinations(sorted(credit), keep)]
        following = [world for world in rivals if _follows(world, credit)]
        regrets.append({"keep": keep, **_regret(following, rivals, worth)})
    with_credit = frozenset(touch for touch in credit if credit[touch] > 0)
    return [*regrets, {"keep": "credited", **_regret([with_credit], list(worth), worth)}]


def _follows(kept: Coalition, credit: Mapping[str, float]) -> bool:
    """Whether no touch that is cut has more credit than one that is kept."""
    return min(credit[touch] for touch in kept) >= max(credit[touch] for touch in credit if touch not in kept)


def _regret(following: Sequence[Coalition], rivals: Sequence[Coalition], worth: ByReplication) -> dict[str, Any]:
    best = max(rivals, key=lambda world: float(np.mean(worth[world])))
    followed = np.mean([worth[world] for world in following], axis=0)
    return {
        "chosen": [sorted(world) for world in following],
        "best": sorted(best),
        "regret_yen": t_interval((np.asarray(worth[best], dtype=float) - followed).tolist()),
    }
