"""Laws about settlement: the provider's files and our ledger name the same items, amounts and fees, once each."""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

_UNMATCHED: Final = """
        WITH files AS (SELECT date_diff('day', DATE '1970-01-01', day::DATE) AS day, read_s FROM psp_files),
        ours AS (
            SELECT 'charge' AS kind, merchant_payment_id AS merchant_id, id AS payment, amount_yen, captured_s AS at_s
            FROM payments WHERE is_captured(state) AND merchant_payment_id IS NOT NULL
            UNION ALL
            SELECT 'refund', merchant_refund_id, payment_id, r.amount_yen, r.settled_s
            FROM refunds r JOIN payments p ON p.id = r.payment_id
            WHERE r.state = 'refunded' AND p.merchant_payment_id IS NOT NULL)
"""

LAWS: Final = (
    Law(
        "files_match",
        "the provider's files and the books name the same captures and refunds with the same amounts and fees",
        "SELECT count(*) FROM settlement_items",
        f"""
        {_UNMATCHED}
        SELECT format('{{}} {{}}: {{}}, {{}} yen in the file, {{}} yen in the books', kind, merchant_id, outcome,
                amount_yen, coalesce(our_yen, 0)) AS what, merchant_id, payment_id AS payment
        FROM settlement_items WHERE outcome <> 'matched'
        UNION ALL
        SELECT format('{{}} {{}}: missing in the file, {{}} yen in the books', kind, merchant_id, amount_yen),
            merchant_id, payment
        FROM ours WHERE EXISTS (FROM files f WHERE f.day >= floor((at_s + 32400) / 86400) AND f.read_s > at_s)
            AND NOT EXISTS (FROM settlement_items i WHERE i.kind = ours.kind AND i.merchant_id = ours.merchant_id)
        ORDER BY 2
        """,
    ),
    Law(
        "settled_once",
        "each matched item is settled in the ledger once, with its amount, and nothing else is",
        "SELECT count(*) FROM settlement_items WHERE outcome = 'matched'",
        """
        WITH booked AS (
            SELECT payment_id, refund_id, count(DISTINCT transfer) AS times,
                -sum(amount_yen) FILTER (account = 'psp_receivable') AS yen
            FROM ledger_lines WHERE kind = 'settlement' GROUP BY ALL),
        items AS (
            SELECT payment_id, refund_id, sum(if(kind = 'charge', amount_yen, -amount_yen)) AS yen
            FROM settlement_items WHERE outcome = 'matched' GROUP BY ALL)
        SELECT format('payment {}: settled {} times with {} yen, matched {} yen', coalesce(i.payment_id, b.payment_id),
                coalesce(times, 0), coalesce(b.yen, 0), coalesce(i.yen, 0)) AS what,
            coalesce(i.payment_id, b.payment_id) AS payment
        FROM items i FULL JOIN booked b
            ON i.payment_id = b.payment_id AND i.refund_id IS NOT DISTINCT FROM b.refund_id
        WHERE coalesce(times, 0) <> 1 OR i.yen IS DISTINCT FROM b.yen ORDER BY payment
        """,
    ),
    Law(
        "settlement_fees",
        "the fee booked for a capture is that of its contract and of the provider's book",
        "SELECT count(*) FROM settlement_items WHERE outcome = 'matched' AND kind = 'charge'",
        """
        WITH booked AS (
            SELECT payment_id, sum(amount_yen) AS yen FROM ledger_lines WHERE account = 'psp_fees' GROUP BY ALL),
        due AS (
            SELECT i.payment_id, p.order_id, c.fee_yen AS theirs,
                coalesce(round_even(i.amount_yen * t.fee_share, 0)::BIGINT + t.fee_yen, 0) AS yen
            FROM settlement_items i JOIN payments p ON p.id = i.payment_id LEFT JOIN tenders t ON t.brand = p.brand
            LEFT JOIN psp_charges c ON c.merchant_payment_id = i.merchant_id
            WHERE i.outcome = 'matched' AND i.kind = 'charge')
        SELECT format('payment {}: fee of {} yen booked, {} yen by contract, {} yen at the provider', payment_id,
                coalesce(b.yen, 0), due.yen, coalesce(theirs, due.yen)) AS what, payment_id AS payment,
            order_id AS "order"
        FROM due LEFT JOIN booked b USING (payment_id)
        WHERE coalesce(b.yen, 0) <> due.yen OR coalesce(b.yen, 0) <> coalesce(theirs, due.yen) ORDER BY payment_id
        """,
    ),
)
