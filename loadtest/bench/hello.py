"""The target of `omo bench generator`: answers every request at once with the same few bytes.

python -m granian --interface rsgi loadtest.bench.hello:app
"""

from __future__ import annotations

from typing import Any, Final

_BODY: Final = b'{"order":1,"payment":1,"state":"captured","amount_yen":500}'


async def app(_: Any, protocol: Any) -> None:
    """Every order is order 1, and every payment is captured."""
    protocol.response_bytes(200, [("content-type", "application/json")], _BODY)
