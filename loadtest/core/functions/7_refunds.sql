-- Counts a new refund against its payment and books the debt. The caller holds the payment's lock.
CREATE OR REPLACE FUNCTION promise_refund(p_refund bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r refunds;
    p payments;
BEGIN
    SELECT * INTO r FROM refunds WHERE id = p_refund;
    UPDATE payments SET refund_promised_yen = refund_promised_yen + r.amount_yen WHERE id = r.payment_id
        RETURNING * INTO p;
    PERFORM post_transfer('refund', CASE WHEN p.late THEN 'unapplied_receipts' ELSE 'sales_returns' END,
                          'refunds_payable', r.amount_yen, p.order_id, p.id, r.id);
    IF p.method = 'cash' THEN
        PERFORM settle_refund(r.id, 'refunded');
    END IF;
END $$;

-- What the PSP said about a refund: refunded, failed, or anything else (still pending). Safe to repeat.
CREATE OR REPLACE FUNCTION settle_refund(p_refund bigint, p_news text, OUT result outcome, OUT state text)
LANGUAGE plpgsql AS $$
DECLARE
    r refunds;
    p payments;
BEGIN
    SELECT * INTO p FROM payments WHERE id = (SELECT payment_id FROM refunds WHERE id = p_refund) FOR UPDATE;
    SELECT * INTO r FROM refunds WHERE id = p_refund FOR UPDATE;
    IF r.state = 'pending' AND p_news = 'refunded' THEN
        r.state := 'refunded';
        UPDATE refunds q SET state = 'refunded', settled_at = clock_timestamp() WHERE q.id = r.id;
        UPDATE payments q SET refunded_yen = q.refunded_yen + r.amount_yen,
            state = CASE WHEN q.refunded_yen + r.amount_yen = q.amount_yen THEN 'refunded'
                         ELSE 'partially_refunded' END
            WHERE q.id = p.id;
        PERFORM post_transfer('refund_settled', 'refunds_payable',
            CASE p.method WHEN 'cash' THEN 'cash_drawer' ELSE 'psp_receivable' END,
            r.amount_yen, p.order_id, p.id, r.id);
        IF p.applied AND p.refunded_yen + r.amount_yen = p.amount_yen THEN
            PERFORM return_benefits(p.order_id, p.id, r.id);
        END IF;
    ELSIF r.state = 'pending' AND p_news = 'failed' THEN
        r.state := 'failed';
        UPDATE refunds q SET state = 'failed', settled_at = clock_timestamp() WHERE q.id = r.id;
        UPDATE payments q SET refund_promised_yen = q.refund_promised_yen - r.amount_yen WHERE q.id = p.id;
        PERFORM post_transfer('refund_failed', 'refunds_payable',
            CASE WHEN p.late THEN 'unapplied_receipts' ELSE 'sales_returns' END,
            r.amount_yen, p.order_id, p.id, r.id);
    END IF;
    state := r.state;
    IF r.client IS NOT NULL THEN
        result := finish_key(r.client, r.idempotency_key, 201,
                             format('{"refund":%s,"payment":%s,"state":"%s"}', r.id, p.id, r.state));
    END IF;
END $$;

-- `refund` is set when the PSP must be asked; cash is given back here. `p_lease_s` as in begin_payment.
CREATE OR REPLACE FUNCTION begin_refund(p_client text, p_key text, p_fingerprint bytea, p_payment bigint,
    p_amount bigint, p_reason text, p_lease_s double precision, OUT result outcome, OUT refund bigint)
LANGUAGE plpgsql AS $$
DECLARE
    p payments;
    r refunds;
BEGIN
    result := claim_key(p_client, p_key, p_fingerprint);
    IF result.status = 409 AND NOT result.replayed THEN
        UPDATE refunds SET called_at = clock_timestamp()
            WHERE merchant_refund_id = p_client || ':' || p_key AND state = 'pending'
              AND called_at < clock_timestamp() - make_interval(secs => p_lease_s)
            RETURNING id INTO refund;
    END IF;
    IF result.status IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
    IF NOT FOUND THEN
        result := store_outcome(p_client, p_key, p_fingerprint, 404, rejection('not_found', 'no such payment'));
        RETURN;
    ELSIF p.state NOT IN ('captured', 'partially_refunded') OR p_amount > p.amount_yen - p.refund_promised_yen THEN
        result := store_outcome(p_client, p_key, p_fingerprint, 409, format(
            '{"error":"exceeds_captured","message":"%s yen can still be refunded","refundable_yen":%s}',
            refundable_yen(p), refundable_yen(p)));
        RETURN;
    END IF;
    INSERT INTO idempotency_keys (client, key, fingerprint) VALUES (p_client, p_key, p_fingerprint);
    INSERT INTO refunds (payment_id, amount_yen, reason, merchant_refund_id, client, idempotency_key)
        VALUES (p.id, p_amount, p_reason, p_client || ':' || p_key, p_client, p_key) RETURNING * INTO r;
    PERFORM promise_refund(r.id);
    IF p.method = 'cash' THEN
        SELECT status, body, false INTO result FROM idempotency_keys WHERE client = p_client AND key = p_key;
    ELSE
        refund := r.id;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION refundable_yen(p payments) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN p.state IN ('captured', 'partially_refunded') THEN p.amount_yen - p.refund_promised_yen ELSE 0 END;
END $$;
