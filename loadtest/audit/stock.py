"""Laws about stock: counters are the sum of their movements, and nothing was sold that was not there."""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

LAWS: Final = (
    Law(
        "stock_counters",
        "opening stock plus movements is the counter, for units on hand, held and allocated",
        "SELECT count(*) FROM stock",
        """
        WITH moved AS (
            SELECT location, sku, sum(on_hand_change) AS on_hand, sum(held_change) AS held,
                sum(allocated_change) AS allocated
            FROM stock_moves GROUP BY location, sku)
        SELECT format('{} of item {}: counters {}/{}/{} (on hand/held/allocated), movements {}/{}/{}',
                coalesce(s.location, m.location), coalesce(s.sku, m.sku), coalesce(s.on_hand, 0), coalesce(s.held, 0),
                coalesce(s.allocated, 0), coalesce(m.on_hand, 0), coalesce(m.held, 0), coalesce(m.allocated, 0))
                AS what,
            coalesce(s.location, m.location) AS location, coalesce(s.sku, m.sku) AS sku
        FROM stock s FULL JOIN moved m ON m.location = s.location AND m.sku = s.sku
        WHERE coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0) OR coalesce(s.held, 0) <> coalesce(m.held, 0)
            OR coalesce(s.allocated, 0) <> coalesce(m.allocated, 0) ORDER BY location, sku
        """,
    ),
    Law(
        "stock_not_negative",
        "no counter is negative, and no more is promised than there is",
        "SELECT count(*) FROM stock",
        """
        SELECT format('{} of item {}: {} on hand, {} held, {} allocated', location, sku, on_hand, held, allocated)
                AS what, location, sku
        FROM stock WHERE on_hand < 0 OR held < 0 OR allocated < 0 OR on_hand - held - allocated < 0
        ORDER BY location, sku
        """,
    ),
    Law(
        "not_oversold",
        "paid units of an item never exceed its opening stock",
        "SELECT count(*) FROM (SELECT DISTINCT location, sku FROM stock_moves WHERE reason = 'seed')",
        """
        WITH opening AS (
            SELECT location, sku, sum(on_hand_change) AS units FROM stock_moves WHERE reason = 'seed' GROUP BY ALL),
        sold AS (
            SELECT location, sku, sum(quantity) AS units, sum(quantity * unit_price_yen) AS yen,
                count(DISTINCT order_id) AS orders
            FROM lines WHERE state IN ('sold', 'allocated') GROUP BY ALL)
        SELECT format('item {} oversold at {}: {} units in {} orders sold of {}, {} too many, worth {} yen', sku,
                location, sold.units, orders, coalesce(opening.units, 0), sold.units - coalesce(opening.units, 0),
                round(yen * (sold.units - coalesce(opening.units, 0)) / sold.units)::BIGINT) AS what, location, sku,
            (sold.units - coalesce(opening.units, 0))::BIGINT AS units,
            round(yen * (sold.units - coalesce(opening.units, 0)) / sold.units)::BIGINT AS yen
        FROM sold LEFT JOIN opening USING (location, sku)
        WHERE sold.units > coalesce(opening.units, 0) ORDER BY yen DESC, location, sku
        """,
    ),
    Law(
        "lines_are_counters",
        "the lines that are held, allocated and sold are what the counters say",
        "SELECT count(*) FROM lines",
        """
        WITH seeded AS (
            SELECT location, sku, sum(on_hand_change) AS units FROM stock_moves WHERE reason = 'seed' GROUP BY ALL),
        by_state AS (
            SELECT location, sku, sum(quantity) FILTER (state = 'held') AS held,
                sum(quantity) FILTER (state = 'allocated') AS allocated, sum(quantity) FILTER (state = 'sold') AS sold
            FROM lines GROUP BY ALL)
        SELECT format('{} of item {}: lines {} held, {} allocated, {} sold; counters {} held, {} allocated, {} gone',
                location, sku, coalesce(b.held, 0), coalesce(b.allocated, 0), coalesce(sold, 0), s.held, s.allocated,
                coalesce(units, 0) - on_hand) AS what, location, sku
        FROM stock s LEFT JOIN by_state b USING (location, sku) LEFT JOIN seeded USING (location, sku)
        WHERE s.held <> coalesce(b.held, 0) OR s.allocated <> coalesce(b.allocated, 0)
            OR coalesce(units, 0) - on_hand <> coalesce(sold, 0) ORDER BY location, sku
        """,
    ),
    Law(
        "opening_is_the_trace's",
        "the core opened with the stock of the trace",
        "SELECT count(*) FROM opening",
        """
        WITH seeded AS (
            SELECT location, sku, sum(on_hand_change) AS units FROM stock_moves WHERE reason = 'seed' GROUP BY ALL)
        SELECT format('{} of item {}: the trace has {} units, the core opened with {}', location, sku, on_hand,
                coalesce(units, 0)) AS what, location, sku
        FROM opening LEFT JOIN seeded USING (location, sku)
        WHERE on_hand <> coalesce(units, 0) ORDER BY location, sku
        """,
    ),
)
