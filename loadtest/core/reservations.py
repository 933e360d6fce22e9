"""Holding stock for a while."""

from __future__ import annotations

from loadtest.core.messages import Reservation
from loadtest.core.rsgi import Reply
from loadtest.core.service import Core, Request, stored_reply

_RESERVE = "SELECT status, body, replayed FROM reserve($1, $2, $3, $4, $5, $6, $7)"
_RELEASE = "SELECT status, body, replayed FROM release_reservation($1)"


async def reserve(core: Core, request: Request) -> Reply:
    """Hold items; repeated items are added up."""
    message: Reservation = request.message
    wanted: dict[int, int] = {}
    for line in message.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    skus = sorted(wanted)
    row = await core.database.row(
        _RESERVE,
        request.client,
        request.key,
        request.fingerprint,
        message.location,
        skus,
        [wanted[sku] for sku in skus],
        message.ttl_s,
    )
    return stored_reply(row)


async def release(core: Core, request: Request) -> Reply:
    """Give a hold back."""
    return stored_reply(await core.database.row(_RELEASE, request.id))
