"""Any two runs side by side: paired where both had the same shoppers over the same days, and otherwise as well as one
can, with the reason said.

Two runs with other seeds are independent samples: the difference of their means has Welch's interval. Runs of other
lengths are compared by what they make per simulated day where a measure is a sum over the days.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from scipy.stats import ttest_ind

from dashboard.run_list import RunEntry
from scenarios.loader import OWN_WORDS, leaves
from sim.evaluation.comparison import compare_measures, summaries
from sim.evaluation.measures import BY_NAME
from sim.evaluation.statistics import Interval, t_interval

Reason = Literal["seeds", "days", "common"]

SUMS: Final = frozenset(
    {
        *("contribution_yen", "store_pl_yen", "ec_pl_yen", "unallocated_yen", "net_revenue_yen", "staff_sales_yen"),
        *("bonus_yen", "lost_sales_yen", "lost_sales_with_network_stock_yen", "saved_sales_yen", "media_yen"),
        *("sign_ups", "store_visits", "double_captures", "oversold_orders", "word_of_mouth_customers"),
        *("contacts_sent", "contacts_per_shopper", "visits_booked", "booking_wait_hours", "no_show_hours"),
    }
)
"""Measures that grow with the length of a run."""


@dataclass(frozen=True)
class Change:
    """A key of the scenario that differs; None where a run has no such key."""

    key: str
    a: Any
    b: Any


def unpaired(a: RunEntry, b: RunEntry) -> list[Reason]:
    """Why two runs cannot be paired; nothing when they can."""
    found: list[Reason] = []
    if a.seed != b.seed:
        found.append("seeds")
    if a.days != b.days:
        found.append("days")
    if not found and not set(a.finished) & set(b.finished):
        found.append("common")
    return found


def compared(a: RunEntry, b: RunEntry) -> dict[str, Any]:
    """Every measure of both with `a`, `b`, `difference` as in `omo.comparison/1`, and how that was done.

    `reasons` is empty for a paired comparison, whose `replications` are those in common; otherwise `replications` are
    the two numbers. `per_day` tells whether sums are per simulated day. Raises `UsageError` where nothing is finished.
    """
    reasons = unpaired(a, b)
    common = sorted(set(a.finished) & set(b.finished))
    document: dict[str, Any] = {
        "a": {"run": a.name, "title": a.title, "days": a.days, "seed": a.seed, "replications": len(a.finished)},
        "b": {"run": b.name, "title": b.title, "days": b.days, "seed": b.seed, "replications": len(b.finished)},
        "reasons": reasons,
        "per_day": "days" in reasons,
    }
    if not reasons:
        return document | {"replications": len(common), "measures": compare_measures(a.path, b.path, common)}
    found = [_per_day(summaries(run.path), run.days if "days" in reasons else 1) for run in (a, b)]
    names = [name for name in BY_NAME if all(name in summary for side in found for summary in side)]
    measures = {name: _welch(name, [s[name] for s in found[0]], [s[name] for s in found[1]]) for name in names}
    return document | {"replications": min(len(a.finished), len(b.finished)), "measures": measures}


def changes(a: Path, b: Path) -> list[Change]:
    """The keys in which the resolved scenarios of two runs differ, names and descriptions left out."""
    one, other = (leaves(tomllib.loads((run / "scenario.toml").read_text(encoding="utf-8"))) for run in (a, b))
    keys = [key for key in {**one, **other} if key not in OWN_WORDS and one.get(key) != other.get(key)]
    return [Change(key, one.get(key), other.get(key)) for key in keys]


def _per_day(summaries_of_run: Sequence[dict[str, float]], days: int) -> list[dict[str, float]]:
    return [{name: value / days if name in SUMS else value for name, value in s.items()} for s in summaries_of_run]


def _welch(name: str, a: Sequence[float], b: Sequence[float]) -> dict[str, Any]:
    difference: dict[str, float | None] = {"mean": float(np.mean(b) - np.mean(a)), "half_width": None}
    if min(len(a), len(b)) > 1:
        difference["half_width"] = _half_width(a, b)
    return {
        "unit": BY_NAME[name].unit,
        "a": _sides(t_interval(a)),
        "b": _sides(t_interval(b)),
        "difference": difference,
    }


def _half_width(a: Sequence[float], b: Sequence[float]) -> float:
    if np.ptp(a) == 0 and np.ptp(b) == 0:
        return 0.0
    interval = ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    return float(interval.high - interval.low) / 2


def _sides(interval: Interval) -> dict[str, float | None]:
    half_width = interval.half_width
    return {"mean": interval.mean, "half_width": half_width if half_width == half_width else None}
