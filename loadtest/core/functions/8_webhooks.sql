-- Keeps an event; true when it has not been merged yet (a repeated delivery of a merged one is only counted).
CREATE OR REPLACE FUNCTION keep_event(p_event text, p_payload jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    todo boolean;
BEGIN
    INSERT INTO webhook_inbox AS i (event_id, payload) VALUES (p_event, p_payload)
        ON CONFLICT (event_id) DO UPDATE SET deliveries = i.deliveries + 1
        RETURNING processed_at IS NULL INTO todo;
    RETURN todo;
END $$;

-- Merges a kept event into its payment, once. An event for a payment that is not ours is marked and left.
CREATE OR REPLACE FUNCTION merge_event(p_event text, OUT refund bigint) LANGUAGE plpgsql AS $$
DECLARE
    e webhook_inbox;
BEGIN
    SELECT * INTO e FROM webhook_inbox WHERE event_id = p_event FOR UPDATE;
    IF e.processed_at IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT resolved.refund INTO refund
        FROM payments p, LATERAL resolve_payments(ARRAY[p.id], ARRAY[e.payload ->> 'state'], ARRAY[NULL]::text[],
                                                  ARRAY[NULL]::text[]) AS resolved
        WHERE p.merchant_payment_id = e.payload ->> 'merchant_payment_id';
    UPDATE webhook_inbox SET processed_at = clock_timestamp() WHERE event_id = p_event;
END $$;
