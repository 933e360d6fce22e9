SET check_function_bodies = false;

CREATE TYPE public.outcome AS (
	status integer,
	body text,
	replayed boolean
);

CREATE FUNCTION public.advance_order(p_client text, p_key text, p_fingerprint bytea, p_order bigint, p_action text, OUT result public.outcome, OUT refund bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    o         orders;
    next      text;
    order_lines bigint[];
BEGIN
    result := claim_key(p_client, p_key, p_fingerprint);
    IF result.status IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO o FROM orders WHERE id = p_order FOR UPDATE;
    IF NOT FOUND THEN
        result := store_outcome(p_client, p_key, p_fingerprint, 404, rejection('not_found', 'no such order'));
        RETURN;
    END IF;
    IF o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() THEN
        PERFORM expire_order(o.id);
        o.state := 'expired';
    END IF;
    next := CASE
        WHEN p_action = 'ready'   AND o.state = 'paid'  AND o.fulfilment = 'collect' THEN 'ready'
        WHEN p_action = 'collect' AND o.state = 'ready' THEN 'collected'
        WHEN p_action = 'ship'    AND o.state = 'paid'  AND o.fulfilment = 'ship' THEN 'shipped'
        WHEN p_action = 'cancel'  AND o.state IN ('pending_payment', 'paid', 'ready') THEN 'cancelled'
    END;
    IF next IS NULL THEN
        result := store_outcome(p_client, p_key, p_fingerprint, 409, format(
            '{"error":"illegal_transition","message":"an order that is %s (%s) cannot %s","state":"%s"}',
            o.state, o.fulfilment, p_action, o.state));
        RETURN;
    END IF;
    SELECT array_agg(id) INTO order_lines FROM lines WHERE order_id = o.id;
    IF next <> 'ready' THEN
        PERFORM lock_stock_of(order_lines);
    END IF;
    IF next IN ('collected', 'shipped') THEN
        PERFORM move_lines(order_lines, 'allocated', 'sold', p_action);
    ELSIF next = 'cancelled' THEN
        PERFORM move_lines(order_lines, 'held', 'released', 'release');
        PERFORM move_lines(order_lines, 'allocated', 'returned', 'return');
        IF o.payment_id IS NOT NULL THEN
            refund := refund_rest(o.payment_id, 'cancelled');
        END IF;
    END IF;
    UPDATE orders SET state = next WHERE id = o.id;
    result := store_outcome(p_client, p_key, p_fingerprint, 200,
                            format('{"order":%s,"state":"%s"}', o.id, next));
END $$;

CREATE FUNCTION public.begin_payment(p_client text, p_key text, p_fingerprint bytea, p_order bigint, p_amount bigint, p_method text, p_brand text, p_code text, p_lease_s double precision, p_window_s double precision, OUT result public.outcome, OUT payment bigint, OUT resumed boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.begin_refund(p_client text, p_key text, p_fingerprint bytea, p_payment bigint, p_amount bigint, p_reason text, p_lease_s double precision, OUT result public.outcome, OUT refund bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE TABLE public.orders (
    id bigint NOT NULL,
    location text NOT NULL,
    channel text NOT NULL,
    fulfilment text NOT NULL,
    shopper bigint,
    amount_yen bigint NOT NULL,
    state text DEFAULT 'pending_payment'::text NOT NULL,
    reservation_id bigint,
    payment_id bigint,
    open_payment_id bigint,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT orders_amount_yen_check CHECK ((amount_yen > 0)),
    CONSTRAINT orders_channel_check CHECK ((channel = ANY (ARRAY['store'::text, 'app'::text, 'ec'::text]))),
    CONSTRAINT orders_fulfilment_check CHECK ((fulfilment = ANY (ARRAY['carry'::text, 'ship'::text, 'collect'::text]))),
    CONSTRAINT orders_state_check CHECK ((state = ANY (ARRAY['pending_payment'::text, 'paid'::text, 'ready'::text, 'collected'::text, 'shipped'::text, 'completed'::text, 'cancelled'::text, 'expired'::text])))
)
WITH (fillfactor='60');

CREATE TABLE public.payments (
    id bigint NOT NULL,
    order_id bigint NOT NULL,
    method text NOT NULL,
    brand text NOT NULL,
    amount_yen bigint NOT NULL,
    state text NOT NULL,
    reason text,
    applied boolean DEFAULT false NOT NULL,
    late boolean DEFAULT false NOT NULL,
    refund_promised_yen bigint DEFAULT 0 NOT NULL,
    refunded_yen bigint DEFAULT 0 NOT NULL,
    merchant_payment_id text,
    client text NOT NULL,
    idempotency_key text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    called_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    captured_at timestamp with time zone,
    CONSTRAINT applied_or_late CHECK ((NOT (applied AND late))),
    CONSTRAINT payments_amount_yen_check CHECK ((amount_yen > 0)),
    CONSTRAINT payments_method_check CHECK ((method = ANY (ARRAY['cash'::text, 'card'::text, 'cpm'::text, 'dynamic_qr'::text, 'wallet'::text]))),
    CONSTRAINT payments_state_check CHECK ((state = ANY (ARRAY['created'::text, 'pending_customer'::text, 'unknown'::text, 'captured'::text, 'failed'::text, 'expired'::text, 'partially_refunded'::text, 'refunded'::text]))),
    CONSTRAINT refunds_within_capture CHECK (((0 <= refunded_yen) AND (refunded_yen <= refund_promised_yen) AND (refund_promised_yen <= amount_yen)))
)
WITH (fillfactor='60');

CREATE FUNCTION public.book_capture(o public.orders, p public.payments) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.claim_key(p_client text, p_key text, p_fingerprint bytea) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE
    known idempotency_keys;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(p_client || ':' || p_key, 0)) THEN
        RETURN ROW(409, rejection('in_flight', 'the first request with this key is still being worked on'), false);
    END IF;
    SELECT * INTO known FROM idempotency_keys WHERE client = p_client AND key = p_key;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF known.fingerprint <> p_fingerprint THEN
        RETURN ROW(422, rejection('key_reused', 'this key was used for another request'), false);
    ELSIF known.status IS NULL THEN
        RETURN ROW(409, rejection('in_flight', 'the first request with this key is still being worked on'), false);
    END IF;
    RETURN ROW(known.status, known.body, true);
END $$;

CREATE FUNCTION public.code_obstacle(p_code text, p_brand text) RETURNS text
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.day_in_month(p_month date, p_day integer) RETURNS date
    LANGUAGE plpgsql IMMUTABLE
    AS $$
DECLARE
    first date := date_trunc('month', p_month)::date;
BEGIN
    RETURN least(first + p_day - 1, (first + interval '1 month')::date - 1);
END $$;

CREATE FUNCTION public.expire_holds(p_location text, p_sku integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    freed int;
BEGIN
    WITH expired AS (
        UPDATE lines SET state = 'expired'
        WHERE location = p_location AND sku = p_sku AND state = 'held' AND expires_at <= clock_timestamp()
        RETURNING quantity, reservation_id, order_id
    ), logged AS (
        INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason,
                                 reservation_id, order_id)
        SELECT p_location, p_sku, 0, -quantity, 0, 'expire', reservation_id, order_id FROM expired
    )
    SELECT coalesce(sum(quantity), 0) INTO freed FROM expired;
    IF freed > 0 THEN
        UPDATE stock SET held = held - freed WHERE location = p_location AND sku = p_sku;
    END IF;
    RETURN freed;
END $$;

CREATE FUNCTION public.expire_if_overdue(p_order bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    o orders;
BEGIN
    SELECT * INTO o FROM orders WHERE id = p_order FOR UPDATE;
    IF o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() THEN
        PERFORM expire_order(o.id);
    END IF;
END $$;

CREATE FUNCTION public.expire_order(p_order bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM free_lines((SELECT array_agg(id) FROM lines WHERE order_id = p_order), 'expired');
    UPDATE orders SET state = 'expired' WHERE id = p_order;
END $$;

CREATE FUNCTION public.extend_hold(p_order bigint, p_until timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    held bigint[] := (SELECT array_agg(id) FROM lines WHERE order_id = p_order);
BEGIN
    PERFORM lock_stock_of(held);
    UPDATE lines SET expires_at = p_until WHERE id = ANY (held) AND state = 'held';
    UPDATE orders SET expires_at = p_until WHERE id = p_order;
END $$;

CREATE FUNCTION public.finish_key(p_client text, p_key text, p_status integer, p_body text) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE
    known outcome;
BEGIN
    UPDATE idempotency_keys SET status = p_status, body = p_body
        WHERE client = p_client AND key = p_key AND status IS NULL;
    SELECT status, body, false INTO known FROM idempotency_keys WHERE client = p_client AND key = p_key;
    RETURN known;
END $$;

CREATE FUNCTION public.free_lines(p_lines bigint[], p_to text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM lock_stock_of(p_lines);
    PERFORM move_lines(p_lines, 'held', p_to, CASE p_to WHEN 'expired' THEN 'expire' ELSE 'release' END);
END $$;

CREATE FUNCTION public.insufficient_stock(p_sku integer, p_available integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    RETURN format('{"error":"insufficient_stock","message":"not enough of item %s is free","sku":%s,"available":%s}',
                  p_sku, p_sku, p_available);
END $$;

CREATE FUNCTION public.keep_event(p_event text, p_payload jsonb) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    todo boolean;
BEGIN
    INSERT INTO webhook_inbox AS i (event_id, payload) VALUES (p_event, p_payload)
        ON CONFLICT (event_id) DO UPDATE SET deliveries = i.deliveries + 1
        RETURNING processed_at IS NULL INTO todo;
    RETURN todo;
END $$;

CREATE FUNCTION public.ledger_balances() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM written GROUP BY transfer HAVING sum(amount_yen) <> 0) THEN
        PERFORM refuse(TG_NAME, 'a ledger transfer does not sum to zero');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.ledger_is_immutable() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM refuse(TG_NAME, 'ledger lines and stock moves are never changed: write a correcting one');
END $$;

CREATE FUNCTION public.line_is_lawful() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'held'      THEN NEW.state IN ('allocated', 'sold', 'released', 'expired')
        WHEN 'allocated' THEN NEW.state IN ('sold', 'returned')
        ELSE false END)
    THEN
        PERFORM refuse(TG_NAME, format('line %s may not go from %s to %s', OLD.id, OLD.state, NEW.state));
    END IF;
    IF (NEW.location, NEW.sku, NEW.quantity) <> (OLD.location, OLD.sku, OLD.quantity) THEN
        PERFORM refuse(TG_NAME, format('line %s: place, item and quantity are final', OLD.id));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.lock_stock_of(p_lines bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM FROM stock s JOIN lines l ON l.location = s.location AND l.sku = s.sku
        WHERE l.id = ANY (p_lines) ORDER BY s.location, s.sku FOR UPDATE OF s;
END $$;

CREATE FUNCTION public.make_code(p_client text, p_key text, p_fingerprint bytea, p_code text, p_shopper bigint, p_brand text, p_life_s double precision) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE
    claimed outcome := claim_key(p_client, p_key, p_fingerprint);
    ends_at timestamptz := clock_timestamp() + make_interval(secs => p_life_s);
BEGIN
    IF claimed.status IS NOT NULL THEN
        RETURN claimed;
    END IF;
    INSERT INTO payment_codes (code, shopper, brand, expires_at) VALUES (p_code, p_shopper, p_brand, ends_at);
    RETURN store_outcome(p_client, p_key, p_fingerprint, 201,
                         format('{"code":"%s","expires_at":"%s"}', p_code, utc_text(ends_at)));
END $$;

CREATE FUNCTION public.match_file(p_day date, p_kinds text[], p_ids text[], p_brands text[], p_amounts bigint[], p_fees bigint[]) RETURNS TABLE(outcome text, items bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('settlement', 0));
    INSERT INTO psp_files (day, lines) VALUES (p_day, cardinality(p_ids))
        ON CONFLICT (day) DO UPDATE SET lines = EXCLUDED.lines, read_at = clock_timestamp();
    WITH file AS (
        SELECT * FROM unnest(p_kinds, p_ids, p_brands, p_amounts, p_fees)
            AS f (kind, merchant_id, brand, amount_yen, fee_yen)
    ), ours AS (
        SELECT f.*, p.id AS payment_id, NULL::bigint AS refund_id, p.amount_yen AS our_yen,
               settlement_fee(p.brand, p.amount_yen) AS our_fee_yen
        FROM file f LEFT JOIN payments p ON p.merchant_payment_id = f.merchant_id AND p.captured_at IS NOT NULL
        WHERE f.kind = 'charge'
        UNION ALL
        SELECT f.*, r.payment_id, r.id, r.amount_yen, 0
        FROM file f LEFT JOIN refunds r ON r.merchant_refund_id = f.merchant_id AND r.state = 'refunded'
        WHERE f.kind = 'refund'
    ), kept AS (
        INSERT INTO settlement_items AS i
            (kind, merchant_id, day, brand, amount_yen, fee_yen, outcome, our_yen, payment_id, refund_id)
        SELECT kind, merchant_id, p_day, brand, amount_yen, fee_yen,
               CASE WHEN our_yen IS NULL THEN 'missing_here' WHEN our_yen <> amount_yen THEN 'amount_differs'
                    WHEN our_fee_yen <> fee_yen THEN 'fee_differs' ELSE 'matched' END,
               our_yen, payment_id, refund_id
        FROM ours
        ON CONFLICT (kind, merchant_id) DO UPDATE SET day = EXCLUDED.day, brand = EXCLUDED.brand,
            amount_yen = EXCLUDED.amount_yen, fee_yen = EXCLUDED.fee_yen, outcome = EXCLUDED.outcome,
            our_yen = EXCLUDED.our_yen, payment_id = EXCLUDED.payment_id, refund_id = EXCLUDED.refund_id
            WHERE i.outcome <> 'matched'
        RETURNING i.*
    ), booked AS MATERIALIZED (
        SELECT k.*, CASE k.kind WHEN 'charge' THEN 1 ELSE -1 END AS sign, nextval('ledger_transfers') AS transfer
        FROM kept k WHERE k.outcome = 'matched'
    )
    INSERT INTO ledger_lines (transfer, kind, account, amount_yen, order_id, payment_id, refund_id)
    SELECT b.transfer, 'settlement', a.account, a.yen, p.order_id, b.payment_id, b.refund_id
    FROM booked b JOIN payments p ON p.id = b.payment_id, LATERAL (VALUES
        ('settlement_due', b.sign * (b.amount_yen - b.fee_yen)),
        ('psp_fees',       b.sign * b.fee_yen),
        ('psp_receivable', -b.sign * b.amount_yen)) AS a (account, yen)
    WHERE a.yen <> 0;
    RETURN QUERY SELECT i.outcome, count(*) FROM settlement_items i WHERE i.day = p_day GROUP BY i.outcome;
END $$;

CREATE FUNCTION public.match_is_final() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.outcome = 'matched' THEN
        RAISE EXCEPTION 'a matched line of a settlement file is final'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'match_is_final';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

CREATE FUNCTION public.merge_event(p_event text, OUT refund bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    e webhook_inbox;
BEGIN
    SELECT * INTO e FROM webhook_inbox WHERE event_id = p_event FOR UPDATE;
    IF e.processed_at IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT resolved.refund INTO refund
        FROM payments p, LATERAL resolve_payment(p.id, e.payload ->> 'state', NULL, NULL) AS resolved
        WHERE p.merchant_payment_id = e.payload ->> 'merchant_payment_id';
    UPDATE webhook_inbox SET processed_at = clock_timestamp() WHERE event_id = p_event;
END $$;

CREATE FUNCTION public.move_lines(p_lines bigint[], p_from text, p_to text, p_reason text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    d_on_hand   int := CASE WHEN p_to = 'sold' THEN -1 ELSE 0 END;
    d_held      int := CASE WHEN p_from = 'held' THEN -1 ELSE 0 END;
    d_allocated int := CASE WHEN p_to = 'allocated' THEN 1 WHEN p_from = 'allocated' THEN -1 ELSE 0 END;
BEGIN
    WITH moved AS (
        UPDATE lines SET state = p_to WHERE id = ANY (p_lines) AND state = p_from
        RETURNING location, sku, quantity, order_id, reservation_id
    ), logged AS (
        INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason,
                                 reservation_id, order_id)
        SELECT location, sku, d_on_hand * quantity, d_held * quantity, d_allocated * quantity, p_reason,
               reservation_id, order_id FROM moved
    )
    UPDATE stock s SET on_hand = s.on_hand + d_on_hand * m.quantity, held = s.held + d_held * m.quantity,
                       allocated = s.allocated + d_allocated * m.quantity
    FROM moved m WHERE s.location = m.location AND s.sku = m.sku;
END $$;

CREATE FUNCTION public.nothing_is_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM refuse(TG_NAME, format('%s are kept: they end in a state', TG_TABLE_NAME));
END $$;

CREATE FUNCTION public.order_is_lawful() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'pending_payment' OR NEW.payment_id IS NOT NULL THEN
            PERFORM refuse(TG_NAME, 'an order begins as pending_payment and without a payment');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'pending_payment' THEN NEW.state IN ('cancelled', 'expired')
                                 OR (NEW.state = 'paid' AND NEW.fulfilment <> 'carry')
                                 OR (NEW.state = 'completed' AND NEW.fulfilment = 'carry')
        WHEN 'paid'  THEN NEW.state IN ('cancelled', 'expired')
                       OR (NEW.state = 'ready' AND NEW.fulfilment = 'collect')
                       OR (NEW.state = 'shipped' AND NEW.fulfilment = 'ship')
        WHEN 'ready' THEN NEW.state IN ('collected', 'cancelled', 'expired')
        ELSE false END)
    THEN
        PERFORM refuse(TG_NAME, format('order %s may not go from %s to %s', OLD.id, OLD.state, NEW.state));
    END IF;
    IF NEW.amount_yen <> OLD.amount_yen OR NEW.fulfilment <> OLD.fulfilment THEN
        PERFORM refuse(TG_NAME, format('order %s: amount and fulfilment are final', OLD.id));
    END IF;
    IF NEW.payment_id IS DISTINCT FROM OLD.payment_id AND (OLD.payment_id IS NOT NULL OR NOT EXISTS (
        SELECT FROM payments p WHERE p.id = NEW.payment_id AND p.order_id = NEW.id AND p.applied
            AND p.amount_yen = NEW.amount_yen))
    THEN
        PERFORM refuse(TG_NAME, format('order %s is paid by one captured payment of its amount, once', OLD.id));
    ELSIF NEW.payment_id IS NULL AND NEW.state NOT IN ('pending_payment', 'cancelled', 'expired') THEN
        PERFORM refuse(TG_NAME, format('order %s has no payment and may not be %s', OLD.id, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.outcome_is_final() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.status IS NOT NULL OR NEW.fingerprint <> OLD.fingerprint THEN
        PERFORM refuse(TG_NAME, 'the outcome stored under an idempotency key is final');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.payment_answer(p public.payments, p_qr text) RETURNS text
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF p.late THEN
        RETURN format('{"error":"order_not_payable","message":"%s","payment":%s}',
                      'the order was closed while it was being paid: the money is refunded', p.id);
    END IF;
    RETURN format('{"payment":%s,"order":%s,"state":"%s"%s%s}', p.id, p.order_id, p.state,
        CASE WHEN p.reason IS NULL THEN '' ELSE ',"reason":' || to_json(p.reason) END,
        CASE WHEN p_qr IS NULL THEN '' ELSE ',"qr":' || to_json(p_qr) END);
END $$;

CREATE FUNCTION public.payment_is_lawful() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'created' OR NEW.captured_at IS NOT NULL OR NEW.applied OR NEW.late THEN
            PERFORM refuse(TG_NAME, 'a payment begins as created and has captured nothing');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'created'            THEN NEW.state IN ('captured', 'failed', 'unknown', 'pending_customer')
        WHEN 'unknown'            THEN NEW.state IN ('captured', 'failed', 'pending_customer')
        WHEN 'pending_customer'   THEN NEW.state IN ('captured', 'failed', 'expired')
        WHEN 'failed'             THEN NEW.state = 'captured' AND NEW.late  -- the PSP captured after all
        WHEN 'expired'            THEN NEW.state = 'captured' AND NEW.late
        WHEN 'captured'           THEN NEW.state IN ('partially_refunded', 'refunded')
        WHEN 'partially_refunded' THEN NEW.state = 'refunded'
        ELSE false END)
    THEN
        PERFORM refuse(TG_NAME, format('payment %s may not go from %s to %s', OLD.id, OLD.state, NEW.state));
    END IF;
    IF (NEW.order_id, NEW.method, NEW.amount_yen) <> (OLD.order_id, OLD.method, OLD.amount_yen)
        OR NEW.merchant_payment_id IS DISTINCT FROM OLD.merchant_payment_id
        OR (OLD.captured_at IS NOT NULL AND (NEW.captured_at, NEW.applied, NEW.late)
            IS DISTINCT FROM (OLD.captured_at, OLD.applied, OLD.late))
    THEN
        PERFORM refuse(TG_NAME, format('payment %s: what is charged, and how it was captured, is final', OLD.id));
    END IF;
    IF NOT (CASE NEW.state
        WHEN 'captured'           THEN NEW.refunded_yen = 0
        WHEN 'partially_refunded' THEN 0 < NEW.refunded_yen AND NEW.refunded_yen < NEW.amount_yen
        WHEN 'refunded'           THEN NEW.refunded_yen = NEW.amount_yen
        ELSE NEW.refund_promised_yen = 0 AND NEW.captured_at IS NULL AND NOT NEW.applied AND NOT NEW.late END)
        OR (NEW.captured_at IS NOT NULL AND NEW.applied = NEW.late)
        OR (NEW.captured_at IS NULL AND NEW.state IN ('captured', 'partially_refunded', 'refunded'))
    THEN
        PERFORM refuse(TG_NAME, format('payment %s: its amounts do not fit the state %s', OLD.id, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.payment_obstacle(o public.orders, p_amount bigint) RETURNS text
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.payment_status(p public.payments) RETURNS integer
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN CASE WHEN p.late THEN 409 ELSE 201 END;
END $$;

CREATE FUNCTION public.place_order(p_client text, p_key text, p_fingerprint bytea, p_location text, p_skus integer[], p_quantities integer[], p_prices bigint[], p_amount bigint, p_channel text, p_fulfilment text, p_shopper bigint, p_reservation bigint, p_hold_s double precision) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE
    claimed   outcome := claim_key(p_client, p_key, p_fingerprint);
    short     record;
    refused   text;
    placed_id bigint;
    ends_at   timestamptz;
BEGIN
    IF claimed.status IS NOT NULL THEN
        RETURN claimed;
    END IF;
    IF p_reservation IS NULL THEN
        SELECT * INTO short FROM take_stock(p_location, p_skus, p_quantities);
        IF short.short_sku IS NOT NULL THEN
            refused := insufficient_stock(short.short_sku, short.available);
        END IF;
    ELSE
        refused := take_over_reservation(p_reservation, p_location, p_skus, p_quantities);
    END IF;
    IF refused IS NOT NULL THEN
        RETURN store_outcome(p_client, p_key, p_fingerprint, 409, refused);
    END IF;
    INSERT INTO orders (location, channel, fulfilment, shopper, amount_yen, reservation_id, expires_at)
        VALUES (p_location, p_channel, p_fulfilment, p_shopper, p_amount, p_reservation,
                clock_timestamp() + make_interval(secs => p_hold_s))
        RETURNING id, expires_at INTO placed_id, ends_at;
    IF p_reservation IS NULL THEN
        PERFORM write_held_lines(NULL, placed_id, p_location, p_skus, p_quantities, p_prices, ends_at);
    ELSE
        UPDATE lines l SET order_id = placed_id, unit_price_yen = w.price, expires_at = ends_at
            FROM unnest(p_skus, p_prices) AS w (sku, price) WHERE l.reservation_id = p_reservation AND l.sku = w.sku;
    END IF;
    RETURN store_outcome(p_client, p_key, p_fingerprint, 201, format(
        '{"order":%s,"amount_yen":%s,"state":"pending_payment"}', placed_id, p_amount));
END $$;

CREATE FUNCTION public.post_transfer(p_kind text, p_debit text, p_credit text, p_amount bigint, p_order bigint, p_payment bigint, p_refund bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    number bigint := nextval('ledger_transfers');
BEGIN
    INSERT INTO ledger_lines (transfer, kind, account, amount_yen, order_id, payment_id, refund_id) VALUES
        (number, p_kind, p_debit,  p_amount, p_order, p_payment, p_refund),
        (number, p_kind, p_credit, -p_amount, p_order, p_payment, p_refund);
END $$;

CREATE FUNCTION public.promise_refund(p_refund bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.provider_day(p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    RETURN (p_at AT TIME ZONE INTERVAL '9 hours')::date;
END $$;

CREATE FUNCTION public.refund_is_lawful() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'pending' THEN
            PERFORM refuse(TG_NAME, 'a refund begins as pending');
        END IF;
    ELSIF NEW.state <> OLD.state AND OLD.state <> 'pending' THEN
        PERFORM refuse(TG_NAME, format('refund %s may not go from %s to %s', OLD.id, OLD.state, NEW.state));
    ELSIF (NEW.payment_id, NEW.amount_yen, NEW.merchant_refund_id)
        <> (OLD.payment_id, OLD.amount_yen, OLD.merchant_refund_id)
    THEN
        PERFORM refuse(TG_NAME, format('refund %s: what is given back is final', OLD.id));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.refund_rest(p_payment bigint, p_reason text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    p    payments;
    made bigint;
BEGIN
    SELECT * INTO p FROM payments WHERE id = p_payment FOR UPDATE;
    IF p.amount_yen = p.refund_promised_yen THEN
        RETURN NULL;
    END IF;
    INSERT INTO refunds (payment_id, amount_yen, reason, merchant_refund_id)
        VALUES (p.id, p.amount_yen - p.refund_promised_yen, p_reason,
                coalesce(p.merchant_payment_id, 'payment-' || p.id) || ':' || p_reason)
        RETURNING id INTO made;
    PERFORM promise_refund(made);
    RETURN made;
END $$;

CREATE FUNCTION public.refundable_yen(p public.payments) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN CASE WHEN p.state IN ('captured', 'partially_refunded') THEN p.amount_yen - p.refund_promised_yen ELSE 0 END;
END $$;

CREATE FUNCTION public.refunds_add_up() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM payments p, LATERAL (
            SELECT coalesce(sum(amount_yen) FILTER (WHERE r.state <> 'failed'), 0) AS promised,
                   coalesce(sum(amount_yen) FILTER (WHERE r.state = 'refunded'), 0) AS done
            FROM refunds r WHERE r.payment_id = p.id) AS given
        WHERE p.id = NEW.payment_id AND (p.refund_promised_yen <> promised OR p.refunded_yen <> done))
    THEN
        PERFORM refuse(TG_NAME, format('payment %s: its refunds are not what it has promised and given back',
                                       NEW.payment_id));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION public.refuse(p_law text, p_message text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '%', p_message USING ERRCODE = 'check_violation', CONSTRAINT = p_law;
END $$;

CREATE FUNCTION public.rejection(p_code text, p_message text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    RETURN '{"error":"' || p_code || '","message":' || to_json(p_message) || '}';
END $$;

CREATE FUNCTION public.release_reservation(p_reservation bigint) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE
    r reservations;
BEGIN
    SELECT * INTO r FROM reservations WHERE id = p_reservation FOR UPDATE;
    IF NOT FOUND THEN
        RETURN ROW(404, rejection('not_found', 'no such reservation'), false);
    ELSIF r.state = 'ordered' THEN
        RETURN ROW(409, rejection('illegal_transition', 'the reservation has become an order: cancel that'), false);
    ELSIF r.state = 'held' THEN
        PERFORM free_lines((SELECT array_agg(id) FROM lines WHERE reservation_id = r.id), 'released');
        UPDATE reservations SET state = 'released' WHERE id = r.id;
    END IF;
    RETURN ROW(200, format('{"reservation":%s,"state":"released"}', r.id), false);
END $$;

CREATE FUNCTION public.reservation_is_lawful() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.state <> OLD.state AND OLD.state <> 'held' THEN
        PERFORM refuse(TG_NAME, format('reservation %s may not go from %s to %s', OLD.id, OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION public.reserve(p_client text, p_key text, p_fingerprint bytea, p_location text, p_skus integer[], p_quantities integer[], p_ttl_s double precision) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE
    claimed outcome := claim_key(p_client, p_key, p_fingerprint);
    short   record;
    held    reservations;
BEGIN
    IF claimed.status IS NOT NULL THEN
        RETURN claimed;
    END IF;
    SELECT * INTO short FROM take_stock(p_location, p_skus, p_quantities);
    IF short.short_sku IS NOT NULL THEN
        RETURN store_outcome(p_client, p_key, p_fingerprint, 409,
                             insufficient_stock(short.short_sku, short.available));
    END IF;
    INSERT INTO reservations (location, expires_at)
        VALUES (p_location, clock_timestamp() + make_interval(secs => p_ttl_s)) RETURNING * INTO held;
    PERFORM write_held_lines(held.id, NULL, p_location, p_skus, p_quantities, NULL, held.expires_at);
    RETURN store_outcome(p_client, p_key, p_fingerprint, 201, format(
        '{"reservation":%s,"state":"held","expires_at":"%s"}', held.id, utc_text(held.expires_at)));
END $$;

CREATE FUNCTION public.resolve_payment(p_payment bigint, p_news text, p_reason text, p_qr text, OUT result public.outcome, OUT state text, OUT refund bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.scan(p_client text, p_key text, p_fingerprint bytea, p_sku integer, p_location text, p_shopper bigint) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
DECLARE
    claimed outcome := claim_key(p_client, p_key, p_fingerprint);
    product products;
    free    int;
BEGIN
    IF claimed.status IS NOT NULL THEN
        RETURN claimed;
    END IF;
    SELECT * INTO product FROM products WHERE sku = p_sku;
    IF NOT FOUND THEN
        RETURN store_outcome(p_client, p_key, p_fingerprint, 404, rejection('not_found', 'no such product'));
    END IF;
    SELECT on_hand - held - allocated INTO free FROM stock WHERE location = p_location AND sku = p_sku;
    free := coalesce(free, 0) + (SELECT coalesce(sum(quantity), 0) FROM lines WHERE location = p_location
        AND sku = p_sku AND state = 'held' AND expires_at <= clock_timestamp());
    INSERT INTO scans (sku, location, shopper) VALUES (p_sku, p_location, p_shopper);
    RETURN store_outcome(p_client, p_key, p_fingerprint, 201, json_build_object(
        'sku', product.sku, 'name', product.name, 'price_yen', product.price_yen, 'rating', product.rating,
        'reviews', product.reviews, 'location', p_location, 'available', free,
        'as_of', utc_text(clock_timestamp()))::text);
END $$;

CREATE FUNCTION public.settle_refund(p_refund bigint, p_news text, OUT result public.outcome, OUT state text) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.settlement_fee(p_brand text, p_amount bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN coalesce((SELECT round(p_amount * fee_share)::bigint + fee_yen FROM tenders WHERE brand = p_brand), 0);
END $$;

CREATE FUNCTION public.settlement_period(p_brand text, p_day date, OUT period_start date, OUT period_end date, OUT payout_day date) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    t      tenders;
    months date[] := ARRAY[p_day, (p_day + interval '1 month')::date, (p_day - interval '1 month')::date];
    pays   int;
BEGIN
    SELECT * INTO t FROM tenders WHERE brand = p_brand;
    IF cardinality(coalesce(t.closes, '{}')) = 0 THEN
        period_start := p_day;
        period_end := p_day;
        payout_day := p_day + coalesce(t.lag_days, 0);
        RETURN;
    END IF;
    SELECT min(day) FILTER (WHERE day >= p_day), max(day) FILTER (WHERE day < p_day) + 1 INTO period_end, period_start
        FROM unnest(months) AS month, unnest(t.closes) AS close, day_in_month(month, close) AS day;
    IF cardinality(t.pays) = 0 THEN
        payout_day := period_end + t.lag_days;
        RETURN;
    END IF;
    SELECT t.pays[place] INTO pays FROM generate_subscripts(t.closes, 1) AS place
        WHERE day_in_month(period_end, t.closes[place]) = period_end ORDER BY place DESC LIMIT 1;
    payout_day := day_in_month(period_end, pays);
    IF payout_day <= period_end THEN
        payout_day := day_in_month((date_trunc('month', period_end) + interval '1 month')::date, pays);
    END IF;
END $$;

CREATE FUNCTION public.store_outcome(p_client text, p_key text, p_fingerprint bytea, p_status integer, p_body text) RETURNS public.outcome
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO idempotency_keys (client, key, fingerprint, status, body)
        VALUES (p_client, p_key, p_fingerprint, p_status, p_body);
    RETURN ROW(p_status, p_body, false);
END $$;

CREATE FUNCTION public.take_over_reservation(p_reservation bigint, p_location text, p_skus integer[], p_quantities integer[]) RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE
    r       reservations;
    held    bigint[];
    matched int;
BEGIN
    SELECT * INTO r FROM reservations WHERE id = p_reservation FOR UPDATE;
    IF NOT FOUND THEN
        RETURN rejection('reservation_unknown', 'no such reservation');
    ELSIF r.state = 'ordered' THEN
        RETURN rejection('reservation_used', 'the reservation has become an order already');
    ELSIF r.state <> 'held' THEN
        RETURN rejection('reservation_expired', 'the reservation has ended');
    END IF;
    SELECT array_agg(l.id), count(w.sku) INTO held, matched FROM lines l
        LEFT JOIN unnest(p_skus, p_quantities) AS w (sku, quantity) ON w.sku = l.sku AND w.quantity = l.quantity
        WHERE l.reservation_id = r.id;
    IF r.location <> p_location OR matched <> cardinality(held) OR matched <> cardinality(p_skus) THEN
        RETURN rejection('reservation_mismatch', 'the order''s location and lines are not those of the reservation');
    END IF;
    PERFORM lock_stock_of(held);
    IF r.expires_at <= clock_timestamp() THEN  -- asked under the lock: nobody has freed a line before this moment
        PERFORM move_lines(held, 'held', 'expired', 'expire');
        UPDATE reservations SET state = 'expired' WHERE id = r.id;
        RETURN rejection('reservation_expired', 'the reservation has ended');
    END IF;
    UPDATE reservations SET state = 'ordered' WHERE id = r.id;
    RETURN NULL;
END $$;

CREATE FUNCTION public.take_stock(p_location text, p_skus integer[], p_quantities integer[], OUT short_sku integer, OUT available integer) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    short record;
    taken int;
BEGIN
    IF cardinality(p_skus) = 1 THEN
        UPDATE stock SET held = held + p_quantities[1]
            WHERE location = p_location AND sku = p_skus[1] AND on_hand - held - allocated >= p_quantities[1];
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    PERFORM FROM stock WHERE location = p_location AND sku = ANY (p_skus) ORDER BY sku FOR UPDATE;
    FOR short IN
        SELECT w.sku, w.quantity, coalesce(s.on_hand - s.held - s.allocated, 0) AS free
        FROM unnest(p_skus, p_quantities) AS w (sku, quantity)
        LEFT JOIN stock s ON s.location = p_location AND s.sku = w.sku
        WHERE coalesce(s.on_hand - s.held - s.allocated, 0) < w.quantity
        ORDER BY w.sku
    LOOP
        available := short.free + expire_holds(p_location, short.sku);
        IF available < short.quantity THEN
            short_sku := short.sku;
            RETURN;
        END IF;
    END LOOP;
    UPDATE stock s SET held = s.held + w.quantity
        FROM unnest(p_skus, p_quantities) AS w (sku, quantity)
        WHERE s.location = p_location AND s.sku = w.sku AND s.on_hand - s.held - s.allocated >= w.quantity;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken <> cardinality(p_skus) THEN
        RAISE EXCEPTION 'stock changed under its lock at %', p_location;
    END IF;
END $$;

CREATE FUNCTION public.utc_text(p_at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
BEGIN
    RETURN to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
END $$;

CREATE FUNCTION public.write_held_lines(p_reservation bigint, p_order bigint, p_location text, p_skus integer[], p_quantities integer[], p_prices bigint[], p_expires_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH written AS (
        INSERT INTO lines (reservation_id, order_id, location, sku, quantity, unit_price_yen, expires_at)
        SELECT p_reservation, p_order, p_location, w.sku, w.quantity, w.price, p_expires_at
        FROM unnest(p_skus, p_quantities, p_prices) AS w (sku, quantity, price)
    )
    INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason,
                             reservation_id, order_id)
    SELECT p_location, w.sku, 0, w.quantity, 0, 'hold', p_reservation, p_order
    FROM unnest(p_skus, p_quantities) AS w (sku, quantity);
END $$;

CREATE TABLE public.idempotency_keys (
    client text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer,
    body text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE public.ledger_lines (
    id bigint NOT NULL,
    transfer bigint NOT NULL,
    kind text NOT NULL,
    account text NOT NULL,
    amount_yen bigint NOT NULL,
    order_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    refund_id bigint,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ledger_lines_account_check CHECK ((account = ANY (ARRAY['cash_drawer'::text, 'psp_receivable'::text, 'sales'::text, 'sales_returns'::text, 'unapplied_receipts'::text, 'refunds_payable'::text, 'settlement_due'::text, 'psp_fees'::text]))),
    CONSTRAINT ledger_lines_amount_yen_check CHECK ((amount_yen <> 0))
);

ALTER TABLE public.ledger_lines ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_lines_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE public.ledger_transfers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.lines (
    id bigint NOT NULL,
    reservation_id bigint,
    order_id bigint,
    location text NOT NULL,
    sku integer NOT NULL,
    quantity integer NOT NULL,
    unit_price_yen bigint,
    state text DEFAULT 'held'::text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT lines_check CHECK (((reservation_id IS NOT NULL) OR (order_id IS NOT NULL))),
    CONSTRAINT lines_check1 CHECK (((order_id IS NULL) OR (unit_price_yen IS NOT NULL))),
    CONSTRAINT lines_quantity_check CHECK ((quantity > 0)),
    CONSTRAINT lines_state_check CHECK ((state = ANY (ARRAY['held'::text, 'allocated'::text, 'sold'::text, 'released'::text, 'returned'::text, 'expired'::text]))),
    CONSTRAINT lines_unit_price_yen_check CHECK ((unit_price_yen > 0))
)
WITH (fillfactor='70');

ALTER TABLE public.lines ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.lines_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.order_lines AS
 SELECT order_id,
    id AS line_id,
    location,
    sku,
    quantity,
    unit_price_yen,
    state,
    expires_at
   FROM public.lines
  WHERE (order_id IS NOT NULL);

ALTER TABLE public.orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.payment_codes (
    code text NOT NULL,
    shopper bigint NOT NULL,
    brand text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    payment_id bigint
);

ALTER TABLE public.payments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.products (
    sku integer NOT NULL,
    name text NOT NULL,
    price_yen bigint NOT NULL,
    rating double precision,
    reviews integer DEFAULT 0 NOT NULL,
    CONSTRAINT products_price_yen_check CHECK ((price_yen >= 0))
);

CREATE TABLE public.psp_files (
    day date NOT NULL,
    lines integer NOT NULL,
    read_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.refunds (
    id bigint NOT NULL,
    payment_id bigint NOT NULL,
    amount_yen bigint NOT NULL,
    reason text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    merchant_refund_id text NOT NULL,
    client text,
    idempotency_key text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    called_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT refunds_amount_yen_check CHECK ((amount_yen > 0)),
    CONSTRAINT refunds_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'refunded'::text, 'failed'::text])))
)
WITH (fillfactor='80');

ALTER TABLE public.refunds ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.refunds_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.reservation_lines AS
 SELECT reservation_id,
    id AS line_id,
    order_id,
    location,
    sku,
    quantity,
    state,
    expires_at
   FROM public.lines
  WHERE (reservation_id IS NOT NULL);

CREATE TABLE public.reservations (
    id bigint NOT NULL,
    location text NOT NULL,
    state text DEFAULT 'held'::text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT reservations_state_check CHECK ((state = ANY (ARRAY['held'::text, 'ordered'::text, 'released'::text, 'expired'::text])))
)
WITH (fillfactor='80');

ALTER TABLE public.reservations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reservations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.scans (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    sku integer NOT NULL,
    location text NOT NULL,
    shopper bigint
);

ALTER TABLE public.scans ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.scans_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.settlement_items (
    kind text NOT NULL,
    merchant_id text NOT NULL,
    day date NOT NULL,
    brand text NOT NULL,
    amount_yen bigint NOT NULL,
    fee_yen bigint NOT NULL,
    outcome text NOT NULL,
    our_yen bigint,
    payment_id bigint,
    refund_id bigint,
    CONSTRAINT settlement_items_amount_yen_check CHECK ((amount_yen > 0)),
    CONSTRAINT settlement_items_check CHECK (((outcome <> 'matched'::text) OR ((our_yen = amount_yen) AND (payment_id IS NOT NULL)))),
    CONSTRAINT settlement_items_fee_yen_check CHECK ((fee_yen >= 0)),
    CONSTRAINT settlement_items_kind_check CHECK ((kind = ANY (ARRAY['charge'::text, 'refund'::text]))),
    CONSTRAINT settlement_items_outcome_check CHECK ((outcome = ANY (ARRAY['matched'::text, 'missing_here'::text, 'amount_differs'::text, 'fee_differs'::text])))
);

CREATE VIEW public.settlement_breaks AS
 SELECT settlement_items.outcome AS what,
    settlement_items.kind,
    settlement_items.merchant_id,
    settlement_items.day,
    settlement_items.brand,
    settlement_items.amount_yen AS their_yen,
    settlement_items.our_yen,
    settlement_items.fee_yen AS their_fee_yen,
    settlement_items.payment_id
   FROM public.settlement_items
  WHERE (settlement_items.outcome <> 'matched'::text)
UNION ALL
 SELECT 'missing_there'::text AS what,
    'charge'::text AS kind,
    p.merchant_payment_id AS merchant_id,
    public.provider_day(p.captured_at) AS day,
    p.brand,
    NULL::bigint AS their_yen,
    p.amount_yen AS our_yen,
    NULL::bigint AS their_fee_yen,
    p.id AS payment_id
   FROM public.payments p
  WHERE ((p.merchant_payment_id IS NOT NULL) AND (p.captured_at IS NOT NULL) AND (EXISTS ( SELECT
           FROM public.psp_files f
          WHERE ((f.day >= public.provider_day(p.captured_at)) AND (f.read_at > p.captured_at)))) AND (NOT (EXISTS ( SELECT
           FROM public.settlement_items i
          WHERE ((i.kind = 'charge'::text) AND (i.merchant_id = p.merchant_payment_id))))))
UNION ALL
 SELECT 'missing_there'::text AS what,
    'refund'::text AS kind,
    r.merchant_refund_id AS merchant_id,
    public.provider_day(r.settled_at) AS day,
    p.brand,
    NULL::bigint AS their_yen,
    r.amount_yen AS our_yen,
    NULL::bigint AS their_fee_yen,
    p.id AS payment_id
   FROM (public.refunds r
     JOIN public.payments p ON ((p.id = r.payment_id)))
  WHERE ((p.merchant_payment_id IS NOT NULL) AND (r.state = 'refunded'::text) AND (EXISTS ( SELECT
           FROM public.psp_files f
          WHERE ((f.day >= public.provider_day(r.settled_at)) AND (f.read_at > r.settled_at)))) AND (NOT (EXISTS ( SELECT
           FROM public.settlement_items i
          WHERE ((i.kind = 'refund'::text) AND (i.merchant_id = r.merchant_refund_id))))));

CREATE VIEW public.settlements AS
 WITH days AS (
         SELECT settlement_items.brand,
            settlement_items.day,
            count(*) AS items,
            (COALESCE(sum(settlement_items.amount_yen) FILTER (WHERE (settlement_items.kind = 'charge'::text)), (0)::numeric))::bigint AS gross_yen,
            (COALESCE(sum(settlement_items.amount_yen) FILTER (WHERE (settlement_items.kind = 'refund'::text)), (0)::numeric))::bigint AS refunds_yen,
            (sum(settlement_items.fee_yen))::bigint AS fee_yen
           FROM public.settlement_items
          WHERE (settlement_items.outcome = 'matched'::text)
          GROUP BY settlement_items.brand, settlement_items.day
        )
 SELECT d.brand,
    s.period_start,
    s.period_end,
    s.payout_day,
    (sum(d.items))::bigint AS items,
    (sum(d.gross_yen))::bigint AS gross_yen,
    (sum(d.refunds_yen))::bigint AS refunds_yen,
    (sum(d.fee_yen))::bigint AS fee_yen,
    (sum(((d.gross_yen - d.refunds_yen) - d.fee_yen)))::bigint AS net_yen
   FROM days d,
    LATERAL public.settlement_period(d.brand, d.day) s(period_start, period_end, payout_day)
  GROUP BY d.brand, s.period_start, s.period_end, s.payout_day;

CREATE TABLE public.stock (
    location text NOT NULL,
    sku integer NOT NULL,
    on_hand integer NOT NULL,
    held integer DEFAULT 0 NOT NULL,
    allocated integer DEFAULT 0 NOT NULL,
    CONSTRAINT allocated_not_negative CHECK ((allocated >= 0)),
    CONSTRAINT held_not_negative CHECK ((held >= 0)),
    CONSTRAINT not_oversold CHECK (((held + allocated) <= on_hand))
)
WITH (fillfactor='40');

CREATE TABLE public.stock_moves (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    location text NOT NULL,
    sku integer NOT NULL,
    on_hand_change integer NOT NULL,
    held_change integer NOT NULL,
    allocated_change integer NOT NULL,
    reason text NOT NULL,
    reservation_id bigint,
    order_id bigint
);

ALTER TABLE public.stock_moves ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stock_moves_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.tender_months AS
 SELECT to_char((public.provider_day(l.at))::timestamp with time zone, 'YYYY-MM'::text) AS month,
    p.brand,
    count(*) FILTER (WHERE ((l.kind = ANY (ARRAY['capture'::text, 'late_capture'::text])) AND (l.amount_yen > 0))) AS captures,
    (COALESCE(sum(l.amount_yen) FILTER (WHERE ((l.kind = ANY (ARRAY['capture'::text, 'late_capture'::text])) AND (l.amount_yen > 0))), (0)::numeric))::bigint AS gross_yen,
    (COALESCE(sum(l.amount_yen) FILTER (WHERE ((l.kind = 'refund_settled'::text) AND (l.amount_yen > 0))), (0)::numeric))::bigint AS refunds_yen,
    (COALESCE(sum(l.amount_yen) FILTER (WHERE (l.account = 'psp_fees'::text)), (0)::numeric))::bigint AS fee_yen,
    (COALESCE(sum(l.amount_yen) FILTER (WHERE (l.account = 'cash_drawer'::text)), (0)::numeric))::bigint AS cash_yen,
    (COALESCE(sum(l.amount_yen) FILTER (WHERE (l.account = 'settlement_due'::text)), (0)::numeric))::bigint AS due_yen,
    (COALESCE(sum(l.amount_yen) FILTER (WHERE (l.account = 'psp_receivable'::text)), (0)::numeric))::bigint AS open_yen
   FROM (public.ledger_lines l
     JOIN public.payments p ON ((p.id = l.payment_id)))
  GROUP BY (to_char((public.provider_day(l.at))::timestamp with time zone, 'YYYY-MM'::text)), p.brand;

CREATE TABLE public.tenders (
    brand text NOT NULL,
    fee_share double precision NOT NULL,
    fee_yen bigint NOT NULL,
    closes integer[] DEFAULT '{}'::integer[] NOT NULL,
    pays integer[] DEFAULT '{}'::integer[] NOT NULL,
    lag_days integer DEFAULT 0 NOT NULL,
    CONSTRAINT tenders_fee_share_check CHECK ((((0)::double precision <= fee_share) AND (fee_share < (1)::double precision))),
    CONSTRAINT tenders_fee_yen_check CHECK ((fee_yen >= 0)),
    CONSTRAINT tenders_lag_days_check CHECK ((lag_days >= 0))
);

CREATE TABLE public.webhook_inbox (
    event_id text NOT NULL,
    payload jsonb NOT NULL,
    deliveries integer DEFAULT 1 NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    processed_at timestamp with time zone
);

INSERT INTO public.idempotency_keys VALUES
	('back_office', 'seed', '\x2b946c2cc54cb846c0199a1d37f5c937', 200, '{"products":39,"stock":39}', '2026-11-22 07:58:22.474094+00'),
	('app', '1-order', '\x45050ff5110c4b2767bf6c06d3a006fb', 201, '{"order":1,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.478179+00'),
	('app', '1-pay1', '\x93321053d0254a931598fdcbfde3c3fa', 201, '{"payment":1,"order":1,"state":"captured"}', '2026-11-22 07:58:22.483269+00'),
	('app', '2-order', '\x2b78f8417bf0162401d9f940d6df68d1', 201, '{"order":2,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.484552+00'),
	('app', '2-pay1', '\x8cbd52e68ca858722f62e7d6918ae0d5', 201, '{"payment":2,"order":2,"state":"captured"}', '2026-11-22 07:58:22.485559+00'),
	('app', '3-order', '\x1ad54ce7a31fd9562baf31de8a8849f1', 201, '{"order":3,"amount_yen":450,"state":"pending_payment"}', '2026-11-22 07:58:22.488372+00'),
	('app', '3-pay1', '\x29003609472ee1684f6a4128469befcf', 201, '{"payment":3,"order":3,"state":"captured"}', '2026-11-22 07:58:22.489218+00'),
	('app', '3-back', '\x52d47707bb91ce42a2696d8b6cf79879', 201, '{"refund":1,"payment":3,"state":"refunded"}', '2026-11-22 07:58:22.490153+00'),
	('app', '3-too-much', '\xcbe7f2f2827483cb43cee848c5636f74', 409, '{"error":"exceeds_captured","message":"300 yen can still be refunded","refundable_yen":300}', '2026-11-22 07:58:22.493624+00'),
	('app', '10-order', '\x392567151f2692f5013612f96a30d56c', 201, '{"order":4,"amount_yen":450,"state":"pending_payment"}', '2026-11-22 07:58:22.494305+00'),
	('back_office', '10-ship', '\x83559003ea5780ead434271ab2468da7', 409, '{"error":"illegal_transition","message":"an order that is pending_payment (ship) cannot ship","state":"pending_payment"}', '2026-11-22 07:58:22.495273+00'),
	('app', '10-pay1', '\x6c20f9eeceb6e68efeffa14b4013126f', 201, '{"payment":4,"order":4,"state":"captured"}', '2026-11-22 07:58:22.495972+00'),
	('back_office', '10-ship-again', '\x83559003ea5780ead434271ab2468da7', 200, '{"order":4,"state":"shipped"}', '2026-11-22 07:58:22.497892+00'),
	('app', '11-reserve', '\x9025e6664ec8c56629065c207cb2e033', 201, '{"reservation":1,"state":"held","expires_at":"2026-11-22T08:08:22.498Z"}', '2026-11-22 07:58:22.499468+00'),
	('app', '11-order', '\xa15c39c5579676cea6abf5509df95fac', 201, '{"order":5,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.501135+00'),
	('app', '11-pay1', '\x61f06f39e103f08ad2d86accf73df988', 201, '{"payment":5,"order":5,"state":"captured"}', '2026-11-22 07:58:22.502535+00'),
	('back_office', '11-ready', '\x74afe743eb7cf99e29e3614b591209b5', 200, '{"order":5,"state":"ready"}', '2026-11-22 07:58:22.504311+00'),
	('back_office', '11-collect', '\x5352913bb84bb86517ba08428231c15d', 200, '{"order":5,"state":"collected"}', '2026-11-22 07:58:22.505093+00'),
	('app', '12-reserve', '\xea3aa5e3320e423e8fa6cd0ef452e507', 201, '{"reservation":2,"state":"held","expires_at":"2026-11-22T08:08:22.505Z"}', '2026-11-22 07:58:22.505887+00'),
	('app', '12-order', '\x834fefa5a6c809fb1a2fdbaa3bc49652', 201, '{"order":6,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.506653+00'),
	('app', '12-pay1', '\x8d9f01da2789d32f3752e7f95d4589c3', 201, '{"payment":6,"order":6,"state":"captured"}', '2026-11-22 07:58:22.507646+00'),
	('back_office', '12-ready', '\x1764e0a92a89883f4085ffb4ef28082d', 200, '{"order":6,"state":"ready"}', '2026-11-22 07:58:22.509084+00'),
	('back_office', '12-cancel', '\x2eb320184ce22fcd283c662cacebae37', 200, '{"order":6,"state":"cancelled"}', '2026-11-22 07:58:22.510351+00'),
	('app', '13-order', '\x6ea2f1b3041057f4687c4c54b3ee68f0', 201, '{"order":7,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.512816+00'),
	('back_office', '13-cancel', '\xcf5e1b0514ab013d1f2211c13004f4e3', 200, '{"order":7,"state":"cancelled"}', '2026-11-22 07:58:22.513485+00'),
	('app', '20-order', '\xa4f9222cddc69f48bbba215e96dc2fe1', 201, '{"order":8,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.514216+00'),
	('app', '20-pay1', '\x09ab242f99778b7f191e818b7f00c07f', 201, '{"payment":7,"order":8,"state":"failed","reason":"declined"}', '2026-11-22 07:58:22.514858+00'),
	('back_office', '20-cancel', '\x750550b358a7b294eb5dfcfe7c194c31', 200, '{"order":8,"state":"cancelled"}', '2026-11-22 07:58:22.516613+00'),
	('app', '21-order', '\xa71be38f9ea03e1d130e4b7d1675d791', 201, '{"order":9,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.517215+00'),
	('app', '21-pay1', '\x8028c6c8768f241625f243a2ff67e1e9', 409, '{"error":"amount_mismatch","message":"the order costs 300 yen","amount_yen":300}', '2026-11-22 07:58:22.517761+00'),
	('app', '21-pay2', '\xa845dc443473857042f89bffd1ca3e4a', 201, '{"payment":8,"order":9,"state":"captured"}', '2026-11-22 07:58:22.518305+00'),
	('app', '22-order', '\xfcef0562e4bef6a84d3f75dee2b32fb8', 201, '{"order":10,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.519915+00'),
	('app', '22-pay1', '\x61782b9984df19a50cab98d2380f91d1', 409, '{"error":"order_not_payable","message":"the order is expired","state":"expired"}', '2026-11-22 07:58:22.533776+00'),
	('app', '30-order', '\xd2927ff6b04933fc83b1b4e855f44c73', 201, '{"order":11,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.534837+00'),
	('app', '30-pay1', '\xed1aa990e6e592b953d867c648eb7b97', 201, '{"payment":9,"order":11,"state":"unknown"}', '2026-11-22 07:58:22.53927+00'),
	('app', '31-order', '\x5a0cfd55a9db095e89f8d22b4bb9cdcd', 201, '{"order":12,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.583541+00'),
	('app', '31-pay1', '\xb9e63cfb47566443e47d25bb5195e450', 201, '{"payment":10,"order":12,"state":"unknown"}', '2026-11-22 07:58:22.587312+00'),
	('app', '32-order', '\x5a0cfd55a9db095e89f8d22b4bb9cdcd', 201, '{"order":13,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.592817+00'),
	('app', '32-pay1', '\xee7e082ad6fe4239a5e33864eedebd9b', 201, '{"payment":11,"order":13,"state":"unknown"}', '2026-11-22 07:58:22.595267+00'),
	('app', '33-order', '\x5a0cfd55a9db095e89f8d22b4bb9cdcd', 201, '{"order":14,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.603412+00'),
	('app', '33-pay1', '\x7f11faa0236b2edcfe1c1270481b15d0', 201, '{"payment":12,"order":14,"state":"unknown"}', '2026-11-22 07:58:22.607328+00'),
	('app', '33-pay2', '\x7f11faa0236b2edcfe1c1270481b15d0', 409, '{"error":"payment_unresolved","message":"ask for payment 12 until it is resolved","payment":12}', '2026-11-22 07:58:22.615316+00'),
	('app', '40-order', '\x9533da63bb488a900089b85361354513', 201, '{"order":15,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.619422+00'),
	('app', '40-pay1', '\x9acc2452118dde16d2e08043c8a7e446', 201, '{"payment":13,"order":15,"state":"unknown"}', '2026-11-22 07:58:22.623364+00'),
	('back_office', '40-cancel', '\x91ef0f3b8baf6d07eea9611b570a9bbc', 200, '{"order":15,"state":"cancelled"}', '2026-11-22 07:58:22.627753+00'),
	('app', '41-order', '\x7fd87c81ce6ce8f6ed0f311305974293', 201, '{"order":16,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.659446+00'),
	('app', '41-pay1', '\xcd3b933b66516145c857ceaca430a7c0', 201, '{"payment":14,"order":16,"state":"unknown"}', '2026-11-22 07:58:22.663314+00'),
	('app', '42-order', '\xf7e36847addde8b949639981af142f88', 201, '{"order":17,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.680045+00'),
	('app', '42-pay1', '\xcea0c0f8fed684a8d06243dd665544d5', 201, '{"payment":15,"order":17,"state":"captured"}', '2026-11-22 07:58:22.683836+00'),
	('app', 'code-1', '\x7842783cd97eb89ef5615f2ea265bdf5', 201, '{"code":"5e433f639c4c1ababc5aac5884e48091","expires_at":"2026-11-22T08:03:22.691Z"}', '2026-11-22 07:58:22.691701+00'),
	('app', '50-order', '\x5784d2015db5ae44f6c8d675ed3b7826', 201, '{"order":18,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.695473+00'),
	('app', '50-pay1', '\x8c059820bd25ce9b2d9335bb08bdcfd3', 201, '{"payment":16,"order":18,"state":"captured"}', '2026-11-22 07:58:22.699876+00'),
	('app', '51-order', '\x5784d2015db5ae44f6c8d675ed3b7826', 201, '{"order":19,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.704081+00'),
	('app', '51-pay1', '\xfc3a9306c896071be9eaf468d556a3ed', 409, '{"error":"code_used","message":"the code was used before: show a new one"}', '2026-11-22 07:58:22.70902+00'),
	('app', '52-order', '\x5784d2015db5ae44f6c8d675ed3b7826', 201, '{"order":20,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.711339+00'),
	('app', '52-pay1', '\xcaf31c764f3e662050e9062e8c6ed73a', 201, '{"payment":17,"order":20,"state":"pending_customer","qr":"00020101021226350014jp.omotwin.pay0102qr0207omotwin52045311530339254031505802JP5907omotwin6005Tokyo620605021763046468"}', '2026-11-22 07:58:22.714818+00'),
	('app', '53-order', '\x5784d2015db5ae44f6c8d675ed3b7826', 201, '{"order":21,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.72528+00'),
	('app', '53-pay1', '\x1c49efe5aee3c6875c95b6eb9b99cd7e', 201, '{"payment":18,"order":21,"state":"pending_customer","qr":"00020101021226350014jp.omotwin.pay0102qr0207omotwin52045311530339254031505802JP5907omotwin6005Tokyo620605021863040191"}', '2026-11-22 07:58:22.727157+00'),
	('app', '60-order', '\x6675156b38a208d8924c5433f1b4d2dd', 201, '{"order":22,"amount_yen":450,"state":"pending_payment"}', '2026-11-22 07:58:22.735196+00'),
	('app', '60-pay1', '\x9fc4082afcda45f0a10c7cb33bdce770', 201, '{"payment":19,"order":22,"state":"captured"}', '2026-11-22 07:58:22.736137+00'),
	('app', '60-first', '\x814b9de3b903492d83ffab37a5d37b93', 201, '{"refund":4,"payment":19,"state":"refunded"}', '2026-11-22 07:58:22.741525+00'),
	('app', '60-too-much', '\xbc615e862aadf3ef1d7af35f811a3e28', 409, '{"error":"exceeds_captured","message":"300 yen can still be refunded","refundable_yen":300}', '2026-11-22 07:58:22.744482+00'),
	('back_office', '60-cancel', '\x6573fa9c971558fb2774adaa56abb915', 200, '{"order":22,"state":"cancelled"}', '2026-11-22 07:58:22.747461+00'),
	('app', '61-order', '\x52c52aed866eaa4104dad50efc4722b3', 201, '{"order":23,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.750024+00'),
	('app', '61-pay1', '\x95634a3829c69728575a1f1159fe9cad', 201, '{"payment":20,"order":23,"state":"captured"}', '2026-11-22 07:58:22.751027+00'),
	('app', '61-lost', '\xffe768e4aab3887f2155515ee3383a60', 201, '{"refund":6,"payment":20,"state":"pending"}', '2026-11-22 07:58:22.75295+00'),
	('app', '62-order', '\x52c52aed866eaa4104dad50efc4722b3', 201, '{"order":24,"amount_yen":300,"state":"pending_payment"}', '2026-11-22 07:58:22.757871+00'),
	('app', '62-pay1', '\xedb653f546e3131066f58c6efd296cda', 201, '{"payment":21,"order":24,"state":"captured"}', '2026-11-22 07:58:22.758507+00'),
	('app', '62-lost', '\x65802e398ac34b28940a5239755a8073', 201, '{"refund":7,"payment":21,"state":"pending"}', '2026-11-22 07:58:22.763021+00'),
	('app', '70-reserve', '\x9dd3eaa77dd11fd670782e5124261357', 201, '{"reservation":3,"state":"held","expires_at":"2026-11-22T08:08:22.765Z"}', '2026-11-22 07:58:22.765401+00'),
	('app', '71-reserve', '\xe19b34ffbaf27cf8d7aab3bd09dd62eb', 201, '{"reservation":4,"state":"held","expires_at":"2026-11-22T08:08:22.766Z"}', '2026-11-22 07:58:22.766708+00'),
	('app', '72-reserve', '\x3ce9050d9fd6ec1d4bbe9278a739e092', 201, '{"reservation":5,"state":"held","expires_at":"2026-11-22T08:08:22.772Z"}', '2026-11-22 07:58:22.772423+00'),
	('app', '73-order', '\xec14db819836f9444be7ecfbfdba3a93', 201, '{"order":25,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.776387+00'),
	('app', '73-pay1', '\xb0514363feb7fbb3d19a59299ea7ec15', 201, '{"payment":22,"order":25,"state":"captured"}', '2026-11-22 07:58:22.777453+00'),
	('app', '72-order', '\xfc023658cb2649d6d3f98093981e250b', 409, '{"error":"reservation_expired","message":"the reservation has ended"}', '2026-11-22 07:58:22.778454+00'),
	('app', '82-order', '\x75885cf073717b16e87d0d83b4190f3f', 201, '{"order":26,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.831258+00'),
	('app', '83-order', '\x75885cf073717b16e87d0d83b4190f3f', 201, '{"order":27,"amount_yen":150,"state":"pending_payment"}', '2026-11-22 07:58:22.833914+00'),
	('app', '85-order', '\x75885cf073717b16e87d0d83b4190f3f', 409, '{"error":"insufficient_stock","message":"not enough of item 32 is free","sku":32,"available":0}', '2026-11-22 07:58:22.835902+00'),
	('app', '81-order', '\x75885cf073717b16e87d0d83b4190f3f', 409, '{"error":"insufficient_stock","message":"not enough of item 32 is free","sku":32,"available":0}', '2026-11-22 07:58:22.844716+00'),
	('app', '84-order', '\x75885cf073717b16e87d0d83b4190f3f', 409, '{"error":"insufficient_stock","message":"not enough of item 32 is free","sku":32,"available":0}', '2026-11-22 07:58:22.852295+00'),
	('app', '80-order', '\x75885cf073717b16e87d0d83b4190f3f', 409, '{"error":"insufficient_stock","message":"not enough of item 32 is free","sku":32,"available":0}', '2026-11-22 07:58:22.85623+00'),
	('app', '82-pay1', '\x7993a9975a499c31018c8682ed3baa8a', 201, '{"payment":23,"order":26,"state":"captured"}', '2026-11-22 07:58:22.863473+00'),
	('app', '83-pay1', '\xae963ba9f75609653c355955806e2725', 201, '{"payment":24,"order":27,"state":"captured"}', '2026-11-22 07:58:22.868004+00');

INSERT INTO public.ledger_lines OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'capture', 'cash_drawer', 300, 1, 1, NULL, '2026-11-22 07:58:22.482381+00'),
	(2, 1, 'capture', 'sales', -300, 1, 1, NULL, '2026-11-22 07:58:22.482694+00'),
	(3, 2, 'capture', 'psp_receivable', 300, 2, 2, NULL, '2026-11-22 07:58:22.48714+00'),
	(4, 2, 'capture', 'sales', -300, 2, 2, NULL, '2026-11-22 07:58:22.487163+00'),
	(5, 3, 'capture', 'cash_drawer', 450, 3, 3, NULL, '2026-11-22 07:58:22.489138+00'),
	(6, 3, 'capture', 'sales', -450, 3, 3, NULL, '2026-11-22 07:58:22.489159+00'),
	(7, 4, 'refund', 'sales_returns', 150, 3, 3, 1, '2026-11-22 07:58:22.491041+00'),
	(8, 4, 'refund', 'refunds_payable', -150, 3, 3, 1, '2026-11-22 07:58:22.491134+00'),
	(9, 5, 'refund_settled', 'refunds_payable', 150, 3, 3, 1, '2026-11-22 07:58:22.491684+00'),
	(10, 5, 'refund_settled', 'cash_drawer', -150, 3, 3, 1, '2026-11-22 07:58:22.491708+00'),
	(11, 6, 'capture', 'psp_receivable', 450, 4, 4, NULL, '2026-11-22 07:58:22.496904+00'),
	(12, 6, 'capture', 'sales', -450, 4, 4, NULL, '2026-11-22 07:58:22.496929+00'),
	(13, 7, 'capture', 'psp_receivable', 300, 5, 5, NULL, '2026-11-22 07:58:22.503512+00'),
	(14, 7, 'capture', 'sales', -300, 5, 5, NULL, '2026-11-22 07:58:22.503536+00'),
	(15, 8, 'capture', 'psp_receivable', 300, 6, 6, NULL, '2026-11-22 07:58:22.508456+00'),
	(16, 8, 'capture', 'sales', -300, 6, 6, NULL, '2026-11-22 07:58:22.508481+00'),
	(17, 9, 'refund', 'sales_returns', 300, 6, 6, 2, '2026-11-22 07:58:22.51022+00'),
	(18, 9, 'refund', 'refunds_payable', -300, 6, 6, 2, '2026-11-22 07:58:22.510244+00'),
	(19, 10, 'refund_settled', 'refunds_payable', 300, 6, 6, 2, '2026-11-22 07:58:22.511811+00'),
	(20, 10, 'refund_settled', 'psp_receivable', -300, 6, 6, 2, '2026-11-22 07:58:22.511844+00'),
	(21, 11, 'capture', 'psp_receivable', 300, 9, 8, NULL, '2026-11-22 07:58:22.51911+00'),
	(22, 11, 'capture', 'sales', -300, 9, 8, NULL, '2026-11-22 07:58:22.519136+00'),
	(23, 12, 'capture', 'psp_receivable', 300, 11, 9, NULL, '2026-11-22 07:58:22.552139+00'),
	(24, 12, 'capture', 'sales', -300, 11, 9, NULL, '2026-11-22 07:58:22.55217+00'),
	(25, 13, 'late_capture', 'psp_receivable', 300, 15, 13, NULL, '2026-11-22 07:58:22.635549+00'),
	(26, 13, 'late_capture', 'unapplied_receipts', -300, 15, 13, NULL, '2026-11-22 07:58:22.635711+00'),
	(27, 14, 'refund', 'unapplied_receipts', 300, 15, 13, 3, '2026-11-22 07:58:22.635964+00'),
	(28, 14, 'refund', 'refunds_payable', -300, 15, 13, 3, '2026-11-22 07:58:22.635985+00'),
	(29, 15, 'refund_settled', 'refunds_payable', 300, 15, 13, 3, '2026-11-22 07:58:22.639469+00'),
	(30, 15, 'refund_settled', 'psp_receivable', -300, 15, 13, 3, '2026-11-22 07:58:22.639501+00'),
	(31, 16, 'capture', 'cash_drawer', 150, 17, 15, NULL, '2026-11-22 07:58:22.683738+00'),
	(32, 16, 'capture', 'sales', -150, 17, 15, NULL, '2026-11-22 07:58:22.683766+00'),
	(33, 17, 'capture', 'psp_receivable', 150, 18, 16, NULL, '2026-11-22 07:58:22.702944+00'),
	(34, 17, 'capture', 'sales', -150, 18, 16, NULL, '2026-11-22 07:58:22.702973+00'),
	(35, 18, 'capture', 'psp_receivable', 150, 20, 17, NULL, '2026-11-22 07:58:22.719934+00'),
	(36, 18, 'capture', 'sales', -150, 20, 17, NULL, '2026-11-22 07:58:22.719963+00'),
	(37, 19, 'capture', 'psp_receivable', 450, 22, 19, NULL, '2026-11-22 07:58:22.737556+00'),
	(38, 19, 'capture', 'sales', -450, 22, 19, NULL, '2026-11-22 07:58:22.737584+00'),
	(39, 20, 'refund', 'sales_returns', 150, 22, 19, 4, '2026-11-22 07:58:22.741718+00'),
	(40, 20, 'refund', 'refunds_payable', -150, 22, 19, 4, '2026-11-22 07:58:22.741748+00'),
	(41, 21, 'refund_settled', 'refunds_payable', 150, 22, 19, 4, '2026-11-22 07:58:22.743355+00'),
	(42, 21, 'refund_settled', 'psp_receivable', -150, 22, 19, 4, '2026-11-22 07:58:22.743387+00'),
	(43, 22, 'refund', 'sales_returns', 300, 22, 19, 5, '2026-11-22 07:58:22.747343+00'),
	(44, 22, 'refund', 'refunds_payable', -300, 22, 19, 5, '2026-11-22 07:58:22.747369+00'),
	(45, 23, 'refund_settled', 'refunds_payable', 300, 22, 19, 5, '2026-11-22 07:58:22.748281+00'),
	(46, 23, 'refund_settled', 'psp_receivable', -300, 22, 19, 5, '2026-11-22 07:58:22.748308+00'),
	(47, 24, 'capture', 'psp_receivable', 300, 23, 20, NULL, '2026-11-22 07:58:22.752207+00'),
	(48, 24, 'capture', 'sales', -300, 23, 20, NULL, '2026-11-22 07:58:22.752231+00'),
	(49, 25, 'refund', 'sales_returns', 150, 23, 20, 6, '2026-11-22 07:58:22.753098+00'),
	(50, 25, 'refund', 'refunds_payable', -150, 23, 20, 6, '2026-11-22 07:58:22.753122+00'),
	(51, 26, 'capture', 'psp_receivable', 300, 24, 21, NULL, '2026-11-22 07:58:22.760876+00'),
	(52, 26, 'capture', 'sales', -300, 24, 21, NULL, '2026-11-22 07:58:22.760903+00'),
	(53, 27, 'refund', 'sales_returns', 150, 24, 21, 7, '2026-11-22 07:58:22.763195+00'),
	(54, 27, 'refund', 'refunds_payable', -150, 24, 21, 7, '2026-11-22 07:58:22.763222+00'),
	(55, 28, 'capture', 'cash_drawer', 150, 25, 22, NULL, '2026-11-22 07:58:22.777354+00'),
	(56, 28, 'capture', 'sales', -150, 25, 22, NULL, '2026-11-22 07:58:22.777382+00'),
	(57, 29, 'capture', 'cash_drawer', 150, 26, 23, NULL, '2026-11-22 07:58:22.862731+00'),
	(58, 29, 'capture', 'sales', -150, 26, 23, NULL, '2026-11-22 07:58:22.862865+00'),
	(59, 30, 'capture', 'cash_drawer', 150, 27, 24, NULL, '2026-11-22 07:58:22.8679+00'),
	(60, 30, 'capture', 'sales', -150, 27, 24, NULL, '2026-11-22 07:58:22.867928+00');

INSERT INTO public.lines OVERRIDING SYSTEM VALUE VALUES
	(1, NULL, 1, 'station', 1, 2, 150, 'sold', '2026-11-22 08:13:22.477302+00'),
	(2, NULL, 2, 'station', 2, 2, 150, 'sold', '2026-11-22 08:13:22.484383+00'),
	(3, NULL, 3, 'station', 3, 3, 150, 'sold', '2026-11-22 08:13:22.48826+00'),
	(4, NULL, 4, 'station', 10, 3, 150, 'sold', '2026-11-22 08:13:22.49418+00'),
	(5, 1, 5, 'station', 11, 2, 150, 'sold', '2026-11-22 08:13:22.500898+00'),
	(6, 2, 6, 'station', 12, 2, 150, 'returned', '2026-11-22 08:13:22.506494+00'),
	(7, NULL, 7, 'station', 13, 2, 150, 'released', '2026-11-22 08:13:22.5127+00'),
	(8, NULL, 8, 'station', 14, 1, 150, 'released', '2026-11-22 08:13:22.514131+00'),
	(9, NULL, 9, 'station', 14, 2, 150, 'sold', '2026-11-22 08:13:22.517115+00'),
	(10, NULL, 10, 'station', 14, 1, 150, 'expired', '2026-11-21 08:13:22.51982+00'),
	(11, NULL, 11, 'station', 15, 2, 150, 'allocated', '2026-11-22 08:13:22.534701+00'),
	(12, NULL, 12, 'station', 15, 1, 150, 'held', '2026-11-22 08:13:22.583382+00'),
	(13, NULL, 13, 'station', 15, 1, 150, 'held', '2026-11-22 08:13:22.592668+00'),
	(14, NULL, 14, 'station', 15, 1, 150, 'held', '2026-11-22 08:13:22.603273+00'),
	(15, NULL, 15, 'station', 16, 2, 150, 'released', '2026-11-22 08:13:22.619268+00'),
	(16, NULL, 16, 'station', 30, 1, 150, 'expired', '2026-11-21 08:13:22.659278+00'),
	(17, NULL, 17, 'station', 30, 1, 150, 'sold', '2026-11-22 08:13:22.679919+00'),
	(18, NULL, 18, 'station', 17, 1, 150, 'sold', '2026-11-22 08:13:22.695312+00'),
	(19, NULL, 19, 'station', 17, 1, 150, 'held', '2026-11-22 08:13:22.703948+00'),
	(20, NULL, 20, 'station', 17, 1, 150, 'sold', '2026-11-22 08:13:22.711197+00'),
	(21, NULL, 21, 'station', 17, 1, 150, 'held', '2026-11-22 08:13:22.725151+00'),
	(22, NULL, 22, 'station', 18, 3, 150, 'returned', '2026-11-22 08:13:22.735044+00'),
	(23, NULL, 23, 'station', 18, 2, 150, 'allocated', '2026-11-22 08:13:22.749899+00'),
	(24, NULL, 24, 'station', 18, 2, 150, 'allocated', '2026-11-22 08:13:22.757737+00'),
	(26, 4, NULL, 'station', 19, 5, NULL, 'held', '2026-11-22 08:08:22.76655+00'),
	(25, 3, NULL, 'station', 19, 2, NULL, 'released', '2026-11-22 08:08:22.765281+00'),
	(27, 5, NULL, 'station', 31, 1, NULL, 'expired', '2026-11-21 08:08:22.772305+00'),
	(28, NULL, 25, 'station', 31, 1, 150, 'sold', '2026-11-22 08:13:22.776043+00'),
	(29, NULL, 26, 'station', 32, 1, 150, 'sold', '2026-11-22 08:13:22.828286+00'),
	(30, NULL, 27, 'station', 32, 1, 150, 'sold', '2026-11-22 08:13:22.83313+00');

INSERT INTO public.orders OVERRIDING SYSTEM VALUE VALUES
	(1, 'station', 'app', 'carry', NULL, 300, 'completed', NULL, 1, NULL, '2026-11-22 07:58:22.477302+00', '2026-11-22 08:13:22.477302+00'),
	(2, 'station', 'app', 'carry', NULL, 300, 'completed', NULL, 2, NULL, '2026-11-22 07:58:22.484383+00', '2026-11-22 08:13:22.484383+00'),
	(3, 'station', 'app', 'carry', NULL, 450, 'completed', NULL, 3, NULL, '2026-11-22 07:58:22.48826+00', '2026-11-22 08:13:22.48826+00'),
	(15, 'station', 'app', 'ship', NULL, 300, 'cancelled', NULL, NULL, NULL, '2026-11-22 07:58:22.619268+00', '2026-11-22 08:13:22.619268+00'),
	(4, 'station', 'app', 'ship', NULL, 450, 'shipped', NULL, 4, NULL, '2026-11-22 07:58:22.49418+00', '2026-11-22 08:13:22.49418+00'),
	(16, 'station', 'app', 'ship', NULL, 150, 'pending_payment', NULL, NULL, 14, '2026-11-22 07:58:22.659278+00', '2026-11-21 08:13:22.659278+00'),
	(5, 'station', 'app', 'collect', NULL, 300, 'collected', 1, 5, NULL, '2026-11-22 07:58:22.500898+00', '2026-11-22 08:13:22.500898+00'),
	(17, 'station', 'app', 'carry', NULL, 150, 'completed', NULL, 15, NULL, '2026-11-22 07:58:22.679918+00', '2026-11-22 08:13:22.679919+00'),
	(6, 'station', 'app', 'collect', NULL, 300, 'cancelled', 2, 6, NULL, '2026-11-22 07:58:22.506494+00', '2026-11-22 08:13:22.506494+00'),
	(7, 'station', 'app', 'ship', NULL, 300, 'cancelled', NULL, NULL, NULL, '2026-11-22 07:58:22.5127+00', '2026-11-22 08:13:22.5127+00'),
	(18, 'station', 'app', 'carry', NULL, 150, 'completed', NULL, 16, NULL, '2026-11-22 07:58:22.695312+00', '2026-11-22 08:13:22.695312+00'),
	(19, 'station', 'app', 'carry', NULL, 150, 'pending_payment', NULL, NULL, NULL, '2026-11-22 07:58:22.703948+00', '2026-11-22 08:13:22.703948+00'),
	(8, 'station', 'app', 'carry', NULL, 150, 'cancelled', NULL, NULL, NULL, '2026-11-22 07:58:22.514131+00', '2026-11-22 08:13:22.514131+00'),
	(9, 'station', 'app', 'carry', NULL, 300, 'completed', NULL, 8, NULL, '2026-11-22 07:58:22.517115+00', '2026-11-22 08:13:22.517115+00'),
	(10, 'station', 'app', 'ship', NULL, 150, 'expired', NULL, NULL, NULL, '2026-11-22 07:58:22.51982+00', '2026-11-21 08:13:22.51982+00'),
	(20, 'station', 'app', 'carry', NULL, 150, 'completed', NULL, 17, NULL, '2026-11-22 07:58:22.711196+00', '2026-11-22 08:13:22.711197+00'),
	(11, 'station', 'app', 'ship', NULL, 300, 'paid', NULL, 9, NULL, '2026-11-22 07:58:22.534701+00', '2026-11-22 08:13:22.534701+00'),
	(12, 'station', 'app', 'ship', NULL, 150, 'pending_payment', NULL, NULL, 10, '2026-11-22 07:58:22.583382+00', '2026-11-22 08:13:22.583382+00'),
	(13, 'station', 'app', 'ship', NULL, 150, 'pending_payment', NULL, NULL, 11, '2026-11-22 07:58:22.592668+00', '2026-11-22 08:13:22.592668+00'),
	(14, 'station', 'app', 'ship', NULL, 150, 'pending_payment', NULL, NULL, 12, '2026-11-22 07:58:22.603273+00', '2026-11-22 08:13:22.603273+00'),
	(21, 'station', 'app', 'carry', NULL, 150, 'pending_payment', NULL, NULL, 18, '2026-11-22 07:58:22.72515+00', '2026-11-22 08:13:22.725151+00'),
	(22, 'station', 'app', 'ship', NULL, 450, 'cancelled', NULL, 19, NULL, '2026-11-22 07:58:22.735044+00', '2026-11-22 08:13:22.735044+00'),
	(23, 'station', 'app', 'ship', NULL, 300, 'paid', NULL, 20, NULL, '2026-11-22 07:58:22.749899+00', '2026-11-22 08:13:22.749899+00'),
	(24, 'station', 'app', 'ship', NULL, 300, 'paid', NULL, 21, NULL, '2026-11-22 07:58:22.757737+00', '2026-11-22 08:13:22.757737+00'),
	(25, 'station', 'app', 'carry', NULL, 150, 'completed', NULL, 22, NULL, '2026-11-22 07:58:22.776043+00', '2026-11-22 08:13:22.776043+00'),
	(26, 'station', 'app', 'carry', NULL, 150, 'completed', NULL, 23, NULL, '2026-11-22 07:58:22.828285+00', '2026-11-22 08:13:22.828286+00'),
	(27, 'station', 'app', 'carry', NULL, 150, 'completed', NULL, 24, NULL, '2026-11-22 07:58:22.83313+00', '2026-11-22 08:13:22.83313+00');

INSERT INTO public.payment_codes VALUES
	('5e433f639c4c1ababc5aac5884e48091', 1, 'qr', '2026-11-22 08:03:22.69131+00', 16);

INSERT INTO public.payments OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'cash', 'cash', 300, 'captured', NULL, true, false, 0, 0, NULL, 'app', '1-pay1', '2026-11-22 07:58:22.480152+00', '2026-11-22 07:58:22.480152+00', '2026-11-22 07:58:22.481656+00'),
	(2, 2, 'card', 'card', 300, 'captured', NULL, true, false, 0, 0, 'app:2-pay1', 'app', '2-pay1', '2026-11-22 07:58:22.485305+00', '2026-11-22 07:58:22.485305+00', '2026-11-22 07:58:22.487028+00'),
	(13, 15, 'card', 'card', 300, 'refunded', NULL, false, true, 300, 300, 'app:40-pay1', 'app', '40-pay1', '2026-11-22 07:58:22.623222+00', '2026-11-22 07:58:22.623222+00', '2026-11-22 07:58:22.635441+00'),
	(3, 3, 'cash', 'cash', 450, 'partially_refunded', NULL, true, false, 150, 150, NULL, 'app', '3-pay1', '2026-11-22 07:58:22.488803+00', '2026-11-22 07:58:22.488803+00', '2026-11-22 07:58:22.489037+00'),
	(4, 4, 'card', 'card_online', 450, 'captured', NULL, true, false, 0, 0, 'app:10-pay1', 'app', '10-pay1', '2026-11-22 07:58:22.495883+00', '2026-11-22 07:58:22.495884+00', '2026-11-22 07:58:22.496795+00'),
	(5, 5, 'wallet', 'wallet', 300, 'captured', NULL, true, false, 0, 0, 'app:11-pay1', 'app', '11-pay1', '2026-11-22 07:58:22.502444+00', '2026-11-22 07:58:22.502444+00', '2026-11-22 07:58:22.503407+00'),
	(14, 16, 'card', 'card', 150, 'unknown', NULL, false, false, 0, 0, 'app:41-pay1', 'app', '41-pay1', '2026-11-22 07:58:22.663198+00', '2026-11-22 07:58:22.663198+00', NULL),
	(6, 6, 'wallet', 'wallet', 300, 'refunded', NULL, true, false, 300, 300, 'app:12-pay1', 'app', '12-pay1', '2026-11-22 07:58:22.507545+00', '2026-11-22 07:58:22.507546+00', '2026-11-22 07:58:22.508354+00'),
	(7, 8, 'card', 'broke', 150, 'failed', 'declined', false, false, 0, 0, 'app:20-pay1', 'app', '20-pay1', '2026-11-22 07:58:22.514781+00', '2026-11-22 07:58:22.514781+00', NULL),
	(8, 9, 'card', 'card', 300, 'captured', NULL, true, false, 0, 0, 'app:21-pay2', 'app', '21-pay2', '2026-11-22 07:58:22.518227+00', '2026-11-22 07:58:22.518227+00', '2026-11-22 07:58:22.51901+00'),
	(15, 17, 'cash', 'cash', 150, 'captured', NULL, true, false, 0, 0, NULL, 'app', '42-pay1', '2026-11-22 07:58:22.683305+00', '2026-11-22 07:58:22.683305+00', '2026-11-22 07:58:22.683613+00'),
	(9, 11, 'card', 'card', 300, 'captured', NULL, true, false, 0, 0, 'app:30-pay1', 'app', '30-pay1', '2026-11-22 07:58:22.53916+00', '2026-11-22 07:58:22.53916+00', '2026-11-22 07:58:22.552013+00'),
	(10, 12, 'card', 'card', 150, 'unknown', NULL, false, false, 0, 0, 'app:31-pay1', 'app', '31-pay1', '2026-11-22 07:58:22.587195+00', '2026-11-22 07:58:22.587195+00', NULL),
	(11, 13, 'card', 'card', 150, 'unknown', NULL, false, false, 0, 0, 'app:32-pay1', 'app', '32-pay1', '2026-11-22 07:58:22.595157+00', '2026-11-22 07:58:22.595157+00', NULL),
	(12, 14, 'card', 'card', 150, 'unknown', NULL, false, false, 0, 0, 'app:33-pay1', 'app', '33-pay1', '2026-11-22 07:58:22.607212+00', '2026-11-22 07:58:22.607212+00', NULL),
	(19, 22, 'card', 'card', 450, 'refunded', NULL, true, false, 450, 450, 'app:60-pay1', 'app', '60-pay1', '2026-11-22 07:58:22.73604+00', '2026-11-22 07:58:22.73604+00', '2026-11-22 07:58:22.737443+00'),
	(16, 18, 'cpm', 'qr', 150, 'captured', NULL, true, false, 0, 0, 'app:50-pay1', 'app', '50-pay1', '2026-11-22 07:58:22.699681+00', '2026-11-22 07:58:22.699681+00', '2026-11-22 07:58:22.702819+00'),
	(20, 23, 'card', 'card', 300, 'captured', NULL, true, false, 150, 0, 'app:61-pay1', 'app', '61-pay1', '2026-11-22 07:58:22.750943+00', '2026-11-22 07:58:22.750944+00', '2026-11-22 07:58:22.752106+00'),
	(17, 20, 'dynamic_qr', 'qr', 150, 'captured', NULL, true, false, 0, 0, 'app:52-pay1', 'app', '52-pay1', '2026-11-22 07:58:22.714704+00', '2026-11-22 07:58:22.714704+00', '2026-11-22 07:58:22.719815+00'),
	(18, 21, 'dynamic_qr', 'qr', 150, 'pending_customer', NULL, false, false, 0, 0, 'app:53-pay1', 'app', '53-pay1', '2026-11-22 07:58:22.727061+00', '2026-11-22 07:58:22.727061+00', NULL),
	(21, 24, 'card', 'card', 300, 'captured', NULL, true, false, 150, 0, 'app:62-pay1', 'app', '62-pay1', '2026-11-22 07:58:22.758423+00', '2026-11-22 07:58:22.758423+00', '2026-11-22 07:58:22.760737+00'),
	(22, 25, 'cash', 'cash', 150, 'captured', NULL, true, false, 0, 0, NULL, 'app', '73-pay1', '2026-11-22 07:58:22.776974+00', '2026-11-22 07:58:22.776974+00', '2026-11-22 07:58:22.777238+00'),
	(23, 26, 'cash', 'cash', 150, 'captured', NULL, true, false, 0, 0, NULL, 'app', '82-pay1', '2026-11-22 07:58:22.860285+00', '2026-11-22 07:58:22.860285+00', '2026-11-22 07:58:22.861907+00'),
	(24, 27, 'cash', 'cash', 150, 'captured', NULL, true, false, 0, 0, NULL, 'app', '83-pay1', '2026-11-22 07:58:22.867059+00', '2026-11-22 07:58:22.867059+00', '2026-11-22 07:58:22.86778+00');

INSERT INTO public.products VALUES
	(1, 'item 1', 150, NULL, 0),
	(2, 'item 2', 150, NULL, 0),
	(3, 'item 3', 150, NULL, 0),
	(4, 'item 4', 150, NULL, 0),
	(5, 'item 5', 150, NULL, 0),
	(6, 'item 6', 150, NULL, 0),
	(7, 'item 7', 150, NULL, 0),
	(8, 'item 8', 150, NULL, 0),
	(9, 'item 9', 150, NULL, 0),
	(10, 'item 10', 150, NULL, 0),
	(11, 'item 11', 150, NULL, 0),
	(12, 'item 12', 150, NULL, 0),
	(13, 'item 13', 150, NULL, 0),
	(14, 'item 14', 150, NULL, 0),
	(15, 'item 15', 150, NULL, 0),
	(16, 'item 16', 150, NULL, 0),
	(17, 'item 17', 150, NULL, 0),
	(18, 'item 18', 150, NULL, 0),
	(19, 'item 19', 150, NULL, 0),
	(20, 'item 20', 150, NULL, 0),
	(21, 'item 21', 150, NULL, 0),
	(22, 'item 22', 150, NULL, 0),
	(23, 'item 23', 150, NULL, 0),
	(24, 'item 24', 150, NULL, 0),
	(25, 'item 25', 150, NULL, 0),
	(26, 'item 26', 150, NULL, 0),
	(27, 'item 27', 150, NULL, 0),
	(28, 'item 28', 150, NULL, 0),
	(29, 'item 29', 150, NULL, 0),
	(30, 'item 30', 150, NULL, 0),
	(31, 'item 31', 150, NULL, 0),
	(32, 'item 32', 150, NULL, 0),
	(33, 'item 33', 150, NULL, 0),
	(34, 'item 34', 150, NULL, 0),
	(35, 'item 35', 150, NULL, 0),
	(36, 'item 36', 150, NULL, 0),
	(37, 'item 37', 150, NULL, 0),
	(38, 'item 38', 150, NULL, 0),
	(39, 'item 39', 150, NULL, 0);

INSERT INTO public.refunds OVERRIDING SYSTEM VALUE VALUES
	(1, 3, 150, 'scene', 'refunded', 'app:3-back', 'app', '3-back', '2026-11-22 07:58:22.490258+00', '2026-11-22 07:58:22.490258+00', '2026-11-22 07:58:22.491478+00'),
	(2, 6, 300, 'cancelled', 'refunded', 'app:12-pay1:cancelled', NULL, NULL, '2026-11-22 07:58:22.510075+00', '2026-11-22 07:58:22.510075+00', '2026-11-22 07:58:22.51169+00'),
	(3, 13, 300, 'late', 'refunded', 'app:40-pay1:late', NULL, NULL, '2026-11-22 07:58:22.63584+00', '2026-11-22 07:58:22.63584+00', '2026-11-22 07:58:22.639329+00'),
	(4, 19, 150, 'scene', 'refunded', 'app:60-first', 'app', '60-first', '2026-11-22 07:58:22.741553+00', '2026-11-22 07:58:22.741553+00', '2026-11-22 07:58:22.743236+00'),
	(5, 19, 300, 'cancelled', 'refunded', 'app:60-pay1:cancelled', NULL, NULL, '2026-11-22 07:58:22.74722+00', '2026-11-22 07:58:22.747221+00', '2026-11-22 07:58:22.748176+00'),
	(6, 20, 150, 'scene', 'pending', 'app:61-lost', 'app', '61-lost', '2026-11-22 07:58:22.752971+00', '2026-11-22 07:58:22.752971+00', NULL),
	(7, 21, 150, 'scene', 'pending', 'app:62-lost', 'app', '62-lost', '2026-11-22 07:58:22.763045+00', '2026-11-22 07:58:22.763045+00', NULL);

INSERT INTO public.reservations OVERRIDING SYSTEM VALUE VALUES
	(1, 'station', 'ordered', '2026-11-22 07:58:22.498916+00', '2026-11-22 08:08:22.498916+00'),
	(2, 'station', 'ordered', '2026-11-22 07:58:22.50579+00', '2026-11-22 08:08:22.50579+00'),
	(4, 'station', 'held', '2026-11-22 07:58:22.76655+00', '2026-11-22 08:08:22.76655+00'),
	(3, 'station', 'released', '2026-11-22 07:58:22.765281+00', '2026-11-22 08:08:22.765281+00'),
	(5, 'station', 'expired', '2026-11-22 07:58:22.772305+00', '2026-11-21 08:08:22.772305+00');

INSERT INTO public.stock VALUES
	('station', 4, 50, 0, 0),
	('station', 5, 50, 0, 0),
	('station', 6, 50, 0, 0),
	('station', 7, 50, 0, 0),
	('station', 8, 50, 0, 0),
	('station', 9, 50, 0, 0),
	('station', 20, 50, 0, 0),
	('station', 21, 50, 0, 0),
	('station', 22, 50, 0, 0),
	('station', 23, 50, 0, 0),
	('station', 24, 50, 0, 0),
	('station', 25, 50, 0, 0),
	('station', 26, 50, 0, 0),
	('station', 27, 50, 0, 0),
	('station', 28, 50, 0, 0),
	('station', 29, 50, 0, 0),
	('station', 33, 50, 0, 0),
	('station', 34, 50, 0, 0),
	('station', 35, 50, 0, 0),
	('station', 36, 50, 0, 0),
	('station', 37, 50, 0, 0),
	('station', 38, 50, 0, 0),
	('station', 39, 50, 0, 0),
	('station', 1, 48, 0, 0),
	('station', 2, 48, 0, 0),
	('station', 19, 50, 5, 0),
	('station', 3, 47, 0, 0),
	('station', 15, 50, 3, 2),
	('station', 10, 47, 0, 0),
	('station', 16, 50, 0, 0),
	('station', 11, 48, 0, 0),
	('station', 31, 0, 0, 0),
	('station', 12, 50, 0, 0),
	('station', 30, 0, 0, 0),
	('station', 13, 50, 0, 0),
	('station', 32, 0, 0, 0),
	('station', 14, 48, 0, 0),
	('station', 17, 48, 2, 0),
	('station', 18, 50, 0, 4);

INSERT INTO public.stock_moves OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-22 07:58:22.464885+00', 'station', 1, 50, 0, 0, 'seed', NULL, NULL),
	(2, '2026-11-22 07:58:22.465049+00', 'station', 2, 50, 0, 0, 'seed', NULL, NULL),
	(3, '2026-11-22 07:58:22.465054+00', 'station', 3, 50, 0, 0, 'seed', NULL, NULL),
	(4, '2026-11-22 07:58:22.465056+00', 'station', 4, 50, 0, 0, 'seed', NULL, NULL),
	(5, '2026-11-22 07:58:22.465058+00', 'station', 5, 50, 0, 0, 'seed', NULL, NULL),
	(6, '2026-11-22 07:58:22.465059+00', 'station', 6, 50, 0, 0, 'seed', NULL, NULL),
	(7, '2026-11-22 07:58:22.465061+00', 'station', 7, 50, 0, 0, 'seed', NULL, NULL),
	(8, '2026-11-22 07:58:22.465062+00', 'station', 8, 50, 0, 0, 'seed', NULL, NULL),
	(9, '2026-11-22 07:58:22.465064+00', 'station', 9, 50, 0, 0, 'seed', NULL, NULL),
	(10, '2026-11-22 07:58:22.465065+00', 'station', 10, 50, 0, 0, 'seed', NULL, NULL),
	(11, '2026-11-22 07:58:22.465067+00', 'station', 11, 50, 0, 0, 'seed', NULL, NULL),
	(12, '2026-11-22 07:58:22.465068+00', 'station', 12, 50, 0, 0, 'seed', NULL, NULL),
	(13, '2026-11-22 07:58:22.46507+00', 'station', 13, 50, 0, 0, 'seed', NULL, NULL),
	(14, '2026-11-22 07:58:22.465071+00', 'station', 14, 50, 0, 0, 'seed', NULL, NULL),
	(15, '2026-11-22 07:58:22.465073+00', 'station', 15, 50, 0, 0, 'seed', NULL, NULL),
	(16, '2026-11-22 07:58:22.465074+00', 'station', 16, 50, 0, 0, 'seed', NULL, NULL),
	(17, '2026-11-22 07:58:22.465076+00', 'station', 17, 50, 0, 0, 'seed', NULL, NULL),
	(18, '2026-11-22 07:58:22.465077+00', 'station', 18, 50, 0, 0, 'seed', NULL, NULL),
	(19, '2026-11-22 07:58:22.465079+00', 'station', 19, 50, 0, 0, 'seed', NULL, NULL),
	(20, '2026-11-22 07:58:22.46508+00', 'station', 20, 50, 0, 0, 'seed', NULL, NULL),
	(21, '2026-11-22 07:58:22.465082+00', 'station', 21, 50, 0, 0, 'seed', NULL, NULL),
	(22, '2026-11-22 07:58:22.465083+00', 'station', 22, 50, 0, 0, 'seed', NULL, NULL),
	(23, '2026-11-22 07:58:22.465085+00', 'station', 23, 50, 0, 0, 'seed', NULL, NULL),
	(24, '2026-11-22 07:58:22.465086+00', 'station', 24, 50, 0, 0, 'seed', NULL, NULL),
	(25, '2026-11-22 07:58:22.465088+00', 'station', 25, 50, 0, 0, 'seed', NULL, NULL),
	(26, '2026-11-22 07:58:22.465089+00', 'station', 26, 50, 0, 0, 'seed', NULL, NULL),
	(27, '2026-11-22 07:58:22.46509+00', 'station', 27, 50, 0, 0, 'seed', NULL, NULL),
	(28, '2026-11-22 07:58:22.465092+00', 'station', 28, 50, 0, 0, 'seed', NULL, NULL),
	(29, '2026-11-22 07:58:22.465098+00', 'station', 29, 50, 0, 0, 'seed', NULL, NULL),
	(30, '2026-11-22 07:58:22.4651+00', 'station', 30, 1, 0, 0, 'seed', NULL, NULL),
	(31, '2026-11-22 07:58:22.465101+00', 'station', 31, 1, 0, 0, 'seed', NULL, NULL),
	(32, '2026-11-22 07:58:22.465102+00', 'station', 32, 2, 0, 0, 'seed', NULL, NULL),
	(33, '2026-11-22 07:58:22.465104+00', 'station', 33, 50, 0, 0, 'seed', NULL, NULL),
	(34, '2026-11-22 07:58:22.465106+00', 'station', 34, 50, 0, 0, 'seed', NULL, NULL),
	(35, '2026-11-22 07:58:22.465107+00', 'station', 35, 50, 0, 0, 'seed', NULL, NULL),
	(36, '2026-11-22 07:58:22.465109+00', 'station', 36, 50, 0, 0, 'seed', NULL, NULL),
	(37, '2026-11-22 07:58:22.46511+00', 'station', 37, 50, 0, 0, 'seed', NULL, NULL),
	(38, '2026-11-22 07:58:22.465111+00', 'station', 38, 50, 0, 0, 'seed', NULL, NULL),
	(39, '2026-11-22 07:58:22.465113+00', 'station', 39, 50, 0, 0, 'seed', NULL, NULL),
	(40, '2026-11-22 07:58:22.477839+00', 'station', 1, 0, 2, 0, 'hold', NULL, 1),
	(41, '2026-11-22 07:58:22.481533+00', 'station', 1, -2, -2, 0, 'sale', NULL, 1),
	(42, '2026-11-22 07:58:22.484489+00', 'station', 2, 0, 2, 0, 'hold', NULL, 2),
	(43, '2026-11-22 07:58:22.487009+00', 'station', 2, -2, -2, 0, 'sale', NULL, 2),
	(44, '2026-11-22 07:58:22.488318+00', 'station', 3, 0, 3, 0, 'hold', NULL, 3),
	(45, '2026-11-22 07:58:22.489022+00', 'station', 3, -3, -3, 0, 'sale', NULL, 3),
	(46, '2026-11-22 07:58:22.494239+00', 'station', 10, 0, 3, 0, 'hold', NULL, 4),
	(47, '2026-11-22 07:58:22.496774+00', 'station', 10, 0, -3, 3, 'allocate', NULL, 4),
	(48, '2026-11-22 07:58:22.497777+00', 'station', 10, -3, 0, -3, 'ship', NULL, 4),
	(49, '2026-11-22 07:58:22.49914+00', 'station', 11, 0, 2, 0, 'hold', 1, NULL),
	(50, '2026-11-22 07:58:22.503385+00', 'station', 11, 0, -2, 2, 'allocate', 1, 5),
	(51, '2026-11-22 07:58:22.505036+00', 'station', 11, -2, 0, -2, 'collect', 1, 5),
	(52, '2026-11-22 07:58:22.505829+00', 'station', 12, 0, 2, 0, 'hold', 2, NULL),
	(53, '2026-11-22 07:58:22.508336+00', 'station', 12, 0, -2, 2, 'allocate', 2, 6),
	(54, '2026-11-22 07:58:22.509735+00', 'station', 12, 0, 0, -2, 'return', 2, 6),
	(55, '2026-11-22 07:58:22.51276+00', 'station', 13, 0, 2, 0, 'hold', NULL, 7),
	(56, '2026-11-22 07:58:22.513415+00', 'station', 13, 0, -2, 0, 'release', NULL, 7),
	(57, '2026-11-22 07:58:22.51418+00', 'station', 14, 0, 1, 0, 'hold', NULL, 8),
	(58, '2026-11-22 07:58:22.516543+00', 'station', 14, 0, -1, 0, 'release', NULL, 8),
	(59, '2026-11-22 07:58:22.517164+00', 'station', 14, 0, 2, 0, 'hold', NULL, 9),
	(60, '2026-11-22 07:58:22.518993+00', 'station', 14, -2, -2, 0, 'sale', NULL, 9),
	(61, '2026-11-22 07:58:22.519868+00', 'station', 14, 0, 1, 0, 'hold', NULL, 10),
	(62, '2026-11-22 07:58:22.533582+00', 'station', 14, 0, -1, 0, 'expire', NULL, 10),
	(63, '2026-11-22 07:58:22.534779+00', 'station', 15, 0, 2, 0, 'hold', NULL, 11),
	(64, '2026-11-22 07:58:22.551988+00', 'station', 15, 0, -2, 2, 'allocate', NULL, 11),
	(65, '2026-11-22 07:58:22.583459+00', 'station', 15, 0, 1, 0, 'hold', NULL, 12),
	(66, '2026-11-22 07:58:22.592753+00', 'station', 15, 0, 1, 0, 'hold', NULL, 13),
	(67, '2026-11-22 07:58:22.603347+00', 'station', 15, 0, 1, 0, 'hold', NULL, 14),
	(68, '2026-11-22 07:58:22.619343+00', 'station', 16, 0, 2, 0, 'hold', NULL, 15),
	(69, '2026-11-22 07:58:22.627602+00', 'station', 16, 0, -2, 0, 'release', NULL, 15),
	(70, '2026-11-22 07:58:22.659357+00', 'station', 30, 0, 1, 0, 'hold', NULL, 16),
	(71, '2026-11-22 07:58:22.67951+00', 'station', 30, 0, -1, 0, 'expire', NULL, 16),
	(72, '2026-11-22 07:58:22.679985+00', 'station', 30, 0, 1, 0, 'hold', NULL, 17),
	(73, '2026-11-22 07:58:22.683592+00', 'station', 30, -1, -1, 0, 'sale', NULL, 17),
	(74, '2026-11-22 07:58:22.695389+00', 'station', 17, 0, 1, 0, 'hold', NULL, 18),
	(75, '2026-11-22 07:58:22.702791+00', 'station', 17, -1, -1, 0, 'sale', NULL, 18),
	(76, '2026-11-22 07:58:22.704009+00', 'station', 17, 0, 1, 0, 'hold', NULL, 19),
	(77, '2026-11-22 07:58:22.711266+00', 'station', 17, 0, 1, 0, 'hold', NULL, 20),
	(78, '2026-11-22 07:58:22.719791+00', 'station', 17, -1, -1, 0, 'sale', NULL, 20),
	(79, '2026-11-22 07:58:22.725219+00', 'station', 17, 0, 1, 0, 'hold', NULL, 21),
	(80, '2026-11-22 07:58:22.735117+00', 'station', 18, 0, 3, 0, 'hold', NULL, 22),
	(81, '2026-11-22 07:58:22.73742+00', 'station', 18, 0, -3, 3, 'allocate', NULL, 22),
	(82, '2026-11-22 07:58:22.747172+00', 'station', 18, 0, 0, -3, 'return', NULL, 22),
	(83, '2026-11-22 07:58:22.74996+00', 'station', 18, 0, 2, 0, 'hold', NULL, 23),
	(84, '2026-11-22 07:58:22.752086+00', 'station', 18, 0, -2, 2, 'allocate', NULL, 23),
	(85, '2026-11-22 07:58:22.757803+00', 'station', 18, 0, 2, 0, 'hold', NULL, 24),
	(86, '2026-11-22 07:58:22.760714+00', 'station', 18, 0, -2, 2, 'allocate', NULL, 24),
	(87, '2026-11-22 07:58:22.765328+00', 'station', 19, 0, 2, 0, 'hold', 3, NULL),
	(88, '2026-11-22 07:58:22.766648+00', 'station', 19, 0, 5, 0, 'hold', 4, NULL),
	(89, '2026-11-22 07:58:22.768791+00', 'station', 19, 0, -2, 0, 'release', 3, NULL),
	(90, '2026-11-22 07:58:22.772353+00', 'station', 31, 0, 1, 0, 'hold', 5, NULL),
	(91, '2026-11-22 07:58:22.775929+00', 'station', 31, 0, -1, 0, 'expire', 5, NULL),
	(92, '2026-11-22 07:58:22.776098+00', 'station', 31, 0, 1, 0, 'hold', NULL, 25),
	(93, '2026-11-22 07:58:22.77722+00', 'station', 31, -1, -1, 0, 'sale', NULL, 25),
	(94, '2026-11-22 07:58:22.830942+00', 'station', 32, 0, 1, 0, 'hold', NULL, 26),
	(95, '2026-11-22 07:58:22.833654+00', 'station', 32, 0, 1, 0, 'hold', NULL, 27),
	(96, '2026-11-22 07:58:22.861756+00', 'station', 32, -1, -1, 0, 'sale', NULL, 26),
	(97, '2026-11-22 07:58:22.867758+00', 'station', 32, -1, -1, 0, 'sale', NULL, 27);

INSERT INTO public.tenders VALUES
	('cash', 0, 0, '{}', '{}', 0),
	('card', 0.02, 0, '{15,31}', '{31,15}', 0),
	('contactless', 0.025, 0, '{15,31}', '{31,15}', 0),
	('qr', 0.0198, 0, '{31}', '{31}', 0),
	('wallet', 0.0198, 0, '{31}', '{31}', 0),
	('card_online', 0.0265, 0, '{15,31}', '{31,15}', 0),
	('konbini', 0, 130, '{31}', '{31}', 0),
	('pay_later', 0.03, 0, '{31}', '{31}', 0);

INSERT INTO public.webhook_inbox VALUES
	('event app:30-pay1 captured 1', '{"state": "captured", "event_id": "event app:30-pay1 captured 1", "merchant_payment_id": "app:30-pay1"}', 1, '2026-11-22 07:58:22.559104+00', '2026-11-22 07:58:22.563182+00'),
	('event app:30-pay1 captured 0', '{"state": "captured", "event_id": "event app:30-pay1 captured 0", "merchant_payment_id": "app:30-pay1"}', 3, '2026-11-22 07:58:22.547828+00', '2026-11-22 07:58:22.552363+00'),
	('event app:30-pay1 declined 0', '{"state": "declined", "event_id": "event app:30-pay1 declined 0", "merchant_payment_id": "app:30-pay1"}', 2, '2026-11-22 07:58:22.57126+00', '2026-11-22 07:58:22.575156+00'),
	('event app:40-pay1 captured 1', '{"state": "captured", "event_id": "event app:40-pay1 captured 1", "merchant_payment_id": "app:40-pay1"}', 1, '2026-11-22 07:58:22.647048+00', '2026-11-22 07:58:22.651225+00'),
	('event app:40-pay1 captured 0', '{"state": "captured", "event_id": "event app:40-pay1 captured 0", "merchant_payment_id": "app:40-pay1"}', 3, '2026-11-22 07:58:22.632889+00', '2026-11-22 07:58:22.636167+00'),
	('event app:52-pay1 captured 1', '{"state": "captured", "event_id": "event app:52-pay1 captured 1", "merchant_payment_id": "app:52-pay1"}', 1, '2026-11-22 07:58:22.722937+00', '2026-11-22 07:58:22.723962+00'),
	('event app:52-pay1 captured 0', '{"state": "captured", "event_id": "event app:52-pay1 captured 0", "merchant_payment_id": "app:52-pay1"}', 3, '2026-11-22 07:58:22.717962+00', '2026-11-22 07:58:22.72007+00');

SELECT pg_catalog.setval('public.ledger_lines_id_seq', 60, true);

SELECT pg_catalog.setval('public.ledger_transfers', 30, true);

SELECT pg_catalog.setval('public.lines_id_seq', 30, true);

SELECT pg_catalog.setval('public.orders_id_seq', 27, true);

SELECT pg_catalog.setval('public.payments_id_seq', 24, true);

SELECT pg_catalog.setval('public.refunds_id_seq', 7, true);

SELECT pg_catalog.setval('public.reservations_id_seq', 5, true);

SELECT pg_catalog.setval('public.scans_id_seq', 1, false);

SELECT pg_catalog.setval('public.stock_moves_id_seq', 97, true);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (client, key);

ALTER TABLE ONLY public.ledger_lines
    ADD CONSTRAINT ledger_lines_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.lines
    ADD CONSTRAINT lines_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.payment_codes
    ADD CONSTRAINT payment_codes_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (sku);

ALTER TABLE ONLY public.psp_files
    ADD CONSTRAINT psp_files_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_merchant_refund_id_key UNIQUE (merchant_refund_id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.scans
    ADD CONSTRAINT scans_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.settlement_items
    ADD CONSTRAINT settlement_items_pkey PRIMARY KEY (kind, merchant_id);

ALTER TABLE ONLY public.stock_moves
    ADD CONSTRAINT stock_moves_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stock
    ADD CONSTRAINT stock_pkey PRIMARY KEY (location, sku);

ALTER TABLE ONLY public.tenders
    ADD CONSTRAINT tenders_pkey PRIMARY KEY (brand);

ALTER TABLE ONLY public.webhook_inbox
    ADD CONSTRAINT webhook_inbox_pkey PRIMARY KEY (event_id);

CREATE UNIQUE INDEX late_capture_booked_once ON public.ledger_lines USING btree (payment_id) WHERE ((kind = 'late_capture'::text) AND (amount_yen > 0));

CREATE INDEX lines_held ON public.lines USING btree (location, sku, expires_at) WHERE (state = 'held'::text);

CREATE INDEX lines_of_order ON public.lines USING btree (order_id) WHERE (order_id IS NOT NULL);

CREATE INDEX lines_of_reservation ON public.lines USING btree (reservation_id) WHERE (reservation_id IS NOT NULL);

CREATE UNIQUE INDEX order_sold_once ON public.ledger_lines USING btree (order_id) WHERE ((kind = 'capture'::text) AND (amount_yen > 0));

CREATE UNIQUE INDEX payments_by_merchant_id ON public.payments USING btree (merchant_payment_id) WHERE (merchant_payment_id IS NOT NULL);

CREATE UNIQUE INDEX refund_booked_once ON public.ledger_lines USING btree (refund_id, kind) WHERE ((refund_id IS NOT NULL) AND (kind <> 'settlement'::text) AND (amount_yen > 0));

CREATE INDEX refunds_of_payment ON public.refunds USING btree (payment_id);

CREATE UNIQUE INDEX settled_once ON public.ledger_lines USING btree (payment_id, refund_id) NULLS NOT DISTINCT WHERE ((kind = 'settlement'::text) AND (account = 'psp_receivable'::text));

CREATE TRIGGER ledger_balances AFTER INSERT ON public.ledger_lines REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_balances();

CREATE TRIGGER ledger_is_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.ledger_lines FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_is_immutable();

CREATE TRIGGER line_is_lawful BEFORE UPDATE OF state, location, sku, quantity ON public.lines FOR EACH ROW EXECUTE FUNCTION public.line_is_lawful();

CREATE TRIGGER lines_are_kept BEFORE DELETE OR TRUNCATE ON public.lines FOR EACH STATEMENT EXECUTE FUNCTION public.nothing_is_deleted();

CREATE TRIGGER match_is_final BEFORE DELETE OR UPDATE ON public.settlement_items FOR EACH ROW EXECUTE FUNCTION public.match_is_final();

CREATE TRIGGER moves_are_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.stock_moves FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_is_immutable();

CREATE TRIGGER order_is_lawful BEFORE INSERT OR UPDATE OF state, payment_id, amount_yen, fulfilment ON public.orders FOR EACH ROW EXECUTE FUNCTION public.order_is_lawful();

CREATE TRIGGER orders_are_kept BEFORE DELETE OR TRUNCATE ON public.orders FOR EACH STATEMENT EXECUTE FUNCTION public.nothing_is_deleted();

CREATE TRIGGER outcome_is_final BEFORE UPDATE ON public.idempotency_keys FOR EACH ROW EXECUTE FUNCTION public.outcome_is_final();

CREATE TRIGGER payment_is_lawful BEFORE INSERT OR UPDATE OF order_id, method, amount_yen, state, applied, late, refund_promised_yen, refunded_yen, merchant_payment_id, captured_at ON public.payments FOR EACH ROW EXECUTE FUNCTION public.payment_is_lawful();

CREATE TRIGGER payments_are_kept BEFORE DELETE OR TRUNCATE ON public.payments FOR EACH STATEMENT EXECUTE FUNCTION public.nothing_is_deleted();

CREATE TRIGGER refund_is_lawful BEFORE INSERT OR UPDATE OF state, payment_id, amount_yen, merchant_refund_id ON public.refunds FOR EACH ROW EXECUTE FUNCTION public.refund_is_lawful();

CREATE CONSTRAINT TRIGGER refunds_add_up AFTER INSERT OR UPDATE ON public.refunds DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.refunds_add_up();

CREATE TRIGGER refunds_are_kept BEFORE DELETE OR TRUNCATE ON public.refunds FOR EACH STATEMENT EXECUTE FUNCTION public.nothing_is_deleted();

CREATE TRIGGER reservation_is_lawful BEFORE UPDATE OF state ON public.reservations FOR EACH ROW EXECUTE FUNCTION public.reservation_is_lawful();

CREATE TRIGGER reservations_are_kept BEFORE DELETE OR TRUNCATE ON public.reservations FOR EACH STATEMENT EXECUTE FUNCTION public.nothing_is_deleted();

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES public.payments(id);

