"""Keys and fingerprints of requests, and the rare commands that are more than one database call.

For all others the key is claimed, the work done and the outcome stored inside one transaction, in the database: see
functions/1_idempotency.sql.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import msgspec

from loadtest.core.service import Core, Request, stored_reply
from loadtest.http.messages import Reply, error_reply

CLAIM = "SELECT status, body, replayed FROM claim_key($1, $2, $3)"
STORE = "SELECT status, body, replayed FROM store_outcome($1, $2, $3, $4, $5)"


def fingerprint(target: str, body: bytes) -> bytes:
    """What must be equal for two requests under one key to be the same request: 16 bytes. `target`: method, path."""
    return hashlib.blake2b(body + target.encode(), digest_size=16).digest()


def key_problem(key: str | None) -> str | None:
    """What is wrong with an `Idempotency-Key` header, None when nothing is."""
    if key is None or not key:
        return "send an Idempotency-Key header: the same for each repetition of this request"
    if len(key) > 128 or not key.isascii() or not key.isprintable():
        return "an Idempotency-Key has at most 128 printable ASCII characters"
    return None


async def once(core: Core, request: Request, work: Callable[[], Awaitable[tuple[int, Any]]]) -> Reply:
    """Run `work` (answers status and document) under the request's key. Keys in flight are known to this process."""
    flight = (request.client, request.key)
    if flight in core.rare_keys:
        return error_reply(409, "in_flight", "the first request with this key is still being worked on")
    core.rare_keys.add(flight)
    try:
        row = await core.database.row(CLAIM, *flight, request.fingerprint)
        if row["status"] is None:
            status, document = await work()
            body = msgspec.json.encode(document).decode()
            try:
                row = await core.database.row(STORE, *flight, request.fingerprint, status, body)
            except asyncpg.UniqueViolationError:  # another process of the core was faster
                row = await core.database.row(CLAIM, *flight, request.fingerprint)
        return stored_reply(row)
    finally:
        core.rare_keys.discard(flight)
