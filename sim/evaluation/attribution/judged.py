"""Attribution rules on the company's view of a run, judged by worlds without the touches: the same needs, other means.

All 2^k worlds with and without k touches give each touch's true effect: what the company loses without it
(leave-one-out), what it gains by it alone, and its Shapley value, whose sum is the effect of all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scenarios.errors import UsageError
from scenarios.loader import Loaded
from sim.evaluation.attribution.company_view import OF_CHANNEL, CompanyView, company_view
from sim.evaluation.attribution.every_rule import attribute
from sim.evaluation.attribution.rules import channels_of
from sim.evaluation.attribution.scores import (
    ByReplication,
    decision_regrets,
    rank_agreement,
    share_error,
    sign_errors,
)
from sim.evaluation.attribution.switches import Switch, switches, world_with
from sim.evaluation.comparison import summaries
from sim.evaluation.shapley import Coalition, alone, coalitions, leave_one_out, shapley
from sim.evaluation.statistics import Interval, t_interval
from sim.log.run_directory import read_manifest, replication_path

Effect = Callable[[Callable[[Coalition], float], Sequence[str]], dict[str, float]]
OUTCOMES: Final = ("net_revenue_yen", "contribution_yen")
EFFECTS: Final[dict[str, Effect]] = {"shapley": shapley, "leave_one_out": leave_one_out, "alone": alone}
Effects = dict[str, dict[str, dict[str, Interval]]]
"""Outcome -> kind of effect -> touch -> interval over replications."""


def worlds(loaded: Loaded, touches: Sequence[str]) -> dict[Coalition, Loaded]:
    """Every world with some of `touches`, that with all of them first."""
    kept = sorted(coalitions(touches), key=lambda coalition: (-len(coalition), sorted(coalition)))
    return {coalition: world_with(loaded, touches, coalition) for coalition in kept}


def true_effects(worth: ByReplication, touches: Sequence[str]) -> dict[str, dict[str, Interval]]:
    """Each touch's effect, of each kind, with its interval over replications; paired, as all worlds share the needs."""
    worlds_of = [
        {world: values[replication] for world, values in worth.items()}
        for replication in range(len(next(iter(worth.values()))))
    ]
    found: dict[str, dict[str, Interval]] = {}
    for kind, effect in EFFECTS.items():
        each = [effect(one.__getitem__, touches) for one in worlds_of]
        found[kind] = {touch: t_interval([one[touch] for one in each]) for touch in touches}
    return found


def judged(
    loaded: Loaded, runs: Mapping[Coalition, Path], lookback_days: float, order: int, half_life_hours: float
) -> dict[str, Any]:
    """`omo.attribution-judged/1`: every rule on the full world's log, and the truth from all worlds in `runs`."""
    everybody = max(runs, key=len)
    there = switches(loaded.scenario)
    touches = [touch for touch in there if touch in everybody]
    manifest = read_manifest(runs[everybody])
    measured = {coalition: summaries(run) for coalition, run in runs.items()}
    worth = {
        outcome: {coalition: [one[outcome] for one in found] for coalition, found in measured.items()}
        for outcome in OUTCOMES
    }
    effects: Effects = {outcome: true_effects(worth[outcome], touches) for outcome in OUTCOMES}
    views = [
        company_view(replication_path(runs[everybody], replication), loaded.scenario, lookback_days)
        for replication in manifest["replications_finished"]
    ]
    if not any(view.orders for view in views):
        raise UsageError(
            f"{runs[everybody].name}: nothing was sold, so there is nothing to attribute; simulate more days"
        )
    seen = list(dict.fromkeys([*touches, *sorted(touch for view in views for touch in channels_of(view.paths))]))
    return {
        "schema": "omo.attribution-judged/1",
        "run": runs[everybody].name,
        "title": manifest["title"],
        "seed": manifest["seed"],
        "replications": len(views),
        "days": manifest["days"],
        "confidence": 0.95,
        "lookback_days": lookback_days,
        "markov_order": order,
        "half_life_hours": half_life_hours,
        "touches": {touch: _touch_document(touch, there.get(touch), touch in everybody) for touch in seen},
        "company_view": _view_document(views),
        "truth": {outcome: _truth_document(worth[outcome], effects[outcome], everybody) for outcome in OUTCOMES},
        "worlds": [
            {"touches": sorted(coalition), "run": run.name}
            | {outcome: _interval(t_interval(worth[outcome][coalition])) for outcome in OUTCOMES}
            for coalition, run in runs.items()
        ],
        "rules": _rules_document(views, seen, order, half_life_hours, effects, worth["contribution_yen"]),
    }


def _touch_document(touch: str, switch: Switch | None, is_judged: bool) -> dict[str, Any]:
    """What a touch is called and, where it was judged, how it was switched off."""
    switched = {"key": switch.key, "off": switch.off} if switch and is_judged else {"key": None, "off": None}
    return {"label": switch.label if switch else touch.replace("_", " "), **switched}


def _rules_document(
    views: Sequence[CompanyView],
    seen: Sequence[str],
    order: int,
    half_life_hours: float,
    effects: Effects,
    contribution: ByReplication,
) -> dict[str, Any]:
    """What each rule credits, mean over replications, and its scores."""
    visits = frozenset(OF_CHANNEL.values())
    found = [attribute(view.paths, order, half_life_hours, visits).credits for view in views]
    sales_yen = sum(view.net_yen for view in views) / len(views)
    judged_touches = list(effects["contribution_yen"]["shapley"])
    rules: dict[str, Any] = {}
    for rule in [rule for rule in found[0] if all(rule in one for one in found)]:
        yen = {
            touch: t_interval([one[rule][touch].value if touch in one[rule] else 0.0 for one in found])
            for touch in seen
        }
        credit = {touch: yen[touch].mean for touch in judged_touches}
        rules[rule] = {
            "credit_yen": {touch: _interval(interval) for touch, interval in yen.items()},
            "share_of_sales": sum(credit.values()) / sales_yen if sales_yen else None,
            "scores": {outcome: _scores(credit, kinds) for outcome, kinds in effects.items()},
            "decisions": [
                entry | {"regret_yen": _interval(entry["regret_yen"])}
                for entry in decision_regrets(credit, contribution)
            ],
        }
    return rules


def _scores(credit: Mapping[str, float], kinds: Mapping[str, Mapping[str, Interval]]) -> dict[str, Any]:
    scores = {}
    for kind in ("shapley", "leave_one_out"):
        truth = {touch: interval.mean for touch, interval in kinds[kind].items()}
        scores[kind] = {
            "share_error": share_error(credit, truth),
            "kendall_tau": rank_agreement(credit, truth),
            "sign_errors": sign_errors(credit, kinds[kind]),
        }
    return scores


def _truth_document(
    worth: ByReplication, effects: Mapping[str, Mapping[str, Interval]], everybody: Coalition
) -> dict[str, Any]:
    together = [a - b for a, b in zip(worth[everybody], worth[frozenset()], strict=True)]
    return {
        "total": _interval(t_interval(together)),
        "sums": {kind: sum(interval.mean for interval in found.values()) for kind, found in effects.items()},
        "touches": {touch: {kind: _interval(effects[kind][touch]) for kind in effects} for touch in effects["shapley"]},
    }


def _view_document(views: Sequence[CompanyView]) -> dict[str, float]:
    """What the company sees, mean over replications."""
    n = len(views)
    net_yen = sum(view.net_yen for view in views)
    return {
        "paths": sum(len(view.paths) for view in views) / n,
        "conversions": sum(view.orders for view in views) / n,
        "net_revenue_yen": net_yen / n,
        "linked_share_of_conversions": sum(view.linked_orders for view in views) / sum(view.orders for view in views),
        "linked_share_of_revenue": sum(view.linked_net_yen for view in views) / net_yen,
        "mean_touches": sum(len(path.touches) for view in views for path in view.paths if path.conversions)
        / sum(view.orders for view in views),
    }


def _interval(interval: Interval) -> dict[str, float | None]:
    return {"mean": interval.mean, "half_width": interval.half_width if interval.n > 1 else None}
