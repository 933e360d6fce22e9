"""Points: the published example, and a run's own, rolled forward and owed."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_ledgers import booked, books
from towns import lived, small

from scenarios.errors import LawViolated
from scenarios.loyalty import Points
from sim.evaluation.ledgers.points_accounting import allocated_yen, released_yen
from sim.evaluation.ledgers.points_liability import (
    RollForward,
    liability,
    observed_breakage,
    opening_yen,
    roll_forward,
    together,
)
from sim.log.schema import TABLES

LOADED = small("ward-omo", ["population.shoppers=4000", "horizon.days=14", "points.expiry_days=60"])
EMPTY = RollForward(0, 0, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def town() -> Iterator[duckdb.DuckDBPyConnection]:
    """A fortnight in which points are earned, used, taken back and expire."""
    memory = lived(LOADED)
    with duckdb.connect() as db:
        for name in TABLES:
            db.register(name, memory.table(name))
        yield db


def test_the_example_of_asbj_guidance_30() -> None:
    """Example 22: goods of 100,000 yen with 10,000 points, 95 % of which are expected to be used.

    The price is divided 100,000 : 9,500, 91,324 and 8,676. In year one 4,500 of 9,500 points are used, 4,110 are
    released. In year two 4,000 more, 8,500 of 9,700 by then expected: 7,603 less 4,110 are 3,493.
    """
    goods, deferred = allocated_yen(100_000, 10_000, 0.95)
    assert (goods, deferred) == (91_324, 8_676)
    year_one = released_yen(deferred, 4_500, 9_500)
    year_two = released_yen(deferred, 8_500, 9_700) - year_one
    assert (year_one, year_two) == (4_110, 3_493)


@given(
    price=st.integers(0, 10**9),
    points=st.integers(0, 10**8),
    worth=st.floats(0, 1),
    used=st.lists(st.integers(0, 10**6), max_size=5),
    later=st.integers(1, 10**6),
)
def test_nothing_is_earned_twice_and_everything_in_the_end(
    price: int, points: int, worth: float, used: list[int], later: int
) -> None:
    goods, deferred = allocated_yen(price, points, worth)
    assert goods + deferred == price
    expected = sum(used) + later
    released = [released_yen(deferred, sum(used[:n]), expected) for n in range(len(used) + 1)]
    assert released == sorted(released)
    assert 0 <= released[0] <= released[-1] <= deferred
    assert released_yen(deferred, expected, expected) == deferred


def test_a_liability_on_two_sales_of_a_points_day() -> None:
    """A sale of 10,000 brings 5,000 points, at 94 %: 10,000 * 4,700 / 14,700 = 3,197.3, 3,197 yen are deferred.

    Another of 10,000, paid with 5,000 points and 5,000 yen, brings 2,500: 5,000 * 2,350 / 7,350 = 1,598.6, 1,599. Of
    7,500 points 2,500 are left, 2,350 expected to be used: 4,796 * 5,000 / 7,350 = 3,262.6, 3,263 are released, 1,533
    owed. The plain balance is 2,500, what is provided for 2,350.
    """
    ledger = [booked("revenue", 10_000, 1, "ec", "ship"), booked("revenue", 10_000, 2, "ec", "ship")]
    moves = [(1, "issued", 5_000), (2, "used", -5_000), (2, "issued", 2_500)]
    points = [{"shopper": 5, "order": order, "kind": kind, "purse": "ec", "points": n} for order, kind, n in moves]
    with books(ledger=ledger, points=points, shoppers=[{"shopper": 5, "points_store": 0, "points_ec": 2_500}]) as db:
        moved = together(roll_forward(db))
        owed = liability(db, moved, Points(earn=0.01, breakage=0.06))
    assert moved == RollForward(0, 7_500, -5_000, 0, 0, 2_500)
    assert (owed.plain_yen, owed.provision_yen) == (2_500, 2_350)
    assert (owed.deferred_yen, owed.released_yen, owed.contract_yen) == (4_796, 3_263, 1_533)


@pytest.mark.parametrize(
    ("back_yen", "taken_back", "owed_yen"), [(10_000, 100, 0), (6_000, 60, 37)], ids=["all of it", "a part"]
)
def test_goods_that_come_back_take_their_points_and_their_price_along(
    back_yen: int, taken_back: int, owed_yen: int
) -> None:
    """A sale of 10,000 with 100 points comes back whole: nothing is owed for it. Of 6,000 with 60 points 4,000 with 40
    stay: 4,000 * 37.6 / 4,037.6 = 37.2, 37."""
    ledger = [booked("revenue", 10_000, 1, "ec", "ship"), booked("refund", -back_yen, 1, "ec", "ship")]
    moves = [("issued", 100), ("taken_back", -taken_back)]
    points = [{"shopper": 5, "order": 1, "kind": kind, "purse": "ec", "points": n} for kind, n in moves]
    shoppers = [{"shopper": 5, "points_store": 0, "points_ec": 100 - taken_back}]
    with books(ledger=ledger, points=points, shoppers=shoppers) as db:
        owed = liability(db, together(roll_forward(db)), Points())
    assert (owed.deferred_yen, owed.contract_yen, owed.plain_yen) == (owed_yen, owed_yen, 100 - taken_back)


def test_a_purse_that_does_not_roll_forward_is_our_own_error() -> None:
    points = [{"shopper": 5, "kind": "opening", "purse": "store", "points": 80}]
    shoppers = [{"shopper": 5, "points_store": 79, "points_ec": 0}]
    with books(points=points, shoppers=shoppers) as db, pytest.raises(LawViolated, match="purse store"):
        roll_forward(db)


def test_opening_points_are_deferred_as_the_sales_that_brought_them_would_be() -> None:
    """1,000 points at 1 % are those of sales of 100,000: allocated as such, to the yen."""
    assert opening_yen(1_000, Points(earn=0.01, breakage=0.05)) == allocated_yen(100_000, 1_000, 0.95)[1]


def test_a_towns_points_roll_forward_and_what_it_provides_is_what_its_ledger_has_booked(
    town: duckdb.DuckDBPyConnection,
) -> None:
    moved = roll_forward(town)
    both = together(moved)
    assert both.opening + both.issued + both.used + both.expired + both.taken_back == both.closing
    assert min(both.opening, both.issued, -both.used, -both.expired, -both.taken_back, both.closing) > 0
    owed = liability(town, both, LOADED.scenario.points)
    booked_yen = town.execute("select sum(amount_yen) from ledger where account = 'points'").fetchall()[0][0]
    at_first = sum(
        round(0.94 * points)
        for (points,) in town.execute("select points from points where kind = 'opening'").fetchall()
    )
    # what is put aside changes by what the account was charged, less what was given away
    assert owed.provision_yen - at_first == -booked_yen + both.used
    assert 0 < owed.contract_yen == owed.deferred_yen - owed.released_yen


def test_who_expects_more_points_to_expire_owes_less(town: duckdb.DuckDBPyConnection) -> None:
    both, rules = together(roll_forward(town)), LOADED.scenario.points
    owed = [liability(town, both, rules, breakage).contract_yen for breakage in (0.0, 0.06, 0.3, 1.0)]
    assert owed == sorted(owed, reverse=True)
    assert owed[-1] == 0
    assert observed_breakage(both) == pytest.approx(both.expired / (both.expired + both.used))
    assert observed_breakage(EMPTY) != observed_breakage(EMPTY)
