"""Laws about effects: each happened once, the clients were told the truth, and nothing is left in doubt."""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

LAWS: Final = (
    Law(
        "one_capture_per_order",
        "no order was paid twice: one applied payment at most, and a late one is given back whole",
        "SELECT count(DISTINCT order_id) FROM payments",
        """
        SELECT format('order {} was paid {} times, {} yen in all', order_id, count(*), sum(amount_yen)) AS what,
            order_id AS "order", string_agg(id, ', ' ORDER BY id) AS payment
        FROM payments WHERE applied AND is_captured(state) GROUP BY order_id HAVING count(*) > 1
        UNION ALL
        SELECT format('payment {} is neither applied to order {} nor given back: {} of {} yen', id, order_id,
                refund_promised_yen, amount_yen), order_id, id::VARCHAR
        FROM payments WHERE is_captured(state) AND NOT applied AND refund_promised_yen <> amount_yen
        ORDER BY 2, 3
        """,
    ),
    Law(
        "one_effect_per_key",
        "an idempotency key made at most one payment or refund and has its outcome stored",
        "SELECT count(*) FROM idempotency_keys",
        """
        SELECT format('key {} made {} payments', idempotency_key, count(*)) AS what, idempotency_key,
            string_agg(id, ', ' ORDER BY id) AS payment
        FROM payments GROUP BY client, idempotency_key HAVING count(*) > 1
        UNION ALL
        SELECT format('key {} made {} refunds', idempotency_key, count(*)), idempotency_key,
            string_agg(payment_id, ', ' ORDER BY id)
        FROM refunds WHERE idempotency_key IS NOT NULL GROUP BY client, idempotency_key HAVING count(*) > 1
        UNION ALL
        SELECT format('key {} is still in flight', key), key, NULL FROM idempotency_keys WHERE status IS NULL
        ORDER BY 2
        """,
    ),
    Law(
        "codes_used_once",
        "each one-time code paid once: a payment by code has a code of its own",
        "SELECT count(*) FROM payments WHERE method = 'cpm'",
        """
        SELECT format('payment {} of {} yen by code ({}) has no code of its own', id, amount_yen, state) AS what,
            order_id AS "order", id AS payment
        FROM payments WHERE method = 'cpm' AND id NOT IN (SELECT payment_id FROM payment_codes
            WHERE payment_id IS NOT NULL) ORDER BY id
        """,
    ),
    Law(
        "told_ok_exists",
        "what a client was told was done is in the books: the order, the payment, the capture",
        "SELECT count(*) FROM history WHERE outcome = 'ok' AND idempotency_key <> ''",
        """
        WITH told AS (SELECT * FROM history WHERE outcome = 'ok')
        SELECT format('order {} was confirmed to the client and is not in the books', t."order") AS what,
            t."order", t.payment, t.journey
        FROM told t LEFT JOIN orders o ON o.id = t."order"
        WHERE t.action = 'order' AND (o.id IS NULL OR o.amount_yen <> t.amount_yen)
        UNION ALL
        SELECT format('payment {} was answered to the client as {}, in the books it is {}', t.payment, t.detail,
            coalesce(p.state, 'missing')), p.order_id, t.payment, t.journey
        FROM told t LEFT JOIN payments p ON p.id = t.payment
        WHERE t.action IN ('pay', 'poll')
            AND (p.id IS NULL OR (t.detail = 'captured' AND NOT coalesce(is_captured(p.state) AND p.applied, false))
                OR (t.detail IN ('failed', 'expired') AND is_captured(p.state) AND NOT p.late))
        UNION ALL
        SELECT format('key {} was answered {} to the client, the books have {}', t.idempotency_key, t.status,
            coalesce(k.status::VARCHAR, 'nothing')), t."order", t.payment, t.journey
        FROM told t LEFT JOIN idempotency_keys k ON k.key = t.idempotency_key
        WHERE t.idempotency_key <> '' AND k.status IS DISTINCT FROM t.status
        ORDER BY 4
        """,
    ),
    Law(
        "told_rejected_absent",
        "what a client was told was refused had no effect",
        "SELECT count(*) FROM history WHERE outcome = 'rejected' AND idempotency_key <> ''",
        """
        SELECT format('{} of journey {} was refused with {} ({}), but its key is stored with {}', h.action, h.journey,
            h.status, coalesce(h.detail, ''), k.status) AS what, h.journey, h.idempotency_key, p.id AS payment
        FROM history h JOIN idempotency_keys k ON k.key = h.idempotency_key
        LEFT JOIN payments p ON p.idempotency_key = h.idempotency_key AND p.client = k.client
        WHERE h.outcome = 'rejected' AND h.idempotency_key <> '' AND (k.status < 400 OR p.id IS NOT NULL)
        ORDER BY h.journey
        """,
    ),
    Law(
        "unknowns_resolved",
        "no payment or refund is left without a known end, no webhook unread",
        "SELECT sum(rows) FROM (SELECT count(*) AS rows FROM payments UNION ALL SELECT count(*) FROM refunds"
        " UNION ALL SELECT count(*) FROM webhook_inbox)",
        """
        SELECT format('payment {} of {} yen is still {}', id, amount_yen, state) AS what, order_id AS "order",
            id::VARCHAR AS payment
        FROM payments WHERE state IN ('created', 'unknown', 'pending_customer')
        UNION ALL
        SELECT format('refund {} of {} yen is still pending', id, amount_yen), NULL, payment_id::VARCHAR
        FROM refunds WHERE state = 'pending'
        UNION ALL
        SELECT format('webhook event {} was never processed', event_id), NULL, NULL
        FROM webhook_inbox WHERE processed_s IS NULL
        ORDER BY 1
        """,
    ),
)
