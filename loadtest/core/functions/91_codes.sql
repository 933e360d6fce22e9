CREATE OR REPLACE FUNCTION make_code(p_client text, p_key text, p_fingerprint bytea, p_code text, p_shopper bigint,
    p_brand text, p_life_s double precision) RETURNS outcome LANGUAGE plpgsql AS $$
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
