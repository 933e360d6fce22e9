-- Coupons and points. Held with an order, used when it is paid, released when it ends unpaid; when the last yen of a paid
-- order goes back, used points return, earned ones are taken back, and the coupon stays used.
--
-- Everybody locks orders or reservations, payments and stock first, then coupons by code, then accounts by shopper: all
-- those of a batch before the first of them is changed.

-- Opens the accounts that are missing, in order; always before the first account is locked.
CREATE OR REPLACE FUNCTION open_accounts(p_shoppers bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO points_accounts (shopper) SELECT DISTINCT s FROM unnest(p_shoppers) AS s ORDER BY s
        ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION lock_accounts(p_shoppers bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM points_accounts WHERE shopper = ANY (p_shoppers) ORDER BY shopper FOR UPDATE;
END $$;

-- Changes accounts and writes the movements; the n-th elements belong together. The caller holds the accounts.
CREATE OR REPLACE FUNCTION move_points(p_reason text, p_shoppers bigint[], p_orders bigint[], p_balance_changes bigint[],
    p_held_changes bigint[]) RETURNS void LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    INSERT INTO points_moves (reason, shopper, order_id, balance_change, held_change)
        SELECT p_reason, m.* FROM unnest(p_shoppers, p_orders, p_balance_changes, p_held_changes) AS m;
    UPDATE points_accounts a SET balance = a.balance + m.balance_change, held = a.held + m.held_change
        FROM (SELECT shopper, sum(balance_change)::bigint AS balance_change, sum(held_change)::bigint AS held_change
              FROM unnest(p_shoppers, p_balance_changes, p_held_changes) AS u (shopper, balance_change, held_change)
              GROUP BY shopper) AS m
        WHERE a.shopper = m.shopper;
END $$;

-- Points that are earned per 100 yen paid.
CREATE OR REPLACE FUNCTION points_percent() RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT p.points_percent FROM points_programme p);
END $$;

-- Locks orders, in order; whether any of them has a coupon or points, or will earn some.
CREATE OR REPLACE FUNCTION lock_orders(p_orders bigint[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT coalesce(bool_or(o.rewarded), false) FROM (
        SELECT coupon_yen > 0 OR points_used > 0
            OR (shopper IS NOT NULL AND (SELECT p.points_percent > 0 FROM points_programme p)) AS rewarded
        FROM orders WHERE id = ANY (p_orders) ORDER BY id FOR UPDATE) AS o);
END $$;

-- Locks the coupons and accounts of orders, which the caller holds with their stock.
CREATE OR REPLACE FUNCTION lock_benefits(p_orders bigint[]) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    shoppers bigint[];
BEGIN
    PERFORM FROM coupons WHERE order_id = ANY (p_orders) ORDER BY code FOR UPDATE;
    SELECT array_agg(shopper) INTO shoppers FROM orders WHERE id = ANY (p_orders) AND shopper IS NOT NULL;
    IF points_percent() > 0 THEN
        PERFORM open_accounts(shoppers);
    END IF;
    PERFORM lock_accounts(shoppers);
END $$;

-- Why this coupon does not go with an order of `p_yen`; null when it does. The caller holds the coupon's lock.
CREATE OR REPLACE FUNCTION coupon_obstacle(c coupons, p_shopper bigint, p_yen bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF c.code IS NULL THEN
        RETURN rejection('coupon_invalid', 'no such coupon');
    ELSIF c.shopper IS DISTINCT FROM p_shopper AND c.shopper IS NOT NULL THEN
        RETURN rejection('coupon_not_yours', 'this coupon is for another shopper');
    ELSIF c.state <> 'open' THEN
        RETURN format('{"error":"coupon_used","message":"the coupon is %s by an order","state":"%s"}', c.state, c.state);
    ELSIF c.expires_at <= clock_timestamp() THEN
        RETURN rejection('coupon_expired', 'the coupon has ended');
    ELSIF p_yen < c.min_yen THEN
        RETURN format('{"error":"order_too_small","message":"the coupon is for orders of %s yen","amount_yen":%s}',
                      c.min_yen, p_yen);
    END IF;
    RETURN NULL;
END $$;

-- What coupons and points come to for the orders of a batch, those of them that are new: a refusal or null, and the
-- coupon's yen. Locks coupons and accounts; the caller holds reservations and stock.
CREATE OR REPLACE FUNCTION judge_benefits(p_claimed outcome[], p_amounts bigint[], p_shoppers bigint[],
    p_coupons text[], p_points bigint[], OUT refused text[], OUT coupon_yen bigint[])
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    c    coupons;
    free bigint;
BEGIN
    refused := array_fill(NULL::text, ARRAY[cardinality(p_amounts)]);
    coupon_yen := array_fill(0::bigint, ARRAY[cardinality(p_amounts)]);
    PERFORM FROM coupons WHERE code = ANY (p_coupons) ORDER BY code FOR UPDATE;
    PERFORM lock_accounts(array_agg(shopper)) FROM unnest(p_shoppers, p_points) AS r (shopper, points) WHERE points > 0
        HAVING count(*) > 0;
    FOR place IN 1 .. cardinality(p_amounts) LOOP
        CONTINUE WHEN (p_claimed[place]).status IS NOT NULL;
        IF p_coupons[place] IS NOT NULL THEN
            SELECT * INTO c FROM coupons WHERE code = p_coupons[place];
            refused[place] := coupon_obstacle(c, p_shoppers[place], p_amounts[place]);
            coupon_yen[place] := coalesce(c.discount_yen, 0);
        END IF;
        CONTINUE WHEN refused[place] IS NOT NULL;
        SELECT a.balance - a.held INTO free FROM points_accounts a WHERE a.shopper = p_shoppers[place];
        refused[place] := CASE
            WHEN coupon_yen[place] + p_points[place] >= p_amounts[place] THEN format(
                '{"error":"order_too_small","message":"at least 1 yen of %s is paid in money","amount_yen":%s}',
                p_amounts[place], p_amounts[place])
            WHEN p_points[place] > 0 AND p_points[place] > coalesce(free, 0) THEN format(
                '{"error":"points_short","message":"%s points are free","available":%s}', coalesce(free, 0),
                coalesce(free, 0)) END;
    END LOOP;
END $$;

-- Holds the coupons and points of new orders; an element without an order holds nothing. A coupon that two of them name
-- fails the batch, and so do points that are not there: each order is then tried by itself.
CREATE OR REPLACE FUNCTION hold_benefits(p_orders bigint[], p_shoppers bigint[], p_coupons text[], p_points bigint[])
RETURNS void LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    wanted int := (SELECT count(*) FROM unnest(p_orders, p_coupons) AS r (id, code)
                   WHERE r.id IS NOT NULL AND r.code IS NOT NULL);
    held   int;
BEGIN
    UPDATE coupons c SET state = 'held', order_id = r.id FROM unnest(p_orders, p_coupons) AS r (id, code)
        WHERE c.code = r.code AND r.id IS NOT NULL;
    GET DIAGNOSTICS held = ROW_COUNT;
    IF held <> wanted THEN
        RAISE EXCEPTION 'two orders with one coupon in a batch';
    END IF;
    PERFORM move_points('hold', array_agg(r.shopper), array_agg(r.id), array_agg(0::bigint), array_agg(r.points))
        FROM unnest(p_orders, p_shoppers, p_points) AS r (id, shopper, points)
        WHERE r.id IS NOT NULL AND r.points > 0 HAVING count(*) > 0;
END $$;

-- Gives back what an order held that ends unpaid.
CREATE OR REPLACE FUNCTION release_benefits(o orders) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF o.coupon_yen > 0 THEN
        UPDATE coupons SET state = 'open', order_id = NULL WHERE order_id = o.id AND state = 'held';
    END IF;
    IF o.points_used > 0 THEN
        PERFORM move_points('release', ARRAY[o.shopper], ARRAY[o.id], ARRAY[0], ARRAY[-o.points_used]);
    END IF;
END $$;

-- Uses what orders held that are now paid, and earns points for the money. The caller holds everything.
CREATE OR REPLACE FUNCTION use_benefits(p_orders bigint[]) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    percent int := points_percent();
BEGIN
    UPDATE coupons SET state = 'used' WHERE order_id = ANY (p_orders) AND state = 'held';
    PERFORM post_transfers('coupon', array_agg('coupon_cost'::text), array_agg('sales'::text), array_agg(coupon_yen),
                           array_agg(id), array_agg(payment_id), NULL)
        FROM orders WHERE id = ANY (p_orders) AND coupon_yen > 0 HAVING count(*) > 0;
    PERFORM move_points('use', array_agg(shopper), array_agg(id), array_agg(-points_used), array_agg(-points_used)),
            post_transfers('points_used', array_agg('points_liability'::text), array_agg('sales'::text),
                           array_agg(points_used), array_agg(id), array_agg(payment_id), NULL)
        FROM orders WHERE id = ANY (p_orders) AND points_used > 0 HAVING count(*) > 0;
    PERFORM move_points('earn', array_agg(shopper), array_agg(id), array_agg(points), array_agg(0::bigint)),
            post_transfers('points_earned', array_agg('points_cost'::text), array_agg('points_liability'::text),
                           array_agg(points), array_agg(id), array_agg(payment_id), NULL)
        FROM (SELECT o.*, o.amount_yen * percent / 100 AS points FROM orders o
              WHERE o.id = ANY (p_orders) AND o.shopper IS NOT NULL) AS earned
        WHERE points > 0 HAVING count(*) > 0;
END $$;

-- The last yen of a paid order has gone back: its points go back both ways, its discount is no sale any more. What was
-- earned and is spent already cannot be taken back and stays the company's cost.
CREATE OR REPLACE FUNCTION return_benefits(p_order bigint, p_payment bigint, p_refund bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    o      orders;
    earned bigint;
    taken  bigint;
BEGIN
    SELECT * INTO o FROM orders WHERE id = p_order;
    SELECT m.balance_change INTO earned FROM points_moves m WHERE m.order_id = o.id AND m.reason = 'earn';
    IF o.coupon_yen > 0 THEN
        PERFORM post_transfer('coupon_returned', 'sales_returns', 'coupon_cost', o.coupon_yen, o.id, p_payment, p_refund);
    END IF;
    IF o.points_used > 0 OR earned > 0 THEN
        PERFORM lock_accounts(ARRAY[o.shopper]);
    END IF;
    IF o.points_used > 0 THEN
        PERFORM move_points('give_back', ARRAY[o.shopper], ARRAY[o.id], ARRAY[o.points_used], ARRAY[0]);
        PERFORM post_transfer('points_given_back', 'sales_returns', 'points_liability', o.points_used, o.id, p_payment,
                              p_refund);
    END IF;
    SELECT least(earned, a.balance - a.held) INTO taken FROM points_accounts a WHERE a.shopper = o.shopper;
    IF earned > 0 AND taken > 0 THEN
        PERFORM move_points('take_back', ARRAY[o.shopper], ARRAY[o.id], ARRAY[-taken], ARRAY[0]);
        PERFORM post_transfer('points_taken_back', 'points_liability', 'points_cost', taken, o.id, p_payment, p_refund);
    END IF;
END $$;

-- Closes the unpaid orders past their hold that keep this coupon, or points of this shopper, as anybody would who touches
-- them. Either may be null.
CREATE OR REPLACE FUNCTION free_overdue_benefits(p_coupon text, p_shopper bigint) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    overdue bigint[];
BEGIN
    SELECT array_agg(o.id ORDER BY o.id) INTO overdue FROM orders o
        WHERE o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() AND o.id = ANY (ARRAY(
            SELECT c.order_id FROM coupons c WHERE c.code = p_coupon AND c.state = 'held'
            UNION
            SELECT m.order_id FROM points_moves m JOIN points_accounts a ON a.shopper = m.shopper
            WHERE m.shopper = p_shopper AND a.held > 0
            GROUP BY m.order_id HAVING sum(m.held_change) > 0));
    IF overdue IS NULL THEN
        RETURN;
    END IF;
    PERFORM lock_orders(overdue);
    PERFORM lock_stock_of((SELECT array_agg(id) FROM lines WHERE order_id = ANY (overdue)));
    PERFORM lock_benefits(overdue);
    PERFORM expire_if_overdue(id) FROM unnest(overdue) AS id;
END $$;

CREATE OR REPLACE FUNCTION points_answer(p_shopper bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a points_accounts;
BEGIN
    SELECT * INTO a FROM points_accounts WHERE shopper = p_shopper;
    RETURN format('{"shopper":%s,"balance":%s,"held":%s,"free":%s}', p_shopper, coalesce(a.balance, 0),
                  coalesce(a.held, 0), coalesce(a.balance - a.held, 0));
END $$;

CREATE OR REPLACE FUNCTION grant_points(p_client text, p_key text, p_fingerprint bytea, p_shopper bigint,
    p_points bigint) RETURNS outcome LANGUAGE plpgsql AS $$
DECLARE
    claimed outcome := claim_key(p_client, p_key, p_fingerprint);
BEGIN
    IF claimed.status IS NOT NULL THEN
        RETURN claimed;
    END IF;
    PERFORM open_accounts(ARRAY[p_shopper]);
    PERFORM lock_accounts(ARRAY[p_shopper]);
    PERFORM move_points('grant', ARRAY[p_shopper], NULL, ARRAY[p_points], ARRAY[0]);
    PERFORM post_transfer('points_granted', 'points_cost', 'points_liability', p_points, 0, 0, NULL);
    RETURN store_outcome(p_client, p_key, p_fingerprint, 201, points_answer(p_shopper));
END $$;

-- A coupon as it is told; one whose time is over without an order has expired.
CREATE OR REPLACE FUNCTION coupon_answer(p_code text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c coupons;
BEGIN
    SELECT * INTO c FROM coupons WHERE code = p_code;
    RETURN format('{"code":"%s","state":"%s","discount_yen":%s,"min_yen":%s,"shopper":%s,"expires_at":"%s"}', c.code,
                  CASE WHEN c.state = 'open' AND c.expires_at <= clock_timestamp() THEN 'expired' ELSE c.state END,
                  c.discount_yen, c.min_yen, coalesce(c.shopper::text, 'null'), utc_text(c.expires_at));
END $$;

CREATE OR REPLACE FUNCTION issue_coupon(p_client text, p_key text, p_fingerprint bytea, p_code text, p_shopper bigint,
    p_discount_yen bigint, p_min_yen bigint, p_life_s double precision) RETURNS outcome LANGUAGE plpgsql AS $$
DECLARE
    claimed outcome := claim_key(p_client, p_key, p_fingerprint);
BEGIN
    IF claimed.status IS NOT NULL THEN
        RETURN claimed;
    END IF;
    INSERT INTO coupons (code, shopper, discount_yen, min_yen, expires_at)
        VALUES (p_code, p_shopper, p_discount_yen, p_min_yen, clock_timestamp() + make_interval(secs => p_life_s));
    RETURN store_outcome(p_client, p_key, p_fingerprint, 201, coupon_answer(p_code));
END $$;
