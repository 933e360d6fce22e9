-- Promises the wanted quantities or, when one item is short, changes nothing but expired holds and says which.
-- `p_skus` are distinct and ascending.
CREATE OR REPLACE FUNCTION take_stock(p_location text, p_skus int[], p_quantities int[],
    OUT short_sku int, OUT available int) LANGUAGE plpgsql AS $$
DECLARE
    short record;
    taken int;
BEGIN
    IF cardinality(p_skus) = 1 THEN
        UPDATE stock SET held = held + p_quantities[1]
            WHERE location = p_location AND sku = p_skus[1] AND on_hand - held - allocated >= p_quantities[1];
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    PERFORM FROM stock WHERE location = p_location AND sku = ANY (p_skus) ORDER BY sku FOR UPDATE;
    FOR short IN
        SELECT w.sku, w.quantity, coalesce(s.on_hand - s.held - s.allocated, 0) AS free
        FROM unnest(p_skus, p_quantities) AS w (sku, quantity)
        LEFT JOIN stock s ON s.location = p_location AND s.sku = w.sku
        WHERE coalesce(s.on_hand - s.held - s.allocated, 0) < w.quantity
        ORDER BY w.sku
    LOOP
        available := short.free + expire_holds(p_location, short.sku);
        IF available < short.quantity THEN
            short_sku := short.sku;
            RETURN;
        END IF;
    END LOOP;
    UPDATE stock s SET held = s.held + w.quantity
        FROM unnest(p_skus, p_quantities) AS w (sku, quantity)
        WHERE s.location = p_location AND s.sku = w.sku AND s.on_hand - s.held - s.allocated >= w.quantity;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken <> cardinality(p_skus) THEN
        RAISE EXCEPTION 'stock changed under its lock at %', p_location;
    END IF;
END $$;
