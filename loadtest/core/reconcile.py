"""The job that leaves nothing open: unknown payments, pending refunds, unmerged events, orders past their hold."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from loadtest.core import webhooks
from loadtest.core.idempotency import once
from loadtest.core.payments import merge_news, settle_open
from loadtest.core.psp_client import News
from loadtest.core.refunds import ask_refund
from loadtest.core.service import Core, Request
from loadtest.http.messages import Reply

_AT_ONCE: Final = 8

_OPEN_PAYMENTS = """
SELECT id AS payment, state, merchant_payment_id,
    extract(epoch FROM clock_timestamp() - called_at)::float8 AS age_s
FROM payments WHERE state IN ('unknown', 'pending_customer', 'created') ORDER BY id
"""
# The PSP did not know these charges when it was asked: one that was on its way for very long shows up here.
_VOIDED_PAYMENTS = """
SELECT id AS payment, merchant_payment_id FROM payments
WHERE state = 'failed' AND reason = 'no_effect' AND called_at > clock_timestamp() - interval '1 day' ORDER BY id
"""
_PENDING_REFUNDS = """
SELECT id FROM refunds WHERE state = 'pending'
    AND called_at < clock_timestamp() - make_interval(secs => $1) ORDER BY id
"""
_UNMERGED = "SELECT event_id FROM webhook_inbox WHERE processed_at IS NULL ORDER BY received_at"
_OVERDUE = "SELECT id FROM orders WHERE state = 'pending_payment' AND expires_at <= clock_timestamp() ORDER BY id"
_EXPIRE = "SELECT expire_if_overdue($1)"
_UNKNOWN = "SELECT count(*) AS count FROM payments WHERE state IN ('unknown', 'created')"


async def reconcile(core: Core, request: Request) -> Reply:
    """Ask the PSP about everything that is open; answers how much of it was resolved."""
    return await once(core, request, lambda: _reconcile(core))


async def _reconcile(core: Core) -> tuple[int, dict[str, int]]:
    for row in await core.database.rows(_UNMERGED):
        await webhooks.merge(core, row["event_id"])
    resolved = refunded = 0

    async def ask_about(payment: Any) -> None:
        nonlocal resolved, refunded
        now = await settle_open(core, payment)
        if now is not None:
            resolved += payment["state"] != "pending_customer" and now["state"] not in ("unknown", "created")
            refunded += now["refund"] is not None

    async def ask_again(payment: Any) -> None:
        nonlocal refunded
        news = News("unknown") if core.psp is None else await core.psp.look_up(payment["merchant_payment_id"])
        if news.word == "captured":
            refunded += (await merge_news(core, payment["payment"], news))["refund"] is not None

    async def repeat(refund: Any) -> None:
        nonlocal refunded
        refunded += (await ask_refund(core, refund["id"]))["state"] == "refunded"

    await _each(await core.database.rows(_OPEN_PAYMENTS), ask_about)
    await _each(await core.database.rows(_VOIDED_PAYMENTS), ask_again)
    overdue = await core.database.rows(_OVERDUE)
    await _each(overdue, lambda order: core.database.row(_EXPIRE, order["id"]))
    await _each(await core.database.rows(_PENDING_REFUNDS, core.settings.psp_timeout_s), repeat)
    unknown = await core.database.row(_UNKNOWN)
    return 200, {"resolved": resolved, "refunded": refunded, "still_unknown": unknown["count"]}


async def _each(rows: Sequence[Any], work: Callable[[Any], Awaitable[object]]) -> None:
    """Do `work` for each row, a few at a time."""
    remaining = iter(rows)

    async def worker() -> None:
        for row in remaining:
            await work(row)

    await asyncio.gather(*(worker() for _ in range(min(_AT_ONCE, len(rows)))))
