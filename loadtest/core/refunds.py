"""Giving money back. The promise is booked first, then the PSP is asked; a refund nobody answered for stays pending
and is asked for again, under the same merchant id, until it is settled."""

from __future__ import annotations

from typing import Any

from loadtest.core.messages import Refund
from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply

_BEGIN = """
SELECT (result).status, (result).body, (result).replayed, refund FROM begin_refund($1, $2, $3, $4, $5, $6, $7)
"""

_REFUND = """
SELECT r.amount_yen, r.merchant_refund_id, r.state, p.merchant_payment_id
FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.id = $1
"""

_SETTLE = "SELECT (result).status, (result).body, false AS replayed, state FROM settle_refund($1, $2)"


async def refund(core: Core, request: Request) -> Reply:
    """Refund part or all of a payment."""
    message: Refund = request.message
    begun = await core.database.row(
        _BEGIN,
        request.client,
        request.key,
        request.fingerprint,
        message.payment,
        message.amount_yen,
        message.reason,
        core.settings.lease_s,
    )
    if begun["refund"] is None:
        return stored_reply(begun)
    return stored_reply(await ask_refund(core, begun["refund"]))


async def ask_refund(core: Core, refund_id: int) -> Any:
    """Ask the PSP for a refund that is booked as promised, and book what it says; a row with the refund's state."""
    row = await core.database.row(_REFUND, refund_id)
    news = "pending"
    if row["state"] == "pending" and row["merchant_payment_id"] is not None and core.psp is not None:
        news = await core.psp.refund(row["merchant_refund_id"], row["merchant_payment_id"], row["amount_yen"])
    return await core.database.row(_SETTLE, refund_id, news)
