-- For tests of audits only: reads what is free, then writes without looking again. Under load it oversells.
CREATE OR REPLACE FUNCTION take_stock(p_location text, p_skus int[], p_quantities int[],
    OUT short_sku int, OUT available int) LANGUAGE plpgsql AS $$
BEGIN
    SELECT w.sku, coalesce(s.on_hand - s.held - s.allocated, 0) INTO short_sku, available
        FROM unnest(p_skus, p_quantities) AS w (sku, quantity)
        LEFT JOIN stock s ON s.location = p_location AND s.sku = w.sku
        WHERE coalesce(s.on_hand - s.held - s.allocated, 0) < w.quantity
        ORDER BY w.sku LIMIT 1;
    IF FOUND THEN
        RETURN;
    END IF;
    UPDATE stock s SET held = s.held + w.quantity
        FROM unnest(p_skus, p_quantities) AS w (sku, quantity)
        WHERE s.location = p_location AND s.sku = w.sku;
END $$;
