"""Orders from placing to handing over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any

from loadtest.core.batches import columns, line_columns
from loadtest.core.benefits import free_overdue
from loadtest.core.database import Database
from loadtest.core.messages import Order
from loadtest.core.refunds import ask_refund
from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply, error_reply, json_reply

_PLACE = """
SELECT status, body, replayed
FROM place_orders($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""

_ADVANCE = """
SELECT (result).status, (result).body, (result).replayed, refund FROM advance_order($1, $2, $3, $4, $5)
"""

_ORDER = """
SELECT o.id AS order, o.amount_yen, o.coupon_yen, o.points_used,
    coalesce(p.amount_yen, 0) AS paid_yen, coalesce(p.refunded_yen, 0) AS refunded_yen,
    CASE WHEN o.state = 'pending_payment' AND o.expires_at <= clock_timestamp() THEN 'expired' ELSE o.state END AS state
FROM orders o LEFT JOIN payments p ON p.id = o.payment_id WHERE o.id = $1
"""


async def place(core: Core, request: Request) -> Reply:
    """Place an order; its units are held in the same statement, or taken over from its reservation."""
    message: Order = request.message
    if message.points and message.shopper is None:
        return error_reply(400, "invalid_request", "`points` are a shopper's: give `shopper`")
    basket: dict[int, tuple[int, int]] = {}
    for line in message.lines:
        quantity, price_yen = basket.get(line.sku, (0, line.unit_price_yen))
        if price_yen != line.unit_price_yen:
            return error_reply(400, "invalid_request", f"item {line.sku} has two prices")
        basket[line.sku] = (quantity + line.quantity, price_yen)
    command = (
        request.client,
        request.key,
        request.fingerprint,
        message.location,
        sum(quantity * price_yen for quantity, price_yen in basket.values()),
        message.channel,
        message.fulfilment,
        message.shopper,
        message.reservation,
        message.coupon,
        message.points,
    )
    lines = [(sku, *basket[sku]) for sku in sorted(basket)]
    hold_s = core.settings.order_hold_s
    apart: list[Hashable] = [(request.client, request.key)]
    if message.coupon or message.points:
        await free_overdue(core, message)
        apart += [("coupon", message.coupon)] if message.coupon else []
        apart += [("points", message.shopper)] if message.points else []
    row = await core.in_batch("orders", _place_all, (command, lines, hold_s), *apart)
    return stored_reply(row)


async def _place_all(
    database: Database, batch: Sequence[tuple[Any, list[tuple[int, int, int]], float]]
) -> Sequence[Any]:
    *commands, coupons, points = columns([command for command, _, _ in batch])
    lines = line_columns([(command, lines) for command, lines, _ in batch])
    benefits = (coupons, points) if any(coupons) or any(points) else (None, None)
    return await database.rows(_PLACE, *commands, batch[0][2], *lines, *benefits)


def advance(action: str) -> Callable[[Core, Request], Awaitable[Reply]]:
    """The handler of ready, collect, ship or cancel."""

    async def handler(core: Core, request: Request) -> Reply:
        row = await core.database.row(_ADVANCE, request.client, request.key, request.fingerprint, request.id, action)
        if row["refund"] is not None:
            await ask_refund(core, row["refund"])
        return stored_reply(row)

    return handler


async def show(core: Core, request: Request) -> Reply:
    """Where an order stands."""
    row = await core.database.row(_ORDER, request.id)
    return json_reply(200, dict(row)) if row else error_reply(404, "not_found", "no such order")
