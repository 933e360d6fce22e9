"""Shoppers' own access: a token from the app, good for a while, with which they see themselves and nobody else."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from loadtest.core.auth import member_token
from loadtest.core.messages import MemberToken
from loadtest.core.service import Core, Request
from loadtest.http.messages import Reply, error_reply, json_reply

LIFE_S: Final = 900
_PER_S: Final = 10.0
_BURST: Final = 30.0
_KEPT: Final = 100_000

_OWNS: Final = {
    "/v1/orders/{id}": "SELECT EXISTS (SELECT FROM orders WHERE id = $1 AND shopper = $2) AS theirs",
    "/v1/payments/{id}": """SELECT EXISTS (SELECT FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.id = $1 AND o.shopper = $2) AS theirs""",
    "/v1/members/{id}/points": "SELECT $1::bigint = $2::bigint AS theirs",
}


async def make_token(core: Core, request: Request) -> Reply:
    """A token for one shopper; nothing is stored, it is signed."""
    message: MemberToken = request.message
    until_s = int(time.time()) + LIFE_S
    ends = datetime.fromtimestamp(until_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    token = member_token(core.settings.keys, message.shopper, until_s)
    return json_reply(201, {"token": token, "expires_at": ends})


async def hindrance(core: Core, path: str, shopper: int, identity: int, message: Any) -> Reply | None:
    """Why this member may not do this; None when it is about themselves, or about nobody."""
    if message is not None and getattr(message, "shopper", None) != shopper:
        return error_reply(403, "forbidden", "members act for themselves only: `shopper` is another one")
    if path in _OWNS and not (await core.database.row(_OWNS[path], identity, shopper))["theirs"]:
        return error_reply(404, "not_found", "no such thing of yours")
    return None


@dataclass
class Pace:
    """How fast one member may ask: 10 a second on average, 30 at once."""

    _seen: dict[int, tuple[float, float]] = field(default_factory=dict)  # shopper -> (left, when)

    def allows(self, shopper: int, now_s: float) -> bool:
        """Whether another request at `now_s` is within the limit; counts it."""
        left, since_s = self._seen.pop(shopper, (_BURST, now_s))
        left = min(_BURST, left + (now_s - since_s) * _PER_S)
        allowed = left >= 1.0
        self._seen[shopper] = (left - allowed, now_s)
        if len(self._seen) > _KEPT:  # whoever was silent longest has a full allowance by now, or soon
            del self._seen[next(iter(self._seen))]
        return allowed
