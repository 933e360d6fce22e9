"""What the page about payments asks of a run's tables."""

from __future__ import annotations

from typing import Final

from dashboard.run_tables import Query

FAILURES: Final = ("declined", "timed_out_no_effect", "timed_out_captured", "expired")
"""Ways in which an attempt does not end well for who pays."""
BREAKS: Final = ("double_capture", "cross_provider", "late_refund", "error")

_FAILED: Final = ", ".join(f"count(*) FILTER (outcome = '{name}')" for name in FAILURES)

QUERIES: Final[dict[str, Query]] = {
    "mix": Query(
        """SELECT channel, brand, sum(amount_yen), count(*) FROM payments WHERE outcome = 'captured'
           GROUP BY 1, 2 ORDER BY 1, 3 DESC""",
        2,
    ),
    "hours": Query(
        f"""SELECT brand, floor(time_s / 3600)::int, count(*), {_FAILED} FROM payments, horizon
            WHERE outcome <> 'refunded' AND time_s < end_s GROUP BY 1, 2 ORDER BY 2, 1""",
        2,
        interval=False,
    ),
    "double": Query(
        """SELECT count(*), coalesce(sum(amount_yen), 0), count(*) FILTER (refunded) FROM (
             SELECT p.payment, any_value(p.amount_yen) AS amount_yen, count(r.payment) > 0 AS refunded FROM payments p
             LEFT JOIN payments r ON r.payment = p.payment AND r.outcome = 'refunded'
             WHERE p.outcome = 'timed_out_captured' GROUP BY 1)""",
        0,
    ),
    "breaks": Query(
        """SELECT kind, count(*), sum(abs(amount_yen)), avg(found_day - day), avg(cleared_day - found_day)
           FROM breaks GROUP BY 1 ORDER BY 2 DESC""",
        1,
        adds=False,
    ),
    "calendar": Query(
        """SELECT payout_day, brand, sum(net_yen), sum(fee_yen), sum(items) FROM settlements
           GROUP BY 1, 2 ORDER BY 1, 2""",
        2,
        interval=False,
    ),
    "days_to_cash": Query(
        """SELECT brand, sum(days_to_cash * gross_yen) / sum(gross_yen) FROM settlements
           WHERE gross_yen > 0 AND NOT isnan(days_to_cash::double) GROUP BY 1""",
        1,
        adds=False,
    ),
    "months": Query(
        """SELECT month_end_day, days_covered, items, breaks, file_hours, break_hours, overtime_hours, closed_day,
           accounting_yen FROM month_ends ORDER BY 1""",
        1,
        adds=False,
    ),
    "fees": Query(
        """SELECT brand, sum(fee_yen), sum(amount_yen), sum(fee_yen) / sum(amount_yen) FROM payments
           WHERE outcome = 'captured' GROUP BY 1 ORDER BY 2 DESC""",
        1,
        adds=False,
    ),
    "points": Query(
        """WITH change AS (
             SELECT purse, floor(time_s / 86400)::int AS day, sum(points) AS points FROM points, horizon
             WHERE time_s < end_s GROUP BY 1, 2),
           grid AS (SELECT purse, day FROM (SELECT DISTINCT purse FROM change), horizon, range(0, days) AS r(day))
           SELECT purse, day::int, sum(coalesce(points, 0)) OVER (PARTITION BY purse ORDER BY day) FROM grid
           LEFT JOIN change USING (purse, day) ORDER BY 1 DESC, 2""",
        2,
        interval=False,
    ),
    "point_moves": Query(
        """SELECT kind, sum(points) FROM points, horizon WHERE time_s < end_s GROUP BY 1""",
        1,
    ),
}  # fmt: skip
