-- The provider's day of a moment: 00:00 to 23:59 in Japan, which has no summer time.
CREATE OR REPLACE FUNCTION provider_day(p_at timestamptz) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (p_at AT TIME ZONE INTERVAL '9 hours')::date;
END $$;

-- What the provider keeps of a capture: rounded half to even, as in the simulated world and by IEEE 754.
CREATE OR REPLACE FUNCTION settlement_fee(p_brand text, p_amount bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT round(p_amount * fee_share)::bigint + fee_yen FROM tenders WHERE brand = p_brand), 0);
END $$;

-- This day of the month of `p_month`; 31 stands for the last one.
CREATE OR REPLACE FUNCTION day_in_month(p_month date, p_day int) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    first date := date_trunc('month', p_month)::date;
BEGIN
    RETURN least(first + p_day - 1, (first + interval '1 month')::date - 1);
END $$;

-- The period of settlement that a day is in, and when it is paid out.
CREATE OR REPLACE FUNCTION settlement_period(p_brand text, p_day date, OUT period_start date, OUT period_end date,
    OUT payout_day date) LANGUAGE plpgsql STABLE AS $$
DECLARE
    t      tenders;
    months date[] := ARRAY[p_day, (p_day + interval '1 month')::date, (p_day - interval '1 month')::date];
    pays   int;
BEGIN
    SELECT * INTO t FROM tenders WHERE brand = p_brand;
    IF cardinality(coalesce(t.closes, '{}')) = 0 THEN
        period_start := p_day;
        period_end := p_day;
        payout_day := p_day + coalesce(t.lag_days, 0);
        RETURN;
    END IF;
    SELECT min(day) FILTER (WHERE day >= p_day), max(day) FILTER (WHERE day < p_day) + 1 INTO period_end, period_start
        FROM unnest(months) AS month, unnest(t.closes) AS close, day_in_month(month, close) AS day;
    IF cardinality(t.pays) = 0 THEN
        payout_day := period_end + t.lag_days;
        RETURN;
    END IF;
    SELECT t.pays[place] INTO pays FROM generate_subscripts(t.closes, 1) AS place
        WHERE day_in_month(period_end, t.closes[place]) = period_end ORDER BY place DESC LIMIT 1;
    payout_day := day_in_month(period_end, pays);
    IF payout_day <= period_end THEN
        payout_day := day_in_month((date_trunc('month', period_end) + interval '1 month')::date, pays);
    END IF;
END $$;

-- Reads the provider's file of a day: keeps what each line comes to and books the matched ones, once. Answers the
-- lines of the file by outcome.
CREATE OR REPLACE FUNCTION match_file(p_day date, p_kinds text[], p_ids text[], p_brands text[], p_amounts bigint[],
    p_fees bigint[]) RETURNS TABLE (outcome text, items bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('settlement', 0));
    INSERT INTO psp_files (day, lines) VALUES (p_day, cardinality(p_ids))
        ON CONFLICT (day) DO UPDATE SET lines = EXCLUDED.lines, read_at = clock_timestamp();
    WITH file AS (
        SELECT * FROM unnest(p_kinds, p_ids, p_brands, p_amounts, p_fees)
            AS f (kind, merchant_id, brand, amount_yen, fee_yen)
    ), ours AS (
        SELECT f.*, p.id AS payment_id, NULL::bigint AS refund_id, p.amount_yen AS our_yen,
               settlement_fee(p.brand, p.amount_yen) AS our_fee_yen
        FROM file f LEFT JOIN payments p ON p.merchant_payment_id = f.merchant_id AND p.captured_at IS NOT NULL
        WHERE f.kind = 'charge'
        UNION ALL
        SELECT f.*, r.payment_id, r.id, r.amount_yen, 0
        FROM file f LEFT JOIN refunds r ON r.merchant_refund_id = f.merchant_id AND r.state = 'refunded'
        WHERE f.kind = 'refund'
    ), kept AS (
        INSERT INTO settlement_items AS i
            (kind, merchant_id, day, brand, amount_yen, fee_yen, outcome, our_yen, payment_id, refund_id)
        SELECT kind, merchant_id, p_day, brand, amount_yen, fee_yen,
               CASE WHEN our_yen IS NULL THEN 'missing_here' WHEN our_yen <> amount_yen THEN 'amount_differs'
                    WHEN our_fee_yen <> fee_yen THEN 'fee_differs' ELSE 'matched' END,
               our_yen, payment_id, refund_id
        FROM ours
        ON CONFLICT (kind, merchant_id) DO UPDATE SET day = EXCLUDED.day, brand = EXCLUDED.brand,
            amount_yen = EXCLUDED.amount_yen, fee_yen = EXCLUDED.fee_yen, outcome = EXCLUDED.outcome,
            our_yen = EXCLUDED.our_yen, payment_id = EXCLUDED.payment_id, refund_id = EXCLUDED.refund_id
            WHERE i.outcome <> 'matched'
        RETURNING i.*
    ), booked AS MATERIALIZED (
        SELECT k.*, CASE k.kind WHEN 'charge' THEN 1 ELSE -1 END AS sign, nextval('ledger_transfers') AS transfer
        FROM kept k WHERE k.outcome = 'matched'
    )
    INSERT INTO ledger_lines (transfer, kind, account, amount_yen, order_id, payment_id, refund_id)
    SELECT b.transfer, 'settlement', a.account, a.yen, p.order_id, b.payment_id, b.refund_id
    FROM booked b JOIN payments p ON p.id = b.payment_id, LATERAL (VALUES
        ('settlement_due', b.sign * (b.amount_yen - b.fee_yen)),
        ('psp_fees',       b.sign * b.fee_yen),
        ('psp_receivable', -b.sign * b.amount_yen)) AS a (account, yen)
    WHERE a.yen <> 0;
    RETURN QUERY SELECT i.outcome, count(*) FROM settlement_items i WHERE i.day = p_day GROUP BY i.outcome;
END $$;

-- What does not agree with the provider's files: lines of theirs, and money of ours that their file should have had.
CREATE OR REPLACE VIEW settlement_breaks AS
    SELECT outcome AS what, kind, merchant_id, day, brand, amount_yen AS their_yen, our_yen, fee_yen AS their_fee_yen,
           payment_id
    FROM settlement_items WHERE outcome <> 'matched'
    UNION ALL
    SELECT 'missing_there', 'charge', p.merchant_payment_id, provider_day(p.captured_at), p.brand, NULL,
           p.amount_yen, NULL, p.id
    FROM payments p
    WHERE p.merchant_payment_id IS NOT NULL AND p.captured_at IS NOT NULL
        AND EXISTS (SELECT FROM psp_files f WHERE f.day >= provider_day(p.captured_at) AND f.read_at > p.captured_at)
        AND NOT EXISTS (SELECT FROM settlement_items i WHERE i.kind = 'charge' AND i.merchant_id = p.merchant_payment_id)
    UNION ALL
    SELECT 'missing_there', 'refund', r.merchant_refund_id, provider_day(r.settled_at), p.brand, NULL,
           r.amount_yen, NULL, p.id
    FROM refunds r JOIN payments p ON p.id = r.payment_id
    WHERE p.merchant_payment_id IS NOT NULL AND r.state = 'refunded'
        AND EXISTS (SELECT FROM psp_files f WHERE f.day >= provider_day(r.settled_at) AND f.read_at > r.settled_at)
        AND NOT EXISTS (SELECT FROM settlement_items i WHERE i.kind = 'refund' AND i.merchant_id = r.merchant_refund_id);

-- What the provider owes for each tender and period: gross - refunds - fee = net.
CREATE OR REPLACE VIEW settlements AS
    WITH days AS (
        SELECT brand, day, count(*) AS items,
               coalesce(sum(amount_yen) FILTER (WHERE kind = 'charge'), 0)::bigint AS gross_yen,
               coalesce(sum(amount_yen) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunds_yen,
               sum(fee_yen)::bigint AS fee_yen
        FROM settlement_items WHERE outcome = 'matched' GROUP BY brand, day)
    SELECT d.brand, s.period_start, s.period_end, s.payout_day, sum(d.items)::bigint AS items,
           sum(d.gross_yen)::bigint AS gross_yen, sum(d.refunds_yen)::bigint AS refunds_yen,
           sum(d.fee_yen)::bigint AS fee_yen, sum(d.gross_yen - d.refunds_yen - d.fee_yen)::bigint AS net_yen
    FROM days d, settlement_period(d.brand, d.day) AS s
    GROUP BY d.brand, s.period_start, s.period_end, s.payout_day;

-- The ledger's month (in Japan) by tender: gross - refunds = cash + due + fee + open.
CREATE OR REPLACE VIEW tender_months AS
    SELECT to_char(provider_day(l.at), 'YYYY-MM') AS month, p.brand,
        count(*) FILTER (WHERE l.kind IN ('capture', 'late_capture') AND l.amount_yen > 0) AS captures,
        coalesce(sum(l.amount_yen) FILTER (WHERE l.kind IN ('capture', 'late_capture') AND l.amount_yen > 0), 0)::bigint
            AS gross_yen,
        coalesce(sum(l.amount_yen) FILTER (WHERE l.kind = 'refund_settled' AND l.amount_yen > 0), 0)::bigint
            AS refunds_yen,
        coalesce(sum(l.amount_yen) FILTER (WHERE l.account = 'psp_fees'), 0)::bigint AS fee_yen,
        coalesce(sum(l.amount_yen) FILTER (WHERE l.account = 'cash_drawer'), 0)::bigint AS cash_yen,
        coalesce(sum(l.amount_yen) FILTER (WHERE l.account = 'settlement_due'), 0)::bigint AS due_yen,
        coalesce(sum(l.amount_yen) FILTER (WHERE l.account = 'psp_receivable'), 0)::bigint AS open_yen
    FROM ledger_lines l JOIN payments p ON p.id = l.payment_id
    GROUP BY 1, 2;
