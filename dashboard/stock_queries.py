"""What the page about stock asks of a run's tables."""

from __future__ import annotations

from typing import Final

from dashboard.run_tables import Query

REACTIONS: Final = ("substituted", "ordered_online", "went_elsewhere", "put_off", "gave_up")
"""What shoppers do in front of an empty shelf, from kept to lost."""
READY_BIN_MIN: Final = 60
READY_BINS: Final = 24
"""Orders that take longer are in the last one."""

_READY: Final = """
    SELECT p.store, (r.time_s - p.time_s) / 60 AS minutes FROM events r
    JOIN events p ON p."order" = r."order" AND p.kind = 'order_placed' WHERE r.kind = 'ready'"""

QUERIES: Final[dict[str, Query]] = {
    "records": Query(
        """SELECT location, count(*), sum((recorded <> on_hand)::int), sum(greatest(recorded - on_hand, 0)),
           sum(greatest(on_hand - recorded, 0)) FROM stock_closing
           WHERE (location::varchar, sku) IN (SELECT (location::varchar, sku) FROM stock_moves WHERE reason = 'opening')
           GROUP BY 1 ORDER BY location = 'ec', 1""",  # of carried goods, as the measure of wrong records counts them
        1,
    ),
    "reactions": Query(
        """SELECT store, count(*) FILTER (kind = 'substituted'),
           greatest(count(*) FILTER (kind = 'stock_out') - count(*) FILTER (kind <> 'stock_out'), 0),
           count(*) FILTER (kind = 'went_elsewhere'), count(*) FILTER (kind = 'put_off'),
           count(*) FILTER (kind = 'gave_up'), count(*) FILTER (kind = 'stock_out')
           FROM events WHERE place = 'floor'
           AND kind IN ('stock_out', 'substituted', 'went_elsewhere', 'put_off', 'gave_up')
           GROUP BY 1 ORDER BY 1""",
        1,
    ),
    "lost": Query(
        """SELECT coalesce(store, 'ec'), sum(amount_yen) FILTER (kind = 'lost_sale'),
           coalesce(sum(amount_yen) FILTER (kind = 'lost_in_network'), 0)
           FROM events WHERE kind IN ('lost_sale', 'lost_in_network') GROUP BY 1 ORDER BY 2 DESC""",
        1,
    ),
    "promises": Query(
        """SELECT count(*) FILTER (kind = 'order_placed'), count(*) FILTER (kind = 'stock_out'),
           count(*) FILTER (kind = 'cancelled'), coalesce(sum(amount_yen) FILTER (kind = 'cancelled'), 0)
           FROM events WHERE kind IN ('order_placed', 'cancelled') OR (kind = 'stock_out' AND place = 'app')""",
        0,
    ),
    "transfers": Query(
        """SELECT location, sum(on_hand_change) FILTER (reason = 'transfer_in'),
           -sum(on_hand_change) FILTER (reason = 'transfer_out') FROM stock_moves
           WHERE reason IN ('transfer_in', 'transfer_out') GROUP BY 1 ORDER BY location = 'ec', 1""",
        1,
    ),
    "transfer_cost": Query(
        "SELECT coalesce(-sum(amount_yen), 0), count(*) FROM ledger WHERE account = 'transfer'", 0
    ),
    "value": Query(
        """WITH change AS (
             SELECT location, floor(time_s / 86400)::int AS day, sum(on_hand_change * cost_yen) AS yen
             FROM stock_moves JOIN catalogue USING (sku), horizon WHERE time_s < end_s GROUP BY 1, 2),
           grid AS (SELECT location, day FROM (SELECT DISTINCT location FROM change),
                    horizon, range(0, days) AS r(day))
           SELECT location, day::int,
             sum(coalesce(yen, 0)) OVER (PARTITION BY location ORDER BY day) FROM grid
           LEFT JOIN change USING (location, day) ORDER BY location = 'ec', 1, 2""",
        2,
        interval=False,
    ),
    "ready": Query(
        f"""SELECT least(floor(minutes / {READY_BIN_MIN}), {READY_BINS - 1})::int, count(*) FROM ({_READY})
            GROUP BY 1 ORDER BY 1""",
        1,
        interval=False,
    ),
    "ready_by_store": Query(
        f"""SELECT store, count(*), quantile_cont(minutes, 0.5), quantile_cont(minutes, 0.9) FROM ({_READY})
            GROUP BY 1 ORDER BY 1""",
        1,
        adds=False,
    ),
    "ready_all": Query(
        f"""SELECT count(*), quantile_cont(minutes, 0.5), quantile_cont(minutes, 0.9) FROM ({_READY})""",
        0,
        adds=False,
    ),
    "no_shows": Query(
        """SELECT store, count(*), count(*) FILTER (state = 'no_show'),
           count(*) FILTER (state = 'no_show') / count(*) FROM orders
           WHERE fulfilment = 'collect' AND state IN ('completed', 'no_show') GROUP BY 1 ORDER BY 1""",
        1,
    ),
}  # fmt: skip
