"""Measures of waiting: at tills, at the pickup counter, and for an order to be ready there."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

_WAIT = "select sum(wait_s) / nullif(sum(served), 0) from queues where"

WAITING: Final[tuple[Measure, ...]] = (
    Measure(
        "till_wait_s",
        "s",
        "Mean wait at tills",
        "Seconds between joining a line and being served, staffed tills and self-checkouts.",
        f"{_WAIT} place in ('staffed_till', 'self_checkout')",
    ),
    Measure(
        "renege_rate",
        "share",
        "Shoppers lost to the till queue",
        "Balked or reneged, of all who came to the tills.",
        """select sum(balked + reneged) / nullif(sum(balked + joined), 0) from queues
           where place in ('staffed_till', 'self_checkout')""",
    ),
    Measure(
        "pickup_wait_s",
        "s",
        "Mean wait at pickup",
        "Seconds at the pickup counter.",
        f"{_WAIT} place = 'pickup_counter'",
    ),
    Measure(
        "pickup_ready_s",
        "s",
        "Order to ready for pickup",
        "Mean seconds from a click-and-collect order to the ready notice, nights included.",
        """select avg(e.time_s - o.placed_s) from events e join orders o using ("order") where e.kind = 'ready'""",
    ),
)
