"""HTTP on granian's RSGI interface, in this process and this event loop: no worker processes to lose."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from scenarios.errors import UsageError

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


async def serve(app: App, address: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called once connections are accepted."""
    host, port = address.getsockname()[:2]
    server: Any = Server(
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
    logging.getLogger("_granian").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    serving = loop.create_task(server.serve())
    try:
        await _wait_accepting(host, port, serving)
        ready()
        await serving
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        server.stop()
        address.close()


async def _wait_accepting(host: str, port: int, serving: asyncio.Task[None]) -> None:
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except ConnectionError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        return
