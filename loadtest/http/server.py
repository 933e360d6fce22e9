"""A server in this process and this event loop, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from loadtest.http.connection import Connection, Site
from loadtest.http.messages import App
from scenarios.errors import UsageError

_FINISH_S: Final = 10.0
_FLUSH_S: Final = 1.0
_TICK_S: Final = 1.0
_BACKLOG: Final = 2048


def bind(host: str, port: int) -> socket.socket:
    """Keep an address for the server: bound, not listening, so that no connection can end here. Port 0: any."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    keeper = socket.socket(family, socket.SOCK_STREAM)
    try:
        if port == 0:
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            keeper.bind((host, port))
        else:
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            keeper.bind((host, port))  # without REUSEPORT: fails where somebody else serves
            keeper.close()
            keeper = socket.socket(family, socket.SOCK_STREAM)
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            keeper.bind((host, port))
    except OSError as error:
        keeper.close()
        raise UsageError(f"cannot serve on {host}:{port}: {error.strerror}") from None
    return keeper


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` in the fastest event loop there is: uvloop, where it can be installed."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):  # there is none for Windows
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


async def serve(app: App, address: socket.socket, ready: Callable[[], None], closing: asyncio.Event) -> None:
    """Serve until SIGINT or SIGTERM, which set `closing`; `ready` is called once connections are accepted.

    From then on new requests get 503, and those in flight are finished, for a bounded time. Several processes may
    serve one address: the kernel spreads new connections over them.
    """
    loop = asyncio.get_running_loop()
    site = Site(app)
    site.tick(loop.time())
    host, port = address.getsockname()[:2]
    server = await loop.create_server(lambda: Connection(site), host, port, backlog=_BACKLOG, reuse_port=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, closing.set)
    ticking = loop.create_task(_tick(site))
    try:
        ready()
        await closing.wait()
        site.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(site.settled.wait(), _FINISH_S)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        ticking.cancel()
        server.close()
        await _hang_up(site)
        address.close()


async def _tick(site: Site) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_TICK_S)
        site.tick(loop.time())


async def _hang_up(site: Site) -> None:
    """Close the connections, once what was written to them is sent or a moment has passed."""
    for connection in list(site.connections):
        connection.abandon()
    if site.connections:
        with suppress(TimeoutError):
            await asyncio.wait_for(site.deserted.wait(), _FLUSH_S)
