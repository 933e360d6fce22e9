"""The queries that turn a run's tables into the steps, the stock and the catalogue of a trace.

They read views of the run's tables and `span` (w0, w1: the window on the run's clock). `cut_trace` runs them in order.
"""

from __future__ import annotations

from typing import Final

from sim.log.schema import ONLINE

ORDERED: Final = """
    CREATE TABLE ordered AS
    WITH tried AS (SELECT "order", any_value(shopper) AS shopper, any_value(need) AS need FROM events
                   WHERE kind = 'pay_attempt' GROUP BY "order"),
    asked AS (
        SELECT "order", attempt, brand::VARCHAR AS brand, channel::VARCHAR AS channel, time_s - latency_s AS at_s
        FROM payments WHERE amount_yen > 0 AND outcome NOT IN ('refunded', 'expired'))
    SELECT "order", any_value(need) AS need, any_value(shopper) AS shopper, min(at_s) AS paying_s,
        arg_min(channel, attempt) AS channel,
        list({'at_s': at_s, 'brand': brand, 'channel': channel} ORDER BY attempt) AS attempts
    FROM asked JOIN tried USING ("order"), span
    GROUP BY "order" HAVING max(at_s) >= any_value(w0) AND max(at_s) < any_value(w1)
"""
"""Orders whose last payment attempt was sent inside the window, paid or not."""

BASKET: Final = f"""
    CREATE TABLE basket AS
    WITH taken AS (
        SELECT m."order", m.location::VARCHAR AS location, m.reason = 'reserve' AS reserved, m.sku,
            sum(if(m.reason = 'sale', -m.on_hand_change, m.held_change))::INTEGER AS quantity, min(m.time_s) AS at_s
        FROM stock_moves m JOIN ordered USING ("order") WHERE m.reason IN ('sale', 'reserve')
        GROUP BY ALL HAVING quantity > 0)
    SELECT "order", location,
        CASE WHEN NOT reserved THEN 'carry' WHEN location = '{ONLINE}' THEN 'ship' ELSE 'collect' END AS fulfilment,
        list({{'sku': sku, 'quantity': quantity, 'unit_price_yen': price_yen}} ORDER BY sku) AS lines,
        sum(quantity * price_yen)::BIGINT AS amount_yen, min(at_s) AS taken_s
    FROM taken JOIN catalogue USING (sku) WHERE price_yen > 0 GROUP BY "order", location, reserved
    QUALIFY row_number() OVER (PARTITION BY "order" ORDER BY reserved DESC, location) = 1
"""
"""What each order is about, from its movements: a basket taken from the shelf is carried, one reserved at the
warehouse is shipped, one reserved at a store is collected. Goods scanned in a store and then shipped were taken, put
back and reserved: the reservation counts. Amounts are sums of lines at catalogue prices."""

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

STEPS: Final = """
    CREATE TABLE step AS
    WITH bought AS (
        SELECT j.journey, o.*, b.location, b.fulfilment, b.lines, len(b.lines) AS n,
            if(channel = 'store', 'till', 'app') AS client,
            if(fulfilment = 'carry', paying_s, least(paying_s, greatest(taken_s, paying_s - 60.0))) AS placed_s
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
        WHERE e.kind IN ('ready', 'collected', 'shipped') AND e.time_s < w1
            AND if(fulfilment = 'collect', e.kind <> 'shipped', fulfilment = 'ship' AND e.kind = 'shipped'))
    SELECT journey, at_s, 0 AS rank, 'product' AS action, 'app' AS client, location, shopper, [line] AS lines,
        '' AS brand FROM looks WHERE kind = 'look_up'
    UNION ALL SELECT journey, at_s, 1, 'availability', 'app', location, shopper, [line], ''
        FROM looks WHERE kind = 'look_up'
    UNION ALL SELECT journey, at_s, 1, 'scan', 'app', location, shopper, [line], '' FROM looks WHERE kind = 'scan'
    UNION ALL SELECT journey, at_s, 2, if(channel = 'store', 'product', 'scan'), client, location, shopper, [line], ''
        FROM items WHERE channel = 'store' OR (fulfilment = 'carry' AND journey NOT IN (FROM seen))
    UNION ALL SELECT journey, at_s, 2, unnest(['product', 'availability']), 'app', location, shopper, [line], ''
        FROM items WHERE channel <> 'store' AND fulfilment <> 'carry' AND journey NOT IN (FROM seen)
    UNION ALL SELECT journey, placed_s, 4, 'reserve', 'app', location, shopper, lines, ''
        FROM bought WHERE channel <> 'store' AND fulfilment <> 'carry'
    UNION ALL SELECT journey, placed_s, 5, 'order', client, location, shopper, lines, '' FROM bought
    UNION ALL SELECT journey, at_s, 6, 'payment_code', 'app', location, shopper, lines, brand
        FROM paid WHERE brand = 'qr'
    UNION ALL SELECT journey, at_s, 7, 'pay', payer, location, shopper, lines, brand FROM paid
    UNION ALL SELECT journey, at_s, 8,
        CASE kind WHEN 'collected' THEN 'collect' WHEN 'shipped' THEN 'ship' ELSE kind END,
        'back_office', location, shopper, lines, '' FROM moved
"""

NUMBERED: Final = """
    SELECT s.journey,
        (row_number() OVER (PARTITION BY s.journey ORDER BY at_s, rank, action DESC) - 1)::INTEGER AS step,
        at_s - w0 AS due_s, action, client, location, shopper::BIGINT AS shopper, lines,
        coalesce(amount_yen, 0) AS amount_yen, coalesce(channel, 'app') AS channel,
        coalesce(fulfilment, 'carry') AS fulfilment, brand, 0::INTEGER AS copy
    FROM step s JOIN span ON true LEFT JOIN (
        SELECT journey, channel, fulfilment, amount_yen
        FROM journey JOIN ordered USING ("order") JOIN basket USING ("order")) USING (journey)
    WHERE rank BETWEEN 4 AND 7 OR (at_s >= w0 AND at_s < w1)
    ORDER BY due_s, s.journey, step
"""

STOCK: Final = """
    WITH free AS (
        SELECT location::VARCHAR AS location, sku, sum(on_hand_change - held_change) AS units
        FROM stock_moves, span WHERE time_s < w0 AND ("order" IS NULL OR "order" NOT IN (SELECT "order" FROM ordered))
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
