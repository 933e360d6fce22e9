"""Stock and its record."""

from __future__ import annotations

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class Stock(Table):
    """Stock and its record."""

    cover_days: Positive = cited(5.0, ASSUMPTION, "order-up-to level: days of expected demand")
    safety_factor: NotNegative = cited(1.6, ASSUMPTION, "order-up-to level: standard deviations on top")
    shelf_minimum: int = cited(1, ASSUMPTION, "order-up-to level is never below this", ge=0)
    lead_days_store: int = cited(1, ASSUMPTION, "days from order to receipt, stores", ge=1)
    lead_days_warehouse: int = cited(3, ASSUMPTION, "days from order to receipt, warehouse", ge=1)
    shrink_per_unit_and_day: Share = cited(0.0004, ASSUMPTION, "probability that a unit vanishes unrecorded")
    count_every_days: int = cited(28, ASSUMPTION, "days between stock counts that put the record right", ge=1)
    online_buffer: int = cited(2, "S73", "store stock below this + 1 is shown online as sold out", ge=0)
    cycle_count_skus_per_day: int = cited(0, ASSUMPTION, "SKUs that each store counts a day, in turn; 0: none", ge=0)
    cycle_count_minutes_per_sku: NotNegative = cited(2.0, ASSUMPTION, "floor staff's time for such a count")
