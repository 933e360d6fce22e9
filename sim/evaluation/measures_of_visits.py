"""Measures of visits to stores: booked ones against walk-ins, and what a counter at the door makes of them."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

_BOUGHT = "avg((outcome in ('store', 'app_carry', 'app_ship', 'ec_ship', 'collect'))::int)"
_RECEIPTS = """select distinct need, store::varchar as store, floor(placed_s / 86400) as day from orders
  where order_channel in ('store', 'app') and state = 'completed'"""

VISITS: Final[tuple[Measure, ...]] = (
    Measure(
        "store_visits",
        "count",
        "Store visits",
        "Arrivals in all stores.",
        "select count(*) from events where kind = 'arrive'",
    ),
    Measure(
        "visits_booked",
        "count",
        "Visits booked",
        "Bookings of a slot in a store, cancelled ones and no-shows included.",
        "select count(*) from visit_bookings",
    ),
    Measure(
        "booked_visit_show_rate",
        "share",
        "Booked visits that came",
        "Of the bookings that were not cancelled: the shopper came before the store gave up waiting.",
        "select avg((state = 'kept')::int) from visit_bookings where state <> 'cancelled'",
    ),
    Measure(
        "booked_visit_conversion",
        "share",
        "Booked visits that sold",
        "Share of booked visits that came whose need we served in the end, there or online.",
        f"select {_BOUGHT} from needs where need in (select need from visit_bookings where state = 'kept')",
    ),
    Measure(
        "unbooked_visit_conversion",
        "share",
        "The same for walk-ins",
        "The same of visits that nobody booked, for shopping occasions of the kinds that are booked.",
        f"""select {_BOUGHT} from needs where need in (select need from events where kind = 'arrive')
             and journey not in ('ec_order', 'click_and_collect') and need not in (select need from visit_bookings)
             and mission in (select mission from needs where need in (select need from visit_bookings))""",
    ),
    Measure(
        "booking_wait_hours",
        "hours",
        "Staff time kept free for bookings",
        "Hours in which somebody was kept free, getting ready or waiting; no-shows included, the visits not.",
        "select sum(staff_s) / 3600 from visit_bookings",
    ),
    Measure(
        "no_show_hours",
        "hours",
        "Staff time lost to no-shows",
        "The part of it that was spent on bookings to which nobody came.",
        "select sum(staff_s) / 3600 from visit_bookings where state = 'missed'",
    ),
    Measure(
        "store_conversion",
        "share",
        "Store visits that bought",
        "Share of store visits with a purchase at a till or in the app on that day in that store; the truth.",
        f"""select avg((r.need is not null)::int) from
             (select need, store::varchar as store, floor(time_s / 86400) as day from events where kind = 'arrive') v
             left join ({_RECEIPTS}) r using (need, store, day)""",
    ),
    Measure(
        "door_counter_conversion",
        "share",
        "The same by door counters",
        "Receipts of stores with a counter over the people it counted: companions, collectors and staff included.",
        f"""with counts as (select store::varchar as store, day, sum(counted) as counted from door_counts
             group by all)
           select (select count(*) from ({_RECEIPTS}) semi join counts using (store, day)) / sum(counted)
             from counts""",
    ),
    Measure(
        "door_counter_bias",
        "share",
        "Bias of door counters",
        "People counted over the shoppers who came, less one.",
        "select sum(counted) / sum(visitors) - 1 from door_counts",
    ),
)
