CREATE OR REPLACE FUNCTION scan(p_client text, p_key text, p_fingerprint bytea, p_sku int, p_location text,
    p_shopper bigint) RETURNS outcome LANGUAGE plpgsql AS $$
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
