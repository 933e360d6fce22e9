"""Holding stock for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loadtest.core.batches import columns, line_columns
from loadtest.core.database import Database
from loadtest.core.messages import Reservation
from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply

_RESERVE = "SELECT status, body, replayed FROM reserve($1, $2, $3, $4, $5, $6, $7, $8)"
_RELEASE = "SELECT status, body, replayed FROM release_reservation($1)"


async def reserve(core: Core, request: Request) -> Reply:
    """Hold items; repeated items are added up."""
    message: Reservation = request.message
    wanted: dict[int, int] = {}
    for line in message.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    command = (request.client, request.key, request.fingerprint, message.location, message.ttl_s)
    row = await core.in_batch(
        "reservations", _reserve_all, (command, sorted(wanted.items())), (request.client, request.key)
    )
    return stored_reply(row)


async def _reserve_all(database: Database, batch: Sequence[tuple[Any, list[tuple[int, int]]]]) -> Sequence[Any]:
    return await database.rows(_RESERVE, *columns([command for command, _ in batch]), *line_columns(batch))


async def release(core: Core, request: Request) -> Reply:
    """Give a hold back."""
    return stored_reply(await core.database.row(_RELEASE, request.id))
