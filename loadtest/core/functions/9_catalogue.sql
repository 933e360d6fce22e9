-- Units that can be promised now: held ones whose time is over count as free, whether or not somebody has taken them
-- back yet.
CREATE OR REPLACE FUNCTION free_units(p_location text, p_sku int) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT on_hand - held - allocated FROM stock WHERE location = p_location AND sku = p_sku), 0)
         + coalesce((SELECT sum(quantity) FROM lines WHERE location = p_location AND sku = p_sku AND state = 'held'
                     AND expires_at <= clock_timestamp()), 0)::int;
END $$;

-- Keeps a batch of scans and answers products and availability.
CREATE OR REPLACE FUNCTION record_scans(p_clients text[], p_keys text[], p_fingerprints bytea[], p_skus int[],
    p_locations text[], p_shoppers bigint[]) RETURNS SETOF outcome
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    claimed  outcome[] := claim_keys(p_clients, p_keys, p_fingerprints);
    statuses int[];
    bodies   text[];
BEGIN
    SELECT array_agg(CASE WHEN r.known IS NULL THEN CASE WHEN p.sku IS NULL THEN 404 ELSE 201 END END ORDER BY r.place),
           array_agg(CASE WHEN p.sku IS NULL THEN rejection('not_found', 'no such product')
                WHEN r.known IS NULL THEN json_build_object(
                    'sku', p.sku, 'name', p.name, 'price_yen', p.price_yen, 'rating', p.rating, 'reviews', p.reviews,
                    'location', r.location, 'available', free_units(r.location, r.sku),
                    'as_of', utc_text(clock_timestamp()))::text END ORDER BY r.place) INTO statuses, bodies
        FROM unnest(claimed, p_skus, p_locations) WITH ORDINALITY AS r (known, body, replayed, sku, location, place)
        LEFT JOIN products p ON p.sku = r.sku;
    INSERT INTO scans (sku, location, shopper)
        SELECT r.sku, r.location, r.shopper FROM unnest(statuses, p_skus, p_locations, p_shoppers)
            AS r (status, sku, location, shopper) WHERE r.status = 201;
    RETURN QUERY SELECT * FROM store_outcomes(p_clients, p_keys, p_fingerprints, claimed, statuses, bodies);
END $$;
