-- Settlement with the provider: what each tender costs, and what the provider's daily files say of our ledger.
--
-- tenders          what the provider keeps of a payment of a brand, and when it pays out (calendars as in a scenario's
--                  [payments.calendars]). A brand that is not here costs nothing and is paid out every day.
-- psp_files        the daily files that were read, and when last.
-- settlement_items one row per line of those files, by the merchant's id. Outcome: matched (booked as `settlement`),
--                  missing_here (we have no such capture or refund), amount_differs, fee_differs. A matched one is final.
-- Days are those of the provider, 00:00 to 23:59 in Japan.

CREATE TABLE tenders (
    brand     text             PRIMARY KEY,
    fee_share double precision NOT NULL CHECK (0 <= fee_share AND fee_share < 1),
    fee_yen   bigint           NOT NULL CHECK (fee_yen >= 0),
    closes    integer[]        NOT NULL DEFAULT '{}',
    pays      integer[]        NOT NULL DEFAULT '{}',
    lag_days  integer          NOT NULL DEFAULT 0 CHECK (lag_days >= 0)
);

CREATE TABLE psp_files (
    day     date        PRIMARY KEY,
    lines   integer     NOT NULL,
    read_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE settlement_items (
    kind        text   NOT NULL CHECK (kind IN ('charge', 'refund')),
    merchant_id text   NOT NULL,
    day         date   NOT NULL,
    brand       text   NOT NULL,
    amount_yen  bigint NOT NULL CHECK (amount_yen > 0),
    fee_yen     bigint NOT NULL CHECK (fee_yen >= 0),
    outcome     text   NOT NULL CHECK (outcome IN ('matched', 'missing_here', 'amount_differs', 'fee_differs')),
    our_yen     bigint,
    payment_id  bigint,
    refund_id   bigint,
    PRIMARY KEY (kind, merchant_id),
    CHECK (outcome <> 'matched' OR (our_yen = amount_yen AND payment_id IS NOT NULL))
);
CREATE UNIQUE INDEX settled_once ON ledger_lines (payment_id, refund_id) NULLS NOT DISTINCT
    WHERE kind = 'settlement' AND account = 'psp_receivable';

CREATE FUNCTION match_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome = 'matched' THEN
        RAISE EXCEPTION 'a matched line of a settlement file is final'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'match_is_final';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER match_is_final BEFORE UPDATE OR DELETE ON settlement_items
    FOR EACH ROW EXECUTE FUNCTION match_is_final();
