-- A payment in cash is captured the moment it is made: one row written once. What must hold of it holds as before.
--
-- That an order is paid by one captured payment of its amount is asked once per statement, of all the orders that it
-- has written, and no more of each order by itself: the query cost more than everything else in that guard.

CREATE OR REPLACE FUNCTION payment_is_lawful() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.refund_promised_yen <> 0 OR NEW.late OR NOT (CASE NEW.state
            WHEN 'created'  THEN NEW.captured_at IS NULL AND NOT NEW.applied
            WHEN 'captured' THEN NEW.method = 'cash' AND NEW.merchant_payment_id IS NULL
                             AND NEW.captured_at IS NOT NULL AND NEW.applied
            ELSE false END)
        THEN
            PERFORM refuse(TG_NAME, 'a payment begins as created and has captured nothing, or is cash for its order');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'created'            THEN NEW.state IN ('captured', 'failed', 'unknown', 'pending_customer')
        WHEN 'unknown'            THEN NEW.state IN ('captured', 'failed', 'pending_customer')
        WHEN 'pending_customer'   THEN NEW.state IN ('captured', 'failed', 'expired')
        WHEN 'failed'             THEN NEW.state = 'captured' AND NEW.late  -- the PSP captured after all
        WHEN 'expired'            THEN NEW.state = 'captured' AND NEW.late
        WHEN 'captured'           THEN NEW.state IN ('partially_refunded', 'refunded')
        WHEN 'partially_refunded' THEN NEW.state = 'refunded'
        ELSE false END)
    THEN
        PERFORM refuse(TG_NAME, format('payment %s may not go from %s to %s', OLD.id, OLD.state, NEW.state));
    END IF;
    IF (NEW.order_id, NEW.method, NEW.amount_yen) <> (OLD.order_id, OLD.method, OLD.amount_yen)
        OR NEW.merchant_payment_id IS DISTINCT FROM OLD.merchant_payment_id
        OR (OLD.captured_at IS NOT NULL AND (NEW.captured_at, NEW.applied, NEW.late)
            IS DISTINCT FROM (OLD.captured_at, OLD.applied, OLD.late))
    THEN
        PERFORM refuse(TG_NAME, format('payment %s: what is charged, and how it was captured, is final', OLD.id));
    END IF;
    IF NOT (CASE NEW.state
        WHEN 'captured'           THEN NEW.refunded_yen = 0
        WHEN 'partially_refunded' THEN 0 < NEW.refunded_yen AND NEW.refunded_yen < NEW.amount_yen
        WHEN 'refunded'           THEN NEW.refunded_yen = NEW.amount_yen
        ELSE NEW.refund_promised_yen = 0 AND NEW.captured_at IS NULL AND NOT NEW.applied AND NOT NEW.late END)
        OR (NEW.captured_at IS NOT NULL AND NEW.applied = NEW.late)
        OR (NEW.captured_at IS NULL AND NEW.state IN ('captured', 'partially_refunded', 'refunded'))
    THEN
        PERFORM refuse(TG_NAME, format('payment %s: its amounts do not fit the state %s', OLD.id, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION order_is_lawful() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'pending_payment' OR NEW.payment_id IS NOT NULL THEN
            PERFORM refuse(TG_NAME, 'an order begins as pending_payment and without a payment');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'pending_payment' THEN NEW.state IN ('cancelled', 'expired')
                                 OR (NEW.state = 'paid' AND NEW.fulfilment <> 'carry')
                                 OR (NEW.state = 'completed' AND NEW.fulfilment = 'carry')
        WHEN 'paid'  THEN NEW.state IN ('cancelled', 'expired')
                       OR (NEW.state = 'ready' AND NEW.fulfilment = 'collect')
                       OR (NEW.state = 'shipped' AND NEW.fulfilment = 'ship')
        WHEN 'ready' THEN NEW.state IN ('collected', 'cancelled', 'expired')
        ELSE false END)
    THEN
        PERFORM refuse(TG_NAME, format('order %s may not go from %s to %s', OLD.id, OLD.state, NEW.state));
    END IF;
    IF NEW.amount_yen <> OLD.amount_yen OR NEW.fulfilment <> OLD.fulfilment THEN
        PERFORM refuse(TG_NAME, format('order %s: amount and fulfilment are final', OLD.id));
    END IF;
    IF NEW.payment_id IS NULL AND NEW.state NOT IN ('pending_payment', 'cancelled', 'expired') THEN
        PERFORM refuse(TG_NAME, format('order %s has no payment and may not be %s', OLD.id, NEW.state));
    ELSIF OLD.payment_id IS NOT NULL AND NEW.payment_id IS DISTINCT FROM OLD.payment_id THEN
        PERFORM refuse(TG_NAME, format('order %s is paid once', OLD.id));
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION order_is_paid() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    unpaid bigint;
BEGIN
    SELECT w.id INTO unpaid FROM written w WHERE w.payment_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM payments p WHERE p.id = w.payment_id AND p.order_id = w.id AND p.applied
            AND p.amount_yen = w.amount_yen) LIMIT 1;
    IF FOUND THEN
        PERFORM refuse(TG_NAME, format('order %s is paid by one captured payment of its amount', unpaid));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER order_is_paid AFTER UPDATE ON orders REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION order_is_paid();
