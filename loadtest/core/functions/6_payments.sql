-- One balanced transfer: `p_debit` gains, `p_credit` gives.
CREATE OR REPLACE FUNCTION post_transfer(p_kind text, p_debit text, p_credit text, p_amount bigint, p_order bigint,
    p_payment bigint, p_refund bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number bigint := nextval('ledger_transfers');
BEGIN
    INSERT INTO ledger_lines (transfer, kind, account, amount_yen, order_id, payment_id, refund_id) VALUES
        (number, p_kind, p_debit,  p_amount, p_order, p_payment, p_refund),
        (number, p_kind, p_credit, -p_amount, p_order, p_payment, p_refund);
END $$;

-- Books a capture. When the order still waits for this payment, it is paid and its held units become sold or
-- allocated; otherwise the money is unapplied and its refund is answered. The caller holds order and payment.
CREATE OR REPLACE FUNCTION book_capture(o orders, p payments) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    asset       text := CASE p.method WHEN 'cash' THEN 'cash_drawer' ELSE 'psp_receivable' END;
    held        bigint[];
    in_time     boolean := o.state = 'pending_payment' AND p.state IN ('created', 'unknown', 'pending_customer');
BEGIN
    IF in_time THEN
        SELECT array_agg(id) INTO held FROM lines WHERE order_id = o.id;
        PERFORM lock_stock_of(held);
        in_time := clock_timestamp() < o.expires_at;  -- asked under the lock: nobody has freed a line before
    END IF;
    IF in_time THEN
        IF o.fulfilment = 'carry' THEN
            PERFORM move_lines(held, 'held', 'sold', 'sale');
        ELSE
            PERFORM move_lines(held, 'held', 'allocated', 'allocate');
        END IF;
        UPDATE payments SET state = 'captured', applied = true, captured_at = clock_timestamp() WHERE id = p.id;
        UPDATE orders SET state = CASE o.fulfilment WHEN 'carry' THEN 'completed' ELSE 'paid' END,
                          payment_id = p.id, open_payment_id = NULL WHERE id = o.id;
        PERFORM post_transfer('capture', asset, 'sales', p.amount_yen, o.id, p.id, NULL);
        RETURN NULL;
    END IF;
    IF o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() THEN
        PERFORM expire_order(o.id);
    END IF;
    UPDATE orders SET open_payment_id = NULL WHERE id = o.id AND open_payment_id = p.id;
    UPDATE payments SET state = 'captured', late = true, captured_at = clock_timestamp() WHERE id = p.id;
    PERFORM post_transfer('late_capture', asset, 'unapplied_receipts', p.amount_yen, o.id, p.id, NULL);
    RETURN refund_rest(p.id, 'late');
END $$;

-- What the payer is told. Money that came too late for its order is a refusal: nobody may hand over goods for it.
CREATE OR REPLACE FUNCTION payment_status(p payments) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE WHEN p.late THEN 409 ELSE 201 END;
END $$;

CREATE OR REPLACE FUNCTION payment_answer(p payments, p_qr text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF p.late THEN
        RETURN format('{"error":"order_not_payable","message":"%s","payment":%s}',
                      'the order was closed while it was being paid: the money is refunded', p.id);
    END IF;
    RETURN format('{"payment":%s,"order":%s,"state":"%s"%s%s}', p.id, p.order_id, p.state,
        CASE WHEN p.reason IS NULL THEN '' ELSE ',"reason":' || to_json(p.reason) END,
        CASE WHEN p_qr IS NULL THEN '' ELSE ',"qr":' || to_json(p_qr) END);
END $$;

-- Why this order cannot be paid like this now; null when it can. The caller holds the order's lock.
CREATE OR REPLACE FUNCTION payment_obstacle(o orders, p_amount bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() THEN
        PERFORM expire_order(o.id);
        o.state := 'expired';
    END IF;
    IF o.state <> 'pending_payment' THEN
        RETURN format('{"error":"order_not_payable","message":"the order is %s","state":"%s"}', o.state, o.state);
    ELSIF o.open_payment_id IS NOT NULL THEN
        RETURN format('{"error":"payment_unresolved","message":"ask for payment %s until it is resolved","payment":%s}',
                      o.open_payment_id, o.open_payment_id);
    ELSIF o.amount_yen <> p_amount THEN
        RETURN format('{"error":"amount_mismatch","message":"the order costs %s yen","amount_yen":%s}',
                      o.amount_yen, o.amount_yen);
    END IF;
    RETURN NULL;
END $$;

-- Why this one-time code cannot be used; null when it can. Locks the code.
CREATE OR REPLACE FUNCTION code_obstacle(p_code text, p_brand text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c payment_codes;
BEGIN
    SELECT * INTO c FROM payment_codes WHERE code = p_code FOR UPDATE;
    IF NOT FOUND OR c.brand <> p_brand THEN
        RETURN rejection('code_invalid', 'no such code of this brand');
    ELSIF c.payment_id IS NOT NULL THEN
        RETURN rejection('code_used', 'the code was used before: show a new one');
    ELSIF c.expires_at <= clock_timestamp() THEN
        RETURN rejection('code_expired', 'the code has expired: show a new one');
    END IF;
    RETURN NULL;
END $$;

-- A payment waits for the PSP: keep the order's units at least until then.
CREATE OR REPLACE FUNCTION extend_hold(p_order bigint, p_until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held bigint[] := (SELECT array_agg(id) FROM lines WHERE order_id = p_order);
BEGIN
    PERFORM lock_stock_of(held);
    UPDATE lines SET expires_at = p_until WHERE id = ANY (held) AND state = 'held';
    UPDATE orders SET expires_at = p_until WHERE id = p_order;
END $$;

-- Before the PSP is asked. `payment` is set when it must be asked; `resumed` when an earlier call for the same key
-- was cut off (its process died), so that asking again is safe only because the PSP knows the merchant id.
-- Cash is captured here. `p_window_s`: how long the answer may take, the order's hold lasts at least as long.
CREATE OR REPLACE FUNCTION begin_payment(p_client text, p_key text, p_fingerprint bytea, p_order bigint,
    p_amount bigint, p_method text, p_brand text, p_code text, p_lease_s double precision,
    p_window_s double precision, OUT result outcome, OUT payment bigint, OUT resumed boolean) LANGUAGE plpgsql AS $$
DECLARE
    o       orders;
    p       payments;
    refused text;
BEGIN
    resumed := false;
    result := claim_key(p_client, p_key, p_fingerprint);
    IF result.status = 409 AND NOT result.replayed THEN
        UPDATE payments SET called_at = clock_timestamp()
            WHERE merchant_payment_id = p_client || ':' || p_key AND state = 'created'
              AND called_at < clock_timestamp() - make_interval(secs => p_lease_s)
            RETURNING id INTO payment;
        resumed := FOUND;
    END IF;
    IF result.status IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO o FROM orders WHERE id = p_order FOR UPDATE;
    IF NOT FOUND THEN
        result := store_outcome(p_client, p_key, p_fingerprint, 404, rejection('not_found', 'no such order'));
        RETURN;
    END IF;
    refused := payment_obstacle(o, p_amount);
    IF refused IS NULL AND p_method = 'cpm' THEN
        refused := code_obstacle(p_code, p_brand);
    END IF;
    IF refused IS NOT NULL THEN
        result := store_outcome(p_client, p_key, p_fingerprint, 409, refused);
        RETURN;
    END IF;
    INSERT INTO payments (order_id, method, brand, amount_yen, state, merchant_payment_id, client, idempotency_key)
        VALUES (o.id, p_method, p_brand, p_amount, 'created',
                CASE WHEN p_method <> 'cash' THEN p_client || ':' || p_key END, p_client, p_key)
        RETURNING * INTO p;
    IF p_method = 'cash' THEN
        PERFORM book_capture(o, p);
        SELECT * INTO p FROM payments WHERE id = p.id;
        result := store_outcome(p_client, p_key, p_fingerprint, payment_status(p), payment_answer(p, NULL));
        RETURN;
    END IF;
    IF p_method = 'cpm' THEN
        UPDATE payment_codes SET payment_id = p.id WHERE code = p_code;
    END IF;
    IF o.expires_at < clock_timestamp() + make_interval(secs => p_window_s) THEN
        PERFORM extend_hold(o.id, clock_timestamp() + make_interval(secs => p_window_s));
    END IF;
    UPDATE orders SET open_payment_id = p.id WHERE id = o.id;
    INSERT INTO idempotency_keys (client, key, fingerprint) VALUES (p_client, p_key, p_fingerprint);
    payment := p.id;
END $$;

-- Merges what is known about a charge, in any order and any number of times. `p_news`: captured, declined, expired,
-- no_effect, pending_customer, unknown. Answers what the payer is told and a refund to ask of the PSP.
CREATE OR REPLACE FUNCTION resolve_payment(p_payment bigint, p_news text, p_reason text, p_qr text,
    OUT result outcome, OUT state text, OUT refund bigint) LANGUAGE plpgsql AS $$
DECLARE
    o    orders;
    p    payments;
    next text;
    open boolean;
BEGIN
    SELECT * INTO o FROM orders WHERE id = (SELECT order_id FROM payments WHERE id = p_payment) FOR UPDATE;
    SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
    open := p.state IN ('created', 'unknown', 'pending_customer');
    IF p_news = 'captured' AND (open OR p.state IN ('failed', 'expired')) THEN
        refund := book_capture(o, p);
        SELECT * INTO p FROM payments WHERE id = p_payment;
    ELSE
        next := CASE
            WHEN open AND p_news IN ('declined', 'no_effect') THEN 'failed'
            WHEN open AND p_news = 'expired' THEN CASE p.state WHEN 'pending_customer' THEN 'expired' ELSE 'failed' END
            WHEN p.state IN ('created', 'unknown') AND p_news = 'pending_customer' THEN 'pending_customer'
            WHEN p.state = 'created' AND p_news = 'unknown' THEN 'unknown'
        END;
        IF next IS NOT NULL THEN
            p.state := next;
            p.reason := CASE WHEN next IN ('failed', 'expired') THEN coalesce(p_reason, p_news) END;
            UPDATE payments q SET state = p.state, reason = p.reason WHERE q.id = p.id;
            IF next IN ('failed', 'expired') THEN
                UPDATE orders SET open_payment_id = NULL WHERE id = o.id AND open_payment_id = p.id;
            END IF;
        END IF;
    END IF;
    state := p.state;
    result := finish_key(p.client, p.idempotency_key, payment_status(p), payment_answer(p, p_qr));
END $$;
