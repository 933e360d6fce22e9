"""The P/L of both divisions and of the company, account by account, for one run or for two paired runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scenarios.loader import load
from sim.evaluation.siloed import DIVISIONS, statement_sql
from sim.evaluation.statistics import Interval, paired, t_interval
from sim.evaluation.tables import opened
from sim.log.run_directory import read_manifest, replication_path
from sim.log.schema import Account, labels

COMPANY: Final = "company"
TOTAL: Final = "total"
OWNERS: Final = (*DIVISIONS, COMPANY)

Statement = dict[tuple[str, str], int]
"""Yen by (owner, account) of one replication; owners are `OWNERS`, accounts the ledger's and `TOTAL`."""


@dataclass(frozen=True)
class Line:
    """One account of one owner; `b` and `difference` are None for a single run."""

    owner: str
    account: str
    a: Interval
    b: Interval | None = None
    difference: Interval | None = None


def statement(run: Path, replication: int) -> Statement:
    """The statement of one replication; the company's column is the sum of the divisions', to the yen."""
    booking = load(run / "scenario.toml").scenario.evaluation.booking
    with opened(replication_path(run, replication)) as db:
        rows = db.execute(statement_sql(booking)).fetchall()
    found: Statement = {}
    for division, account, yen in rows:
        for owner in (division, COMPANY):
            for name in (account, TOTAL):
                found[owner, name] = found.get((owner, name), 0) + int(yen)
    return found


def single_lines(run: Path) -> list[Line]:
    """Every line of one run, over its finished replications."""
    found = [statement(run, r) for r in read_manifest(run)["replications_finished"]]
    return [Line(*key, t_interval([s.get(key, 0) for s in found])) for key in _keys(found)]


def paired_lines(a: Path, b: Path) -> list[Line]:
    """Every line of two runs, over the replications that both have finished."""
    common = sorted(set(read_manifest(a)["replications_finished"]) & set(read_manifest(b)["replications_finished"]))
    found_a, found_b = ([statement(run, r) for r in common] for run in (a, b))
    lines = []
    for key in _keys([*found_a, *found_b]):
        result = paired([s.get(key, 0) for s in found_a], [s.get(key, 0) for s in found_b])
        lines.append(Line(*key, result.a, result.b, result.difference))
    return lines


def _keys(statements: Sequence[Statement]) -> list[tuple[str, str]]:
    used = {account for found in statements for _, account in found}
    accounts = [account for account in [*labels(Account), TOTAL] if account in used]
    return [(owner, account) for owner in OWNERS for account in accounts]
