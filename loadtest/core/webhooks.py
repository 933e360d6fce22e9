"""Events of the PSP: at least once, in any order. Kept first (what is read of them), answered, merged afterwards."""

from __future__ import annotations

import logging

import msgspec

from loadtest.core.auth import is_signed
from loadtest.core.database import Unavailable
from loadtest.core.messages import Event
from loadtest.core.refunds import ask_refund
from loadtest.core.service import Core, Request
from loadtest.http.messages import Reply, error_reply, json_reply

_KEEP = "SELECT keep_event($1, $2) AS todo"
_MERGE = "SELECT refund FROM merge_event($1)"


async def receive(core: Core, request: Request) -> Reply:
    """Keep an event that bears the PSP's signature."""
    if not is_signed(core.settings.keys.webhook_secret, request.body, request.signature):
        return error_reply(401, "bad_signature", "X-Signature is not the HMAC-SHA256 of the body")
    try:
        event = msgspec.json.decode(request.body, type=Event)
    except msgspec.DecodeError as error:
        return error_reply(400, "invalid_request", str(error))
    row = await core.database.row(_KEEP, event.event_id, msgspec.json.encode(event).decode())
    if row["todo"]:
        core.later(_merge_quietly(core, event.event_id))
    return json_reply(200, {"event": event.event_id, "new": row["todo"]})


async def merge(core: Core, event_id: str) -> None:
    """Merge a kept event into its payment."""
    row = await core.database.row(_MERGE, event_id)
    if row["refund"] is not None:
        await ask_refund(core, row["refund"])


async def _merge_quietly(core: Core, event_id: str) -> None:
    """The event is kept: what fails now is merged by the reconciliation."""
    try:
        await merge(core, event_id)
    except Unavailable:
        logging.getLogger(__name__).warning("event kept but not merged: the database is not available")
