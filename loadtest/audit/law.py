"""A law of the books: a query that counts what it looks at and one that finds the rows that break it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb

SHOWN: Final = 50
"""Findings of one law that are reported one by one; the total is always given."""


@dataclass(frozen=True)
class Law:
    """`broken` selects a column `what` (a sentence) and the columns that name the rows; no rows means it holds.

    `checked` is the query of the number of rows looked at.
    """

    name: str
    about: str
    checked: str
    broken: str


@dataclass(frozen=True)
class Finding:
    """One breach: the law, what is wrong in words, and the rows (order, payment, sku, location, ...) concerned."""

    law: str
    what: str
    rows: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """How one law came out; `broken` counts all breaches, `findings` lists the first of them.

    `lacks`: what the target has not and the law needs; it was not applied then.
    """

    law: Law
    checked: int
    broken: int
    findings: tuple[Finding, ...]
    lacks: str = ""


def judge(db: duckdb.DuckDBPyConnection, law: Law) -> Verdict:
    """Apply `law` to the books of `db`."""
    checked = db.execute(law.checked).fetchall()[0][0]
    cursor = db.execute(law.broken)
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    findings = tuple(Finding(law.name, row.pop("what"), row) for row in rows[:SHOWN])
    return Verdict(law, checked, len(rows), findings)
