-- First outcome per client kind and key. A batch of commands claims its keys, does its work and stores its outcomes in
-- one transaction; the advisory locks make a second caller see `in_flight` instead of waiting.
--
-- Functions that take arrays do so for a batch: the n-th elements belong to the n-th command, and a batch of one is
-- no special case. They turn off the joins that read a whole table: plans are made while the tables are still empty.

CREATE OR REPLACE FUNCTION rejection(p_code text, p_message text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN '{"error":"' || p_code || '","message":' || to_json(p_message) || '}';
END $$;

-- Null for each key that is new; otherwise what to answer. A key in flight has status 409. The keys are distinct.
CREATE OR REPLACE FUNCTION claim_keys(p_clients text[], p_keys text[], p_fingerprints bytea[]) RETURNS outcome[]
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    in_flight outcome := ROW(409, rejection('in_flight', 'the first request with this key is still being worked on'),
                             false);
    locks     boolean[];
    claimed   outcome[];
BEGIN
    SELECT array_agg(pg_try_advisory_xact_lock(hashtextextended(client || ':' || key, 0)) ORDER BY place) INTO locks
        FROM unnest(p_clients, p_keys) WITH ORDINALITY AS r (client, key, place);
    SELECT array_agg(CASE
            WHEN NOT r.locked THEN in_flight
            WHEN k.key IS NULL THEN NULL
            WHEN k.fingerprint <> r.fingerprint THEN
                ROW(422, rejection('key_reused', 'this key was used for another request'), false)::outcome
            WHEN k.status IS NULL THEN in_flight
            ELSE ROW(k.status, k.body, true)::outcome END ORDER BY r.place) INTO claimed
        FROM unnest(p_clients, p_keys, p_fingerprints, locks)
            WITH ORDINALITY AS r (client, key, fingerprint, locked, place)
        LEFT JOIN idempotency_keys k ON k.client = r.client AND k.key = r.key;
    RETURN claimed;
END $$;

CREATE OR REPLACE FUNCTION claim_key(p_client text, p_key text, p_fingerprint bytea) RETURNS outcome
LANGUAGE plpgsql AS $$
BEGIN
    RETURN (claim_keys(ARRAY[p_client], ARRAY[p_key], ARRAY[p_fingerprint]))[1];
END $$;

-- Stores the outcomes that have a status and answers for each command what was claimed or else what was stored.
CREATE OR REPLACE FUNCTION store_outcomes(p_clients text[], p_keys text[], p_fingerprints bytea[], p_claimed outcome[],
    p_statuses int[], p_bodies text[]) RETURNS SETOF outcome LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_keys (client, key, fingerprint, status, body)
        SELECT r.client, r.key, r.fingerprint, r.status, r.body
        FROM unnest(p_clients, p_keys, p_fingerprints, p_statuses, p_bodies)
            AS r (client, key, fingerprint, status, body)
        WHERE r.status IS NOT NULL;
    RETURN QUERY SELECT coalesce(r.known, r.status), coalesce(r.known_body, r.body), coalesce(r.replayed, false)
        FROM unnest(p_claimed, p_statuses, p_bodies) AS r (known, known_body, replayed, status, body);
END $$;

CREATE OR REPLACE FUNCTION store_outcome(p_client text, p_key text, p_fingerprint bytea, p_status int, p_body text)
RETURNS outcome LANGUAGE plpgsql AS $$
DECLARE
    stored outcome;
BEGIN
    SELECT * INTO stored FROM store_outcomes(ARRAY[p_client], ARRAY[p_key], ARRAY[p_fingerprint],
                                             ARRAY[NULL]::outcome[], ARRAY[p_status], ARRAY[p_body]);
    RETURN stored;
END $$;

-- The outcomes of keys that were stored as in flight; a stored one stays what it is.
CREATE OR REPLACE FUNCTION finish_keys(p_clients text[], p_keys text[], p_statuses int[], p_bodies text[])
RETURNS SETOF outcome LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    UPDATE idempotency_keys k SET status = r.status, body = r.body
        FROM unnest(p_clients, p_keys, p_statuses, p_bodies) AS r (client, key, status, body)
        WHERE k.client = r.client AND k.key = r.key AND k.status IS NULL;
    RETURN QUERY SELECT k.status, k.body, false
        FROM unnest(p_clients, p_keys) WITH ORDINALITY AS r (client, key, place)
        LEFT JOIN idempotency_keys k ON k.client = r.client AND k.key = r.key ORDER BY r.place;
END $$;

CREATE OR REPLACE FUNCTION finish_key(p_client text, p_key text, p_status int, p_body text) RETURNS outcome
LANGUAGE plpgsql AS $$
DECLARE
    known outcome;
BEGIN
    SELECT * INTO known FROM finish_keys(ARRAY[p_client], ARRAY[p_key], ARRAY[p_status], ARRAY[p_body]);
    RETURN known;
END $$;
