-- First outcome per client kind and key. A command claims its key, does its work and stores its outcome in one
-- transaction; the advisory lock makes a second caller see `in_flight` instead of waiting.

CREATE OR REPLACE FUNCTION rejection(p_code text, p_message text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN '{"error":"' || p_code || '","message":' || to_json(p_message) || '}';
END $$;

-- Null when the key is new; otherwise what to answer. A key in flight has status 409.
CREATE OR REPLACE FUNCTION claim_key(p_client text, p_key text, p_fingerprint bytea) RETURNS outcome
LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION store_outcome(p_client text, p_key text, p_fingerprint bytea, p_status int, p_body text)
RETURNS outcome LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_keys (client, key, fingerprint, status, body)
        VALUES (p_client, p_key, p_fingerprint, p_status, p_body);
    RETURN ROW(p_status, p_body, false);
END $$;

-- The outcome of a key that was stored as in flight; a stored one stays what it is.
CREATE OR REPLACE FUNCTION finish_key(p_client text, p_key text, p_status int, p_body text) RETURNS outcome
LANGUAGE plpgsql AS $$
DECLARE
    known outcome;
BEGIN
    UPDATE idempotency_keys SET status = p_status, body = p_body
        WHERE client = p_client AND key = p_key AND status IS NULL;
    SELECT status, body, false INTO known FROM idempotency_keys WHERE client = p_client AND key = p_key;
    RETURN known;
END $$;
