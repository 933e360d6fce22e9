"""The siloed P/Ls: the company's ledger, row by row, given to the store division or the EC division.

The re-mapping follows explicit booking switches and loses nothing: store P/L + EC P/L = company contribution, to the
yen. What is wrong with a silo is not its addition but that it says nothing about what would have happened otherwise.
"""

from __future__ import annotations

from typing import Final

from scenarios.evaluation import Booking
from sim.log.schema import COSTS_OF_PLACES, quoted

DIVISIONS: Final = ("store", "ec")
_PLACES: Final = quoted(COSTS_OF_PLACES)
_GIVEN_BACK: Final = "(account in ('refund', 'return_handling') or (account = 'cost_of_goods' and amount_yen > 0))"
_FROM_STORE: Final = """order_channel = 'ec' and fulfilment = 'ship' and "order" in
          (select "order" from stock_moves where reason = 'ship' and location <> 'ec' and "order" is not null)"""


def owner_sql(booking: Booking) -> str:
    """SQL expression over the columns of `ledger` that names the division owning a row, or 'shared'.

    Returns booked where they came back are looked up in `events`, orders shipped from a store in `stock_moves`.
    """
    return f"""
      case
        when account in ({_PLACES}) then case when store = 'ec' then 'ec' else 'store' end
        when account = 'contact_centre' then '{booking.contact_centre}'
        when account = 'media' then '{booking.media}'
        when account = 'capability_opex' then '{booking.capability_opex}'
        {_funded("coupon", booking.coupons)}
        {_funded("points", booking.points)}
        {_where_it_came_back(booking)}
        {_shipped_from_store(booking)}
        when order_channel = 'store' then 'store'
        when order_channel = 'app' then '{booking.app_sales}'
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
    return f"when {_FROM_STORE} then '{booking.ship_from_store_sales}'"


def _transfers_sql(booking: Booking) -> str:
    """What EC pays to stores for goods off their shelves: rows of the P/Ls that add up to nothing."""
    if booking.ship_from_store_sales == "store" or not booking.ship_from_store_percent:
        return ""
    yen = f"round({booking.ship_from_store_percent} * sum(amount_yen))::bigint"
    paid = f"""select {yen} as yen from ledger where account in ('revenue', 'refund') and {_FROM_STORE}"""
    return f"""
        union all select 'store', 'transfer', yen from ({paid})
        union all select 'ec', 'transfer', -yen from ({paid})"""


def statement_sql(booking: Booking) -> str:
    """SQL for the P/L of each division: (division, account, amount_yen)."""
    part = f"round({booking.shared_store_share} * yen)::bigint"
    return f"""
      with owned as
        (select division, account, sum(amount_yen)::bigint as yen
         from (select {owner_sql(booking)} as division, account::varchar as account, amount_yen from ledger)
         group by 1, 2),
      rows as
        (select division, account, yen from owned where division <> 'shared'
        union all select 'store', account, {part} from owned where division = 'shared'
        union all select 'ec', account, yen - {part} from owned where division = 'shared'{_transfers_sql(booking)})
      select division, account, sum(yen)::bigint as amount_yen from rows where yen is not null
      group by 1, 2 order by 1, 2"""
