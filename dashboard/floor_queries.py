"""What happens on the stores' floors, as queries over a run's tables: queues by hour, staff time by task, pickup."""

from __future__ import annotations

from math import exp
from pathlib import Path
from typing import Final

from dashboard.run_tables import DAY_S, Query
from scenarios.loader import load
from sim.log.schema import ONLINE

TASKS: Final = ("tills", "contacts", "picking", "handing_over", "bookings")
_TILLS: Final = "place in ('staffed_till', 'self_checkout')"
_COUNTER: Final = "place = 'pickup_counter'"

_HOURS: Final = """
  select store::varchar, hour, sum(joined + balked) / {days}, sum(balked + reneged) / {days}, sum(wait_s), sum(served)
  from queues where {place} and {day} group by 1, 2 order by 1, 2"""
_STORES: Final = """
  select store::varchar, sum(wait_s) / nullif(sum(served), 0),
    sum(balked + reneged)::double / nullif(sum(joined + balked), 0), max(longest_wait_s)
  from queues where {place} and {day} group by 1 order by 1"""

_TIMES: Final = """
  select store::varchar, task, sum(seconds) / 3600 / {days} from (
    select store, 'tills' as task, service_s as seconds from queues where place = 'staffed_till' and {day}
    union all select store, 'handing_over', service_s from queues where place = 'pickup_counter' and {day}
    union all select store, 'contacts', {contact_s} + if(action in ('recommend', 'recommend_joining',
      'recommend_scan_and_pay'), {advice_s}, 0) from staff_contacts where {time}
    union all select store, 'picking', {pick_s} from events where kind = 'picked' and place = 'floor' and {time}
    union all select store, 'bookings', staff_s from visit_bookings where {ended})
  where store is not null and store::varchar <> '{online}' group by 1, 2 order by 1, 2"""

_ORDERS: Final = """
  with parts as (
    select "order", any_value(store)::varchar as store,
      min(time_s) filter (where kind = 'order_placed') as placed, min(time_s) filter (where kind = 'ready') as ready,
      count(*) filter (where kind = 'no_show') as missed, count(*) filter (where kind = 'collected') as collected
    from events where kind in ('order_placed', 'ready', 'collected', 'no_show') and "order" is not null group by 1)
  select store, avg(ready - placed), sum(missed)::double / nullif(sum(missed + collected), 0)
  from parts where ready is not null and {ready} group by 1 order by 1"""


def floor_queries(run: Path, days: int, day: int | None) -> dict[str, Query]:
    """The queries for one `day` of a run, or for all of its `days`.

    `tills_by_hour`, `counter_by_hour` (store, hour: who came, who was lost, both per day; waits and served, sums),
    `tills`, `counter` (store: mean wait in seconds, share lost, longest wait), `times` (store, task: hours per day),
    `orders` (store: seconds from order to ready, share of no-shows). Lengths of contacts and of picking are the
    scenario's means, those at tills, counters and bookings are as they came.
    """
    rules = load(str(run / "scenario.toml")).scenario
    staff = rules.staff

    def within(column: str) -> str:
        return "true" if day is None else f"{column} >= {day * DAY_S} and {column} < {(day + 1) * DAY_S}"

    values = {
        "days": days if day is None else 1,
        "day": f"day < {days}" if day is None else f"day = {day}",
        "time": within("time_s"),
        "ended": within("ended_s"),
        "ready": within("ready"),
        # The mean of a log-normal is its median times exp(sigma squared / 2).
        "contact_s": staff.contact_median_s * exp(staff.contact_sigma**2 / 2),
        "advice_s": staff.recommending_s,
        "pick_s": 60 * rules.fulfilment.store_pick_minutes,
        "online": ONLINE,
    }
    found = {
        "times": Query(_TIMES.format(**values), 2, interval=False),
        "orders": Query(_ORDERS.format(**values), 1, adds=False),
    }
    for name, place in (("tills", _TILLS), ("counter", _COUNTER)):
        found[f"{name}_by_hour"] = Query(_HOURS.format(place=place, **values), 2, interval=False)
        found[name] = Query(_STORES.format(place=place, **values), 1, adds=False)
    return found
