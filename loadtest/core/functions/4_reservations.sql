CREATE OR REPLACE FUNCTION utc_text(p_at timestamptz) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
END $$;

CREATE OR REPLACE FUNCTION insufficient_stock(p_sku int, p_available int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN format('{"error":"insufficient_stock","message":"not enough of item %s is free","sku":%s,"available":%s}',
                  p_sku, p_sku, p_available);
END $$;

CREATE OR REPLACE FUNCTION reserve(p_client text, p_key text, p_fingerprint bytea, p_location text, p_skus int[],
    p_quantities int[], p_ttl_s double precision) RETURNS outcome LANGUAGE plpgsql AS $$
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

-- Gives back what is still held. Idempotent by nature: a second call, and one after expiry, change nothing.
CREATE OR REPLACE FUNCTION release_reservation(p_reservation bigint) RETURNS outcome LANGUAGE plpgsql AS $$
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
