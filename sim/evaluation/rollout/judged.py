"""Estimates from the company's view of a rollout, judged by the same needs in a world without it.

An estimate is a weighting a of store-weeks, applied to what the analyst sees. With y0 the outcomes without the rollout,
tau the rollout's true effect on each store-week, D the treated ones and b the weighting of the effect that is asked
for, its error splits exactly:

  a y - b tau = a y0 (stores that differed or drifted anyway, chance) + (a D tau - b tau) (effects weighted wrongly)
                + a (1 - D) tau (spill-over onto stores not yet treated) + a (seen - real) (homes that nobody knows)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from sim.evaluation.rollout.bootstrap import Named, masses, quantile, resampled, standard_error
from sim.evaluation.rollout.panels import Panels
from sim.evaluation.rollout.weightings import (
    ESTIMATORS,
    Floats,
    Ints,
    callaway_santanna_at,
    negative_share,
    relative_weeks,
    target,
    target_at,
    treated,
    two_way_event,
    window,
)
from sim.evaluation.statistics import t_interval

PARTS: Final = ("trends_and_chance", "wrong_weights", "spill_over", "unknown_homes")

Figure = dict[str, float | None]


@dataclass(frozen=True)
class Case:
    """One outcome at one level in one replication, each (stores, weeks): what an analyst sees of the rollout's world,
    the same without error, and without the rollout."""

    seen: Floats
    real: Floats
    without: Floats

    @property
    def effect(self) -> Floats:
        """True effect of the rollout on each store-week."""
        return self.real - self.without


@dataclass(frozen=True)
class Design:
    """What follows from the calendar alone: each estimator's weighting, its draws and its target."""

    start: Ints
    weeks: int
    plain: Named
    drawn: Named
    targets: Named
    """By estimator, and by `name/week` for the points of an event study."""

    @property
    def on(self) -> Floats:
        """1 on treated store-weeks."""
        return treated(self.start, self.weeks).astype(float)


def design(start: Ints, weeks: int, seed: int) -> Design:
    """Weightings of all estimators and event-study points that the calendar identifies."""
    weightings = partial(_weightings, start, weeks)
    plain = weightings(np.ones(len(start)))
    targets: Named = {one.name: target(start, weeks, one.everywhere) for one in ESTIMATORS if one.name in plain}
    for name in plain:
        found = target_at(start, weeks, int(name.split("/")[1])) if "/" in name else None
        if found is not None:
            targets[name] = found
    return Design(start, weeks, plain, resampled(weightings, masses(len(start), seed)), targets)


def case_of(rollout: Panels, without: Panels, level: str, outcome: str) -> Case:
    """One outcome at one level."""
    return Case(rollout.seen(level, outcome), rollout.real(level, outcome), without.real(level, outcome))


def judge(made: Design, cases: Sequence[Case]) -> dict[str, Any]:
    """All estimators and event studies on one outcome at one level, over replications."""
    on, off = made.on, 1 - made.on
    off[:, : int(made.start.min())] = 0.0  # before the first wave nothing can spill over
    return {
        "usual_yen": _over(cases, lambda case: case.without.mean()),
        "true_effect": {
            "treated": _over(cases, lambda case: (case.effect * on).sum() / on.sum()),
            "not_yet_treated": _over(cases, lambda case: _mean_on(case.effect, off)),
        },
        "estimators": {
            one.name: {"label": one.label} | _judged(made, one.name, cases)
            for one in ESTIMATORS
            if one.name in made.plain
        },
        "event_studies": {
            name: _event_study(made, name, cases) for name in ("two_way_event", "callaway_santanna_event")
        },
        "effect_by_store_week": np.mean([case.effect for case in cases], axis=0).round().tolist(),
        "seen_by_store_week": cases[0].seen.round().tolist(),
    }


def figure(values: Sequence[float]) -> Figure:
    """Mean over replications with the half-width of its 95 % t-interval; null where it cannot be said."""
    interval = t_interval(values)
    return {"mean": _finite(interval.mean), "half_width": _finite(interval.half_width)}


def _judged(made: Design, name: str, cases: Sequence[Case]) -> dict[str, Any]:
    """Estimates of one weighting beside the truth it is meant to find."""
    each = [_one(made, name, case) for case in cases]
    errors = np.array([one["estimate"] - one["truth"] for one in each])
    wide = quantile(made.start)
    covered = [abs(error) <= wide * one["standard_error"] for error, one in zip(errors, each, strict=True)]
    return {
        "estimate": figure([one["estimate"] for one in each]),
        "truth": figure([one["truth"] for one in each]),
        "bias": figure(errors.tolist()),
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "standard_error": float(np.mean([one["standard_error"] for one in each])),
        "spread": float(errors.std(ddof=1)) if len(errors) > 1 else None,
        "coverage": sum(covered) / len(covered),
        "sign_errors": sum(one["estimate"] * one["truth"] < 0 for one in each),
        "negative_weights": negative_share(made.plain[name], made.start),
        "error_parts": {part: figure([one[part] for one in each]) for part in PARTS},
        "per_replication": [{key: one[key] for key in ("estimate", "standard_error", "truth")} for one in each],
    }


def _one(made: Design, name: str, case: Case) -> dict[str, float]:
    a, b, on, effect = made.plain[name], made.targets[name], made.on, case.effect
    truth = float((b * effect).sum())
    return {
        "estimate": float((a * case.seen).sum()),
        "standard_error": standard_error(made.drawn[name], case.seen),
        "truth": truth,
        "trends_and_chance": float((a * case.without).sum()),
        "wrong_weights": float((a * on * effect).sum()) - truth,
        "spill_over": float((a * (1 - on) * effect).sum()),
        "unknown_homes": float((a * (case.seen - case.real)).sum()),
    }


def _event_study(made: Design, study: str, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Points by relative week, the reference week (-1) among them with nothing but zeros."""
    points = []
    for lead in relative_weeks(made.start, made.weeks):
        name = f"{study}/{lead}"
        if name in made.targets:
            one = _judged(made, name, cases)
            kept = ("estimate", "truth", "bias", "standard_error", "spread", "coverage", "per_replication")
            points.append({"week": lead} | {key: one[key] for key in kept})
        elif lead == -1:
            points.append({"week": lead, "reference": True})
    return points


def _weightings(start: Ints, weeks: int, mass: Floats) -> Named:
    found: Named = {}
    for one in ESTIMATORS:
        weighting = one.weighting(start, weeks, mass)
        if weighting is not None:
            found[one.name] = weighting
    for lead in relative_weeks(start, weeks):
        weighting = callaway_santanna_at(start, weeks, mass, lead)
        if weighting is not None:
            found[f"callaway_santanna_event/{lead}"] = weighting
    return found | {f"two_way_event/{lead}": row for lead, row in two_way_event(start, weeks, mass).items()}


def multiplied_out(made: Design, judged: Mapping[str, Any]) -> dict[str, Figure]:
    """What each estimator would tell the board: its estimate times all treated store-weeks, in yen."""
    cells = float(made.on.sum())
    return {
        name: figure([one["estimate"] * cells for one in found["per_replication"]])
        for name, found in judged["estimators"].items()
    }


def untreated_weeks(made: Design) -> int:
    """Weeks in which somebody is still untreated."""
    return window(made.start, made.weeks)


def _over(cases: Sequence[Case], number: Callable[[Case], float]) -> Figure:
    return figure([float(number(case)) for case in cases])


def _mean_on(effect: Floats, cells: Floats) -> float:
    return float((effect * cells).sum() / cells.sum()) if cells.any() else float("nan")


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
