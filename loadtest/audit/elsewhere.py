"""Laws for targets that are not our core: they need little of the target's books, and say what its laws cannot.

Each stands in for a law of our core's that needs more than another system usually tells.
"""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

LAWS: Final = (
    Law(
        "told_orders_exist",
        "each order that a client was told of is in the target's books",
        "SELECT count(*) FROM history WHERE action = 'order' AND outcome = 'ok'",
        """
        SELECT format('order {} was confirmed to journey {} and is not in the books', h."order", h.journey) AS what,
            h."order", h.journey
        FROM history h WHERE h.action = 'order' AND h.outcome = 'ok' AND h."order" IS NOT NULL
            AND h."order" NOT IN (SELECT id FROM orders WHERE id IS NOT NULL) ORDER BY h.journey
        """,
    ),
    Law(
        "told_payments_exist",
        "each payment that a client was told was taken is in the target's books",
        "SELECT count(DISTINCT payment) FROM history WHERE action IN ('pay', 'poll') AND detail = 'captured'",
        """
        SELECT DISTINCT format('payment {} was confirmed to journey {} and is not in the books', h.payment,
                h.journey) AS what, h.payment, h.journey
        FROM history h WHERE h.action IN ('pay', 'poll') AND h.outcome = 'ok' AND h.detail = 'captured'
            AND h.payment IS NOT NULL AND h.payment NOT IN (SELECT id FROM payments WHERE id IS NOT NULL)
        ORDER BY h.journey
        """,
    ),
    Law(
        "stock_gone_is_sold",
        "units gone from the target's stock are the units in its orders",
        "SELECT count(*) FROM stock_moves WHERE reason = 'seed'",
        """
        WITH opening AS (
            SELECT location, sku, sum(on_hand_change) AS units FROM stock_moves WHERE reason = 'seed' GROUP BY ALL),
        free AS (SELECT location, sku, sum(on_hand - held - allocated) AS units FROM stock GROUP BY ALL),
        sold AS (
            SELECT location, sku, sum(quantity) AS units FROM lines
            WHERE state IN ('held', 'allocated', 'sold') GROUP BY ALL)
        SELECT format('item {} at {}: {} of {} units are gone from stock, {} are in orders', sku, location,
                opening.units - coalesce(free.units, 0), opening.units, coalesce(sold.units, 0)) AS what, location, sku
        FROM opening LEFT JOIN free USING (location, sku) LEFT JOIN sold USING (location, sku)
        WHERE opening.units - coalesce(free.units, 0) <> coalesce(sold.units, 0) ORDER BY location, sku
        """,
    ),
)
