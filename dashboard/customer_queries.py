"""What became of the customers of a run, as queries over its tables: cohorts, satisfaction, drop-out, known buyers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dashboard.run_tables import DAY_S, Query, Row

WEEK: Final = 7
MONTH: Final = 28
_LONG: Final = 84
"""Days from which cohorts are of four weeks."""
_BINS_PER_ONE: Final = 5

_COHORTS: Final = """
  with bought as (
    select shopper, floor(placed_s / {period_s})::int as period, sum(net_yen) as yen from orders
    where state = 'completed' and identified and placed_s < {end_s} group by 1, 2),
  joined as (select shopper, min(period) as cohort from bought group by 1)
  select cohort, period - cohort, count(*), sum(yen) from bought join joined using (shopper)
  group by 1, 2 order by 1, 2"""
_SATISFACTION: Final = f"""
  with known as (select satisfaction from shoppers where acquired_by is not null)
  select least({_BINS_PER_ONE - 1}, floor(satisfaction * {_BINS_PER_ONE} + 1e-9)::int),
    count(*)::double / (select count(*) from known)
  from known group by 1 order by 1"""
_LOST: Final = f"""
  with known as (select dropped_out_s from shoppers where acquired_by is not null)
  select floor(dropped_out_s / {DAY_S})::int, count(*)::double / (select count(*) from known)
  from known where isfinite(dropped_out_s) group by 1 order by 1"""
_IDENTIFIED: Final = """
  select order_channel::varchar, coalesce(sum(net_yen) filter (identified), 0)::double / nullif(sum(net_yen), 0),
    sum(net_yen)
  from orders where state = 'completed' group by 1 order by 1"""


def period_days(days: int) -> int:
    """Length of a cohort's periods in a run of so many days: a week, or four in long runs."""
    return MONTH if days >= _LONG else WEEK


def customer_queries(days: int) -> dict[str, Query]:
    """`cohorts` (first period, periods since: customers that bought, yen; known buyers only), `satisfaction` (bin of
    0.2 from -1: share of the shoppers who know the company), `lost` (day: share of them that dropped out on it),
    `identified` (channel of the order: share of sales with a known buyer, sales in yen)."""
    cohorts = _COHORTS.format(period_s=period_days(days) * DAY_S, end_s=days * DAY_S)
    return {
        "cohorts": Query(cohorts, 2, interval=False),
        "satisfaction": Query(_SATISFACTION, 1, interval=False),
        "lost": Query(_LOST, 1, interval=False),
        "identified": Query(_IDENTIFIED, 1, adds=False),
    }


def satisfaction_curve(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Middle of each bin, from -1 to 1, and the per cent of shoppers in it."""
    shares = {row.key[0]: 100 * row.means[0] for row in rows}
    bins = range(-_BINS_PER_ONE, _BINS_PER_ONE)
    return [((number + 0.5) / _BINS_PER_ONE, shares.get(number, 0.0)) for number in bins]


def lost_curve(rows: Sequence[Row], days: int) -> list[tuple[float, float]]:
    """End of each day and the per cent of shoppers that had dropped out by then."""
    shares = {row.key[0]: 100 * row.means[0] for row in rows}
    total, points = sum(share for day, share in shares.items() if day < 0), [(0.0, 0.0)]
    for day in range(days):
        total += shares.get(day, 0.0)
        points.append((float(day + 1), total))
    return points
