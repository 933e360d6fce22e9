"""The siloed P/Ls: the company's ledger, row by row, given to the store division, to the EC division, or to neither.

The re-mapping follows explicit booking switches and loses nothing: store P/L + EC P/L + unallocated = company
contribution, to the yen. What is wrong with a silo is not its addition but that it says nothing about what would have
happened otherwise.
"""

from __future__ import annotations

from typing import Final

import duckdb

from scenarios.errors import LawViolated
from scenarios.evaluation import Booking
from sim.evaluation.ledgers.rounding import divide, largest_remainder
from sim.log.schema import COSTS_OF_PLACES, quoted

DIVISIONS: Final = ("store", "ec")
UNALLOCATED: Final = "unallocated"
"""The line of what no division owns: what the switches leave to the company, and rows that no switch speaks of."""
OWNERS: Final = (*DIVISIONS, UNALLOCATED)
SALES: Final = "account in ('revenue', 'refund')"

Statement = dict[tuple[str, str], int]
"""Yen by (owner, account)."""

_PLACES: Final = quoted(COSTS_OF_PLACES)
_GIVEN_BACK: Final = "(account in ('refund', 'return_handling') or (account = 'cost_of_goods' and amount_yen > 0))"
_SENT: Final = 'select "order" from stock_moves where reason = \'ship\' and "order" is not null and location'
_PARCEL: Final = "order_channel = 'ec' and fulfilment = 'ship'"
_FROM_STORE: Final = f"{_PARCEL} and \"order\" in ({_SENT} <> 'ec')"
_FROM_BOTH: Final = f"{_FROM_STORE} and \"order\" in ({_SENT} = 'ec')"
_WORTHS: Final = """
  select "order", sum(yen) filter (location <> 'ec')::bigint, sum(yen) filter (location = 'ec')::bigint
  from (select m."order", m.location, -m.on_hand_change * c.price_yen as yen from stock_moves m
    join catalogue c using (sku) where m.reason = 'ship' and m."order" is not null)
  group by 1 having bool_or(location <> 'ec') and bool_or(location = 'ec')"""
_SHARED: Final = "shared"
_SPLIT: Final = "split"


def owner_sql(booking: Booking) -> str:
    """SQL expression over the columns of `ledger` that names the owner of a row.

    That is one of `OWNERS`, 'shared', or 'split' for an order of which a store sent one part and the warehouse
    another. Returns booked where they came back are looked up in `events`, who sent an order in `stock_moves`.
    """
    return f"""
      case
        when account in ({_PLACES}) then case when store = 'ec' then 'ec' when store is not null then 'store' else
          '{UNALLOCATED}' end
        when account = 'contact_centre' then '{booking.contact_centre}'
        when account = 'media' then '{booking.media}'
        when account = 'capability_opex' then '{booking.capability_opex}'
        {_funded("coupon", booking.coupons)}
        {_funded("points", booking.points)}
        {_where_it_came_back(booking)}
        {_shipped_from_store(booking)}
        when order_channel = 'store' then 'store'
        when order_channel = 'app' then '{booking.app_sales}'
        when order_channel is null then '{UNALLOCATED}'
        when fulfilment = 'collect' and account = 'picking' then '{booking.collect_picking}'
        when fulfilment = 'collect' then '{booking.collect_sales}'
        else 'ec'
      end"""


def _funded(account: str, funder: str) -> str:
    return "" if funder == "as_booked" else f"when account = '{account}' then '{funder}'"


def _where_it_came_back(booking: Booking) -> str:
    if booking.returns == "sale":
        return ""
    return "\n".join(
        f"""when {_GIVEN_BACK} and "order" in (select "order" from events where kind = 'returned'
          and place = '{place}' and "order" is not null) then '{division}'"""
        for place, division in (("pickup_counter", "store"), ("warehouse", "ec"))
    )


def _shipped_from_store(booking: Booking) -> str:
    """Orders that stores sent; where they stand in EC's books anyway there is nothing to say."""
    if booking.ship_from_store_sales == "ec":
        return ""
    return f"when {_FROM_BOTH} then '{_SPLIT}' when {_FROM_STORE} then 'store'"


def profit_and_loss(db: duckdb.DuckDBPyConnection, booking: Booking, where: str = "true") -> Statement:
    """Yen by owner and account of the rows of `ledger` that meet `where` (SQL), such as those of a period.

    Every yen has one owner. Yen that two divisions share are split by largest remainder: each account by
    `shared_store_share`, an order that a store and the warehouse sent by the worth of the goods in their parcels.
    """
    found: Statement = {}
    worths = {order: (store, ec) for order, store, ec in db.execute(_WORTHS).fetchall()}
    for owner, account, order, yen in db.execute(_owned_sql(booking, where)).fetchall():
        if owner in OWNERS:
            _add(found, owner, account, yen)
            continue
        parts = largest_remainder(yen, worths[order]) if owner == _SPLIT else divide(yen, booking.shared_store_share)
        for division, part in zip(DIVISIONS, parts, strict=True):
            _add(found, division, account, part)
    paid_yen = _transfer_yen(db, booking, where, worths)
    if paid_yen:
        _add(found, "store", "transfer", paid_yen)
        _add(found, "ec", "transfer", -paid_yen)
    return found


def checked(found: Statement, company_yen: float) -> Statement:
    """The statement, if it sums to the company's contribution; raises `LawViolated` otherwise."""
    if sum(found.values()) != company_yen:
        by_owner = {owner: sum(yen for (who, _), yen in found.items() if who == owner) for owner in OWNERS}
        raise LawViolated(f"ledger: the divisions' P/Ls {by_owner} do not sum to the company's {company_yen:,.0f} yen")
    return found


def _owned_sql(booking: Booking, where: str) -> str:
    return f"""
      select owner, account, case when owner = '{_SPLIT}' then "order" end, sum(amount_yen)::bigint
      from (select {owner_sql(booking)} as owner, account::varchar as account, "order", amount_yen
            from ledger where {where})
      group by 1, 2, 3 order by 1, 2, 3"""


def _transfer_yen(
    db: duckdb.DuckDBPyConnection, booking: Booking, where: str, worths: dict[int, tuple[int, int]]
) -> int:
    """What EC pays to stores for goods off their shelves: in the P/Ls alone, and nothing to the company."""
    if booking.ship_from_store_sales == "store" or not booking.ship_from_store_percent:
        return 0
    query = (
        f'select "order", sum(amount_yen)::bigint from ledger where {SALES} and ({where}) and {_FROM_STORE} group by 1'
    )
    rows = db.execute(query).fetchall()
    sent_yen = sum(largest_remainder(yen, worths[order])[0] if order in worths else yen for order, yen in rows)
    return divide(sent_yen, booking.ship_from_store_percent)[0]


def _add(found: Statement, owner: str, account: str, yen: int) -> None:
    found[owner, account] = found.get((owner, account), 0) + yen
