"""Paying an order.

Two transactions with the call to the PSP between them: the first writes the payment as `created` and marks the order
as being paid, so that no second payment can be captured beside it; the second merges what the PSP said. When the
process dies in between, the payment stays `created`; a repeated request, a poll, a webhook or the reconciliation
finishes it, safely, because the PSP knows each charge by our merchant id. Cash needs no PSP and one transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from loadtest.core.batches import columns
from loadtest.core.database import Database
from loadtest.core.emvco import dynamic_qr
from loadtest.core.messages import Payment, PaymentCode
from loadtest.core.psp_client import News
from loadtest.core.refunds import ask_refund
from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply, error_reply, json_reply

_BEGIN = """
SELECT status, body, replayed, payment, resumed
FROM begin_payments($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_RESOLVE = "SELECT status, body, replayed, state, refund FROM resolve_payments($1, $2, $3, $4)"

_PAYMENT = """
SELECT p.id AS payment, p.order_id AS order, p.state, p.amount_yen, p.refunded_yen, p.reason,
    p.merchant_payment_id, extract(epoch FROM clock_timestamp() - p.called_at)::float8 AS age_s
FROM payments p WHERE p.id = $1
"""

_MAKE_CODE = "SELECT status, body, replayed FROM make_code($1, $2, $3, $4, $5, $6, $7)"


async def make_code(core: Core, request: Request) -> Reply:
    """A one-time code of 128 random bits."""
    message: PaymentCode = request.message
    row = await core.database.row(
        _MAKE_CODE,
        request.client,
        request.key,
        request.fingerprint,
        secrets.token_hex(16),
        message.shopper,
        message.brand,
        core.settings.code_life_s,
    )
    return stored_reply(row)


async def pay(core: Core, request: Request) -> Reply:
    """Pay an order in full."""
    message: Payment = request.message
    if (message.method == "cpm") != (message.code is not None):
        return error_reply(400, "invalid_request", "`code` goes with method `cpm`, and with no other")
    settings = core.settings
    command = (
        request.client,
        request.key,
        request.fingerprint,
        message.order,
        message.amount_yen,
        message.method,
        message.brand,
        message.code,
        settings.qr_life_s if message.method == "dynamic_qr" else settings.lease_s,
        settings.lease_s,
    )
    begun = await core.in_batch(
        "payments",
        _begin_all,
        command,
        (request.client, request.key),
        message.order,
        *([message.code] if message.code else []),
    )
    if begun["payment"] is None:
        return stored_reply(begun)
    news = await _charge(core, f"{request.client}:{request.key}", message, resumed=begun["resumed"])
    qr = None
    if news.word == "pending_customer":
        qr = dynamic_qr(
            merchant="omotwin",
            brand=message.brand,
            reference=str(begun["payment"]),
            amount_yen=message.amount_yen,
        )
    return stored_reply(await merge_news(core, begun["payment"], news, qr))


async def _begin_all(database: Database, batch: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    *arrays, leases_s = columns(batch)
    return await database.rows(_BEGIN, *arrays, leases_s[0])


async def _charge(core: Core, merchant_payment_id: str, message: Payment, *, resumed: bool) -> News:
    if core.psp is None:
        return News("declined", "no_psp")
    news = await core.psp.charge(merchant_payment_id, message.brand, message.amount_yen, message.method)
    if news.word == "unknown":
        core.metrics.psp_time_outs += 1
    if resumed and news.reason == "psp_unreachable":
        return News("unknown")  # the call that was cut off may have had its effect
    return news


async def merge_news(core: Core, payment: int, news: News, qr: str | None = None) -> Any:
    """Merge what is known about a payment, refund what came too late; a row for `stored_reply`, with the state."""
    row = await core.in_batch("resolutions", _resolve_all, (payment, news.word, news.reason, qr), payment)
    if row["refund"] is not None:
        await ask_refund(core, row["refund"])
    return row


async def _resolve_all(database: Database, batch: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    return await database.rows(_RESOLVE, *columns(batch))


async def show(core: Core, request: Request) -> Reply:
    """Where a payment stands. The PSP is asked, once, about a payment that is not resolved."""
    row = await core.database.row(_PAYMENT, request.id)
    if row is None:
        return error_reply(404, "not_found", "no such payment")
    if await settle_open(core, row) is not None:
        row = await core.database.row(_PAYMENT, request.id)
    shown = {name: row[name] for name in ("payment", "order", "state", "amount_yen", "refunded_yen")}
    if row["reason"] is not None:
        shown["reason"] = row["reason"]
    return json_reply(200, shown)


async def settle_open(core: Core, row: Any) -> Any:
    """Ask the PSP about a payment if it is open and nobody else is asking; None when it was not asked, otherwise the
    row of `merge_news`.

    A charge that the PSP does not know counts as void only after a while: it may still be on its way. A QR code that
    nobody has paid in its life expires; a success after that is refunded.
    """
    state, age_s, settings = row["state"], row["age_s"], core.settings
    if core.psp is None or not (
        state in ("unknown", "pending_customer") or (state == "created" and age_s > settings.lease_s)
    ):
        return None
    news = await core.psp.look_up(row["merchant_payment_id"])
    if news.word == "no_effect" and age_s < settings.certain_s:
        news = News("unknown")
    if news.word == "pending_customer" and age_s > settings.qr_life_s:
        news = News("expired")
    return await merge_news(core, row["payment"], news)
