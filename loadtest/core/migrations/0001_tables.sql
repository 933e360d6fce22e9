-- The tables of the core, for PostgreSQL >= 15. This is what an audit reads.
--
-- Money is integer yen, ids are bigint, times are timestamptz by the database's clock.
--
-- products        what may be sold.
-- stock           counters per location and sku. Units that may still be promised to somebody:
--                     available = on_hand - held - allocated  (+ units in `lines` that are held but past expires_at)
--                 on_hand falls when goods leave (carried out, collected, shipped), `held` is promised until expires_at,
--                 `allocated` is paid for and still on the premises. Oversold means on_hand - held - allocated < 0.
-- stock_moves     one row for every change of a counter, in the same transaction, the opening stock included:
--                     sum(on_hand_change) = on_hand, sum(held_change) = held, sum(allocated_change) = allocated.
--                 reasons: seed; hold, release, expire (held); sale (held -> gone, carry); allocate (held -> allocated);
--                 collect, ship (allocated -> gone); return (allocated -> free, a paid order was cancelled).
-- lines           each line of a reservation or an order and what it does to the stock. A reservation's lines pass to the
--                 order that takes it over (order_id set). State: held -> sold | allocated | released | expired,
--                 allocated -> sold | returned. Therefore per location and sku:
--                     sum(quantity where held) = stock.held, sum(quantity where allocated) = stock.allocated,
--                     seeded on_hand - sum(quantity where sold) = stock.on_hand.
--                 A held line past expires_at counts as free; whoever needs the units marks it `expired`, once.
-- order_lines, reservation_lines   views on lines.
-- reservations    state held -> ordered | released | expired (a held one past expires_at has expired).
-- orders          amount_yen = sum(quantity * unit_price_yen) of its order_lines. State see `order_is_lawful`, 0003_guards.sql;
--                 a pending_payment order past expires_at has expired. payment_id is the one payment that paid it,
--                 open_payment_id the payment that is being attempted (created, unknown, pending_customer).
-- payments        attempts. State see `payment_is_lawful`. amount_yen is what was, or would be, captured.
--                 refunded_yen <= refund_promised_yen <= amount_yen; promised counts refunds on their way.
--                 applied: captured for its order; late: captured after the order was closed, so refunded in full.
--                 merchant_payment_id is the PSP's key for the charge (null for cash).
-- refunds         state pending -> refunded | failed. A refund whose PSP call timed out stays pending and is repeated.
-- ledger_lines    double entry, immutable: debit positive, credit negative, every transfer sums to zero.
--                 Accounts: cash_drawer, psp_receivable, settlement_due (assets; the last is what the provider's file
--                 has confirmed, less its fee); psp_fees (expense); sales (income), sales_returns (contra income);
--                 unapplied_receipts (liability: money that arrived for a closed order);
--                 refunds_payable (liability: promised, not yet paid back).
--                   capture        cash_drawer|psp_receivable +a   sales -a
--                   late_capture   psp_receivable +a               unapplied_receipts -a
--                   refund         sales_returns|unapplied_receipts +a   refunds_payable -a
--                   refund_settled refunds_payable +a              cash_drawer|psp_receivable -a
--                   refund_failed  refunds_payable +a              sales_returns|unapplied_receipts -a
--                   settlement     settlement_due +(a - fee), psp_fees +fee   psp_receivable -a   (a refund: reversed)
-- payment_codes   one-time codes that a shopper shows at the till.
-- idempotency_keys  first outcome per client kind and key; status null: still in flight.
-- webhook_inbox   events of the PSP by event id; `deliveries` counts repeats, processed_at null: not merged yet.
-- scans           what shoppers looked at.

CREATE TABLE products (
    sku       integer PRIMARY KEY,
    name      text    NOT NULL,
    price_yen bigint  NOT NULL CHECK (price_yen >= 0),
    rating    double precision,
    reviews   integer NOT NULL DEFAULT 0
);

CREATE TABLE stock (
    location  text    NOT NULL,
    sku       integer NOT NULL,
    on_hand   integer NOT NULL,
    held      integer NOT NULL DEFAULT 0 CONSTRAINT held_not_negative CHECK (held >= 0),
    allocated integer NOT NULL DEFAULT 0 CONSTRAINT allocated_not_negative CHECK (allocated >= 0),
    PRIMARY KEY (location, sku)
    -- schema.py adds CONSTRAINT not_oversold CHECK (held + allocated <= on_hand), unless told to run unguarded
) WITH (fillfactor = 40);  -- room for updates in place: counters change all the time

CREATE TABLE stock_moves (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    location         text    NOT NULL,
    sku              integer NOT NULL,
    on_hand_change   integer NOT NULL,
    held_change      integer NOT NULL,
    allocated_change integer NOT NULL,
    reason           text    NOT NULL,
    reservation_id   bigint,
    order_id         bigint
);

CREATE TABLE reservations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location   text        NOT NULL,
    state      text        NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'ordered', 'released', 'expired')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE orders (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location        text        NOT NULL,
    channel         text        NOT NULL CHECK (channel IN ('store', 'app', 'ec')),
    fulfilment      text        NOT NULL CHECK (fulfilment IN ('carry', 'ship', 'collect')),
    shopper         bigint,
    amount_yen      bigint      NOT NULL CHECK (amount_yen > 0),
    state           text        NOT NULL DEFAULT 'pending_payment' CHECK (state IN
        ('pending_payment', 'paid', 'ready', 'collected', 'shipped', 'completed', 'cancelled', 'expired')),
    reservation_id  bigint,
    payment_id      bigint,
    open_payment_id bigint,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at      timestamptz NOT NULL
) WITH (fillfactor = 60);

CREATE TABLE lines (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reservation_id bigint,
    order_id       bigint,
    location       text        NOT NULL,
    sku            integer     NOT NULL,
    quantity       integer     NOT NULL CHECK (quantity > 0),
    unit_price_yen bigint      CHECK (unit_price_yen > 0),
    state          text        NOT NULL DEFAULT 'held' CHECK (state IN
        ('held', 'allocated', 'sold', 'released', 'returned', 'expired')),
    expires_at     timestamptz NOT NULL,
    CHECK (reservation_id IS NOT NULL OR order_id IS NOT NULL),
    CHECK (order_id IS NULL OR unit_price_yen IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX lines_of_order ON lines (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX lines_of_reservation ON lines (reservation_id) WHERE reservation_id IS NOT NULL;
CREATE INDEX lines_held ON lines (location, sku, expires_at) WHERE state = 'held';

CREATE VIEW order_lines AS
    SELECT order_id, id AS line_id, location, sku, quantity, unit_price_yen, state, expires_at
    FROM lines WHERE order_id IS NOT NULL;
CREATE VIEW reservation_lines AS
    SELECT reservation_id, id AS line_id, order_id, location, sku, quantity, state, expires_at
    FROM lines WHERE reservation_id IS NOT NULL;

CREATE TABLE payments (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id            bigint      NOT NULL,
    method              text        NOT NULL CHECK (method IN ('cash', 'card', 'cpm', 'dynamic_qr', 'wallet')),
    brand               text        NOT NULL,
    amount_yen          bigint      NOT NULL CHECK (amount_yen > 0),
    state               text        NOT NULL CHECK (state IN ('created', 'pending_customer', 'unknown', 'captured',
        'failed', 'expired', 'partially_refunded', 'refunded')),
    reason              text,
    applied             boolean     NOT NULL DEFAULT false,
    late                boolean     NOT NULL DEFAULT false,
    refund_promised_yen bigint      NOT NULL DEFAULT 0,
    refunded_yen        bigint      NOT NULL DEFAULT 0,
    merchant_payment_id text,
    client              text        NOT NULL,
    idempotency_key     text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    called_at           timestamptz NOT NULL DEFAULT clock_timestamp(),  -- when the PSP was last asked to charge
    captured_at         timestamptz,
    CONSTRAINT refunds_within_capture
        CHECK (0 <= refunded_yen AND refunded_yen <= refund_promised_yen AND refund_promised_yen <= amount_yen),
    CONSTRAINT applied_or_late CHECK (NOT (applied AND late))
) WITH (fillfactor = 60);
CREATE UNIQUE INDEX payments_by_merchant_id ON payments (merchant_payment_id) WHERE merchant_payment_id IS NOT NULL;

CREATE TABLE refunds (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id         bigint      NOT NULL REFERENCES payments,
    amount_yen         bigint      NOT NULL CHECK (amount_yen > 0),
    reason             text        NOT NULL,
    state              text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'refunded', 'failed')),
    merchant_refund_id text        NOT NULL UNIQUE,
    client             text,       -- client and key are null for a refund that the core decided on by itself
    idempotency_key    text,
    created_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    called_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at         timestamptz
) WITH (fillfactor = 80);

CREATE INDEX refunds_of_payment ON refunds (payment_id);

CREATE SEQUENCE ledger_transfers;
CREATE TABLE ledger_lines (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer   bigint      NOT NULL,
    kind       text        NOT NULL,
    account    text        NOT NULL CHECK (account IN ('cash_drawer', 'psp_receivable', 'sales', 'sales_returns',
        'unapplied_receipts', 'refunds_payable', 'settlement_due', 'psp_fees')),
    amount_yen bigint      NOT NULL CHECK (amount_yen <> 0),
    order_id   bigint      NOT NULL,
    payment_id bigint      NOT NULL,
    refund_id  bigint,
    at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- What is booked once, whoever books it. The table only grows, so an entry here is all that it costs.
CREATE UNIQUE INDEX order_sold_once ON ledger_lines (order_id) WHERE kind = 'capture' AND amount_yen > 0;
CREATE UNIQUE INDEX late_capture_booked_once ON ledger_lines (payment_id)
    WHERE kind = 'late_capture' AND amount_yen > 0;
CREATE UNIQUE INDEX refund_booked_once ON ledger_lines (refund_id, kind)
    WHERE refund_id IS NOT NULL AND kind <> 'settlement' AND amount_yen > 0;

CREATE TABLE payment_codes (
    code       text        PRIMARY KEY,
    shopper    bigint      NOT NULL,
    brand      text        NOT NULL,
    expires_at timestamptz NOT NULL,
    payment_id bigint      -- the payment that used it
);

CREATE TABLE idempotency_keys (
    client      text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    status      integer,
    body        text,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (client, key)
) WITH (fillfactor = 80);

CREATE TABLE webhook_inbox (
    event_id     text        PRIMARY KEY,
    payload      jsonb       NOT NULL,
    deliveries   integer     NOT NULL DEFAULT 1,
    received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    processed_at timestamptz
);

CREATE TABLE scans (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    sku      integer     NOT NULL,
    location text        NOT NULL,
    shopper  bigint
);

-- What a command answers: HTTP status and body; `replayed` when it is the stored outcome of an earlier call.
CREATE TYPE outcome AS (status int, body text, replayed boolean);
