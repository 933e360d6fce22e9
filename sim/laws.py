"""Conservation laws of a finished replication. A violation is our own bug and names the rows that show it.

- money: what was captured, less what was refunded, and the points used are what the ledger has as revenue less
  coupons, order by order;
- points: the opening balance, what was issued, used, expired and taken back make the closing balance of each purse,
  never negative;
- ledger: the rows of a need sum to its contribution, and only costs of places have no need;
- stock: opening plus movements is closing, nothing is ever negative, holds never exceed what is there, and what was
  sent from one location to another has arrived or is in transit;
- settlement: each captured or refunded item is in one settlement, and all of it but the fee is paid out;
- visits: each booking ends exactly once, no slot is given to two, whoever kept a booking has arrived by then;
- flow: each need ends exactly once, everybody who arrives leaves, everybody who joins a line is served or reneges,
  and a counter at a door counts no more people than came in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from scenarios.errors import LawViolated
from sim.log.schema import COSTS_OF_PLACES, COSTS_OF_THE_COMPANY, quoted

_SHOWN: Final = 5
_COMPANY: Final = quoted(COSTS_OF_THE_COMPANY)
_PLACES: Final = quoted(COSTS_OF_PLACES)

LAWS: Final[dict[str, str]] = {
    "money: payments and ledger disagree about an order": """
        select "order", paid_yen, booked_yen from
          (select "order", sum(yen) as paid_yen from
             (select "order", amount_yen as yen from payments
                where outcome in ('captured', 'timed_out_captured', 'refunded')
              union all select "order", -points from points where kind = 'used') group by 1)
          full join (select "order", sum(amount_yen) as booked_yen from ledger
             where account in ('revenue', 'refund', 'coupon') group by 1) using ("order")
        where coalesce(paid_yen, 0) <> coalesce(booked_yen, 0)""",
    "money: a refund exceeds what was captured": """
        select payment, sum(amount_yen) as left_yen from payments
        where outcome in ('captured', 'timed_out_captured', 'refunded') group by 1 having sum(amount_yen) < 0""",
    "ledger: a need's rows do not sum to its contribution": """
        select need, contribution_yen, booked_yen from needs
          full join (select need, sum(amount_yen) as booked_yen from ledger where need is not null group by 1)
          using (need)
        where coalesce(contribution_yen, 0) <> coalesce(booked_yen, 0)""",
    "ledger: a row other than those of places has no need": f"""
        select * from ledger where need is null and account not in ({_PLACES}, {_COMPANY})""",
    "points: opening and changes are not closing": """
        select shopper, purse, moved, closing from
          (select shopper, purse::varchar as purse, sum(points) as moved from points group by 1, 2)
          full join (select shopper, 'store' as purse, points_store as closing from shoppers
             union all select shopper, 'ec', points_ec from shoppers) using (shopper, purse)
        where coalesce(moved, 0) <> closing""",
    "points: a balance is negative, or a change has the wrong sign": """
        select * from
          (select *, sum(points) over w as balance
           from (select *, file_row_number as n from points_numbered)
           window w as (partition by shopper, purse order by n rows unbounded preceding))
        where balance < 0 or (kind in ('opening', 'issued') and points < 0)
           or (kind in ('expired', 'taken_back') and points > 0)""",
    "stock: opening plus movements is not closing": """
        select c.location, c.sku, c.on_hand, c.held, m.on_hand as moved, m.held as moved_holds from
          (select location::varchar as location, sku, on_hand, held from stock_closing) c
          full join (select location::varchar as location, sku, sum(on_hand_change) as on_hand,
             sum(held_change) as held from stock_moves group by 1, 2) m
          on c.location = m.location and c.sku = m.sku
        where coalesce(c.on_hand, 0) <> coalesce(m.on_hand, 0) or coalesce(c.held, 0) <> coalesce(m.held, 0)""",
    "stock: negative, or more held than there": """
        select time_s, location, sku, on_hand, held from
          (select time_s, location, sku,
             sum(on_hand_change) over w as on_hand, sum(held_change) over w as held
           from (select *, file_row_number as n from stock_moves_numbered)
           window w as (partition by location, sku order by n rows unbounded preceding))
        where on_hand < 0 or held < 0 or held > on_hand""",
    "stock: what was sent neither arrived nor is in transit": """
        select sku, sent, in_transit from
          (select sku, -sum(on_hand_change) as sent from stock_moves
             where reason in ('transfer_out', 'transfer_in') group by 1)
          full join (select sku, sum(in_transit) as in_transit from stock_closing group by 1) using (sku)
        where coalesce(sent, 0) <> coalesce(in_transit, 0)""",
    "flow: a need does not end exactly once": """
        select need, count(*) as ends from needs group by 1 having count(*) <> 1""",
    "flow: a need began and never ended": """
        select distinct need from events anti join needs using (need) where need is not null""",
    "flow: arrivals and departures of a shopper differ": """
        select need, count(*) filter (where kind = 'arrive') as arrived, count(*) filter (where kind = 'leave') as left
        from events where kind in ('arrive', 'leave') group by 1
        having count(*) filter (where kind = 'arrive') <> count(*) filter (where kind = 'leave')""",
    "flow: a line's joiners are not its served and reneged": """
        select store, place, sum(joined) as joined, sum(served) as served, sum(reneged) as reneged
        from queues group by 1, 2 having sum(joined) <> sum(served) + sum(reneged)""",
    "flow: a counter at a door saw more than came in, or others than arrived": """
        select c.*, arrived from door_counts c left join
          (select floor(time_s / 86400)::int as day, floor(time_s % 86400 / 3600)::int as hour, store::varchar as at,
             count(*) as arrived from events where kind = 'arrive' group by all) e
          on e.day = c.day and e.hour = c.hour and e.at = c.store::varchar
        where counted > visitors + others or visitors <> coalesce(arrived, 0)""",
    "visits: a booking does not end exactly once": """
        select need, booked, ended from
          (select need, count(*) as booked from events where kind = 'visit_booked' group by 1)
          full join (select need, count(*) as ended from visit_bookings group by 1) using (need)
        where booked is distinct from ended""",
    "visits: a slot is given to two": """
        select store, slot_s, count(*) as bookings from visit_bookings where state <> 'cancelled'
        group by 1, 2 having count(*) > 1""",
    "visits: a booking was kept by somebody who had not arrived": """
        select b.* from (select * from visit_bookings where state = 'kept') b
          anti join (select need, time_s from events where kind = 'arrive') e
          on e.need = b.need and e.time_s between b.slot_s and b.ended_s""",
    "settlement: an item is not settled exactly once": """
        select * from
          (select brand::varchar as brand, channel::varchar as channel, count(*) as items, sum(fee_yen) as fee_yen,
             sum(greatest(amount_yen, 0)) as gross_yen, sum(greatest(-amount_yen, 0)) as refunds_yen
           from payments where outcome in ('captured', 'timed_out_captured', 'refunded') group by all) p
          full join (select brand::varchar as brand, channel::varchar as channel, sum(items) as settled_items,
             sum(gross_yen) as settled_gross_yen, sum(refunds_yen) as settled_refunds_yen, sum(fee_yen) as kept_yen
           from settlements group by all) s using (brand, channel)
        where items is distinct from settled_items or gross_yen is distinct from settled_gross_yen
          or refunds_yen is distinct from settled_refunds_yen or fee_yen is distinct from kept_yen""",
    "settlement: a pay-out is not gross less refunds and fees, or comes before its period ends": """
        select * from settlements
        where net_yen <> gross_yen - refunds_yen - fee_yen or payout_day < period_end_day""",
    "settlement: a break is cleared before it can be known": """
        select * from breaks where not (day < found_day and found_day <= cleared_day)""",
}


def check(directory: Path) -> None:
    """Check all laws on one replication's folder; raises `LawViolated` with every violation and sample rows."""
    broken = []
    for law, rows in violations(directory).items():
        more = ["..."] if len(rows) > _SHOWN else []
        broken.append("\n  ".join([f"{directory}: {law}", *rows[:_SHOWN], *more]))
    if broken:
        raise LawViolated("\n".join(broken))


def violations(directory: Path) -> dict[str, list[str]]:
    """The laws that are broken in one replication's folder, with a few of the rows that show it."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        for path in directory.glob("*.parquet"):
            connection.execute(f"create view {path.stem} as select * from read_parquet('{path}')")
        for name in ("stock_moves", "points"):
            path = directory / f"{name}.parquet"
            connection.execute(
                f"create view {name}_numbered as select * from read_parquet('{path}', file_row_number = true)"
            )
        for law, query in LAWS.items():
            rows = connection.execute(f"{query} limit {_SHOWN + 1}").fetchall()
            if rows:
                names = [column[0] for column in connection.description]
                found[law] = [str(dict(zip(names, row, strict=True))) for row in rows]
    return found
