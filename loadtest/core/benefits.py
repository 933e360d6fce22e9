"""Coupons and points: what an order may be paid with beside money.

What they do to orders and in the ledger is in functions/93_benefits.sql.
"""

from __future__ import annotations

import re
import secrets
from typing import Final
from urllib.parse import parse_qs

from loadtest.core.messages import COUPON, CouponIssue, Order, PointsGrant
from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply, error_reply

_ISSUE = "SELECT status, body, replayed FROM issue_coupon($1, $2, $3, $4, $5, $6, $7, $8)"
_GRANT = "SELECT status, body, replayed FROM grant_points($1, $2, $3, $4, $5)"
_FREE_OVERDUE = "SELECT free_overdue_benefits($1, $2)"
_COUPON = "SELECT 200 AS status, coupon_answer(code) AS body, false AS replayed FROM coupons WHERE code = $1"
_POINTS = "SELECT 200 AS status, points_answer($1) AS body, false AS replayed"
_CODE: Final = re.compile(COUPON)


async def issue_coupon(core: Core, request: Request) -> Reply:
    """A coupon whose code is 128 random bits."""
    message: CouponIssue = request.message
    row = await core.database.row(
        _ISSUE,
        request.client,
        request.key,
        request.fingerprint,
        secrets.token_hex(16),
        message.shopper,
        message.discount_yen,
        message.min_yen,
        message.ttl_s,
    )
    return stored_reply(row)


async def show_coupon(core: Core, request: Request) -> Reply:
    """What a coupon is worth, and whether it can be used."""
    code = parse_qs(request.query).get("code", [""])[0]
    if not _CODE.fullmatch(code):
        return error_reply(400, "invalid_request", "give ?code=<the coupon's 32 characters>")
    await core.database.row(_FREE_OVERDUE, code, None)
    row = await core.database.row(_COUPON, code)
    return stored_reply(row) if row else error_reply(404, "not_found", "no such coupon")


async def grant_points(core: Core, request: Request) -> Reply:
    """Points as a present."""
    message: PointsGrant = request.message
    row = await core.database.row(
        _GRANT, request.client, request.key, request.fingerprint, message.shopper, message.points
    )
    return stored_reply(row)


async def show_points(core: Core, request: Request) -> Reply:
    """A shopper's points; none for one whom nobody has given any."""
    await core.database.row(_FREE_OVERDUE, None, request.id)
    return stored_reply(await core.database.row(_POINTS, request.id))


async def free_overdue(core: Core, order: Order) -> None:
    """Take back what `order` asks for from orders whose hold has ended, before it is placed."""
    await core.database.row(_FREE_OVERDUE, order.coupon, order.shopper if order.points else None)
