"""`omo.sweep/1`: every point of a sweep against one of them, and where the optimum is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.evaluation.exploring.optimum import Floats, Optimum, optimum
from sim.evaluation.exploring.parameters import Parameter
from sim.evaluation.exploring.parts import HOW, By, own_instead_of_common, parts_of
from sim.evaluation.holm import holm, paired_p_value
from sim.evaluation.measures import BY_NAME
from sim.evaluation.statistics import Interval, paired, t_interval
from sim.evaluation.worlds import Summary

_ALPHA: Final = 0.05


@dataclass(frozen=True)
class Swept:
    """The points that were run, their measures by replication, and their runs where all of them are complete."""

    parameters: list[Parameter]
    points: list[tuple[float, ...]]
    found: list[list[Summary]]
    runs: list[Path]

    @property
    def replications(self) -> int:
        """That every point has."""
        return min(len(summaries) for summaries in self.found)

    def outcomes(self, measure: str) -> Floats:
        """(replications, points)."""
        rows = [[summary[measure] for summary in point[: self.replications]] for point in self.found]
        return np.asarray(rows, dtype=float).T

    def named(self, point: Sequence[float]) -> dict[str, float]:
        """A point as parameter -> value."""
        return {one.name: value for one, value in zip(self.parameters, point, strict=True)}


def document(
    swept: Swept, baseline: int, choice: Mapping[str, Any], about: Mapping[str, Any], complete: bool
) -> dict[str, Any]:
    """The document. `choice` has measure, least and by; `about` what the scenario says."""
    measure, sign = str(choice["measure"]), -1.0 if choice["least"] else 1.0
    outcomes, one = swept.outcomes(measure), len(swept.parameters) == 1
    return {
        "schema": "omo.sweep/1",
        "state": "complete" if complete else "interrupted",
        **about,
        "replications": swept.replications,
        "confidence": 1 - _ALPHA,
        "measure": measure,
        "unit": BY_NAME[measure].unit,
        "least_is_best": choice["least"],
        "parameters": [asdict(parameter) for parameter in swept.parameters],
        "baseline": swept.named(swept.points[baseline]),
        "points": [_point(swept, at, baseline, measure) for at in range(len(swept.points))],
        "optimum": _optimum(swept, outcomes, sign, about["seed"]) if one else None,
        "best": _best(swept, sign * outcomes),
        "by": _by(swept, choice["by"], about["seed"]) if choice["by"] and swept.runs else None,
    }


def _point(swept: Swept, at: int, baseline: int, measure: str) -> dict[str, Any]:
    """One point: every measure with its difference from the baseline, paired."""
    n = swept.replications
    own, other = swept.found[at][:n], swept.found[baseline][:n]
    return {
        "values": swept.named(swept.points[at]),
        "run": swept.runs[at].name if swept.runs else None,
        "measures": paired_measures(own, other),
        "outcome_by_replication": [summary[measure] for summary in own],
    }


def paired_measures(own: Sequence[Summary], other: Sequence[Summary]) -> dict[str, Any]:
    """Every measure that both have: unit, mean and its difference from the other, replication by replication."""
    told = {}
    for name in (name for name in BY_NAME if name in own[0] and name in other[0]):
        pair = paired([s[name] for s in other], [s[name] for s in own])
        told[name] = {"unit": BY_NAME[name].unit, **as_dict(pair.b), "difference": as_dict(pair.difference)}
    return told


def _optimum(swept: Swept, outcomes: Floats, sign: float, seed: int) -> dict[str, Any] | None:
    """Where the outcome is best; null where it is the same at every point, or points were not reached."""
    places = [point[0] for point in swept.points]
    found = optimum(places, sign * outcomes, seed, 1 - _ALPHA) if len(places) > 1 else None
    return optimum_as_dict(found, sign) if found else None


def optimum_as_dict(found: Optimum, sign: float = 1.0) -> dict[str, Any]:
    """An optimum for JSON; gains are improvements, the curve is in the measure's own sense."""
    told = asdict(found)
    told["gain"] = {"low": as_dict(found.gain_low), "high": as_dict(found.gain_high)}
    told["curve"] = [
        {"at": at, "mean": sign * rise.mean, "half_width": as_dict(rise)["half_width"]} for at, rise in found.curve
    ]
    del told["gain_low"], told["gain_high"]
    return told


def _best(swept: Swept, gains: Floats) -> dict[str, Any]:
    """The point with the best mean, its runner-up, and all that are not significantly worse (paired t, Holm)."""
    means = gains.mean(axis=0)
    order = [int(at) for at in np.argsort(-means, kind="stable")]
    best, others = order[0], order[1:]
    behind = {at: (gains[:, best] - gains[:, at]).tolist() for at in others}
    adjusted = dict(zip(others, holm([paired_p_value(behind[at]) for at in others]), strict=True))
    rows = [
        {
            "values": swept.named(swept.points[at]),
            "behind": as_dict(t_interval(behind[at])),
            "p_holm": _finite(adjusted[at]),
        }
        for at in others
    ]
    close = [row for row, at in zip(rows, others, strict=True) if not adjusted[at] < _ALPHA]
    return {"values": swept.named(swept.points[best]), "runner_up": rows[0], "not_worse": close}


def _by(swept: Swept, by: By, seed: int) -> dict[str, Any]:
    """The same for each part of the company's contribution."""
    found = parts_of(swept.runs, swept.replications, by)
    places = [point[0] for point in swept.points]
    whole = sum(float(sold.sum()) for sold in found.net_revenue.values())
    parts = []
    for part, outcomes in found.contribution.items():
        best = optimum(places, outcomes, seed, 1 - _ALPHA)
        parts.append(
            {
                "part": part,
                "share_of_net_revenue": float(found.net_revenue[part].sum()) / whole if whole else None,
                "contribution_yen": [as_dict(t_interval(column.tolist())) for column in outcomes.T],
                "optimum": optimum_as_dict(best) if best else None,
            }
        )
    # Needs go over from store to store and home as the parameter changes: what one store gains another one loses.
    gain = as_dict(own_instead_of_common(places, found.contribution)) if by != "store" else None
    return {"kind": by, "how": HOW[by], "parts": parts, "own_instead_of_common_yen": gain}


def as_dict(interval: Interval) -> dict[str, float | None]:
    """Mean and half-width; null where they cannot be said."""
    return {"mean": _finite(interval.mean), "half_width": _finite(interval.half_width)}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
