-- For tests of audits only: reads what is free, then writes without looking again. Under load it oversells.
CREATE OR REPLACE FUNCTION take_stock(p_requests int[], p_locations text[], p_skus int[], p_quantities int[])
RETURNS TABLE (request int, short_sku int, available int) LANGUAGE plpgsql AS $$
DECLARE
    refused int[] := '{}';
BEGIN
    FOR request, short_sku, available IN
        SELECT DISTINCT ON (w.request) w.request, w.sku, coalesce(s.on_hand - s.held - s.allocated, 0)
        FROM unnest(p_requests, p_locations, p_skus, p_quantities) AS w (request, location, sku, quantity)
        LEFT JOIN stock s ON s.location = w.location AND s.sku = w.sku
        WHERE coalesce(s.on_hand - s.held - s.allocated, 0) < w.quantity
        ORDER BY w.request, w.sku
    LOOP
        refused := refused || request;
        RETURN NEXT;
    END LOOP;
    UPDATE stock s SET held = s.held + w.units
        FROM (SELECT l.location, l.sku, sum(l.quantity) AS units
              FROM unnest(p_requests, p_locations, p_skus, p_quantities) AS l (request, location, sku, quantity)
              WHERE l.request <> ALL (refused) GROUP BY l.location, l.sku) AS w
        WHERE s.location = w.location AND s.sku = w.sku;
END $$;
