CREATE OR REPLACE FUNCTION utc_text(p_at timestamptz) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
END $$;

CREATE OR REPLACE FUNCTION insufficient_stock(p_sku int, p_available int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN format('{"error":"insufficient_stock","message":"not enough of item %s is free","sku":%s,"available":%s}',
                  p_sku, p_sku, p_available);
END $$;

-- Takes the stock of those requests of a batch that are new and, when `p_holds` says so, have no hold yet; for each
-- request the refusal, or null.
CREATE OR REPLACE FUNCTION refusals_of_stock(p_claimed outcome[], p_holds bigint[], p_locations text[], p_line_of int[],
    p_skus int[], p_quantities int[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    refused    text[] := array_fill(NULL::text, ARRAY[cardinality(p_locations)]);
    requests   int[];
    locations  text[];
    skus       int[];
    quantities int[];
    short      record;
BEGIN
    SELECT array_agg(l.request), array_agg(p_locations[l.request]), array_agg(l.sku), array_agg(l.quantity)
        INTO requests, locations, skus, quantities
        FROM unnest(p_line_of, p_skus, p_quantities) AS l (request, sku, quantity)
        WHERE (p_claimed[l.request]).status IS NULL AND p_holds[l.request] IS NULL;
    IF requests IS NOT NULL THEN
        FOR short IN SELECT * FROM take_stock(requests, locations, skus, quantities) LOOP
            refused[short.request] := insufficient_stock(short.short_sku, short.available);
        END LOOP;
    END IF;
    RETURN refused;
END $$;

-- Holds what each request of a batch wants. `p_line_of` names the request (1, 2, ...) of each line.
CREATE OR REPLACE FUNCTION reserve(p_clients text[], p_keys text[], p_fingerprints bytea[], p_locations text[],
    p_ttls_s double precision[], p_line_of int[], p_skus int[], p_quantities int[]) RETURNS SETOF outcome
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    claimed  outcome[] := claim_keys(p_clients, p_keys, p_fingerprints);
    refused  text[] := refusals_of_stock(claimed, NULL, p_locations, p_line_of, p_skus, p_quantities);
    ids      bigint[];
    ends_at  timestamptz[];
    statuses int[];
    bodies   text[];
BEGIN
    SELECT array_agg(CASE WHEN r.known IS NULL AND r.refused IS NULL THEN nextval('reservations_id_seq') END ORDER BY place),
           array_agg(clock_timestamp() + make_interval(secs => r.ttl_s) ORDER BY place) INTO ids, ends_at
        FROM unnest(claimed, refused, p_ttls_s) WITH ORDINALITY AS r (known, body, replayed, refused, ttl_s, place);
    INSERT INTO reservations (id, location, expires_at) OVERRIDING SYSTEM VALUE
        SELECT * FROM unnest(ids, p_locations, ends_at) AS r (id, location, ends_at) WHERE r.id IS NOT NULL;
    PERFORM write_held_lines(array_agg(ids[l.request]), NULL, array_agg(p_locations[l.request]), array_agg(l.sku),
                             array_agg(l.quantity), NULL, array_agg(ends_at[l.request]))
        FROM unnest(p_line_of, p_skus, p_quantities) AS l (request, sku, quantity) WHERE ids[l.request] IS NOT NULL;
    SELECT array_agg(CASE WHEN r.id IS NOT NULL THEN 201 WHEN r.refused IS NOT NULL THEN 409 END ORDER BY place),
           array_agg(coalesce(r.refused, format('{"reservation":%s,"state":"held","expires_at":"%s"}', r.id,
                                                utc_text(r.ends_at))) ORDER BY place) INTO statuses, bodies
        FROM unnest(ids, refused, ends_at) WITH ORDINALITY AS r (id, refused, ends_at, place);
    RETURN QUERY SELECT * FROM store_outcomes(p_clients, p_keys, p_fingerprints, claimed, statuses, bodies);
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
