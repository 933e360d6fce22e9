"""One client's connection: bytes in, requests to the application, answers out in the order of the requests.

The parsing is httptools' (llhttp, the parser of Node), the sockets are the event loop's; here is what lies between
them: limits, order, and how a connection ends. Against granian, whose runtime hands each request over from a thread of
its own, it takes a third of the CPU time per request.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final, NamedTuple, cast

import httptools

from loadtest.http.messages import Admitted, App, Head, Headers, Reply, error_reply

_HEAD_BYTES: Final = 32 * 1024
_UNWANTED_BYTES: Final = 256 * 1024  # of a body that is refused, read all the same: most senders listen only afterwards
_PIPELINED: Final = 16  # requests in line on one connection before no more are read
_MESSAGE_S: Final = 30.0  # for a head, and between two parts of a body
_IDLE_S: Final = 90.0
_LINGER_S: Final = 1.0
_CLOSE: Final = b"connection: close\r\n"


@dataclass
class Site:
    """What the connections of a server share. Times are those of the event loop."""

    app: App
    closing: bool = False
    date: bytes = b""
    connections: set[Connection] = field(default_factory=set)
    answering: set[Connection] = field(default_factory=set)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, while closing, once nothing is being answered."""
    deserted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set, while closing, once nobody is connected any more."""

    def admit(self, head: Head) -> Admitted | Reply:
        """What the application says, or that the service is being stopped."""
        if self.closing:
            return error_reply(503, "closing", "the service is being stopped", ("retry-after", "1"))
        try:
            return self.app(head)
        except Exception:
            logging.getLogger(__name__).exception("%s %s failed", head.method, head.path)
            return error_reply(500, "internal", "the request failed inside the service")

    def begin(self, connection: Connection) -> None:
        """A request of this connection is being answered."""
        self.answering.add(connection)

    def end(self, connection: Connection) -> None:
        """It is answered."""
        self.answering.discard(connection)
        if self.closing and not self.answering:
            self.settled.set()

    def forget(self, connection: Connection) -> None:
        """Its client is gone."""
        self.connections.discard(connection)
        if self.closing and not self.connections:
            self.deserted.set()

    def close(self) -> None:
        """Admit nothing more."""
        self.closing = True
        if not self.answering:
            self.settled.set()

    def tick(self, now_s: float) -> None:
        """Once a second: the date of the answers, and an end to connections that have been silent for too long."""
        self.date = f"date: {formatdate(usegmt=True)}\r\n".encode()
        for connection in [each for each in self.connections if each.is_overdue(now_s)]:
            connection.abandon()


class _Turn(NamedTuple):
    """A request in line, whole."""

    admitted: Admitted | Reply
    body: bytes
    keep_alive: bool
    wants_body: bool


class Connection(asyncio.Protocol):
    """One connection. Its requests are answered one after another; whatever follows one that ends it is not read."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._line: deque[_Turn] = deque()
        self._task: asyncio.Task[None] | None = None
        self._deaf = False
        self._is_clogged = False
        self._in_message = False
        self._in_head = False
        self._head_bytes = 0
        self._since_s = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client has connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._site.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """The client is gone; what is being answered is finished all the same."""
        self._deaf = True
        self._line.clear()
        self._site.forget(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self._deaf:
            return
        self._since_s = self._loop.time()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._deaf = True
        except httptools.HttpParserError:
            self._end_with(error_reply(400, "invalid_request", "this is not HTTP/1.1"))
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES:
                self._end_with(error_reply(431, "head_too_large", f"at most {_HEAD_BYTES} bytes before the body"))

    def pause_writing(self) -> None:
        """The client does not read its answers: its requests are neither read nor answered until it does."""
        self._is_clogged = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._is_clogged = False
        if self._task is None:
            self._work()

    def is_overdue(self, now_s: float) -> bool:
        """Whether the client has been silent for too long, in the middle of a request or after one."""
        return self._task is None and now_s - self._since_s > (_MESSAGE_S if self._in_message else _IDLE_S)

    def abandon(self) -> None:
        """End it once what was written is sent."""
        self._deaf = True
        self._transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_message = self._in_head = True
        self._head_bytes = 0
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body = b""
        self._unwanted_bytes = 0

    def on_url(self, part: bytes) -> None:
        """Part of the request's target."""
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The application judges the request by its head."""
        self._in_head = False
        path, _, query = _origin_form(self._url).partition("?")
        headers = self._headers
        self._head = Head(self._parser.get_method().decode("latin-1"), path, query, headers)
        self._admitted = self._site.admit(self._head)
        announced = headers.get(b"content-length")
        if announced is not None and len(announced) < 20:  # llhttp has seen that these are digits
            self._check_size(int(announced))
        if b"expect" in headers and not self._deaf and isinstance(self._admitted, Admitted):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Part of the body."""
        if self._deaf:
            return
        self._check_size(len(self._body) + len(part))
        if isinstance(self._admitted, Admitted):
            self._body = self._body + part if self._body else part
        else:
            self._unwanted_bytes += len(part)
            if self._unwanted_bytes > _UNWANTED_BYTES:
                self._end_with(self._admitted)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_message = False
        if self._deaf:
            return
        keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._add(_Turn(self._admitted, self._body, keep_alive, self._head.method != "HEAD"))

    def _check_size(self, size: int) -> None:
        admitted = self._admitted
        if isinstance(admitted, Admitted) and size > admitted.limit_bytes:
            self._admitted = error_reply(413, "too_large", f"at most {admitted.limit_bytes} bytes")
            self._body = b""
        if size > _UNWANTED_BYTES and isinstance(self._admitted, Reply):
            self._end_with(self._admitted)

    def _end_with(self, reply: Reply) -> None:
        """Answer this after what is in line, and nothing more."""
        if self._deaf:
            return
        self._add(_Turn(reply, b"", keep_alive=False, wants_body=True))
        self._deaf = True

    def _add(self, turn: _Turn) -> None:
        self._line.append(turn)
        if self._task is None:
            self._work()
        elif len(self._line) >= _PIPELINED:
            self._transport.pause_reading()

    def _work(self) -> None:
        """Answer what is in line, up to the first request that the application takes its time for."""
        self._task = None
        while self._line and not self._is_clogged:
            turn = self._line.popleft()
            if isinstance(turn.admitted, Admitted):
                self._site.begin(self)
                self._task = self._loop.create_task(self._answer(turn.admitted, turn))
                return
            self._send(turn.admitted, turn)
        if not (self._is_clogged or self._transport.is_reading() or self._transport.is_closing()):
            self._transport.resume_reading()

    async def _answer(self, admitted: Admitted, turn: _Turn) -> None:
        try:
            reply = await admitted.answer(turn.body)
        except Exception:
            logging.getLogger(__name__).exception("a request failed")
            reply = error_reply(500, "internal", "the request failed inside the service")
        finally:
            self._site.end(self)
        self._since_s = self._loop.time()
        self._send(reply, turn)
        self._work()

    def _send(self, reply: Reply, turn: _Turn) -> None:
        if self._transport.is_closing():
            return
        keep_alive = turn.keep_alive and not self._site.closing
        parts = (
            *(_prefix(reply.status, reply.headers), self._site.date, b"" if keep_alive else _CLOSE),
            b"content-length: %d\r\n\r\n" % len(reply.body),
            reply.body if turn.wants_body else b"",
        )
        self._transport.write(b"".join(parts))
        if not keep_alive:
            self._hang_up()

    def _hang_up(self) -> None:
        """Say that nothing follows, and go on reading for a moment: a connection that is closed with bytes unread is
        reset, and the answer may be lost with it."""
        self._deaf = True
        self._line.clear()
        self._transport.write_eof()
        self._loop.call_later(_LINGER_S, self._transport.close)


def _origin_form(url: bytes) -> str:
    """Path and query of a request's target, which may also be a whole address (RFC 9112, 3.2)."""
    text = url.decode("latin-1")
    if text.startswith("/") or "://" not in text:
        return text
    return "/" + text.split("://", 1)[1].partition("/")[2]


@lru_cache(maxsize=256)
def _prefix(status: int, headers: Headers) -> bytes:
    """Status line and the application's headers."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")
