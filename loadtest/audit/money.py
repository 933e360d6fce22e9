"""Laws about money: the ledger balances and says what the orders, payments and refunds say."""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

LAWS: Final = (
    Law(
        "ledger_transfers",
        "every transfer of the ledger sums to zero",
        "SELECT count(DISTINCT transfer) FROM ledger_lines",
        """
        SELECT format('transfer {} sums to {} yen', transfer, sum(amount_yen)) AS what, transfer,
            any_value(order_id) AS "order", any_value(payment_id) AS payment
        FROM ledger_lines GROUP BY transfer HAVING sum(amount_yen) <> 0 ORDER BY transfer
        """,
    ),
    Law(
        "captures_booked",
        "each captured payment is booked once, with its amount; nothing else is booked as captured",
        "SELECT count(*) FROM payments WHERE is_captured(state)",
        """
        WITH booked AS (
            SELECT payment_id, count(DISTINCT transfer) AS times, sum(amount_yen) FILTER (amount_yen > 0) AS yen
            FROM ledger_lines WHERE kind IN ('capture', 'late_capture') GROUP BY payment_id),
        captured AS (SELECT id, order_id, amount_yen FROM payments WHERE is_captured(state))
        SELECT format('payment {}: captured {} yen, booked {} times with {} yen',
                coalesce(id, payment_id), coalesce(amount_yen, 0), coalesce(times, 0), coalesce(yen, 0)) AS what,
            coalesce(id, payment_id) AS payment, order_id AS "order"
        FROM captured FULL JOIN booked ON id = payment_id
        WHERE coalesce(times, 0) <> 1 OR yen IS DISTINCT FROM amount_yen ORDER BY payment
        """,
    ),
    Law(
        "paid_orders",
        "a paid order has one applied, captured payment of its amount, and only a paid order has money left on it",
        "SELECT count(*) FROM orders WHERE is_paid(state)",
        """
        WITH money AS (
            SELECT order_id, sum(amount_yen - refund_promised_yen) AS left_yen
            FROM payments WHERE is_captured(state) AND applied GROUP BY order_id)
        SELECT format('order {} is {} over {} yen, but {} yen captured and not given back', o.id, o.state,
                o.amount_yen, coalesce(left_yen, 0)) AS what, o.id AS "order", o.payment_id AS payment
        FROM orders o LEFT JOIN money ON order_id = o.id
        WHERE (is_paid(state) AND (o.payment_id IS NULL OR left_yen IS NULL OR left_yen > o.amount_yen
                OR NOT EXISTS (FROM payments p WHERE p.id = o.payment_id AND p.order_id = o.id
                    AND p.applied AND p.amount_yen = o.amount_yen AND is_captured(p.state))))
            OR (NOT is_paid(state) AND coalesce(left_yen, 0) <> 0) ORDER BY o.id
        """,
    ),
    Law(
        "order_amounts",
        "an order's amount is the sum of its lines, less its coupon and its points",
        "SELECT count(*) FROM orders",
        """
        SELECT format('order {}: {} yen, its lines {} yen, less {} yen', o.id, o.amount_yen,
                coalesce(sum(l.quantity * l.unit_price_yen), 0)::BIGINT, coalesce(max(d.yen), 0)) AS what,
            o.id AS "order"
        FROM orders o LEFT JOIN lines l ON l.order_id = o.id LEFT JOIN discounts d ON d.order_id = o.id
        GROUP BY o.id, o.amount_yen
        HAVING coalesce(sum(l.quantity * l.unit_price_yen), 0) - coalesce(max(d.yen), 0) <> o.amount_yen ORDER BY o.id
        """,
    ),
    Law(
        "refunds_within_captures",
        "refunds never exceed what was captured, and a payment's refunded yen are those of its refunds",
        "SELECT count(*) FROM refunds",
        """
        WITH given AS (
            SELECT payment_id, coalesce(sum(amount_yen) FILTER (state = 'refunded'), 0) AS done_yen,
                coalesce(sum(amount_yen) FILTER (state <> 'failed'), 0) AS promised_yen
            FROM refunds GROUP BY payment_id)
        SELECT format('payment {} of {} yen ({}): {} yen refunded in its row, {} yen in its refunds, {} yen promised',
                coalesce(p.id, payment_id), coalesce(amount_yen, 0), coalesce(state, 'missing'),
                coalesce(refunded_yen, 0), coalesce(done_yen, 0), coalesce(promised_yen, 0)) AS what,
            coalesce(p.id, payment_id) AS payment, order_id AS "order"
        FROM payments p FULL JOIN given ON payment_id = p.id
        WHERE refunded_yen IS DISTINCT FROM coalesce(done_yen, 0)
            OR refund_promised_yen IS DISTINCT FROM coalesce(promised_yen, 0)
            OR promised_yen > amount_yen OR (promised_yen > 0 AND NOT is_captured(state)) ORDER BY payment
        """,
    ),
    Law(
        "ledger_of_payments",
        "the ledger's money accounts hold, per payment, what was captured and not refunded",
        "SELECT count(DISTINCT payment_id) FROM ledger_lines",
        """
        WITH held AS (
            SELECT payment_id, sum(amount_yen) AS yen FROM ledger_lines
            WHERE account IN ('cash_drawer', 'psp_receivable', 'settlement_due', 'psp_fees') GROUP BY payment_id),
        due AS (SELECT id, order_id, CASE WHEN is_captured(state) THEN amount_yen - refunded_yen ELSE 0 END AS yen
                FROM payments)
        SELECT format('payment {}: {} yen in the ledger, {} yen by its state', coalesce(id, payment_id),
                coalesce(held.yen, 0), coalesce(due.yen, 0)) AS what, coalesce(id, payment_id) AS payment,
            order_id AS "order"
        FROM due FULL JOIN held ON payment_id = id
        WHERE coalesce(held.yen, 0) <> coalesce(due.yen, 0) ORDER BY payment
        """,
    ),
    Law(
        "no_debt_left",
        "nothing that was promised back or received for a closed order is still open",
        "SELECT count(*) FROM ledger_lines WHERE account IN ('refunds_payable', 'unapplied_receipts')",
        """
        SELECT format('{} of payment {} is open with {} yen', account, payment_id, sum(amount_yen)) AS what,
            payment_id AS payment, any_value(order_id) AS "order"
        FROM ledger_lines WHERE account IN ('refunds_payable', 'unapplied_receipts')
        GROUP BY account, payment_id HAVING sum(amount_yen) <> 0 ORDER BY payment_id
        """,
    ),
)
