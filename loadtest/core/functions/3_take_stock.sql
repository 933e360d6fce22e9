-- Promises what each request of a batch wants, first come first served, or all of a request's lines or none: a request
-- with a short item changes nothing but expired holds, and is answered with that item and what is left of it.
-- The arrays have an element for each line; lines of a request (`p_requests`) are neighbours, its items distinct.
CREATE OR REPLACE FUNCTION take_stock(p_requests int[], p_locations text[], p_skus int[], p_quantities int[])
RETURNS TABLE (request int, short_sku int, available int) LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    items    int[];  -- of each line: the number of its item
    free     int[];  -- of each item: units not yet promised
    swept    boolean[];
    taken    int[] := array_fill(0, ARRAY[cardinality(p_skus)]);
    item     int;
    first    int;
    short    boolean;
    complete boolean;
BEGIN
    PERFORM lock_stock(p_locations, p_skus);
    SELECT array_agg(w.item ORDER BY w.line) INTO items FROM (
        SELECT line, dense_rank() OVER (ORDER BY location, sku) AS item
        FROM unnest(p_locations, p_skus) WITH ORDINALITY AS l (location, sku, line)) AS w;
    SELECT array_agg(coalesce(s.on_hand - s.held - s.allocated, 0) ORDER BY w.location, w.sku) INTO free
        FROM (SELECT DISTINCT * FROM unnest(p_locations, p_skus) AS l (location, sku)) AS w
        LEFT JOIN stock s ON s.location = w.location AND s.sku = w.sku;
    swept := array_fill(false, ARRAY[cardinality(free)]);
    FOR line IN 1 .. cardinality(p_skus) LOOP
        IF line = 1 OR p_requests[line] <> p_requests[line - 1] THEN
            first := line;
            short := false;
        END IF;
        CONTINUE WHEN short;
        item := items[line];
        IF free[item] < p_quantities[line] AND NOT swept[item] THEN
            swept[item] := true;
            free[item] := free[item] + expire_holds(p_locations[line], p_skus[line]);
        END IF;
        short := free[item] < p_quantities[line];
        IF NOT short THEN
            free[item] := free[item] - p_quantities[line];
            taken[line] := p_quantities[line];
            CONTINUE;
        END IF;
        FOR earlier IN first .. line - 1 LOOP
            free[items[earlier]] := free[items[earlier]] + taken[earlier];
            taken[earlier] := 0;
        END LOOP;
        request := p_requests[line];
        short_sku := p_skus[line];
        available := free[item];
        RETURN NEXT;
    END LOOP;
    WITH wanted AS (
        SELECT location, sku, sum(units)::int AS units FROM unnest(p_locations, p_skus, taken) AS w (location, sku, units)
        GROUP BY location, sku HAVING sum(units) > 0
    ), promised AS (
        UPDATE stock s SET held = s.held + w.units FROM wanted w
        WHERE s.location = w.location AND s.sku = w.sku AND s.on_hand - s.held - s.allocated >= w.units
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM wanted) = (SELECT count(*) FROM promised) INTO complete;
    IF NOT complete THEN
        RAISE EXCEPTION 'stock changed under its lock';
    END IF;
END $$;
