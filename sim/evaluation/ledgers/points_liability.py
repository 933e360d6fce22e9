"""The points of a replication: their roll-forward, and what is owed for them by several ways to count."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import duckdb

from scenarios.errors import LawViolated
from scenarios.loyalty import Points
from sim.evaluation.ledgers.points_accounting import allocated_yen, released_yen
from sim.log.schema import PointsKind, labels

PURSES: Final = ("store", "ec")
MOVES: Final = tuple(labels(PointsKind))

_MOVED: Final = "select purse::varchar, kind::varchar, sum(points)::bigint from points group by 1, 2"
_CLOSING: Final = "select sum(points_store)::bigint, sum(points_ec)::bigint from shoppers"
_PROVIDED: Final = """
  select coalesce(sum(round_even($kept * points_store, 0) + round_even($kept * points_ec, 0)), 0)::bigint
  from shoppers"""
_SALES: Final = """
  with moved as (select "order", sum(points) filter (kind in ('issued', 'taken_back'))::bigint as earned,
      coalesce(sum(points) filter (kind = 'used'), 0)::bigint as used
    from points where "order" is not null group by 1),
  paid as (select "order", sum(amount_yen)::bigint as yen from ledger
    where account in ('revenue', 'refund', 'coupon') group by 1)
  select p.yen + m.used, m.earned, count(*) from moved m join paid p using ("order") where m.earned > 0 group by 1, 2"""
"""Money kept for an order, and points kept by its shopper; goods that came back are out of both."""


@dataclass(frozen=True)
class RollForward:
    """Points of one purse, one yen each: opening, what changed them (signed), closing."""

    opening: int
    issued: int
    used: int
    expired: int
    taken_back: int
    closing: int


@dataclass(frozen=True)
class Liability:
    """What is owed at the end of a replication [yen]."""

    plain_yen: int
    """All points outstanding."""
    provision_yen: int
    """Points outstanding that are expected to be used: what the ledger's account `points` has put aside."""
    deferred_yen: int
    """Price of points, opening and issued, by the example of ASBJ Guidance 30."""
    released_yen: int
    contract_yen: int
    """Deferred and not released: the contract liability."""


def roll_forward(db: duckdb.DuckDBPyConnection) -> dict[str, RollForward]:
    """By purse. Raises `LawViolated` where opening and changes are not what the shoppers have at the end."""
    moved = dict.fromkeys(((purse, kind) for purse in PURSES for kind in MOVES), 0)
    moved |= {(purse, kind): points for purse, kind, points in db.execute(_MOVED).fetchall()}
    closing = db.execute(_CLOSING).fetchone() or (0, 0)
    found = {}
    for purse, balance in zip(PURSES, closing, strict=True):
        changes = {kind: moved[purse, kind] for kind in MOVES}
        if sum(changes.values()) != (balance or 0):
            raise LawViolated(f"points: {changes} of purse {purse} are not its closing balance of {balance or 0:,}")
        found[purse] = RollForward(**changes, closing=balance or 0)
    return found


def together(purses: dict[str, RollForward]) -> RollForward:
    """Both purses."""
    return RollForward(
        *(sum(values) for values in zip(*(vars(purse).values() for purse in purses.values()), strict=True))
    )


def observed_breakage(moved: RollForward) -> float:
    """Share expired of the points that have ended, used or expired; nan where none has."""
    ended = -moved.used - moved.expired
    return -moved.expired / ended if ended > 0 else float("nan")


def liability(
    db: duckdb.DuckDBPyConnection, moved: RollForward, rules: Points, breakage: float | None = None
) -> Liability:
    """What is owed for all points at the end; `breakage` is the share now expected to expire, the scenario's if None.

    Points are one portfolio. Each sale's price is allocated with the scenario's breakage; the opening balance is taken
    to have been earned by sales at the scenario's rate (an assumption: their prices lie before the run).
    """
    now = Fraction(str(rules.breakage if breakage is None else breakage))
    at_issue = 1 - rules.breakage
    deferred = opening_yen(moved.opening, rules)
    for price_yen, points, orders in db.execute(_SALES).fetchall():
        deferred += orders * allocated_yen(price_yen, points, at_issue)[1]
    used = -moved.used
    released = released_yen(deferred, used, used + moved.closing * (1 - now))
    kept = db.execute(_PROVIDED, {"kept": float(1 - now)}).fetchone()
    return Liability(moved.closing, int(kept[0]) if kept else 0, deferred, released, deferred - released)


def opening_yen(points: int, rules: Points) -> int:
    """What is deferred for points from before the run: (1 - b) / (1 + e (1 - b)) each, at rate e and breakage b."""
    kept = 1 - Fraction(str(rules.breakage))
    return round(points * kept / (1 + Fraction(str(rules.earn)) * kept))
