"""Laws about coupons and points: they were there, they were used once, and the ledger says what they cost."""

from __future__ import annotations

from typing import Final

from loadtest.audit.law import Law

LAWS: Final = (
    Law(
        "points_balances",
        "a shopper's points, and those of them that are held, are the sum of their movements",
        "SELECT count(*) FROM points_accounts",
        """
        WITH moved AS (
            SELECT shopper, sum(balance_change) AS balance, sum(held_change) AS held FROM points_moves GROUP BY shopper)
        SELECT format('shopper {}: balance {} and {} held, movements {} and {}', coalesce(a.shopper, m.shopper),
                coalesce(a.balance, 0), coalesce(a.held, 0), coalesce(m.balance, 0), coalesce(m.held, 0)) AS what,
            coalesce(a.shopper, m.shopper) AS shopper
        FROM points_accounts a FULL JOIN moved m ON m.shopper = a.shopper
        WHERE coalesce(a.balance, 0) <> coalesce(m.balance, 0) OR coalesce(a.held, 0) <> coalesce(m.held, 0)
        ORDER BY 2
        """,
    ),
    Law(
        "points_not_negative",
        "no balance of points is below zero, and no more is held than there is",
        "SELECT count(*) FROM points_accounts",
        """
        SELECT format('shopper {}: balance {}, {} held', shopper, balance, held) AS what, shopper
        FROM points_accounts WHERE balance < 0 OR held < 0 OR held > balance ORDER BY shopper
        """,
    ),
    Law(
        "coupons_used_once",
        "each coupon is used by one paid order at most, and an order's discount is that of its own coupon",
        "SELECT count(*) FROM coupons",
        """
        WITH discounted AS (
            SELECT id, coupon_yen, shopper, payment_id IS NOT NULL AS paid,
                amount_yen + coupon_yen + points_used AS lines_yen
            FROM orders WHERE coupon_yen > 0 AND (payment_id IS NOT NULL OR state = 'pending_payment')),
        taken AS (
            SELECT order_id, count(*) AS coupons, sum(discount_yen) AS yen, bool_and(state = 'used') AS used,
                max(min_yen) AS min_yen, max(shopper) AS shopper
            FROM coupons WHERE order_id IS NOT NULL GROUP BY order_id)
        SELECT format('order {} ({}): {} yen off {} yen, by {} coupons of {} yen ({})', coalesce(id, order_id),
                CASE WHEN paid THEN 'paid' ELSE 'not paid' END, coalesce(coupon_yen, 0), coalesce(lines_yen, 0),
                coalesce(coupons, 0), coalesce(yen, 0), CASE WHEN used THEN 'used' ELSE 'not used' END) AS what,
            coalesce(id, order_id) AS "order"
        FROM discounted d FULL JOIN taken t ON order_id = id
        WHERE coupons IS DISTINCT FROM 1 OR yen IS DISTINCT FROM coupon_yen OR used IS DISTINCT FROM paid
            OR min_yen > lines_yen OR (t.shopper IS NOT NULL AND t.shopper IS DISTINCT FROM d.shopper) ORDER BY 2
        """,
    ),
    Law(
        "points_of_orders",
        "points are held, used, earned and given back as the order's state says, and by its shopper",
        "SELECT count(*) FROM points_moves WHERE order_id IS NOT NULL",
        """
        WITH programme AS (SELECT coalesce(max(points_percent), 0) AS percent FROM points_programme),
        due AS (
            SELECT o.id, o.shopper, o.state, coalesce(o.points_used, 0) AS held,
                if(o.payment_id IS NOT NULL, held, 0) AS used,
                if(o.payment_id IS NULL AND o.state <> 'pending_payment', held, 0) AS released,
                if(o.payment_id IS NOT NULL AND o.shopper IS NOT NULL, o.amount_yen * percent // 100, 0) AS earned,
                if(p.state = 'refunded', held, 0) AS given, if(p.state = 'refunded', earned, 0) AS most_taken
            FROM programme, orders o LEFT JOIN payments p ON p.id = o.payment_id),
        moved AS (
            SELECT order_id, max(shopper) AS shopper, count(DISTINCT shopper) AS shoppers,
                coalesce(sum(held_change) FILTER (reason = 'hold'), 0) AS held,
                coalesce(sum(-balance_change) FILTER (reason = 'use'), 0) AS used,
                coalesce(sum(-held_change) FILTER (reason = 'release'), 0) AS released,
                coalesce(sum(balance_change) FILTER (reason = 'earn'), 0) AS earned,
                coalesce(sum(balance_change) FILTER (reason = 'give_back'), 0) AS given,
                coalesce(sum(-balance_change) FILTER (reason = 'take_back'), 0) AS taken
            FROM points_moves WHERE order_id IS NOT NULL GROUP BY order_id)
        SELECT format('order {} ({}): {} points held, {} used, {} released, {} earned, {} given back, {} taken back; '
                || 'due {}, {}, {}, {}, {}, at most {}', coalesce(id, order_id), coalesce(state, 'missing'),
                coalesce(m.held, 0), coalesce(m.used, 0), coalesce(m.released, 0), coalesce(m.earned, 0),
                coalesce(m.given, 0), coalesce(m.taken, 0), coalesce(d.held, 0), coalesce(d.used, 0),
                coalesce(d.released, 0), coalesce(d.earned, 0), coalesce(d.given, 0), coalesce(most_taken, 0)) AS what,
            coalesce(id, order_id) AS "order"
        FROM due d FULL JOIN moved m ON order_id = id
        WHERE (coalesce(m.held, 0), coalesce(m.used, 0), coalesce(m.released, 0), coalesce(m.earned, 0),
                coalesce(m.given, 0))
            <> (coalesce(d.held, 0), coalesce(d.used, 0), coalesce(d.released, 0), coalesce(d.earned, 0),
                coalesce(d.given, 0))
            OR m.taken > coalesce(most_taken, 0) OR shoppers > 1 OR m.shopper <> d.shopper ORDER BY 2
        """,
    ),
    Law(
        "benefits_booked",
        "sales are booked gross, coupons as their cost, and every change of points as a debt",
        "SELECT count(DISTINCT order_id) FROM ledger_lines",
        """
        WITH due AS (
            SELECT o.id AS number, if(p.id IS NOT NULL, o.amount_yen + coalesce(d.yen, 0), 0) AS sales,
                if(p.state <> 'refunded', coalesce(o.coupon_yen, 0), 0) AS coupon
            FROM orders o LEFT JOIN payments p ON p.id = o.payment_id LEFT JOIN discounts d ON d.order_id = o.id),
        moved AS (
            SELECT coalesce(order_id, 0) AS number, sum(balance_change) AS points FROM points_moves GROUP BY number),
        booked AS (
            SELECT order_id AS number, sum(-amount_yen) FILTER (account = 'sales') AS sales,
                sum(amount_yen) FILTER (account = 'coupon_cost') AS coupon,
                sum(-amount_yen) FILTER (account = 'points_liability') AS points
            FROM ledger_lines GROUP BY number)
        SELECT format('order {}: {} yen of sales booked, {} yen of coupons, {} points; due {}, {} and {}', number,
                coalesce(b.sales, 0), coalesce(b.coupon, 0), coalesce(b.points, 0), coalesce(d.sales, 0),
                coalesce(d.coupon, 0), coalesce(m.points, 0)) AS what, number AS "order"
        FROM due d FULL JOIN moved m USING (number) FULL JOIN booked b USING (number)
        WHERE (coalesce(b.sales, 0), coalesce(b.coupon, 0), coalesce(b.points, 0))
            <> (coalesce(d.sales, 0), coalesce(d.coupon, 0), coalesce(m.points, 0)) ORDER BY number
        """,
    ),
)
