-- Marks an order whose hold has ended as expired and frees its units. The caller holds the order's lock.
CREATE OR REPLACE FUNCTION expire_order(p_order bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM free_lines((SELECT array_agg(id) FROM lines WHERE order_id = p_order), 'expired');
    UPDATE orders SET state = 'expired' WHERE id = p_order;
END $$;

-- Hands the lines of a reservation to an order. Null when done, otherwise the rejection. Prices come from the order.
CREATE OR REPLACE FUNCTION take_over_reservation(p_reservation bigint, p_location text, p_skus int[],
    p_quantities int[]) RETURNS text LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION place_order(p_client text, p_key text, p_fingerprint bytea, p_location text, p_skus int[],
    p_quantities int[], p_prices bigint[], p_amount bigint, p_channel text, p_fulfilment text, p_shopper bigint,
    p_reservation bigint, p_hold_s double precision) RETURNS outcome LANGUAGE plpgsql AS $$
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

-- Makes a refund of everything still captured that the core decides on by itself; null when nothing is left.
CREATE OR REPLACE FUNCTION refund_rest(p_payment bigint, p_reason text) RETURNS bigint LANGUAGE plpgsql AS $$
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

-- ready, collect, ship, cancel. `refund` is a refund that must now be asked of the PSP.
CREATE OR REPLACE FUNCTION advance_order(p_client text, p_key text, p_fingerprint bytea, p_order bigint,
    p_action text, OUT result outcome, OUT refund bigint) LANGUAGE plpgsql AS $$
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

-- Closes one unpaid order whose hold has ended, as anybody would who touches it.
CREATE OR REPLACE FUNCTION expire_if_overdue(p_order bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o orders;
BEGIN
    SELECT * INTO o FROM orders WHERE id = p_order FOR UPDATE;
    IF o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() THEN
        PERFORM expire_order(o.id);
    END IF;
END $$;
