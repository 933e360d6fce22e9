"""From what the divisions see to what the company has, and from one world to another, account by account.

A waterfall is a list of steps. Those between two totals sum to their difference, to the yen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sim.evaluation.ledgers.siloed import OWNERS, Statement
from sim.evaluation.statistics import t_interval
from sim.log.schema import Account, labels

COMPANY: Final = "company"
TOTAL: Final = "total"

Figure = dict[str, float | None]
Step = dict[str, Any]
"""`owner`, `account` (`total` where it stands on zero) and its figure."""


def figure(values: Sequence[float]) -> Figure:
    """Mean over replications with the half-width of its 95 % t-interval, and their sum; None for what is not known."""
    interval = t_interval(values)
    return {"mean": _known(interval.mean), "half_width": _known(interval.half_width), "sum": _known(sum(values))}


def differences(a: Sequence[float], b: Sequence[float]) -> Figure:
    """The figure of b less a, replication by replication."""
    return figure([after - before for before, after in zip(a, b, strict=True)])


def yen_of(statement: Statement, owner: str, account: str) -> int:
    """Yen of an owner, or of the company; of an account, or in total."""
    owners = OWNERS if owner == COMPANY else (owner,)
    accounts = labels(Account) if account == TOTAL else (account,)
    return sum(statement.get((one, name), 0) for one in owners for name in accounts)


def used_accounts(statements: Sequence[Statement]) -> list[str]:
    """Accounts that have any yen, in the ledger's order."""
    used = {account for statement in statements for _, account in statement}
    return [account for account in labels(Account) if account in used]


def from_divisions_to_company(statements: Sequence[Statement]) -> list[Step]:
    """Start at the stores' P/L, add EC's and then what neither owns account by account; the end is the company's."""
    steps = [_step("store", TOTAL, statements)]
    for owner in OWNERS[1:]:
        steps += [_step(owner, account, statements) for account in used_accounts(statements)]
    changes = [step for step in steps if step["sum"] or step["account"] == TOTAL]
    return [*changes, _step(COMPANY, TOTAL, statements)]


def from_one_world_to_another(a: Sequence[Statement], b: Sequence[Statement]) -> list[Step]:
    """Start at the contribution under `a`, change it account by account; the end is that under `b`."""
    changes = [
        {"owner": COMPANY, "account": account} | differences(_yen(a, COMPANY, account), _yen(b, COMPANY, account))
        for account in used_accounts([*a, *b])
    ]
    return [_step(COMPANY, TOTAL, a), *(step for step in changes if step["sum"]), _step(COMPANY, TOTAL, b)]


def statement_rows(statements: Sequence[Statement], against: Sequence[Statement] | None = None) -> list[dict[str, Any]]:
    """One row per account and the total: a figure per owner and of the company, or its difference from `against`."""
    rows = []
    for account in (*used_accounts([*statements, *(against or ())]), TOTAL):
        row: dict[str, Any] = {"account": account}
        for owner in (*OWNERS, COMPANY):
            yen = _yen(statements, owner, account)
            row[owner] = figure(yen) if against is None else differences(_yen(against, owner, account), yen)
        rows.append(row)
    return rows


def _step(owner: str, account: str, statements: Sequence[Statement]) -> Step:
    return {"owner": owner, "account": account} | figure(_yen(statements, owner, account))


def _yen(statements: Sequence[Statement], owner: str, account: str) -> list[int]:
    return [yen_of(statement, owner, account) for statement in statements]


def _known(value: float) -> float | None:
    """JSON has neither nan nor infinity."""
    return value if value == value and abs(value) != float("inf") else None
