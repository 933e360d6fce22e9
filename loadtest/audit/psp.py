"""Laws about the payment provider: its own book, written without the core, says the same as the core's."""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

LAWS: Final = (
    Law(
        "psp_captures",
        "captured at the provider is captured in the core with the same amount, and the other way round",
        "SELECT count(*) FROM psp_charges WHERE is_captured(state)",
        """
        WITH at_psp AS (SELECT merchant_payment_id, amount_yen FROM psp_charges WHERE is_captured(state)),
        in_core AS (SELECT merchant_payment_id, id, order_id, amount_yen, state FROM payments
                    WHERE merchant_payment_id IS NOT NULL AND is_captured(state) AND EXISTS (FROM psp_charges)),
        known AS (SELECT merchant_payment_id, id, order_id, state FROM payments)
        SELECT format('charge {}: {} yen captured at the provider, {} yen in the core ({})', merchant_payment_id,
                coalesce(a.amount_yen, 0), coalesce(c.amount_yen, 0), coalesce(k.state, 'no such payment')) AS what,
            merchant_payment_id, k.id AS payment, k.order_id AS "order"
        FROM at_psp a FULL JOIN in_core c USING (merchant_payment_id) LEFT JOIN known k USING (merchant_payment_id)
        WHERE a.amount_yen IS DISTINCT FROM c.amount_yen ORDER BY payment
        """,
    ),
    Law(
        "psp_charges_once",
        "the provider took the money of a charge once",
        "SELECT count(*) FROM psp_charges",
        """
        SELECT format('charge {} took effect {} times', merchant_payment_id, sum(effects)) AS what, merchant_payment_id
        FROM psp_charges GROUP BY merchant_payment_id HAVING sum(effects) > 1 ORDER BY merchant_payment_id
        """,
    ),
    Law(
        "psp_refunds",
        "refunded at the provider is refunded in the core, refund by refund",
        "SELECT count(*) FROM psp_refunds",
        """
        WITH at_psp AS (SELECT merchant_refund_id, amount_yen FROM psp_refunds WHERE state = 'refunded'),
        in_core AS (
            SELECT r.merchant_refund_id, r.amount_yen FROM refunds r JOIN payments p ON p.id = r.payment_id
            WHERE r.state = 'refunded' AND p.merchant_payment_id IS NOT NULL AND EXISTS (FROM psp_charges)),
        known AS (SELECT merchant_refund_id, id, payment_id, state FROM refunds)
        SELECT format('refund {}: {} yen at the provider, {} yen in the core ({})', merchant_refund_id,
                coalesce(a.amount_yen, 0), coalesce(c.amount_yen, 0), coalesce(k.state, 'no such refund')) AS what,
            merchant_refund_id, k.payment_id AS payment
        FROM at_psp a FULL JOIN in_core c USING (merchant_refund_id) LEFT JOIN known k USING (merchant_refund_id)
        WHERE a.amount_yen IS DISTINCT FROM c.amount_yen ORDER BY payment
        """,
    ),
    Law(
        "failed_took_nothing",
        "a payment that was answered as failed took nothing: not knowing is not a failure",
        "SELECT count(*) FROM payments WHERE reason IS NOT NULL AND EXISTS (FROM psp_charges)",
        """
        SELECT format('payment {} was answered as failed ({}), the provider had taken {} yen', p.id, reason,
                c.amount_yen) AS what, p.id AS payment, order_id AS "order"
        FROM payments p JOIN psp_charges c USING (merchant_payment_id)
        WHERE is_captured(c.state) AND reason NOT IN ('no_effect', 'expired') ORDER BY p.id
        """,
    ),
    Law(
        "shoppers_charged_once",
        "per order, what the provider holds of the shopper is the order's amount if it stands, else nothing",
        "SELECT count(DISTINCT order_id) FROM payments JOIN psp_charges USING (merchant_payment_id)",
        """
        WITH holds AS (
            SELECT p.order_id, sum(c.amount_yen - c.refunded_yen) AS yen
            FROM payments p JOIN psp_charges c USING (merchant_payment_id)
            WHERE is_captured(c.state) GROUP BY p.order_id)
        SELECT format('order {} over {} yen is {}, the provider holds {} yen', o.id, o.amount_yen, o.state,
                yen) AS what, o.id AS "order"
        FROM holds JOIN orders o ON o.id = order_id
        WHERE yen > if(is_paid(o.state), o.amount_yen, 0)
        ORDER BY o.id
        """,
    ),
)
