"""The queries that turn a run's tables into the steps, the stock and the catalogue of a trace.

They read views of the run's tables and `span` (w0, w1: the window on the run's clock). `cut_trace` runs them in order.
"""

from __future__ import annotations

from typing import Final

from sim.log.schema import ONLINE

LONGEST_PAYING_S: Final = 600
"""Attempts longer before the last one belong to another visit, or to the days in which a slip waited."""

ORDERED: Final = f"""
    CREATE TABLE ordered AS
    WITH tried AS (
        SELECT "order", any_value(shopper) AS shopper, any_value(need) AS need, any_value(store)::VARCHAR AS store,
            bool_or(journey = 'click_and_collect') AS collects
        FROM events WHERE kind = 'pay_attempt' GROUP BY "order"),
    asked AS (
        SELECT "order", attempt, brand::VARCHAR AS brand, channel::VARCHAR AS channel, time_s - latency_s AS at_s,
            amount_yen, outcome = 'captured' AS captured, max(time_s - latency_s) OVER (PARTITION BY "order") AS last_s
        FROM payments WHERE amount_yen > 0 AND outcome NOT IN ('refunded', 'expired')),
    inside AS (
        SELECT asked.*, at_s AS due_s, false AS comes_back FROM asked, span
        WHERE last_s >= w0 AND last_s < w1 AND at_s > last_s - {LONGEST_PAYING_S}
        UNION ALL
        SELECT asked.*, w0 - 60 + hash("order") % 6000 / 100.0, true FROM asked, span
        WHERE last_s < w0 AND captured AND "order" IN (SELECT "order" FROM given_back))
    SELECT "order", any_value(need) AS need, any_value(shopper) AS shopper, any_value(store) AS store,
        arg_min(channel, attempt) AS channel, any_value(collects) AND arg_min(channel, attempt) = 'ec' AS collects,
        any_value(amount_yen) AS money_yen, min(at_s) AS paid_s, min(due_s) AS paying_s,
        any_value(comes_back) AS comes_back,
        list({{'at_s': due_s, 'brand': brand, 'channel': channel}} ORDER BY attempt) AS attempts
    FROM inside JOIN tried USING ("order") GROUP BY "order"
"""
"""Orders whose last payment attempt was sent inside the window, paid or not; and those of which goods come back inside
it, bought and paid anew in the minute before. A slip for the convenience store counts at the moment it is paid."""

GIVEN_BACK: Final = """
    CREATE TABLE given_back AS
    SELECT e."order", e.time_s AS at_s, if(e.place = 'warehouse', 'back_office', 'till') AS client,
        -sum(p.amount_yen)::BIGINT AS refund_yen
    FROM events e JOIN payments p ON p."order" = e."order" AND p.time_s = e.time_s AND p.outcome = 'refunded', span
    WHERE e.kind = 'returned' AND e.time_s >= w0 AND e.time_s < w1 GROUP BY ALL HAVING sum(p.amount_yen) < 0
"""
"""Money that goes back for goods returned inside the window. Where points had paid for all of it there is none."""

TAKEN: Final = f"""
    CREATE TABLE taken AS
    WITH split AS (
        SELECT "order" FROM stock_moves WHERE reason IN ('sale', 'reserve') AND "order" IS NOT NULL
        GROUP BY "order" HAVING count(DISTINCT reason) = 2),
    moved AS (
        SELECT m."order" + (s."order" IS NOT NULL AND reason <> 'reserve')::INTEGER AS "order",
            s."order" IS NOT NULL AND reason <> 'reserve' AS rest, reason, location::VARCHAR AS location, sku,
            if(reason = 'reserve', held_change, -on_hand_change) AS quantity, time_s
        FROM stock_moves m LEFT JOIN split s USING ("order")
        WHERE reason IN ('sale', 'reserve', 'return_to_shelf') AND m."order" IS NOT NULL)
    SELECT "order", sku, sum(quantity)::INTEGER AS quantity, min(time_s) AS taken_s, bool_or(rest) AS is_rest,
        bool_or(reason = 'reserve') AS reserved, arg_max(location, (quantity, location = '{ONLINE}')) AS location
    FROM moved JOIN ordered USING ("order") WHERE reason <> 'return_to_shelf' OR time_s <= paid_s
    GROUP BY "order", sku HAVING sum(quantity) > 0
"""
"""The lines of each order, from its movements: taken from a shelf and not put back before it was paid, or reserved. A
split basket was taken under its first order, which ships; what stayed in the bag (`is_rest`) belongs to the next."""

BASKET: Final = f"""
    CREATE TABLE basket AS
    WITH missing AS (SELECT "order", sum(amount_yen) AS yen FROM events WHERE kind = 'cancelled' GROUP BY "order"),
    priced AS (
        SELECT taken.*, price_yen, greatest(1, money_yen - coalesce(missing.yen, 0)) AS due_yen, store, collects,
            sum(quantity * price_yen) OVER (PARTITION BY "order") AS goods_yen
        FROM taken JOIN ordered USING ("order") JOIN catalogue USING (sku) LEFT JOIN missing USING ("order")
        WHERE price_yen > 0),
    scaled AS (
        SELECT *, greatest(1, price_yen * due_yen // goods_yen) AS part_yen,
            row_number() OVER (PARTITION BY "order" ORDER BY quantity, sku) = 1 AS takes_rest
        FROM priced),
    paid AS (
        SELECT *, sum(quantity * part_yen) OVER (PARTITION BY "order") AS parts_yen,
            part_yen + if(takes_rest, greatest(0, due_yen - parts_yen) // quantity, 0) AS unit_price_yen
        FROM scaled)
    SELECT "order",
        if(collects, coalesce(store, arg_max(location, (quantity, location = '{ONLINE}'))),
            arg_max(location, (quantity, location = '{ONLINE}'))) AS location,
        CASE WHEN NOT bool_or(reserved) THEN 'carry' WHEN collects THEN 'collect' ELSE 'ship' END AS fulfilment,
        list({{'sku': sku, 'quantity': quantity, 'unit_price_yen': unit_price_yen}} ORDER BY sku) AS lines,
        sum(quantity * unit_price_yen)::BIGINT AS amount_yen, min(taken_s) AS taken_s, bool_or(is_rest) AS is_rest
    FROM paid GROUP BY "order", store, collects
"""
"""What each order is about. What was reserved is collected where the journey says so, else shipped. An order has one
place in the core: the store where it is collected, or where its biggest line is. Unit prices are what is paid in money:
the catalogue's, changed in proportion by coupon, points and shipping fee, and to the yen by the line of fewest units.
Lines that the shop promised and did not have are left out, and so is their money."""

PAID_INSIDE: Final = 'SELECT count(*) FROM basket JOIN ordered USING ("order") WHERE NOT comes_back'

BROWSED: Final = f"""
    CREATE TABLE browsed AS
    SELECT "order", need, shopper, time_s, coalesce(store::VARCHAR, '{ONLINE}') AS location, kind::VARCHAR AS kind, sku
    FROM events, span
    WHERE kind IN ('scan', 'look_up') AND sku IS NOT NULL AND need IS NOT NULL AND time_s >= w0 AND time_s < w1
"""

JOURNEYS: Final = """
    CREATE TABLE journey AS
    WITH bought AS (SELECT need, "order", shopper FROM ordered JOIN basket USING ("order")),
    looked AS (SELECT need, NULL AS "order", any_value(shopper) AS shopper FROM browsed
               WHERE need NOT IN (SELECT need FROM bought) GROUP BY need)
    SELECT *, row_number() OVER (ORDER BY need, "order") - 1 AS journey,
        row_number() OVER (PARTITION BY need ORDER BY "order") = 1 AS is_first
    FROM (FROM bought UNION ALL FROM looked)
"""
"""One journey per order; a shopper who only looked has a journey without one."""

PREPARED: Final = (GIVEN_BACK, ORDERED, TAKEN, BASKET, BROWSED, JOURNEYS)
"""What the steps are made from, in this order."""

STEPS: Final = """
    CREATE TABLE step AS
    WITH bought AS (
        SELECT j.journey, o.*, b.location, b.fulfilment, b.lines, len(b.lines) AS n,
            if(channel = 'store', 'till', 'app') AS client,
            if(fulfilment = 'carry', paying_s, least(paying_s, greatest(taken_s, paying_s - 60.0))) AS placed_s,
            b.is_rest
        FROM journey j JOIN ordered o USING ("order") JOIN basket b USING ("order")),
    tills AS (
        SELECT "order", max(e.time_s) AS start_s FROM events e JOIN bought USING ("order")
        WHERE e.kind = 'till_start' AND e.time_s <= placed_s GROUP BY "order"),
    items AS (  -- one row per line, spread evenly from the start at the till (else 2 s each) to the order
        SELECT b.*, placed_s - (placed_s - coalesce(start_s, placed_s - 2.0 * n)) * (n - k + 1) / n AS at_s,
            lines[k] AS line
        FROM bought b LEFT JOIN tills USING ("order"), unnest(range(1, n + 1)) AS r(k)),
    looks AS (
        SELECT coalesce(by_order.journey, by_need.journey) AS journey, b.time_s AS at_s, b.location, b.kind, b.shopper,
            {'sku': b.sku, 'quantity': 1, 'unit_price_yen': c.price_yen} AS line
        FROM browsed b JOIN catalogue c USING (sku) JOIN journey by_need ON by_need.need = b.need AND by_need.is_first
        LEFT JOIN journey by_order ON by_order."order" = b."order"),
    seen AS (SELECT DISTINCT journey FROM looks),
    asked AS (SELECT b.*, unnest(attempts) AS attempt FROM bought b),
    paid AS (SELECT *, attempt.at_s AS at_s, attempt.brand AS brand,
                 if(attempt.channel = 'store', 'till', 'app') AS payer FROM asked),
    moved AS (
        SELECT b.*, e.time_s AS at_s, e.kind::VARCHAR AS kind FROM events e JOIN bought b USING ("order"), span
        WHERE e.kind IN ('ready', 'collected', 'no_show', 'shipped') AND e.time_s < w1
            AND if(fulfilment = 'collect', e.kind <> 'shipped', fulfilment = 'ship' AND e.kind = 'shipped'))
    SELECT journey, at_s, 0 AS rank, 'product' AS action, 'app' AS client, location, shopper, [line] AS lines,
        '' AS brand FROM looks WHERE kind = 'look_up'
    UNION ALL SELECT journey, at_s, 1, 'availability', 'app', location, shopper, [line], ''
        FROM looks WHERE kind = 'look_up'
    UNION ALL SELECT journey, at_s, 1, 'scan', 'app', location, shopper, [line], '' FROM looks WHERE kind = 'scan'
    UNION ALL SELECT journey, at_s, 2, if(channel = 'store', 'product', 'scan'), client, location, shopper, [line], ''
        FROM items WHERE channel = 'store' OR (fulfilment = 'carry' AND NOT is_rest AND journey NOT IN (FROM seen))
    UNION ALL SELECT journey, at_s, 2, unnest(['product', 'availability']), 'app', location, shopper, [line], ''
        FROM items WHERE channel <> 'store' AND fulfilment <> 'carry' AND journey NOT IN (FROM seen)
    UNION ALL SELECT journey, placed_s, 4, 'reserve', 'app', location, shopper, lines, ''
        FROM bought WHERE channel <> 'store' AND fulfilment <> 'carry'
    UNION ALL SELECT journey, placed_s, 5, 'order', client, location, shopper, lines, '' FROM bought
    UNION ALL SELECT journey, at_s, 6, 'payment_code', 'app', location, shopper, lines, brand
        FROM paid WHERE brand = 'qr'
    UNION ALL SELECT journey, at_s, 7, 'pay', payer, location, shopper, lines, brand FROM paid
    UNION ALL SELECT journey, at_s, 8,
        CASE kind WHEN 'collected' THEN 'collect' WHEN 'shipped' THEN 'ship' WHEN 'no_show' THEN 'cancel' ELSE kind END,
        'back_office', location, shopper, lines, '' FROM moved
    UNION ALL SELECT journey, g.at_s, 9, 'refund', g.client, location, shopper, lines, ''
        FROM bought JOIN given_back g USING ("order")
"""

NUMBERED: Final = """
    SELECT s.journey,
        (row_number() OVER (PARTITION BY s.journey ORDER BY at_s, rank, action DESC) - 1)::INTEGER AS step,
        at_s - w0 AS due_s, action, client, location, shopper::BIGINT AS shopper, lines,
        coalesce(if(action = 'refund', least(refund_yen, amount_yen), amount_yen), 0) AS amount_yen,
        coalesce(channel, 'app') AS channel,
        coalesce(fulfilment, 'carry') AS fulfilment, brand, 0::INTEGER AS copy
    FROM step s JOIN span ON true LEFT JOIN (
        SELECT journey, channel, fulfilment, amount_yen, refund_yen
        FROM journey JOIN ordered USING ("order") JOIN basket USING ("order") LEFT JOIN given_back USING ("order"))
    USING (journey)
    WHERE rank BETWEEN 4 AND 7 OR (at_s >= w0 AND at_s < w1)
    ORDER BY due_s, s.journey, step
"""

STOCK: Final = """
    WITH free AS (
        SELECT location::VARCHAR AS location, sku, sum(on_hand_change - held_change) AS units
        FROM stock_moves, span WHERE (time_s < w0 OR reason = 'opening')
            AND ("order" IS NULL OR "order" NOT IN (SELECT "order" FROM ordered))
        GROUP BY ALL),
    sold AS (
        SELECT location, line.sku AS sku, sum(line.quantity) AS units
        FROM (SELECT location, unnest(lines) AS line FROM basket) GROUP BY ALL)
    SELECT location, sku, greatest(coalesce(free.units, 0), coalesce(sold.units, 0))::BIGINT AS on_hand
    FROM free FULL JOIN sold USING (location, sku) ORDER BY location, sku
"""
"""Units that may be sold when the window opens, and never fewer than the trace sells: where the twin sold it, it was
there (goods that arrive inside the window count as there from its start)."""

CATALOGUE: Final = """
    SELECT sku, format('{} {}', category, sku) AS name, price_yen, NULL::DOUBLE AS rating, 0::INTEGER AS reviews
    FROM catalogue WHERE price_yen > 0 ORDER BY sku
"""
