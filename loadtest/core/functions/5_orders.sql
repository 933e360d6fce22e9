-- Marks an order whose hold has ended as expired and frees its units, its coupon and its points. The caller holds the order's lock.
CREATE OR REPLACE FUNCTION expire_order(p_order bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o orders;
BEGIN
    PERFORM free_lines((SELECT array_agg(id) FROM lines WHERE order_id = p_order), 'expired');
    UPDATE orders SET state = 'expired' WHERE id = p_order RETURNING * INTO o;
    PERFORM release_benefits(o);
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

-- Hands reservations to those orders of a batch that name one; `p_refused` with the refusals added.
CREATE OR REPLACE FUNCTION take_over_reservations(p_claimed outcome[], p_refused text[], p_reservations bigint[],
    p_locations text[], p_line_of int[], p_skus int[], p_quantities int[]) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    FOR place IN 1 .. cardinality(p_reservations) LOOP
        CONTINUE WHEN p_reservations[place] IS NULL OR (p_claimed[place]).status IS NOT NULL;
        p_refused[place] := take_over_reservation(p_reservations[place], p_locations[place],
            (SELECT array_agg(l.sku) FROM unnest(p_line_of, p_skus) AS l (request, sku) WHERE l.request = place),
            (SELECT array_agg(l.units) FROM unnest(p_line_of, p_quantities) AS l (request, units)
             WHERE l.request = place));
    END LOOP;
    RETURN p_refused;
END $$;

-- The lines of new orders: held anew, or those of the reservations they take over, at the order's price.
CREATE OR REPLACE FUNCTION write_order_lines(p_orders bigint[], p_reservations bigint[], p_locations text[],
    p_line_of int[], p_skus int[], p_quantities int[], p_prices bigint[], p_expires_at timestamptz) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM write_held_lines(NULL, array_agg(p_orders[l.request]), array_agg(p_locations[l.request]), array_agg(l.sku),
                             array_agg(l.quantity), array_agg(l.price), array_agg(p_expires_at))
        FROM unnest(p_line_of, p_skus, p_quantities, p_prices) AS l (request, sku, quantity, price)
        WHERE p_orders[l.request] IS NOT NULL AND p_reservations[l.request] IS NULL;
    UPDATE lines l SET order_id = w.placed, unit_price_yen = w.price, expires_at = p_expires_at
        FROM (SELECT p_orders[request] AS placed, p_reservations[request] AS reservation, sku, price
              FROM unnest(p_line_of, p_skus, p_prices) AS u (request, sku, price)) AS w
        WHERE w.placed IS NOT NULL AND l.reservation_id = w.reservation AND l.sku = w.sku;
END $$;

-- Places a batch of orders. `p_line_of` names the order (1, 2, ...) of each line, `p_amounts` are the sums of the lines.
-- Coupons and points: null when none of the batch has any.
CREATE OR REPLACE FUNCTION place_orders(p_clients text[], p_keys text[], p_fingerprints bytea[], p_locations text[],
    p_amounts bigint[], p_channels text[], p_fulfilments text[], p_shoppers bigint[], p_reservations bigint[],
    p_hold_s double precision, p_line_of int[], p_skus int[], p_quantities int[], p_prices bigint[],
    p_coupons text[] DEFAULT NULL, p_points bigint[] DEFAULT NULL)
RETURNS SETOF outcome LANGUAGE plpgsql AS $$
DECLARE
    claimed  outcome[] := claim_keys(p_clients, p_keys, p_fingerprints);
    eligible outcome[] := claimed;  -- claimed, and null only where coupon and points are as they should be
    refused  text[];
    ids      bigint[];
    ends_at  timestamptz;
    statuses int[];
    bodies   text[];
    benefits record;
    amounts  bigint[] := p_amounts;
    discount bigint[] := array_fill(0::bigint, ARRAY[cardinality(p_keys)]);
    points   bigint[] := coalesce(p_points, discount);
BEGIN
    PERFORM FROM reservations WHERE id = ANY (p_reservations) ORDER BY id FOR UPDATE;
    PERFORM lock_stock(array_agg(p_locations[l.request]), array_agg(l.sku))
        FROM unnest(p_line_of, p_skus) AS l (request, sku);
    IF p_coupons IS NOT NULL THEN
        benefits := judge_benefits(claimed, p_amounts, p_shoppers, p_coupons, points);
        discount := benefits.coupon_yen;
        SELECT array_agg(r.amount - r.discount - r.points ORDER BY place),
               array_agg(CASE WHEN r.refused IS NULL THEN claimed[place] ELSE ROW(409, r.refused, false)::outcome END
                         ORDER BY place) INTO amounts, eligible
            FROM unnest(p_amounts, discount, points, benefits.refused) WITH ORDINALITY
                AS r (amount, discount, points, refused, place);
    END IF;
    refused := refusals_of_stock(eligible, p_reservations, p_locations, p_line_of, p_skus, p_quantities);
    IF array_remove(p_reservations, NULL) <> '{}' THEN
        refused := take_over_reservations(eligible, refused, p_reservations, p_locations, p_line_of, p_skus,
                                          p_quantities);
    END IF;
    IF p_coupons IS NOT NULL THEN
        SELECT array_agg(coalesce(r.before, r.refused) ORDER BY place) INTO refused
            FROM unnest(benefits.refused, refused) WITH ORDINALITY AS r (before, refused, place);
    END IF;
    SELECT array_agg(CASE WHEN r.known IS NULL AND r.refused IS NULL THEN nextval('orders_id_seq') END ORDER BY place)
        INTO ids FROM unnest(claimed, refused) WITH ORDINALITY AS r (known, body, replayed, refused, place);
    ends_at := clock_timestamp() + make_interval(secs => p_hold_s);
    INSERT INTO orders (id, location, channel, fulfilment, shopper, amount_yen, reservation_id, coupon_yen, points_used,
                        expires_at) OVERRIDING SYSTEM VALUE
        SELECT r.*, ends_at FROM unnest(ids, p_locations, p_channels, p_fulfilments, p_shoppers, amounts,
                                        p_reservations, discount, points) AS r (id) WHERE r.id IS NOT NULL;
    PERFORM write_order_lines(ids, p_reservations, p_locations, p_line_of, p_skus, p_quantities, p_prices, ends_at);
    IF p_coupons IS NOT NULL THEN
        PERFORM hold_benefits(ids, p_shoppers, p_coupons, points);
    END IF;
    SELECT array_agg(CASE WHEN r.id IS NOT NULL THEN 201 WHEN r.refused IS NOT NULL THEN 409 END ORDER BY place),
           array_agg(coalesce(r.refused, format('{"order":%s,"amount_yen":%s,"state":"pending_payment"}', r.id,
                                                r.amount)) ORDER BY place) INTO statuses, bodies
        FROM unnest(ids, refused, amounts) WITH ORDINALITY AS r (id, refused, amount, place);
    RETURN QUERY SELECT * FROM store_outcomes(p_clients, p_keys, p_fingerprints, claimed, statuses, bodies);
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
        ELSE
            PERFORM release_benefits(o);
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
