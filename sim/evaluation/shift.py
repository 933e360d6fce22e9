"""The channel-shift matrix: where the same needs went in one world and in the other.

A cell (from, to) counts the needs that ended as `from` under A and as `to` under B, with the yen of revenue and of
contribution that they brought under each. What belongs to no need (shrink) stands in a line of its own, so that the
matrix sums to the difference between the companies, to the yen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sim.evaluation.tables import opened, single


@dataclass(frozen=True)
class Cell:
    """Needs that moved from one outcome to another, summed over replications."""

    source: str
    target: str
    needs: int
    revenue_difference_yen: int
    contribution_difference_yen: int


@dataclass(frozen=True)
class Shift:
    """The matrix of `replications` replications. Its cells plus `unallocated_yen` sum to `total_yen`."""

    cells: list[Cell]
    unallocated_yen: int
    total_yen: int
    replications: int


_CELLS = """
  select coalesce(a.outcome::varchar, 'no_need'), coalesce(b.outcome::varchar, 'no_need'), count(*),
    sum(coalesce(b.net_yen, 0) - coalesce(a.net_yen, 0))::bigint,
    sum(coalesce(b.contribution_yen, 0) - coalesce(a.contribution_yen, 0))::bigint
  from a_needs a full join b_needs b using (need) group by 1, 2"""


def channel_shift(a: Sequence[Path], b: Sequence[Path]) -> Shift:
    """The matrix over pairs of replication folders (equal seed and replication in both)."""
    totals: dict[tuple[str, str], list[int]] = {}
    unallocated = company = 0
    with duckdb.connect() as db:
        for folder_a, folder_b in zip(a, b, strict=True):
            with opened(folder_a, "a_", db), opened(folder_b, "b_", db):
                for source, target, *numbers in db.execute(_CELLS).fetchall():
                    cell = totals.setdefault((source, target), [0, 0, 0])
                    for i, number in enumerate(numbers):
                        cell[i] += int(number)
                unallocated += _difference(db, "where need is null")
                company += _difference(db, "")
    cells = [Cell(source, target, *numbers) for (source, target), numbers in sorted(totals.items())]
    return Shift(cells, unallocated, company, len(a))


def _difference(db: duckdb.DuckDBPyConnection, where: str) -> int:
    total = {side: single(db, f"select sum(amount_yen) from {side}_ledger {where}") for side in "ab"}
    return int(total["b"] - total["a"])
