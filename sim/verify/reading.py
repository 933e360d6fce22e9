"""Reading one number, or one for each shopper, from a replication's tables."""

from __future__ import annotations

from pathlib import Path

from sim.evaluation.tables import opened, single


def number(directory: Path, query: str) -> float:
    """The one number that `query` gives over the tables of a replication."""
    with opened(directory) as db:
        return single(db, query)


def difference(a: Path, b: Path, query: str) -> float:
    """`query` over b less the same over a."""
    return number(b, query) - number(a, query)


def relative(a: Path, b: Path, query: str) -> float:
    """How much larger `query` is over b than over a, as a share of a; nan where a has nothing."""
    before = number(a, query)
    return number(b, query) / before - 1 if before else float("nan")


def paired_number(a: Path, b: Path, query: str) -> float:
    """The one number that `query` gives over both worlds' tables, named `a_...` and `b_...`."""
    with opened(a, "a_") as db, opened(b, "b_", db):
        return single(db, query)
