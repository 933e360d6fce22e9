-- Balanced transfers, one for each element: `p_debits` gain, `p_credits` give.
CREATE OR REPLACE FUNCTION post_transfers(p_kind text, p_debits text[], p_credits text[], p_amounts bigint[],
    p_orders bigint[], p_payments bigint[], p_refunds bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH numbered AS MATERIALIZED (
        SELECT nextval('ledger_transfers') AS number, r.*
        FROM unnest(p_debits, p_credits, p_amounts, p_orders, p_payments, p_refunds)
            AS r (debit, credit, amount, order_id, payment_id, refund_id)
    )
    INSERT INTO ledger_lines (transfer, kind, account, amount_yen, order_id, payment_id, refund_id)
    SELECT n.number, p_kind, side.account, side.amount, n.order_id, n.payment_id, n.refund_id
    FROM numbered n, LATERAL (VALUES (n.debit, n.amount), (n.credit, -n.amount)) AS side (account, amount);
END $$;

CREATE OR REPLACE FUNCTION post_transfer(p_kind text, p_debit text, p_credit text, p_amount bigint, p_order bigint,
    p_payment bigint, p_refund bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM post_transfers(p_kind, ARRAY[p_debit], ARRAY[p_credit], ARRAY[p_amount], ARRAY[p_order], ARRAY[p_payment],
                           ARRAY[p_refund]);
END $$;

-- Where the money of a capture is.
CREATE OR REPLACE FUNCTION asset_account(p_method text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE p_method WHEN 'cash' THEN 'cash_drawer' ELSE 'psp_receivable' END;

-- Sells what these orders hold: gone when it is carried out, else allocated. The caller holds the stock's locks.
CREATE OR REPLACE FUNCTION sell_held_lines(p_orders bigint[]) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    carried bigint[];
    kept    bigint[];
BEGIN
    SELECT array_agg(l.id) FILTER (WHERE o.fulfilment = 'carry'), array_agg(l.id) FILTER (WHERE o.fulfilment <> 'carry')
        INTO carried, kept FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.id = ANY (p_orders);
    IF carried IS NOT NULL THEN
        PERFORM move_lines(carried, 'held', 'sold', 'sale');
    END IF;
    IF kept IS NOT NULL THEN
        PERFORM move_lines(kept, 'held', 'allocated', 'allocate');
    END IF;
END $$;

-- Orders are paid by captured payments: their held units become sold or allocated, the money is booked as sales. The
-- n-th elements belong together. The caller holds orders and stock and, where they are `p_rewarded`, their benefits.
CREATE OR REPLACE FUNCTION sell_orders(p_payments bigint[], p_orders bigint[], p_assets text[], p_amounts bigint[],
    p_rewarded boolean) RETURNS void LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM sell_held_lines(p_orders);
    UPDATE orders o SET state = CASE o.fulfilment WHEN 'carry' THEN 'completed' ELSE 'paid' END,
                        payment_id = p.id, open_payment_id = NULL
        FROM unnest(p_payments, p_orders) AS p (id, order_id) WHERE o.id = p.order_id;
    PERFORM post_transfers('capture', p_assets, array_fill('sales'::text, ARRAY[cardinality(p_payments)]), p_amounts,
                           p_orders, p_payments, NULL);
    IF p_rewarded THEN
        PERFORM use_benefits(p_orders);
    END IF;
END $$;

-- Money for an order that is closed: unapplied, and given back. Answers the refund.
CREATE OR REPLACE FUNCTION book_late_capture(p_payment bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    o orders;
    p payments;
BEGIN
    SELECT * INTO p FROM payments WHERE id = p_payment;
    SELECT * INTO o FROM orders WHERE id = p.order_id;
    IF o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() THEN
        PERFORM expire_order(o.id);
    END IF;
    UPDATE orders SET open_payment_id = NULL WHERE id = o.id AND open_payment_id = p.id;
    UPDATE payments SET state = 'captured', late = true, captured_at = clock_timestamp() WHERE id = p.id;
    PERFORM post_transfer('late_capture', asset_account(p.method), 'unapplied_receipts', p.amount_yen, o.id, p.id, NULL);
    RETURN refund_rest(p.id, 'late');
END $$;

-- Books captures. Orders that still wait for their payment are paid and their held units become sold or allocated; all
-- other money is unapplied and its refund is answered. The caller holds orders, payments, stock and benefits.
CREATE OR REPLACE FUNCTION book_captures(p_payments bigint[], p_rewarded boolean) RETURNS TABLE (payment bigint, refund bigint)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    in_time    bigint[];
    order_ids  bigint[];
    assets     text[];
    amounts    bigint[];
BEGIN
    SELECT array_agg(p.id), array_agg(o.id), array_agg(asset_account(p.method)), array_agg(p.amount_yen)
        INTO in_time, order_ids, assets, amounts
        FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.id = ANY (p_payments) AND p.state IN ('created', 'unknown', 'pending_customer')
          AND o.state = 'pending_payment'
          AND clock_timestamp() < o.expires_at;  -- asked under the lock: nobody has freed a line before
    IF in_time IS NOT NULL THEN
        UPDATE payments SET state = 'captured', applied = true, captured_at = clock_timestamp()
            WHERE id = ANY (in_time);
        PERFORM sell_orders(in_time, order_ids, assets, amounts, p_rewarded);
    END IF;
    FOR payment IN SELECT id FROM unnest(p_payments) AS id WHERE id <> ALL (coalesce(in_time, '{}')) ORDER BY id LOOP
        refund := book_late_capture(payment);
        RETURN NEXT;
    END LOOP;
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

-- Payments wait for the PSP: their orders are being paid, and keep their units until `p_until` at least. Both arrays
-- are of the same payments; an order that is not free for one of them fails the batch. The caller holds the stock.
CREATE OR REPLACE FUNCTION open_payments(p_payments bigint[], p_orders bigint[], p_until timestamptz[]) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    held   bigint[];
    opened int;
BEGIN
    SELECT array_agg(l.id) INTO held
        FROM unnest(p_orders, p_until) AS w (order_id, until)
        JOIN orders o ON o.id = w.order_id AND o.expires_at < w.until
        JOIN lines l ON l.order_id = o.id;
    IF held IS NOT NULL THEN
        UPDATE lines l SET expires_at = w.until FROM unnest(p_orders, p_until) AS w (order_id, until)
            WHERE l.order_id = w.order_id AND l.id = ANY (held) AND l.state = 'held';
    END IF;
    UPDATE orders o SET open_payment_id = w.payment, expires_at = greatest(o.expires_at, w.until)
        FROM unnest(p_payments, p_orders, p_until) AS w (payment, order_id, until)
        WHERE o.id = w.order_id AND o.state = 'pending_payment' AND o.open_payment_id IS NULL;
    GET DIAGNOSTICS opened = ROW_COUNT;
    IF opened <> cardinality(p_payments) THEN
        RAISE EXCEPTION 'two payments of one order in a batch';
    END IF;
END $$;

-- Marks one-time codes as used by their payments. A code that two of them name fails the batch.
CREATE OR REPLACE FUNCTION use_codes(p_payments bigint[], p_codes text[]) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    used int;
BEGIN
    UPDATE payment_codes c SET payment_id = w.payment FROM unnest(p_payments, p_codes) AS w (payment, code)
        WHERE c.code = w.code;
    GET DIAGNOSTICS used = ROW_COUNT;
    IF used <> cardinality(p_codes) THEN
        RAISE EXCEPTION 'two payments with one code in a batch';
    END IF;
END $$;

-- A payment whose PSP call was cut off (its process died), so that its repetition may ask again; null for all others.
CREATE OR REPLACE FUNCTION resume_payment(p_client text, p_key text, p_lease_s double precision) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    resumed bigint;
BEGIN
    UPDATE payments SET called_at = clock_timestamp()
        WHERE merchant_payment_id = p_client || ':' || p_key AND state = 'created'
          AND called_at < clock_timestamp() - make_interval(secs => p_lease_s)
        RETURNING id INTO resumed;
    RETURN resumed;
END $$;

-- A batch of payments before the PSP is asked. `payment` is set where it must be asked; `resumed` when an earlier call
-- for the same key was cut off, so that asking again is safe only because the PSP knows the merchant id. Cash is
-- captured here: under the order's lock nothing closes it between the question whether it can be paid and the capture. `p_windows_s`: how long the answer may take, the order's hold lasts at least as long.
CREATE OR REPLACE FUNCTION begin_payments(p_clients text[], p_keys text[], p_fingerprints bytea[], p_orders bigint[],
    p_amounts bigint[], p_methods text[], p_brands text[], p_codes text[], p_windows_s double precision[],
    p_lease_s double precision)
RETURNS TABLE (status int, body text, replayed boolean, payment bigint, resumed boolean)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    claimed  outcome[] := claim_keys(p_clients, p_keys, p_fingerprints);
    missing  text := rejection('not_found', 'no such order');
    refused  text[];
    ids      bigint[];
    asked    bigint[];
    again    bigint[];
    statuses int[];
    bodies   text[];
    rewarded boolean := lock_orders(p_orders);
BEGIN
    PERFORM lock_stock_of((SELECT array_agg(id) FROM lines WHERE order_id = ANY (p_orders)));
    IF rewarded THEN
        PERFORM lock_benefits(p_orders);
    END IF;
    SELECT array_agg(CASE WHEN r.known IS NOT NULL THEN NULL WHEN o.id IS NULL THEN missing
            ELSE coalesce(payment_obstacle(o, r.amount),
                          CASE WHEN r.method = 'cpm' THEN code_obstacle(r.code, r.brand) END) END ORDER BY r.place),
           array_agg(CASE WHEN r.known = 409 AND NOT r.replayed THEN resume_payment(r.client, r.key, p_lease_s) END
                     ORDER BY r.place) INTO refused, again
        FROM unnest(claimed, p_clients, p_keys, p_orders, p_amounts, p_methods, p_brands, p_codes) WITH ORDINALITY
            AS r (known, body, replayed, client, key, order_id, amount, method, brand, code, place)
        LEFT JOIN orders o ON o.id = r.order_id;
    SELECT array_agg(CASE WHEN r.known IS NULL AND r.refused IS NULL THEN nextval('payments_id_seq') END ORDER BY place)
        INTO ids FROM unnest(claimed, refused) WITH ORDINALITY AS r (known, body, replayed, refused, place);
    INSERT INTO payments (id, order_id, method, brand, amount_yen, client, idempotency_key, state, applied, captured_at,
                          merchant_payment_id) OVERRIDING SYSTEM VALUE
        SELECT r.*, CASE r.method WHEN 'cash' THEN 'captured' ELSE 'created' END, r.method = 'cash',
               CASE r.method WHEN 'cash' THEN clock_timestamp() END,
               CASE WHEN r.method <> 'cash' THEN r.client || ':' || r.key END
        FROM unnest(ids, p_orders, p_methods, p_brands, p_amounts, p_clients, p_keys)
            AS r (id, order_id, method, brand, amount, client, key) WHERE r.id IS NOT NULL;
    PERFORM sell_orders(array_agg(r.id), array_agg(r.order_id), array_agg(asset_account('cash')), array_agg(r.amount),
                        rewarded)
        FROM unnest(ids, p_orders, p_methods, p_amounts) AS r (id, order_id, method, amount)
        WHERE r.method = 'cash' AND r.id IS NOT NULL HAVING count(*) > 0;
    PERFORM use_codes(array_agg(r.id), array_agg(r.code)) FROM unnest(ids, p_methods, p_codes) AS r (id, method, code)
        WHERE r.method = 'cpm' AND r.id IS NOT NULL HAVING count(*) > 0;
    PERFORM open_payments(array_agg(r.id), array_agg(r.order_id),
                          array_agg(clock_timestamp() + make_interval(secs => r.window_s)))
        FROM unnest(ids, p_orders, p_methods, p_windows_s) AS r (id, order_id, method, window_s)
        WHERE r.method <> 'cash' AND r.id IS NOT NULL HAVING count(*) > 0;
    INSERT INTO idempotency_keys (client, key, fingerprint)
        SELECT r.client, r.key, r.fingerprint FROM unnest(ids, p_methods, p_clients, p_keys, p_fingerprints)
            AS r (id, method, client, key, fingerprint) WHERE r.method <> 'cash' AND r.id IS NOT NULL;
    SELECT array_agg(CASE WHEN r.refused = missing THEN 404 WHEN r.refused IS NOT NULL THEN 409
                          WHEN r.method = 'cash' AND r.id IS NOT NULL THEN 201 END ORDER BY r.place),
           array_agg(coalesce(r.refused, CASE WHEN r.method = 'cash' AND r.id IS NOT NULL THEN
               format('{"payment":%s,"order":%s,"state":"captured"}', r.id, r.order_id) END) ORDER BY r.place),
           array_agg(coalesce(r.again, CASE WHEN r.method <> 'cash' THEN r.id END) ORDER BY r.place)
        INTO statuses, bodies, asked
        FROM unnest(ids, p_orders, p_methods, refused, again) WITH ORDINALITY
            AS r (id, order_id, method, refused, again, place);
    RETURN QUERY SELECT s.status, s.body, s.replayed, s.payment, s.again IS NOT NULL
        FROM ROWS FROM (store_outcomes(p_clients, p_keys, p_fingerprints, claimed, statuses, bodies),
                        unnest(asked, again)) AS s (status, body, replayed, payment, again);
END $$;

-- The state that news bring about, captures apart; null when they change nothing.
CREATE OR REPLACE FUNCTION state_after(p_state text, p_news text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    open boolean := p_state IN ('created', 'unknown', 'pending_customer');
BEGIN
    RETURN CASE
        WHEN open AND p_news IN ('declined', 'no_effect') THEN 'failed'
        WHEN open AND p_news = 'expired' THEN CASE p_state WHEN 'pending_customer' THEN 'expired' ELSE 'failed' END
        WHEN p_state IN ('created', 'unknown') AND p_news = 'pending_customer' THEN 'pending_customer'
        WHEN p_state = 'created' AND p_news = 'unknown' THEN 'unknown'
    END;
END $$;

-- Notes news that are no captures. The caller holds orders and payments.
CREATE OR REPLACE FUNCTION note_news(p_payments bigint[], p_news text[], p_reasons text[]) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    WITH news AS (
        SELECT p.id, state_after(p.state, r.news) AS state, coalesce(r.reason, r.news) AS reason
        FROM unnest(p_payments, p_news, p_reasons) AS r (id, news, reason) JOIN payments p ON p.id = r.id
    ), noted AS (
        UPDATE payments p SET state = n.state, reason = CASE WHEN n.state IN ('failed', 'expired') THEN n.reason END
        FROM news n WHERE p.id = n.id AND n.state IS NOT NULL RETURNING p.id, p.order_id, p.state
    )
    UPDATE orders o SET open_payment_id = NULL FROM noted n
        WHERE n.state IN ('failed', 'expired') AND o.id = n.order_id AND o.open_payment_id = n.id;
END $$;

-- Merges what is known about charges, in any order and any number of times; the payments of a batch are distinct.
-- `p_news`: captured, declined, expired, no_effect, pending_customer, unknown. Answers what the payers are told and
-- refunds to ask of the PSP.
CREATE OR REPLACE FUNCTION resolve_payments(p_payments bigint[], p_news text[], p_reasons text[], p_qrs text[])
RETURNS TABLE (status int, body text, replayed boolean, state text, refund bigint)
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    captured bigint[];
    too_late bigint[];
    refunded bigint[];
    answers  record;
    placed   bigint[] := ARRAY(SELECT order_id FROM payments WHERE id = ANY (p_payments));
    rewarded boolean := lock_orders(placed);
BEGIN
    PERFORM FROM payments WHERE id = ANY (p_payments) ORDER BY id FOR UPDATE;
    SELECT array_agg(p.id) INTO captured FROM unnest(p_payments, p_news) AS r (id, news) JOIN payments p ON p.id = r.id
        WHERE r.news = 'captured'
          AND p.state IN ('created', 'unknown', 'pending_customer', 'failed', 'expired');
    PERFORM note_news(p_payments, p_news, p_reasons);
    IF captured IS NOT NULL THEN
        PERFORM lock_stock_of((SELECT array_agg(l.id) FROM payments p JOIN lines l ON l.order_id = p.order_id
                               WHERE p.id = ANY (captured)));
        IF rewarded THEN
            PERFORM lock_benefits(placed);
        END IF;
        SELECT array_agg(b.payment), array_agg(b.refund) INTO too_late, refunded
            FROM book_captures(captured, rewarded) AS b;
    END IF;
    SELECT array_agg(p.client ORDER BY r.place) AS clients, array_agg(p.idempotency_key ORDER BY r.place) AS keys,
           array_agg(payment_status(p) ORDER BY r.place) AS statuses,
           array_agg(payment_answer(p, r.qr) ORDER BY r.place) AS bodies,
           array_agg(p.state ORDER BY r.place) AS states, array_agg(b.refund ORDER BY r.place) AS refunds INTO answers
        FROM unnest(p_payments, p_qrs) WITH ORDINALITY AS r (id, qr, place) JOIN payments p ON p.id = r.id
        LEFT JOIN unnest(too_late, refunded) AS b (payment, refund) ON b.payment = r.id;
    RETURN QUERY SELECT a.status, a.body, a.replayed, a.state, a.refund
        FROM ROWS FROM (finish_keys(answers.clients, answers.keys, answers.statuses, answers.bodies),
                        unnest(answers.states, answers.refunds)) AS a (status, body, replayed, state, refund);
END $$;
