"""The target of `omo bench generator`: answers every request at once with the same few bytes.

python -m loadtest.bench.hello PORT
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from loadtest.http.messages import Admitted, Head, Reply
from loadtest.http.server import bind, run_loop, serve

_BODY: Final = b'{"order":1,"payment":1,"state":"captured","amount_yen":500}'
_LIMIT_BYTES: Final = 64 * 1024


async def _answer(_: bytes) -> Reply:
    """Every order is order 1, and every payment is captured."""
    return Reply(200, _BODY)


def app(_: Head) -> Admitted:
    """Admits everything."""
    return Admitted(_LIMIT_BYTES, _answer)


async def _serve(port: int) -> None:
    with bind("127.0.0.1", port) as address:
        await serve(app, address, lambda: None, asyncio.Event())


if __name__ == "__main__":
    run_loop(_serve(int(sys.argv[1])))
