"""What the world's own tables say of a day: its orders, how each was paid and ended, and every movement of stock.

All of it comes from the run's `payments`, `events` and `stock_moves`. Of the trace only its conventions are taken over:
which order is which journey, the one place that an order has in the core, and its amount after rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import duckdb

from loadtest.trace_schema import Trace
from loadtest.trace_sql import LONGEST_PAYING_S

STOCK: Final = ("on_hand", "held", "allocated")
"""The core's counters of an item at a place."""

Place = tuple[str, int]
"""Location and SKU."""


class Attempt(NamedTuple):
    """One attempt to pay, in order of asking. `inside`: answered inside the window."""

    brand: str
    outcome: str
    amount_yen: int
    fee_yen: int
    inside: bool


@dataclass(frozen=True)
class DayOrder:
    """An order that the trace replays: of one that was bought before and comes back, only the attempt that paid it.

    `goods` are its units by location and SKU, `left` those that had left their location by the end of the window (in
    the world), `amount_yen` and `place` are what the trace made of it. `missing_yen` was paid for goods that were not
    there.
    """

    order: int
    journey: int
    place: str
    amount_yen: int
    attempts: tuple[Attempt, ...]
    bought_before: bool
    is_carried: bool
    handed_over: bool
    no_show: bool
    missing_yen: int
    returned_yen: tuple[int, ...]
    goods: dict[Place, int]
    left: dict[Place, int]

    @property
    def paid(self) -> bool:
        """Whether an attempt was captured in time."""
        return any(attempt.outcome == "captured" for attempt in self.attempts)


class Refund(NamedTuple):
    """Money that went back inside the window, and why as far as the world says: returned, no_show, cancelled, ''."""

    order: int
    brand: str
    yen: int
    why: str


@dataclass(frozen=True)
class World:
    """A day. `closing` is on hand at its end; `free` what others than the day's orders could have had at its start."""

    orders: list[DayOrder]
    others: list[Attempt]
    refunds: list[Refund]
    free: dict[Place, int]
    set_aside: dict[Place, int]
    movements: dict[tuple[str, Place], int]
    closing: dict[Place, int]


_ATTEMPTS: Final = f"""
    CREATE TABLE attempts AS
    SELECT asked.*, max(asked_s) OVER (PARTITION BY "order") AS last_s, time_s >= w0 AND time_s < w1 AS inside
    FROM (SELECT "order", attempt, brand::VARCHAR AS brand, outcome::VARCHAR AS outcome, amount_yen,
              coalesce(fee_yen, 0) AS fee_yen, time_s, time_s - latency_s AS asked_s
          FROM payments WHERE outcome NOT IN ('refunded', 'expired')) asked, span;
    CREATE TABLE back AS
    SELECT p."order", p.brand::VARCHAR AS brand, -p.amount_yen AS yen, CASE
        WHEN bool_or(e.kind = 'returned') THEN 'returned' WHEN bool_or(e.kind = 'no_show') THEN 'no_show'
        WHEN bool_or(e.kind = 'cancelled') THEN 'cancelled' ELSE '' END AS why, p.time_s
    FROM payments p JOIN span ON p.outcome = 'refunded' AND p.time_s >= w0 AND p.time_s < w1
    LEFT JOIN events e ON e."order" = p."order" AND e.time_s = p.time_s
        AND e.kind IN ('returned', 'no_show', 'cancelled')
    GROUP BY p."order", p.brand, p.amount_yen, p.time_s, p.payment;
    CREATE TABLE day_orders AS
    SELECT "order", any_value(last_s) AS last_s, any_value(last_s) < any_value(w0) AS bought_before,
        min(asked_s) FILTER (WHERE asked_s > last_s - {LONGEST_PAYING_S}) AS paying_s
    FROM attempts, span GROUP BY "order"
    HAVING (any_value(last_s) >= any_value(w0) AND any_value(last_s) < any_value(w1))
        OR (any_value(last_s) < any_value(w0) AND bool_or(outcome = 'captured')
            AND "order" IN (SELECT "order" FROM back WHERE why = 'returned'))
"""

_MOVES: Final = """
    CREATE TABLE moves AS  -- a split basket was taken under its first order, which ships; the next one carries the rest
    WITH split AS (
        SELECT "order" FROM stock_moves WHERE reason IN ('sale', 'reserve') AND "order" IS NOT NULL
        GROUP BY "order" HAVING count(DISTINCT reason) = 2)
    SELECT if(s."order" IS NOT NULL AND reason IN ('sale', 'return_to_shelf'), m."order" + 1, m."order") AS "order",
        location::VARCHAR AS location, sku, reason::VARCHAR AS reason, on_hand_change, held_change, time_s,
        m."order" IN (SELECT "order" FROM day_orders) AS of_day
    FROM stock_moves m LEFT JOIN split s ON s."order" = m."order", span WHERE time_s < w1 OR reason = 'reserve';
    CREATE TABLE goods AS
    SELECT m."order", location, sku, bool_or(reason = 'reserve') AS reserved,
        sum(if(reason = 'reserve', held_change, -on_hand_change))::INTEGER AS quantity
    FROM moves m JOIN day_orders d ON d."order" = m."order"
    WHERE reason IN ('sale', 'reserve') OR (reason = 'return_to_shelf' AND time_s <= paying_s)
    GROUP BY ALL HAVING sum(if(reason = 'reserve', held_change, -on_hand_change)) > 0
"""

_ORDERS: Final = """
    SELECT "order", journey, place, amount_yen, bought_before,
        coalesce(handed, false), coalesce(absent, false), coalesce(missing_yen, 0),
        NOT (SELECT bool_or(reserved) FROM goods g WHERE g."order" = o."order")
    FROM day_orders o JOIN journey USING ("order") JOIN placed USING (journey)
    LEFT JOIN (SELECT "order", bool_or(kind IN ('collected', 'shipped') AND time_s >= w0) AS handed,
                   bool_or(kind = 'no_show' AND time_s >= w0) AS absent
               FROM events, span WHERE time_s < w1 GROUP BY "order") USING ("order")
    LEFT JOIN (SELECT "order", sum(amount_yen) AS missing_yen FROM events WHERE kind = 'cancelled' GROUP BY "order")
        USING ("order")
    WHERE "order" IN (SELECT "order" FROM goods) ORDER BY journey
"""

_TRIED: Final = f"""
    SELECT "order", brand, outcome, amount_yen, fee_yen, inside FROM attempts
    WHERE asked_s > last_s - {LONGEST_PAYING_S} ORDER BY "order", attempt
"""

_LEFT: Final = """
    SELECT "order", location, sku, -sum(on_hand_change) FROM moves, span
    WHERE time_s < w1 AND reason IN ('sale', 'return_to_shelf', 'pick', 'ship') AND of_day
    GROUP BY ALL HAVING sum(on_hand_change) <> 0
"""

_FREE: Final = """
    SELECT location, sku, sum(on_hand_change - held_change), sum(held_change) FROM moves, span
    WHERE (time_s < w0 OR reason = 'opening') AND NOT coalesce(of_day, false) GROUP BY ALL
"""

_MOVEMENTS: Final = """
    SELECT CASE WHEN "order" IS NULL OR reason = 'customer_return' THEN reason ELSE 'orders_of_other_days' END,
        location, sku, sum(on_hand_change)
    FROM moves, span
    WHERE time_s >= w0 AND time_s < w1 AND reason <> 'opening' AND NOT coalesce(of_day, false) AND on_hand_change <> 0
    GROUP BY ALL
    UNION ALL
    SELECT 'customer_return', location, sku, sum(on_hand_change) FROM moves, span
    WHERE time_s < w1 AND of_day AND reason = 'customer_return' GROUP BY ALL
"""

_CLOSING: Final = "SELECT location, sku, sum(on_hand_change) FROM moves, span WHERE time_s < w1 GROUP BY ALL"

_OTHERS: Final = """
    SELECT "order", brand, outcome, amount_yen, fee_yen, inside FROM attempts a
    WHERE inside AND outcome IN ('captured', 'timed_out_captured') ORDER BY "order", attempt
"""


def read_world(db: duckdb.DuckDBPyConnection, trace: Trace) -> World:
    """The day of `span` in the run whose tables are views of `db` (see `loadtest.trace.opened`)."""
    steps = trace.steps  # noqa: F841  (DuckDB finds it by its name)
    db.execute("""CREATE TABLE placed AS SELECT journey, location::VARCHAR AS place,
        list_sum([line.quantity * line.unit_price_yen for line in lines])::BIGINT AS amount_yen
        FROM steps WHERE action = 'order'""")
    db.execute(_ATTEMPTS)
    db.execute(_MOVES)
    orders = _orders(db)
    replayed = {order.order: order for order in orders}
    others = [
        Attempt(*attempt)
        for order, *attempt in db.execute(_OTHERS).fetchall()
        if order not in replayed or Attempt(*attempt) not in replayed[order].attempts
    ]
    free = db.execute(_FREE).fetchall()
    return World(
        orders=orders,
        others=others,
        refunds=[Refund(*row) for row in db.execute('SELECT "order", brand, yen, why FROM back').fetchall()],
        free={(location, sku): units for location, sku, units, _ in free},
        set_aside={(location, sku): held for location, sku, _, held in free if held},
        movements={(why, (at, sku)): units for why, at, sku, units in db.execute(_MOVEMENTS).fetchall()},
        closing={(location, sku): units for location, sku, units in db.execute(_CLOSING).fetchall()},
    )


def _orders(db: duckdb.DuckDBPyConnection) -> list[DayOrder]:
    attempts: dict[int, list[Attempt]] = {}
    for order, *attempt in db.execute(_TRIED).fetchall():
        attempts.setdefault(order, []).append(Attempt(*attempt))
    returned: dict[int, list[int]] = {}
    for order, yen in db.execute(
        """SELECT "order", sum(yen) FROM back WHERE why = 'returned' GROUP BY "order", time_s"""
    ).fetchall():
        returned.setdefault(order, []).append(int(yen))
    goods = _by_order(db.execute('SELECT "order", location, sku, quantity FROM goods').fetchall())
    left = _by_order(db.execute(_LEFT).fetchall())
    return [
        DayOrder(
            order=order,
            journey=journey,
            place=place,
            amount_yen=amount_yen,
            attempts=tuple(a for a in attempts[order] if a.outcome == "captured" or not before),
            bought_before=before,
            is_carried=is_carried,
            handed_over=handed,
            no_show=absent,
            missing_yen=int(missing_yen),
            returned_yen=tuple(returned.get(order, ())),
            goods=goods[order],
            left=left.get(order, {}),
        )
        for order, journey, place, amount_yen, before, handed, absent, missing_yen, is_carried in db.execute(
            _ORDERS
        ).fetchall()
    ]


def _by_order(rows: list[Any]) -> dict[int, dict[Place, int]]:
    found: dict[int, dict[Place, int]] = {}
    for order, location, sku, units in rows:
        found.setdefault(order, {})[location, sku] = int(units)
    return found
