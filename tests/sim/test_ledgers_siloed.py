"""Whatever the ledger holds and however it is booked: both P/Ls and what neither owns are the company's, to the yen."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_ledgers import Row, booked, books, sent

from scenarios.errors import LawViolated
from scenarios.evaluation import Booking
from sim.evaluation.ledgers.rounding import divide, largest_remainder
from sim.evaluation.ledgers.siloed import OWNERS, UNALLOCATED, Statement, checked, profit_and_loss
from sim.log.schema import Account, Channel, Fulfilment, labels

SHARES = st.lists(st.integers(0, 50) | st.floats(0, 10).map(lambda x: round(x, 3)), min_size=1, max_size=6)
ORDERS = st.integers(0, 6)
OWNER = st.sampled_from(["store", "ec"])
BOOKINGS = st.builds(
    Booking,
    app_sales=OWNER,
    collect_sales=OWNER,
    collect_picking=OWNER,
    returns=st.sampled_from(["sale", "return_channel"]),
    ship_from_store_sales=OWNER,
    ship_from_store_percent=st.floats(0, 1),
    **{key: st.sampled_from(["as_booked", "store", "ec", "unallocated"]) for key in ("coupons", "points")},
    **{
        key: st.sampled_from(["store", "ec", "shared", "unallocated"])
        for key in ("contact_centre", "media", "capability_opex")
    },
    shared_store_share=st.floats(0, 1),
)
ROWS = st.lists(
    st.builds(
        booked,
        st.sampled_from(labels(Account)),
        st.integers(-100_000, 100_000),
        st.none() | ORDERS,
        st.none() | st.sampled_from(labels(Channel)),
        st.none() | st.sampled_from(labels(Fulfilment)),
        st.none() | st.sampled_from(["station", "mall", "ec"]),
        time_s=st.floats(0, 100),
    ),
    max_size=25,
)
PARCELS = st.lists(st.builds(sent, ORDERS, st.sampled_from(["ec", "station", "mall"]), st.integers(1, 3)), max_size=10)
CAME_BACK = st.lists(
    st.fixed_dictionaries(
        {"kind": st.just("returned"), "order": ORDERS, "place": st.sampled_from(["pickup_counter", "warehouse"])}
    ),
    max_size=4,
)
CATALOGUE = [{"sku": sku, "price_yen": yen} for sku, yen in ((1, 333), (2, 1_000), (3, 7_001))]


@settings(max_examples=150, deadline=None)
@given(ledger=ROWS, stock_moves=PARCELS, events=CAME_BACK, booking=BOOKINGS)
def test_no_yen_is_lost_and_none_is_owned_twice(
    ledger: list[Row], stock_moves: list[Row], events: list[dict[str, Any]], booking: Booking
) -> None:
    with books(ledger=ledger, stock_moves=stock_moves, events=events, catalogue=CATALOGUE) as db:
        found = profit_and_loss(db, booking)
        halves = [profit_and_loss(db, booking, f"time_s {side} 50") for side in ("<", ">=")]
    company: dict[str, int] = {}
    for row in ledger:
        company[row["account"]] = company.get(row["account"], 0) + row["amount_yen"]
    assert {owner for owner, _ in found} <= set(OWNERS)
    for account in {name for _, name in found} | set(company):
        assert sum(found.get((owner, account), 0) for owner in OWNERS) == company.get(account, 0)
    assert sum(_total(half) for half in halves) == _total(found) == sum(company.values())


def test_a_row_that_no_switch_speaks_of_is_nobodys() -> None:
    """A parcel of 700 yen without an order stands in neither P/L, and neither does a theft from no location."""
    with books(ledger=[booked("parcel", -700), booked("shrink", -50), booked("shrink", -30, store="mall")]) as db:
        found = profit_and_loss(db, Booking())
    assert found == {(UNALLOCATED, "parcel"): -700, (UNALLOCATED, "shrink"): -50, ("store", "shrink"): -30}


def test_what_is_left_to_the_company_is_in_neither_ledger() -> None:
    """Advertising of 900 yen: EC's by default, 540 and 360 when shared 60 : 40, nobody's when it is the company's."""
    with books(ledger=[booked("media", -900, channel="store")]) as db:
        assert profit_and_loss(db, Booking()) == {("ec", "media"): -900}
        shared = Booking(media="shared", shared_store_share=0.6)
        assert profit_and_loss(db, shared) == {("store", "media"): -540, ("ec", "media"): -360}
        assert profit_and_loss(db, Booking(media="unallocated")) == {(UNALLOCATED, "media"): -900}


def test_a_statement_that_does_not_sum_to_the_company_is_refused() -> None:
    with pytest.raises(LawViolated, match="do not sum"):
        checked({("store", "revenue"): 10, ("ec", "revenue"): 5}, 16)


@given(yen=st.integers(-(10**12), 10**12), shares=SHARES.filter(any))
def test_parts_by_largest_remainder_sum_and_stay_within_a_yen_of_their_quota(yen: int, shares: list[float]) -> None:
    parts = largest_remainder(yen, shares)
    assert sum(parts) == yen
    whole = sum(Fraction(str(share)) for share in shares)
    assert all(abs(part - yen * Fraction(str(share)) / whole) < 1 for part, share in zip(parts, shares, strict=True))
    assert largest_remainder(-yen, shares) == [-part for part in parts]


def test_the_largest_fractions_get_the_yen_that_are_left_over() -> None:
    """Quotas of 100 yen over 1 : 1 : 1 are 33.33 each, the first gets 34; over 47 : 16 : 37 of 10: 4.7, 1.6, 3.7."""
    assert largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert largest_remainder(10, [47, 16, 37]) == [5, 1, 4]
    assert divide(1, 0.5) == (1, 0)
    assert divide(1_005, 0.1) == (101, 904)  # a tie, 100.5 and 904.5: the first part gets the yen
    with pytest.raises(ValueError, match="above 0"):
        largest_remainder(5, [0, 0])


def _total(found: Statement) -> int:
    return sum(found.values())
