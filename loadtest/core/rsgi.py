"""HTTP on granian's RSGI interface, in this process and this event loop: no worker processes to lose."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from scenarios.errors import UsageError

_FINISH_S: Final = 10.0

JSON: tuple[str, str] = ("content-type", "application/json")

Headers = list[tuple[str, str]]
App = Callable[[Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (JSON,)


def json_reply(status: int, document: object, *headers: tuple[str, str]) -> Reply:
    """A reply with `document` as JSON."""
    return Reply(status, msgspec.json.encode(document), (JSON, *headers))


def error_reply(status: int, code: str, message: str, *headers: tuple[str, str]) -> Reply:
    """A reply in the form that every error has."""
    return json_reply(status, {"error": code, "message": message}, *headers)


def send(protocol: Any, reply: Reply) -> None:
    """Answer a request."""
    protocol.response_bytes(reply.status, list(reply.headers), reply.body)


async def read_body(scope: Any, protocol: Any, limit_bytes: int) -> bytes | None:
    """The request's body; None when it is longer than `limit_bytes`, which are never all read then."""
    announced = scope.headers.get("content-length")
    if announced is not None:
        if not announced.isdigit() or int(announced) > limit_bytes:
            return None
        body: bytes = await protocol()
        return body
    chunks = bytearray()
    async for chunk in protocol:
        chunks += chunk
        if len(chunks) > limit_bytes:
            return None
    return bytes(chunks)


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
    """Run `work` in the fastest event loop there is: uvloop takes 12 % off a payment's CPU time in a core process."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):  # there is none for Windows
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


async def serve(app: App, address: socket.socket, ready: Callable[[], None], closing: asyncio.Event) -> None:
    """Serve until SIGINT or SIGTERM, which set `closing`; `ready` is called once connections are accepted.

    From then on new requests get 503 and those in flight are finished, for a bounded time: granian aborts the
    process when it is stopped under a request.
    """
    host, port = address.getsockname()[:2]
    in_flight = 0
    drained = asyncio.Event()

    async def counted(scope: Any, protocol: Any) -> None:
        nonlocal in_flight
        if closing.is_set():
            send(protocol, error_reply(503, "closing", "the service is being stopped", ("retry-after", "1")))
            return
        in_flight += 1
        try:
            await app(scope, protocol)
        finally:
            in_flight -= 1
            if closing.is_set() and in_flight == 0:
                drained.set()

    server = _server(counted, host, port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, closing.set)
    serving = loop.create_task(server.serve())
    try:
        await _wait_accepting(host, port, serving)
        ready()
        closed = loop.create_task(closing.wait())
        await asyncio.wait({serving, closed}, return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        if in_flight:
            with suppress(TimeoutError):
                await asyncio.wait_for(drained.wait(), _FINISH_S)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        server.stop()
        await serving
        address.close()


def _server(app: App, host: str, port: int) -> Any:
    logging.getLogger("_granian").setLevel(logging.CRITICAL)
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2048,
        backpressure=4096,  # the app itself answers 503 well before
        log_enabled=False,
    )


async def _wait_accepting(host: str, port: int, serving: asyncio.Task[None]) -> None:
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except ConnectionError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        return


def end_process() -> NoReturn:
    """End now, with everything closed, without finalising the interpreter.

    granian's own threads may still be giving back Python objects; a thread that asks for the interpreter while it is
    being finalised aborts the process (seen in 4 of 25 stops).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
