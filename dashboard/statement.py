"""The P/L of both divisions and of the company, account by account, for one run or for two paired runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scenarios.loader import load
from sim.evaluation.ledgers.siloed import OWNERS as ALLOCATED
from sim.evaluation.ledgers.siloed import UNALLOCATED, profit_and_loss
from sim.evaluation.statistics import Interval, paired, t_interval
from sim.evaluation.tables import opened
from sim.log.run_directory import read_manifest, replication_path

COMPANY: Final = "company"
TOTAL: Final = "total"
OWNERS: Final = (*ALLOCATED, COMPANY)

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "net_sales": ("revenue", "refund", "coupon", "points"),
    "goods_and_stock": ("cost_of_goods", "shrink", "holding_cost", "counting", "transfer"),
    "handling": ("payment_fee", "parcel", "picking", "return_handling", "contact_centre"),
    "incentives": ("commission", "bonus", "training"),
    "reach_and_systems": ("media", "capability_opex"),
}
"""The ledger's accounts in the order of a P/L; each group is followed by its sum."""

_GROUP_OF: Final = {account: group for group, accounts in GROUPS.items() for account in accounts}

Statement = dict[tuple[str, str], int]
"""Yen by (owner, account) of one replication; owners are `OWNERS`, accounts the ledger's, `GROUPS` and `TOTAL`."""


@dataclass(frozen=True)
class Line:
    """One account of one owner; `b` and `difference` are None for a single run."""

    owner: str
    account: str
    a: Interval
    b: Interval | None = None
    difference: Interval | None = None


def statement(run: Path, replication: int) -> Statement:
    """The statement of one replication; the company's column is the sum of all the others, to the yen."""
    booking = load(run / "scenario.toml").scenario.evaluation.booking
    with opened(replication_path(run, replication)) as db:
        booked = profit_and_loss(db, booking)
    found: Statement = {}
    for (allocated, account), yen in booked.items():
        for owner in (allocated, COMPANY):
            for name in (account, _GROUP_OF[account], TOTAL):
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
    shown = {*OWNERS} - {UNALLOCATED} | {owner for found in statements for owner, _ in found}
    order = [name for group, accounts in GROUPS.items() for name in (*accounts, group)]
    return [(owner, name) for owner in OWNERS if owner in shown for name in (*order, TOTAL) if name in used]


def owners(lines: Sequence[Line]) -> list[str]:
    """The columns of a statement, in order; what no division owns has one where there is any."""
    return list(dict.fromkeys(line.owner for line in lines))


def shown_accounts(lines: Sequence[Line]) -> list[str]:
    """The rows of a statement: each group's accounts, then the group where it has more than one, then the total."""
    used = [line.account for line in lines if line.owner == COMPANY]
    return [name for name in used if name not in GROUPS or sum(a in used for a in GROUPS[name]) > 1]


def sums_among(accounts: Sequence[str]) -> list[int]:
    """Which rows of a statement are sums of the rows above them."""
    return [row for row, name in enumerate(accounts) if name in GROUPS]
