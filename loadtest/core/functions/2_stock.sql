-- Promising and moving stock. Every change of a counter writes its movement. Rows are locked in item order, those of a
-- whole batch before the first of them is changed.

-- Frees what is held past its time at one place; the caller holds the lock on the stock row, and a line leaves the
-- state `held` once, so nothing is freed twice. Answers the units freed.
CREATE OR REPLACE FUNCTION expire_holds(p_location text, p_sku int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    freed int;
BEGIN
    WITH expired AS (
        UPDATE lines SET state = 'expired'
        WHERE location = p_location AND sku = p_sku AND state = 'held' AND expires_at <= clock_timestamp()
        RETURNING quantity, reservation_id, order_id
    ), logged AS (
        INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason,
                                 reservation_id, order_id)
        SELECT p_location, p_sku, 0, -quantity, 0, 'expire', reservation_id, order_id FROM expired
    )
    SELECT coalesce(sum(quantity), 0) INTO freed FROM expired;
    IF freed > 0 THEN
        UPDATE stock SET held = held - freed WHERE location = p_location AND sku = p_sku;
    END IF;
    RETURN freed;
END $$;

-- Locks stock rows, in item order.
CREATE OR REPLACE FUNCTION lock_stock(p_locations text[], p_skus int[]) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM FROM stock WHERE (location, sku) IN (SELECT * FROM unnest(p_locations, p_skus))
        ORDER BY location, sku FOR UPDATE;
END $$;

-- Locks the stock rows behind `p_lines`, in item order.
CREATE OR REPLACE FUNCTION lock_stock_of(p_lines bigint[]) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    PERFORM FROM stock WHERE (location, sku) IN (SELECT location, sku FROM lines WHERE id = ANY (p_lines))
        ORDER BY location, sku FOR UPDATE;
END $$;

-- Moves lines from one state to the next, with the counters and the movements. Lines in another state stay.
CREATE OR REPLACE FUNCTION move_lines(p_lines bigint[], p_from text, p_to text, p_reason text) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    d_on_hand   int := CASE WHEN p_to = 'sold' THEN -1 ELSE 0 END;
    d_held      int := CASE WHEN p_from = 'held' THEN -1 ELSE 0 END;
    d_allocated int := CASE WHEN p_to = 'allocated' THEN 1 WHEN p_from = 'allocated' THEN -1 ELSE 0 END;
BEGIN
    WITH moved AS (
        UPDATE lines SET state = p_to WHERE id = ANY (p_lines) AND state = p_from
        RETURNING location, sku, quantity, order_id, reservation_id
    ), logged AS (
        INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason,
                                 reservation_id, order_id)
        SELECT location, sku, d_on_hand * quantity, d_held * quantity, d_allocated * quantity, p_reason,
               reservation_id, order_id FROM moved
    )
    UPDATE stock s SET on_hand = s.on_hand + d_on_hand * m.units, held = s.held + d_held * m.units,
                       allocated = s.allocated + d_allocated * m.units
    FROM (SELECT location, sku, sum(quantity)::int AS units FROM moved GROUP BY location, sku) AS m
    WHERE s.location = m.location AND s.sku = m.sku;
END $$;

-- Lines of a hold that has ended; answers nothing. `p_to` is released or expired.
CREATE OR REPLACE FUNCTION free_lines(p_lines bigint[], p_to text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_stock_of(p_lines);
    PERFORM move_lines(p_lines, 'held', p_to, CASE p_to WHEN 'expired' THEN 'expire' ELSE 'release' END);
END $$;

-- The lines of new reservations or orders, with their movements; the counters were raised by take_stock. The arrays
-- have an element for each line.
CREATE OR REPLACE FUNCTION write_held_lines(p_reservations bigint[], p_orders bigint[], p_locations text[],
    p_skus int[], p_quantities int[], p_prices bigint[], p_expire_at timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lines (reservation_id, order_id, location, sku, quantity, unit_price_yen, expires_at)
        SELECT * FROM unnest(p_reservations, p_orders, p_locations, p_skus, p_quantities, p_prices, p_expire_at);
    INSERT INTO stock_moves (location, sku, on_hand_change, held_change, allocated_change, reason,
                             reservation_id, order_id)
        SELECT w.location, w.sku, 0, w.quantity, 0, 'hold', w.reservation, w.placed
        FROM unnest(p_reservations, p_orders, p_locations, p_skus, p_quantities)
            AS w (reservation, placed, location, sku, quantity);
END $$;
