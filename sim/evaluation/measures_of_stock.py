"""Measures of stock: what is missing, wrong in the record, promised and not there, and tied up."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

STOCK: Final[tuple[Measure, ...]] = (
    Measure(
        "stock_out_rate",
        "share",
        "Lines missing on the shelf",
        "Share of lines looked for in a store that were not there in full.",
        """select (select count(*) from events where kind = 'stock_out' and place = 'floor') /
             nullif((select count(*) from stock_moves where reason = 'sale')
                  + (select count(*) from events where kind = 'stock_out' and place = 'floor'), 0)""",
    ),
    Measure(
        "lost_sales_with_network_stock_yen",
        "yen",
        "Lost sales while we had the goods elsewhere",
        "Of the goods lost because they were missing: those that another shelf or the warehouse had at that moment.",
        "select sum(amount_yen) from events where kind = 'lost_in_network'",
    ),
    Measure(
        "oversold_orders",
        "count",
        "Orders promised and not there",
        "Online orders with a line that the record promised and no shelf held; it was refunded.",
        "select count(*) from events where kind = 'cancelled'",
    ),
    Measure(
        "record_error_share",
        "share",
        "Wrong stock records",
        "Share of records of carried SKUs, stores and warehouse, that differ from the shelf at the end.",
        """select avg((recorded <> on_hand)::int) from stock_closing where (location::varchar, sku) in
             (select (location::varchar, sku) from stock_moves where reason = 'opening')""",
    ),
    Measure(
        "stock_value_yen",
        "yen",
        "Stock at the end",
        "Goods on hand and in transit at the end, at cost.",
        "select sum((on_hand + in_transit) * cost_yen) from stock_closing join catalogue using (sku)",
    ),
)
