"""The siloed P/Ls: the company's ledger, row by row, given to the store division or the EC division.

The re-mapping follows explicit booking switches and loses nothing: store P/L + EC P/L = company contribution, to the
yen. What is wrong with a silo is not its addition but that it says nothing about what would have happened otherwise.
"""

from __future__ import annotations

from typing import Final

from scenarios.evaluation import Booking
from sim.log.schema import COSTS_OF_PLACES

DIVISIONS: Final = ("store", "ec")
_PLACES: Final = ", ".join(f"'{account.name.lower()}'" for account in COSTS_OF_PLACES)


def owner_sql(booking: Booking) -> str:
    """SQL expression over the columns of `ledger` that names the division owning a row."""
    return f"""
      case
        when account in ({_PLACES}) then case when store = 'ec' then 'ec' else 'store' end
        when order_channel = 'store' then 'store'
        when order_channel = 'app' then '{booking.app_sales}'
        when fulfilment = 'collect' and account = 'picking' then '{booking.collect_picking}'
        when fulfilment = 'collect' then '{booking.collect_sales}'
        else 'ec'
      end"""


def statement_sql(booking: Booking) -> str:
    """SQL for the P/L of each division: (division, account, amount_yen)."""
    return f"""
      select {owner_sql(booking)} as division, account::varchar as account, sum(amount_yen)::bigint as amount_yen
      from ledger group by 1, 2 order by 1, 2"""
