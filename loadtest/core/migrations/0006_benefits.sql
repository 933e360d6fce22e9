-- Coupons and points: what an order may be paid with beside money.
--
-- points_programme  one row: points earned per 100 yen paid, given with the seed; 0: no programme.
-- points_accounts   a shopper's points, one yen each; `held` of them wait for orders that are not paid yet.
-- points_moves      one row for every change of an account, in the same transaction:
--                       sum(balance_change) = balance, sum(held_change) = held.
--                   reasons: grant; hold, release, use (of an order's points_used); earn (floor of paid yen * percent /
--                   100); give_back, take_back (used and earned points, when the last yen of a paid order goes back).
-- coupons           state open -> held -> used, or back to open when its order is cancelled or expires unpaid. A coupon
--                   past expires_at can no longer be held; one that is held stays good for its order. shopper null: the
--                   bearer's.
-- orders            amount_yen = sum(quantity * unit_price_yen) of its order_lines - coupon_yen - points_used.
-- ledger_lines      sales are gross; order_id and payment_id are 0 where points are granted. Further accounts:
--                   coupon_cost, points_cost (expenses), points_liability (what shoppers may still spend).
--                     coupon            coupon_cost +a         sales -a
--                     points_used       points_liability +a    sales -a
--                     points_earned     points_cost +a         points_liability -a
--                     points_granted    points_cost +a         points_liability -a
--                     coupon_returned   sales_returns +a       coupon_cost -a
--                     points_given_back sales_returns +a       points_liability -a
--                     points_taken_back points_liability +a    points_cost -a
--                   Earned points that were spent before the money went back are not taken back: they stay a cost.

-- No key, so no index: every batch of payments reads this row.
CREATE TABLE points_programme (
    points_percent integer NOT NULL CHECK (0 <= points_percent AND points_percent <= 100)
);
INSERT INTO points_programme (points_percent) VALUES (0);
CREATE FUNCTION programme_is_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse(TG_NAME, 'there is one programme of points: change its percent');
END $$;
CREATE TRIGGER programme_is_one BEFORE INSERT OR DELETE OR TRUNCATE ON points_programme
    FOR EACH STATEMENT EXECUTE FUNCTION programme_is_one();

CREATE TABLE points_accounts (
    shopper bigint PRIMARY KEY,
    balance bigint NOT NULL DEFAULT 0 CONSTRAINT points_not_negative CHECK (balance >= 0),
    held    bigint NOT NULL DEFAULT 0 CONSTRAINT points_held_are_there CHECK (0 <= held AND held <= balance)
) WITH (fillfactor = 60);

CREATE TABLE points_moves (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    shopper        bigint NOT NULL,
    balance_change bigint NOT NULL,
    held_change    bigint NOT NULL,
    reason         text   NOT NULL,
    order_id       bigint,
    CONSTRAINT move_fits_its_reason CHECK (CASE reason
        WHEN 'grant'     THEN balance_change > 0 AND held_change = 0 AND order_id IS NULL
        WHEN 'hold'      THEN balance_change = 0 AND held_change > 0 AND order_id IS NOT NULL
        WHEN 'release'   THEN balance_change = 0 AND held_change < 0 AND order_id IS NOT NULL
        WHEN 'use'       THEN balance_change < 0 AND held_change = balance_change AND order_id IS NOT NULL
        WHEN 'earn'      THEN balance_change > 0 AND held_change = 0 AND order_id IS NOT NULL
        WHEN 'give_back' THEN balance_change > 0 AND held_change = 0 AND order_id IS NOT NULL
        WHEN 'take_back' THEN balance_change < 0 AND held_change = 0 AND order_id IS NOT NULL
        ELSE false END)
);
CREATE UNIQUE INDEX points_moved_once ON points_moves (order_id, reason) WHERE order_id IS NOT NULL;
CREATE INDEX points_moves_of_shopper ON points_moves (shopper);

CREATE TABLE coupons (
    code         text        PRIMARY KEY CHECK (code ~ '^[0-9a-f]{32}$'),
    shopper      bigint,
    discount_yen bigint      NOT NULL CHECK (discount_yen > 0),
    min_yen      bigint      NOT NULL DEFAULT 0 CHECK (min_yen >= 0),
    state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'held', 'used')),
    order_id     bigint,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT held_by_an_order CHECK ((state = 'open') = (order_id IS NULL))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX coupon_of_order ON coupons (order_id) WHERE order_id IS NOT NULL;

ALTER TABLE orders ADD COLUMN coupon_yen bigint NOT NULL DEFAULT 0, ADD COLUMN points_used bigint NOT NULL DEFAULT 0;

-- Not validated: what is there fulfilled a narrower constraint, and reading all of it would lock out everybody who buys.
-- Two lists, because PostgreSQL makes a hash table of one of nine and more in every statement.
ALTER TABLE ledger_lines
    DROP CONSTRAINT ledger_lines_account_check,
    ADD CONSTRAINT ledger_lines_account_check CHECK (account IN ('cash_drawer', 'psp_receivable', 'sales',
        'sales_returns', 'unapplied_receipts', 'refunds_payable', 'settlement_due', 'psp_fees')
        OR account IN ('coupon_cost', 'points_cost', 'points_liability')) NOT VALID;

CREATE OR REPLACE FUNCTION ledger_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse(TG_NAME, 'ledger lines and moves of stock and points are never changed: write a correcting one');
END $$;
CREATE TRIGGER points_moves_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON points_moves
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_immutable();

CREATE TRIGGER coupons_are_kept BEFORE DELETE OR TRUNCATE ON coupons
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER points_accounts_are_kept BEFORE DELETE OR TRUNCATE ON points_accounts
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();

CREATE FUNCTION coupon_is_lawful() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    o orders;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            PERFORM refuse(TG_NAME, 'a coupon begins as open');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.code, NEW.discount_yen, NEW.min_yen) <> (OLD.code, OLD.discount_yen, OLD.min_yen)
        OR NEW.shopper IS DISTINCT FROM OLD.shopper
    THEN
        PERFORM refuse(TG_NAME, 'what a coupon is worth, and whose it is, is final');
    ELSIF NEW.state = OLD.state AND NEW.order_id IS DISTINCT FROM OLD.order_id THEN
        PERFORM refuse(TG_NAME, format('a coupon that is %s does not change its order', OLD.state));
    ELSIF NEW.state <> OLD.state AND NOT (CASE OLD.state
        WHEN 'open' THEN NEW.state = 'held'
        WHEN 'held' THEN NEW.state = 'open' OR (NEW.state = 'used' AND NEW.order_id = OLD.order_id)
        ELSE false END)
    THEN
        PERFORM refuse(TG_NAME, format('a coupon may not go from %s to %s', OLD.state, NEW.state));
    END IF;
    SELECT * INTO o FROM orders WHERE id = coalesce(NEW.order_id, OLD.order_id);
    IF NEW.state <> OLD.state AND NOT coalesce(o.coupon_yen = NEW.discount_yen
        AND (o.payment_id IS NOT NULL) = (NEW.state = 'used'), false)
    THEN
        PERFORM refuse(TG_NAME, format('a coupon of %s yen may not be %s: order %s is %s, less %s yen',
                                       NEW.discount_yen, NEW.state, o.id, o.state, o.coupon_yen));
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER coupon_is_lawful BEFORE INSERT OR UPDATE OF code, shopper, discount_yen, min_yen, state, order_id
    ON coupons FOR EACH ROW EXECUTE FUNCTION coupon_is_lawful();

-- No statement of a sale names these columns, so this costs a sale nothing.
CREATE FUNCTION benefits_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse(TG_NAME, format('order %s: its coupon, its points and its shopper are final', OLD.id));
END $$;
CREATE TRIGGER benefits_are_final BEFORE UPDATE OF coupon_yen, points_used, shopper ON orders
    FOR EACH ROW EXECUTE FUNCTION benefits_are_final();
