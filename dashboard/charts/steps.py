"""What charts show, computed once for Plotly, Altair and matplotlib: waterfall steps, movers, the shift matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

from dashboard.statement import COMPANY, GROUPS, TOTAL, Line
from sim.evaluation.ledgers.siloed import UNALLOCATED
from sim.evaluation.measures import MEASURES
from sim.log.schema import Outcome, labels

SMALL: Final = 0.15
"""Differences below this share of their unit's largest are drawn apart: beside it they would be points on zero."""
UNITS: Final = ("yen", "share", "s", "count", "number", "days", "hours")
"""Units of measures, in the order in which their differences are shown."""


@dataclass(frozen=True)
class Step:
    """One bar of a waterfall: `key` names it, `change_yen` is its height; a total stands on zero."""

    key: str
    change_yen: float
    half_width_yen: float | None = None
    is_total: bool = False


@dataclass(frozen=True)
class Move:
    """Needs per replication that ended as `source` in A and as `target` in B."""

    source: str
    target: str
    needs: float
    contribution_yen: float


@dataclass(frozen=True)
class Matrix:
    """Contribution change per replication in yen, by outcome in A (rows) and in B (columns); empty ones left out.

    The sum of `cells` plus `unallocated_yen` is `total_yen`, the difference between the companies.
    """

    rows: list[str]
    columns: list[str]
    cells: dict[tuple[str, str], float]
    unallocated_yen: float
    total_yen: float


def division_steps(document: dict[str, Any]) -> list[Step]:
    """Store P/L change, EC P/L change, that of what is in neither where there is any, company change."""
    found = []
    names = {"store": "store_pl_yen", "ec": "ec_pl_yen", UNALLOCATED: "unallocated_yen", COMPANY: "contribution_yen"}
    for key, name in names.items():
        if name not in document["measures"]:
            continue  # a comparison of an earlier version
        difference = document["measures"][name]["difference"]
        if key == UNALLOCATED and not difference["mean"]:
            continue
        found.append(Step(key, difference["mean"], difference["half_width"], key == COMPANY))
    return found


def group_steps(lines: Sequence[Line]) -> list[Step]:
    """The company's change, one group of accounts after the other, then the total. What did not change is left out."""
    found = []
    for line in lines:
        if line.owner != COMPANY or line.account not in (*GROUPS, TOTAL):
            continue
        if line.difference is not None and (line.difference.mean or line.account == TOTAL):
            half_width = None if isnan(line.difference.half_width) else line.difference.half_width
            found.append(Step(line.account, line.difference.mean, half_width, line.account == TOTAL))
    return found


def moves(document: dict[str, Any]) -> list[Move]:
    """Needs that ended differently in B, the largest flows first."""
    n = document["shift"]["replications"]
    found = [
        Move(cell["source"], cell["target"], cell["needs"] / n, cell["contribution_difference_yen"] / n)
        for cell in document["shift"]["cells"]
        if cell["source"] != cell["target"]
    ]
    return sorted(found, key=lambda move: -move.needs)


def stayed(document: dict[str, Any]) -> tuple[float, float]:
    """Needs per replication that ended alike in both worlds, and all needs."""
    cells, n = document["shift"]["cells"], document["shift"]["replications"]
    alike = sum(cell["needs"] for cell in cells if cell["source"] == cell["target"])
    return alike / n, sum(cell["needs"] for cell in cells) / n


def matrix(document: dict[str, Any]) -> Matrix:
    """The channel-shift matrix per replication."""
    shift = document["shift"]
    n = shift["replications"]
    cells = {(c["source"], c["target"]): c["contribution_difference_yen"] / n for c in shift["cells"]}
    used = {key: value for key, value in cells.items() if value}
    order = labels(Outcome)
    return Matrix(
        rows=[name for name in order if any(source == name for source, _ in used)],
        columns=[name for name in order if any(target == name for _, target in used)],
        cells=used,
        unallocated_yen=shift["unallocated_yen"] / n,
        total_yen=shift["total_yen"] / n,
    )


def difference_parts(measures: Mapping[str, Mapping[str, Any]], unit: str) -> list[list[str]]:
    """Names of the measures of a unit that differ, in one list, or in two where sizes are far apart."""
    sizes = {}
    for measure in MEASURES:
        found = measures.get(measure.name)
        if found is not None and measure.unit == unit:
            difference = found["difference"]
            sizes[measure.name] = abs(difference["mean"] or 0.0) + (difference["half_width"] or 0.0)
    edge = SMALL * max(sizes.values(), default=0.0)
    large = [name for name, size in sizes.items() if size >= edge > 0]
    small = [name for name, size in sizes.items() if 0 < size < edge]
    return [part for part in ([large, small] if len(small) > 1 else [[*large, *small]]) if part]


def relative_differences(document: dict[str, Any], unit: str) -> list[dict[str, Any]]:
    """Measures of one unit: name, mean, low and high of the difference, and whether the interval leaves out zero.

    Without an interval `low` and `high` are None.
    """
    found = []
    for measure in MEASURES:
        difference = document["measures"].get(measure.name, {}).get("difference")
        if difference is None or measure.unit != unit or difference["mean"] is None:
            continue
        mean, half_width = difference["mean"], difference["half_width"]
        low, high = (None, None) if half_width is None else (mean - half_width, mean + half_width)
        settled = low is not None and high is not None and (low > 0 or high < 0)
        found.append({"name": measure.name, "mean": mean, "low": low, "high": high, "settled": settled})
    return found
