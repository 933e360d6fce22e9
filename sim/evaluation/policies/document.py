"""`omo.best/1`: everything that a search for the best policy has found, for the terminal, the page and charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from sim.evaluation.confirmation import gap
from sim.evaluation.holm import holm, paired_p_value
from sim.evaluation.measures import BY_NAME
from sim.evaluation.policies.best import Plan, Standing, precision
from sim.evaluation.policies.board import sentence
from sim.evaluation.policies.regret import Floats, minimax, regrets
from sim.evaluation.policies.stopping import half_width_after
from sim.evaluation.statistics import Interval, paired, t_interval
from sim.evaluation.worlds import OUTCOME, Found, Summary, values

BEFORE_BONUS: Final = "contribution_before_bonus_yen"
AGAINST_BASELINE: Final = (
    OUTCOME,
    BEFORE_BONUS,
    "bonus_yen",
    "store_pl_yen",
    "ec_pl_yen",
    "ltv_yen",
    "customer_equity_yen",
    "net_revenue_yen",
    "recommendation_rate",
    "recommendation_rate_stock_out",
    "deflect_rate",
    "sign_ups",
)
"""What is told of each policy: its mean, and its paired difference from the baseline."""

SILOED: Final = "siloed_pl"


@dataclass(frozen=True)
class Evidence:
    """All that was measured: the selection's worlds, those under fresh seeds, and other states of nature."""

    found: Found
    fresh: Found
    fresh_seed: int
    states: dict[str, Found]


def document(plan: Plan, now: Standing, evidence: Evidence, about: Mapping[str, Any], complete: bool) -> dict[str, Any]:
    """The document. `about` holds what the scenario says: its name, title, seed, days, keys set aside."""
    found = {policy: [_completed(s) for s in summaries] for policy, summaries in evidence.found.items()}
    fresh = {policy: [_completed(s) for s in summaries] for policy, summaries in evidence.fresh.items()}
    policies = _policies(plan, now, found)
    runner = runner_up(plan, now, found)
    confirmed = _confirmation(plan, now.best, runner, found, fresh, evidence.fresh_seed)
    return {
        "schema": "omo.best/1",
        "state": "complete" if complete else "interrupted",
        **about,
        "confidence": 1 - plan.alpha,
        "outcome": OUTCOME,
        "baseline": plan.baseline,
        "best": now.best,
        "runner_up": runner,
        "contenders": now.contenders,
        "decided": now.selection.decided,
        "selection": {
            "method": "KN 2001, common random numbers",
            "alpha": plan.alpha,
            "indifference_yen": now.indifference_yen,
            "first_stage": plan.first_stage,
            "looked_at": now.selection.looked_at,
            "ends_at_the_latest": now.selection.most_needed,
            "replications_asked_for": plan.replications,
        },
        "until_half_width_yen": plan.until_half_width_yen,
        "precision": [asdict(known) for known in precision(plan, now, found)],
        "policies": policies,
        "price_of_siloing": _lead(plan, found, now.best, SILOED, OUTCOME) if SILOED in found else None,
        "confirmation": confirmed,
        "states": _states(plan, found, evidence.states, about) if evidence.states else None,
        "board": _board(plan, now.best, found, fresh, about["days"]),
        "replications_run": sum(map(len, [*found.values(), *fresh.values()]))
        + sum(len(summaries) for state in evidence.states.values() for summaries in state.values()),
    }


def runner_up(plan: Plan, now: Standing, found: Found) -> str:
    """The best of the rest: the second contender, or else whoever had the largest mean in the first stage."""
    if len(now.contenders) > 1:
        return now.contenders[1]
    rest = [policy for policy in plan.policies if policy != now.best]
    return max(rest, key=lambda policy: sum(values(found[policy], OUTCOME)[: plan.first_stage]))


def _policies(plan: Plan, now: Standing, found: Found) -> list[dict[str, Any]]:
    """One entry a policy, the best first, then by its gain."""
    common = min(len(found[policy]) for policy in plan.policies)
    lost = regrets(_outcomes(plan.policies, found, common))
    others = [policy for policy in plan.policies if policy != plan.baseline]
    p_values = [paired_p_value(_differences(found, policy, plan.baseline, OUTCOME)) for policy in others]
    tests = {policy: (p, q) for policy, p, q in zip(others, p_values, holm(p_values), strict=True)}
    entries = []
    for at, policy in enumerate(plan.policies):
        p, adjusted = tests.get(policy, (None, None))
        entries.append(
            {
                "policy": policy,
                "status": _status(policy, now),
                "eliminated_at": now.selection.eliminated_at.get(at),
                "n": len(found[policy]),
                "p": p,
                "p_holm": adjusted,
                "measures": _measures(plan, found, policy),
                "regret": {"n": common, **_interval(lost[at].mean), "worst": lost[at].worst},
                "outcome_by_replication": values(found[policy], OUTCOME),
            }
        )
    rank = {policy: at for at, policy in enumerate(now.contenders)}
    return sorted(
        entries, key=lambda e: (rank.get(e["policy"], len(rank)), -e["measures"][OUTCOME]["difference"]["mean"])
    )


def _status(policy: str, now: Standing) -> str:
    if policy == now.best:
        return "best"
    return "contender" if policy in now.contenders else "eliminated"


def _measures(plan: Plan, found: Found, policy: str) -> dict[str, Any]:
    """Mean of each measure, and its difference from the baseline over the replications that both have."""
    told: dict[str, Any] = {}
    baseline = plan.baseline
    for name in (name for name in AGAINST_BASELINE if name in found[policy][0] and name in found[baseline][0]):
        n = min(len(found[policy]), len(found[baseline]))
        pair = paired(values(found[baseline][:n], name), values(found[policy][:n], name))
        told[name] = {
            "unit": "yen" if name == BEFORE_BONUS else BY_NAME[name].unit,
            **_interval(t_interval(values(found[policy], name))),
            "difference": _lead(plan, found, policy, baseline, name),
            "variance_reduction": _finite(pair.variance_reduction) if policy != baseline else None,
        }
    return told


def _confirmation(plan: Plan, best: str, runner: str, found: Found, fresh: Found, seed: int) -> dict[str, Any] | None:
    """The best's lead under fresh seeds beside the lead that had it selected, over the baseline and the runner-up."""
    others = [other for other in dict.fromkeys([plan.baseline, runner]) if other != best and other in fresh]
    if best not in fresh or not others:
        return None
    leads = []
    for other in others:
        selected, confirmed = (_differences(worlds, best, other, OUTCOME) for worlds in (found, fresh))
        leads.append(
            {
                "against": other,
                "selected": _interval(t_interval(selected)),
                "confirmed": _interval(t_interval(confirmed)),
                "winners_curse": _interval(gap(selected, confirmed, 1 - plan.alpha)),
            }
        )
    return {"seed": seed, "n": min(len(fresh[policy]) for policy in (best, *others)), "leads": leads}


def _states(plan: Plan, found: Found, states: Mapping[str, Found], about: Mapping[str, Any]) -> dict[str, Any]:
    """Policies by states of nature: mean outcome and regret, and the policy whose worst regret is least."""
    names = [about["scenario"], *states]
    worlds = [found, *states.values()]
    n = min(len(world[policy]) for world in worlds for policy in plan.policies)
    result = minimax([_outcomes(plan.policies, world, n) for world in worlds], about["seed"])
    best = result.means.argmax(axis=0)
    return {
        "names": names,
        "n": n,
        "best": {state: plan.policies[int(at)] for state, at in zip(names, best, strict=True)},
        "policies": [
            {
                "policy": policy,
                "outcome_yen": dict(zip(names, result.means[at].tolist(), strict=True)),
                "regret_yen": dict(zip(names, result.regrets[at].tolist(), strict=True)),
                "largest_regret_yen": float(result.largest[at]),
                "resamples_won": float(result.confidence[at]),
            }
            for at, policy in enumerate(plan.policies)
        ],
        "minimax_regret": plan.policies[result.chosen],
    }


def _board(plan: Plan, best: str, found: Found, fresh: Found, days: int) -> dict[str, Any]:
    """The sentence for the board with its numbers, from fresh seeds where there are any: these were not selected."""
    confirmed = best in fresh and plan.baseline in fresh
    worlds = fresh if confirmed else found
    fitted = replace(plan, until_half_width_yen=None) if confirmed else plan
    leads = {
        name: _lead(fitted, worlds, best, plan.baseline, name)
        for name in ("store_pl_yen", "ec_pl_yen", "ltv_yen", OUTCOME)
        if all(name in summary for policy in (best, plan.baseline) for summary in worlds[policy])
    }
    numbers = {
        "policy": best,
        "baseline": plan.baseline,
        "days": days,
        "basis": "fresh seeds" if confirmed else "the replications of the selection",
        "differences": leads,
    }
    return {"text": sentence(numbers), **numbers}


def _lead(plan: Plan, found: Found, policy: str, other: str, measure: str) -> dict[str, float | int | None]:
    """A paired difference; where the number of replications was made to fit it, with Stein's interval."""
    lead = _differences(found, policy, other, measure)
    interval = t_interval(lead, 1 - plan.alpha)
    if measure == OUTCOME and plan.until_half_width_yen is not None:
        first = lead[: plan.first_stage]
        interval = replace(interval, half_width=half_width_after(first, len(lead), 1 - plan.alpha))
    return {**_interval(interval), "n": interval.n}


def _differences(found: Found, policy: str, other: str, measure: str) -> list[float]:
    """Policy minus the other, over the replications that both have."""
    pairs = zip(values(found[policy], measure), values(found[other], measure), strict=False)
    return [a - b for a, b in pairs]


def _outcomes(policies: Sequence[str], found: Found, replications: int) -> Floats:
    return np.array([values(found[policy][:replications], OUTCOME) for policy in policies], dtype=float)


def _completed(summary: Summary) -> Summary:
    return summary | {BEFORE_BONUS: summary[OUTCOME] + summary["bonus_yen"]}


def _interval(interval: Interval) -> dict[str, float | None]:
    return {"mean": _finite(interval.mean), "half_width": _finite(interval.half_width)}


def _finite(value: float) -> float | None:
    """JSON has neither nan nor infinity: null stands for 'cannot be said'."""
    return value if np.isfinite(value) else None
