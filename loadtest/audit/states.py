"""Laws about states: orders, payments and lines are where their history allows, and where the client left them."""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

LAWS: Final = (
    Law(
        "order_states",
        "an order is in a state that its fulfilment allows, and its lines with it",
        "SELECT count(*) FROM orders",
        """
        WITH line_states AS (SELECT order_id, list_sort(list(DISTINCT state)) AS states FROM lines
                             WHERE order_id IS NOT NULL GROUP BY order_id)
        SELECT format('order {} ({}) is {} with lines {}', id, fulfilment, state, coalesce(states, [])) AS what,
            id AS "order"
        FROM orders LEFT JOIN line_states ON order_id = id
        WHERE NOT coalesce(CASE state
            WHEN 'pending_payment' THEN list_has_all(['expired', 'held'], states)
            WHEN 'completed' THEN fulfilment = 'carry' AND states = ['sold']
            WHEN 'paid' THEN fulfilment <> 'carry' AND states = ['allocated']
            WHEN 'ready' THEN fulfilment = 'collect' AND states = ['allocated']
            WHEN 'collected' THEN fulfilment = 'collect' AND states = ['sold']
            WHEN 'shipped' THEN fulfilment = 'ship' AND states = ['sold']
            ELSE list_has_all(['released', 'returned', 'expired'], states) END, false) ORDER BY id
        """,
    ),
    Law(
        "payment_states",
        "a payment's amounts and times fit its state, and its order exists",
        "SELECT count(*) FROM payments",
        """
        SELECT format('payment {} is {}: {} of {} yen refunded, {}, {}', p.id, p.state, refunded_yen, p.amount_yen,
                CASE WHEN applied THEN 'applied' WHEN late THEN 'late' ELSE 'not applied' END,
                CASE WHEN captured_s IS NULL THEN 'never captured' ELSE 'captured' END) AS what,
            p.id AS payment, p.order_id AS "order"
        FROM payments p LEFT JOIN orders o ON o.id = p.order_id
        WHERE o.id IS NULL OR p.amount_yen > o.amount_yen OR NOT coalesce(CASE p.state
            WHEN 'captured' THEN refunded_yen = 0
            WHEN 'partially_refunded' THEN 0 < refunded_yen AND refunded_yen < p.amount_yen
            WHEN 'refunded' THEN refunded_yen = p.amount_yen
            ELSE refunded_yen = 0 AND NOT applied END, false)
            OR (is_captured(p.state) AND captured_s IS NULL) ORDER BY p.id
        """,
    ),
    Law(
        "journeys_end",
        "each journey's last confirmed step agrees with the state of its order",
        "SELECT count(DISTINCT journey) FROM whole_history WHERE outcome = 'ok' AND \"order\" IS NOT NULL",
        """
        WITH told AS (
            SELECT journey, CASE WHEN action IN ('pay', 'poll') THEN 'paid' ELSE action END AS step
            FROM whole_history WHERE outcome = 'ok' AND (action IN ('ready', 'collect', 'ship', 'cancel')
                OR (action IN ('pay', 'poll') AND detail = 'captured'))),
        reached AS (
            SELECT journey, arg_max(step, list_position(['paid', 'ready', 'ship', 'collect', 'cancel'], step)) AS step
            FROM told GROUP BY journey),
        ordered AS (
            SELECT journey, max("order") AS id FROM whole_history
            WHERE action = 'order' AND outcome = 'ok' GROUP BY journey),
        doubtful AS (SELECT DISTINCT journey FROM whole_history WHERE action = 'cancel' AND outcome = 'unknown')
        SELECT format('journey {} was told {}, its order {} is {}', r.journey, step, id,
                coalesce(o.state, 'missing')) AS what, r.journey, id AS "order"
        FROM reached r JOIN ordered USING (journey) LEFT JOIN orders o USING (id)
        WHERE NOT coalesce(CASE step
            WHEN 'paid' THEN is_paid(o.state)
            WHEN 'ready' THEN o.state IN ('ready', 'collected')
            WHEN 'ship' THEN o.state = 'shipped'
            WHEN 'collect' THEN o.state = 'collected'
            ELSE o.state IN ('cancelled', 'expired') END, false)
            AND r.journey NOT IN (FROM doubtful)
        ORDER BY r.journey
        """,
    ),
    Law(
        "orders_are_asked_for",
        "every order in the books was asked for by a client: nothing was made up, nothing made twice",
        "SELECT count(*) FROM orders WHERE EXISTS (FROM whole_history)",
        """
        WITH tried AS (FROM whole_history WHERE action = 'order'),
        asked AS (SELECT count(*) AS calls FROM tried WHERE outcome IN ('ok', 'unknown')),
        twice AS (SELECT "order", count(*) AS times FROM tried WHERE outcome = 'ok' GROUP BY ALL)
        SELECT format('{} orders in the books, {} asked for', (SELECT count(*) FROM orders), calls) AS what,
            NULL::BIGINT AS "order"
        FROM asked WHERE EXISTS (FROM whole_history) AND (SELECT count(*) FROM orders) > calls
        UNION ALL
        SELECT format('order {} was given to {} journeys', "order", times), "order" FROM twice WHERE times > 1
        ORDER BY 2
        """,
    ),
)
