"""Stock and its record."""

from __future__ import annotations

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class Stock(Table):
    """Stock and its record."""

    cover_days: Positive = cited(5.0, ASSUMPTION, "order-up-to level: days of expected demand")
    safety_factor: NotNegative = cited(1.6, ASSUMPTION, "order-up-to level: standard deviations on top")
    pooled_safety: Share = cited(
        0.5, ASSUMPTION, "share of those that the warehouse keeps when the stores ship what it lacks"
    )
    shelf_minimum: int = cited(1, ASSUMPTION, "order-up-to level is never below this", ge=0)
    lead_days_store: int = cited(1, ASSUMPTION, "days from order to receipt, stores", ge=1)
    lead_days_warehouse: int = cited(3, ASSUMPTION, "days from order to receipt, warehouse", ge=1)
    shrink_per_unit_and_day: Share = cited(0.0004, ASSUMPTION, "probability that a unit vanishes unrecorded")
    receipt_miscount: Share = cited(
        0.0, ASSUMPTION, "probability that a delivered SKU is booked one unit too high or too low"
    )
    till_mix_up: Share = cited(
        0.0, ASSUMPTION, "probability that a unit sold in a store is booked as a similar item of its category"
    )
    count_every_days: int = cited(28, ASSUMPTION, "days between stock counts that put the record right", ge=1)
    count_s_per_record: NotNegative = cited(0.0, ASSUMPTION, "labour of a count, per SKU that the location carries")
    online_buffer: int = cited(2, "S73", "store stock below this + 1 is shown online as sold out", ge=0)
    rebalance: bool = cited(False, ASSUMPTION, "every night stores with plenty send to stores that have run out")
    ship_to_store: bool = cited(False, ASSUMPTION, "an order to be collected gets what its store lacks sent there")
    transfer_days: int = cited(1, ASSUMPTION, "days from sending to receipt between our own locations", ge=1)
    transfer_yen_per_unit: int = cited(60, ASSUMPTION, "labour and transport of a unit between locations", ge=0)
    holding_cost_per_year: NotNegative = cited(0.0, ASSUMPTION, "yearly cost of a yen of stock: capital, space")
    cycle_count_skus_per_day: int = cited(0, ASSUMPTION, "SKUs that each store counts a day, in turn; 0: none", ge=0)
    cycle_count_minutes_per_sku: NotNegative = cited(2.0, ASSUMPTION, "floor staff's time for such a count")
