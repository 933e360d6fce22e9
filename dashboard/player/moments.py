"""What happened to whom, as SQL over a replication's tables: marks at a moment, and stays from one moment to another.

Everything is keyed by `visit`: a need, or, for what has none, the shopper's own id below zero. Rows keep the order of
the log, which is the order of time; seconds are rounded up, so that "until second t" means the same here and there.
"""

from __future__ import annotations

from typing import Final

import duckdb

from dashboard.player.codes import EVENT_KINDS, GLYPH_OF_JOURNEY, SPOTS

DRAWN_WALK_S: Final = 600
"""How long the picture lets somebody walk from us to a rival: the log knows only that they went."""

LOCKER_S: Final = 60
"""How long the picture shows somebody at a locker."""

_MOVES: Final = (
    *("arrive", "scan", "queue_join", "till_start", "balk", "renege", "paid", "pay_failed", "leave"),
    *("order_placed", "turned_away"),
)


def read_log(db: duckdb.DuckDBPyConnection, events_path: str) -> None:
    """Table `log`: the events that have somebody, in order (`n`), with the visit and whether it is in a store then."""
    quoted = events_path.replace("'", "''")
    db.execute(f"""
        create table log as
        select file_row_number n, coalesce(need, -1 - shopper) visit, shopper, need, time_s, ceil(time_s)::bigint t,
               journey::varchar journey, store::varchar store, kind::varchar kind, place::varchar place, quantity,
               amount_yen, "order", payment,
               sum(case kind::varchar when 'arrive' then 1 when 'leave' then -1 else 0 end)
                   over (partition by coalesce(need, -1 - shopper) order by file_row_number) > 0 inside
        from read_parquet('{quoted}', file_row_number = true) where shopper is not null""")


def marks(db: duckdb.DuckDBPyConnection, start_s: int, end_s: int) -> None:
    """Table `marks` of the visits that were under way between `start_s` and `end_s`: all that became of these.

    Rows of one visit, moment, kind and place are one mark: `lines` of them, worth `amount_yen` together. A payment's
    mark is at its answer, `asked_s` seconds after it was asked for, and before whoever paid leaves in the same second;
    a parcel's has the location that sent it as its store.
    """
    kinds = ", ".join(f"'{kind}'" for kind in EVENT_KINDS)
    db.execute(f"""
        create table shown as
        select visit, shopper from log where kind in ({kinds})
        group by visit, shopper having min(t) < {end_s} and max(t) >= {start_s}
        union select need, shopper from payments join log using (need)
              where payments.time_s >= {start_s} and payments.time_s < {end_s}
        union select need, shopper from needs
              where outcome = 'rival' and journey = 'rival' and time_s >= {start_s} and time_s < {end_s}""")
    db.execute(f"""
        create table marks as
        select visit, min(n)::double n, t, kind, case when kind in ('shipped', 'delivered')
                   then coalesce(max(orders.ships_from::varchar), 'ec') else log.store end store,
               count(*) lines, sum(amount_yen)::bigint amount_yen, 0 asked_s, null brand, null channel
        from log join shown using (visit) left join orders on log."order" = orders."order"
        where kind in ({kinds}) group by visit, t, kind, log.store, place
        union all
        select p.need, max(a.n) - 3.5, ceil(max(p.time_s))::bigint, max(p.outcome::varchar), max(a.store), 1,
               abs(max(p.amount_yen)), ceil(max(p.latency_s))::bigint,
               max(p.brand::varchar), max(p.channel::varchar)
        from (select row_number() over () row, * from payments) p join shown on p.need = shown.visit
             left join log a on a.payment = p.payment and a.kind = 'pay_attempt' and p.outcome <> 'refunded'
        group by p.row, p.need
        union all
        select need, 0, ceil(time_s)::bigint, 'rival_trip', null, 1, 0, 0, null, null
        from needs join shown on needs.need = shown.visit where outcome = 'rival' and journey = 'rival'""")


def stays(db: duckdb.DuckDBPyConnection) -> None:
    """Table `stays` of the visits shown: where somebody was, from `t` until before `until`.

    In the log a stay ends with the next move. Whoever collects an order is shown at the counter for the hour's mean
    wait and service, until the moment of the log; who goes to a rival is shown as they arrive there.
    """
    glyph = " ".join(f"when '{journey}' then '{shape}'" for journey, shape in GLYPH_OF_JOURNEY.items())
    moves = ", ".join(f"'{kind}'" for kind in _MOVES)
    db.execute(f"""
        create table stays as
        with moved as (
            select visit, n, t, store, case when inside and journey = 'showroom_then_home' then 'store'
                when inside and journey = 'ec_order' then 'store' else case journey {glyph} end end glyph, case
                when kind = 'queue_join' and place = 'self_checkout' then 'self_line'
                when kind = 'queue_join' then 'staffed_line'
                when kind = 'till_start' and place = 'self_checkout' then 'self_checkout'
                when kind = 'till_start' then 'staffed_till'
                when kind in ('order_placed', 'turned_away') and not inside then 'online'
                when kind <> 'leave' and inside then 'floor' end spot
            from log join shown using (visit) where kind in ({moves})),
        changed as (
            select *, lag(spot) over own spot_before, lag(store) over own store_before, lag(glyph) over own glyph_before
            from moved window own as (partition by visit order by n)),
        ended as (
            select visit, n::double n, t, store, glyph, spot, coalesce(lead(t) over own, t) until from changed
            where spot is distinct from spot_before or store is distinct from store_before
               or glyph is distinct from glyph_before
            window own as (partition by visit order by n))
        select visit, n, t, until, store, glyph, spot from ended
        where spot is not null and (until > t or spot = 'online')
        union all {_COLLECTING} union all {_TO_A_RIVAL}""")


_COLLECTING: Final = f"""
    select visit, n::double - 0.5, greatest(t - coalesce(case when log.place = 'locker' then {LOCKER_S} end,
               round((counter.wait_s + counter.service_s) / nullif(counter.served, 0))::bigint, {LOCKER_S}),
               coalesce(before, 0)), t, log.store, 'collect',
           case when log.place = 'locker' then 'locker' else 'pickup_counter' end
    from (select *, max(t) over (partition by visit order by n rows between unbounded preceding and 1 preceding) before
          from log) log
    join shown using (visit)
    left join queues counter on counter.store = log.store and counter.place = 'pickup_counter'
         and counter.day * 24 + counter.hour = log.t // 3600
    where log.kind = 'collected'"""

_TO_A_RIVAL: Final = f"""
    select need, coalesce(last.n, 0) + 0.5, coalesce(last.t + {DRAWN_WALK_S}, ceil(needs.time_s)::bigint) t,
           coalesce(last.t + {DRAWN_WALK_S}, ceil(needs.time_s)::bigint), null, 'rival', 'rival'
    from needs join shown on needs.need = shown.visit
    left join (select visit, max(n)::double n, max(t) t from log where kind = 'leave' group by visit) last
         on last.visit = needs.need
    where needs.outcome = 'rival' and (needs.journey = 'rival' or last.t is not null)"""


def spot_codes() -> str:
    """`spot` as its number, in SQL."""
    return "case spot " + " ".join(f"when '{spot}' then {code}" for code, spot in enumerate(SPOTS)) + " end"
