"""The search for the best policy: all of them at first, then those that are still in the running.

Everything runs on common random numbers: replication r of every policy has the same shoppers. The world is reached
through a function alone, so that the procedure can be tested on numbers whose truth is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sim.evaluation.policies.selection import Selection, kim_nelson
from sim.evaluation.policies.stopping import half_width_after, replications_needed
from sim.evaluation.policies.worlds import Measure
from sim.evaluation.worlds import OUTCOME, Found, Stopped, Summary, values

FIRST_STAGE: Final = 10
_STEP: Final = 5
_RELATIVE_INDIFFERENCE: Final = 0.001


@dataclass(frozen=True)
class Plan:
    """What is asked: `policies` (the baseline among them), how long contenders go on, and what is too little to
    matter. `indifference_yen` None means 0.1 % of the baseline's net revenue."""

    policies: list[str]
    baseline: str
    replications: int = 20
    indifference_yen: float | None = None
    until_half_width_yen: float | None = None
    alpha: float = 0.05

    @property
    def first_stage(self) -> int:
        """Replications of every policy."""
        return min(FIRST_STAGE, self.replications)


@dataclass(frozen=True)
class Precision:
    """How near the best policy's lead over another one is known, by Stein's rule."""

    against: str
    half_width_yen: float
    replications: int
    replications_needed: int


@dataclass(frozen=True)
class Standing:
    """Where the search is. `contenders` are the survivors of the selection, the best of them first."""

    contenders: list[str]
    selection: Selection
    indifference_yen: float

    @property
    def best(self) -> str:
        """The contender with the largest mean."""
        return self.contenders[0]


def search(plan: Plan, measure: Measure, found: Found, tell: Callable[[str], None] = lambda _: None) -> Standing:
    """Run policies until one is best or the replications asked for are done; fills `found` as it goes.

    Contenders and the baseline go on to `replications`, and past them until the wanted half-width is reached. Raises
    `Stopped` on Ctrl-C, with `found` holding all that is finished.
    """
    replications = plan.first_stage
    tell(f"{len(plan.policies)} policies, {replications} replications each")
    _take(measure, plan.policies, replications, found)
    while True:
        now = standing(plan, found)
        target = max([plan.replications, *(known.replications_needed for known in precision(plan, now, found))])
        if replications >= target:
            return now
        replications = min(target, replications + _step(len(now.contenders)))
        running = _running(plan, now)
        tell(f"{', '.join(running)}: on to {replications} of {target} replications")
        _take(measure, running, replications, found)


def standing(plan: Plan, found: Found) -> Standing:
    """The selection on what has been found so far, which must be the first stage of every policy at least."""
    outcomes = [values(found[policy], OUTCOME) for policy in plan.policies]
    zone = indifference_yen(plan, found[plan.baseline])
    selection = kim_nelson(outcomes, zone, plan.first_stage, plan.alpha)
    common = min(len(outcomes[system]) for system in selection.survivors)
    means = {system: sum(outcomes[system][:common]) / common for system in selection.survivors}
    order = sorted(means, key=lambda system: -means[system])
    return Standing([plan.policies[system] for system in order], selection, zone)


def indifference_yen(plan: Plan, baseline: Sequence[Summary]) -> float:
    """The zone that was asked for, or 0.1 % of the baseline's net revenue in the first stage, to one digit."""
    if plan.indifference_yen is not None:
        return plan.indifference_yen
    revenue = values(baseline, "net_revenue_yen")[: plan.first_stage]
    share = max(1.0, _RELATIVE_INDIFFERENCE * sum(revenue) / len(revenue))
    return float(round(share, -math.floor(math.log10(share))))


def precision(plan: Plan, now: Standing, found: Found) -> list[Precision]:
    """How near the best's lead over the baseline and over each other contender is known."""
    best = values(found[now.best], OUTCOME)
    known = []
    for other in dict.fromkeys([plan.baseline, *now.contenders]):
        if other != now.best:
            lead = [a - b for a, b in zip(best, values(found[other], OUTCOME), strict=False)]
            first = lead[: plan.first_stage]
            wanted = plan.until_half_width_yen
            needed = replications_needed(first, wanted, 1 - plan.alpha) if wanted else 0
            width = half_width_after(first, len(lead), 1 - plan.alpha)
            known.append(Precision(other, width, len(lead), needed))
    return known


def _running(plan: Plan, now: Standing) -> list[str]:
    """The baseline stays to the end: every claim is made against it."""
    return [policy for policy in plan.policies if policy in now.contenders or policy == plan.baseline]


def _step(contenders: int) -> int:
    """Few contenders go further at a time, so that processes have work; the selection looks at each replication."""
    return max(_STEP, math.ceil(2 * _STEP / contenders))


def _take(measure: Measure, policies: Sequence[str], replications: int, found: Found) -> None:
    try:
        found.update(measure(policies, replications))
    except Stopped as stopped:
        for policy, summaries in stopped.found.items():
            if len(summaries) > len(found.get(policy, [])):
                found[policy] = summaries
        raise
