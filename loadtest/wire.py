"""HTTP/1.1 over shared keep-alive connections, for greenlets.

The head of each client kind is rendered once, and a connection watches its socket for as long as it lives: a request
costs one send, one receive and one switch of greenlets, without a polling call, a failed read or a timer of its own.
Common answers are cut by hand; whatever is unusual about one goes to geventhttpclient's parser.
"""

from __future__ import annotations

import ssl
import time
from typing import Any, Final
from urllib.parse import urlsplit

import gevent.monkey
import gevent.socket
import gevent.ssl
from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

from loadtest.api import Reply, Request

TIMEOUT_S: Final = 10.0
"""How long a client waits for bytes before it calls the outcome unknown."""

_SWEEP_S: Final = 0.5
"""How often the connections look for answers that are overdue."""

_IDLE_S: Final = 4.0
"""A connection unused for longer is closed instead of reused: the server may be closing it at this moment."""

_LENGTH: Final = b"\r\ncontent-length: "


class NoAnswer(Exception):
    """The request may or may not have reached the server; the message says what happened."""


class _Parser(HTTPResponseParser):
    """Collects the body of one response. Headers cost time: only a target that needs them has them kept."""

    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.complete = False
        self.body = bytearray()

    def _on_message_complete(self) -> None:
        self.complete = True

    def _on_body(self, part: bytearray) -> None:
        self.body += part

    def _on_headers_complete(self) -> bool:
        return False

    def _on_message_begin(self) -> None:
        self.complete = False

    def _on_status(self, _: str) -> None: ...

    def _on_header_field(self, _: str) -> None: ...

    def _on_header_value(self, _: str) -> None: ...


class _HeaderParser(_Parser):
    """The same, with the headers: names in lower case."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self._values: list[str] = []

    def _on_header_field(self, part: str) -> None:
        if len(self._names) == len(self._values):
            self._names.append("")
        self._names[-1] += part.lower()

    def _on_header_value(self, part: str) -> None:
        if len(self._values) < len(self._names):
            self._values.append("")
        self._values[-1] += part

    def _on_message_complete(self) -> None:
        super()._on_message_complete()
        self.headers = tuple(zip(self._names, self._values, strict=False))


def bearer(key: str) -> str:
    """The header lines of our core's clients."""
    return f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"


class _Line:
    """One connection. At most one greenlet waits on it, and is switched to from the hub when its answer is whole."""

    def __init__(self, sock: Any, *, tls: bool, keep_headers: bool) -> None:
        self._sock = sock
        self._tls = tls
        self._keep_headers = keep_headers
        self._hub = gevent.get_hub()
        self._watcher = self._hub.loop.io(sock.fileno(), 1)
        self._watcher.start(self._on_readable)
        self._waiter: Any = None
        self._parser: _Parser | None = None
        self.since = time.monotonic()
        """When bytes last went either way."""
        self.is_open = True

    def ask(self, request: bytes) -> Reply:
        """Send `request` and wait for its answer. Raises OSError, HTTPParseError; the line is closed then."""
        self.since = time.monotonic()
        try:
            self._send(request)
            self._waiter = gevent.getcurrent()
            reply: Reply = self._hub.switch()
        except BaseException:
            self.close()
            raise
        return reply

    def give_up(self, now: float) -> None:
        """Fail the request that has waited too long for bytes."""
        if self._waiter is not None and now - self.since > TIMEOUT_S:
            self._fail(TimeoutError("timed out"))

    def close(self) -> None:
        """Close the connection."""
        if self.is_open:
            self.is_open = False
            self._waiter = None
            self._watcher.stop()
            self._watcher.close()
            self._sock.close()

    def _send(self, request: bytes) -> None:
        while request:
            try:
                sent = self._sock.send(request)
            except (BlockingIOError, ssl.SSLWantWriteError):
                gevent.socket.wait_write(self._sock.fileno(), TIMEOUT_S)
                continue
            if sent == len(request):
                return
            request = request[sent:]

    def _on_readable(self) -> None:
        """Called by the hub. Bytes that nobody asked for are the end of the connection, or a server out of turn."""
        try:
            while True:
                data = self._sock.recv(65536)
                if self._waiter is None:
                    self.close()
                    return
                if not data:
                    raise ConnectionResetError("connection closed")
                reply = self._read(data)
                if reply is not None:
                    break
                if not self._tls:
                    return
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except (OSError, HTTPParseError) as error:
            self._fail(error)
            return
        waiter, self._waiter = self._waiter, None
        waiter.switch(reply)

    def _read(self, data: bytes) -> Reply | None:
        """The answer once it is whole."""
        self.since = time.monotonic()
        if self._parser is None:
            reply = None if self._keep_headers else _usual(data)
            if reply is not None:
                return reply
            self._parser = _HeaderParser() if self._keep_headers else _Parser()
        parser = self._parser
        parser.feed(data)
        if not parser.complete or parser.get_code() < 200:
            return None
        self._parser = None
        reply = Reply(parser.get_code(), bytes(parser.body), parser.headers)
        if not parser.should_keep_alive():
            waiter = self._waiter
            self.close()
            self._waiter = waiter
        return reply

    def _fail(self, error: Exception) -> None:
        waiter = self._waiter
        self.close()
        if waiter is not None:
            waiter.throw(error)


class Connections:
    """The connections of one client kind to one server. As many are opened as requests are in flight at once.

    `head` are header lines, each ended by CR LF. `keep_headers`: replies come with their headers. All requests are
    made by greenlets of one thread.
    """

    def __init__(self, url: str, head: str, *, keep_headers: bool = False) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._head = f" HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\n{head}User-Agent: omotwin\r\n"
        self._keep_headers = keep_headers
        self._idle: list[_Line] = []
        self._busy: set[_Line] = set()
        self._sweeper: Any = None
        self._address: tuple[int, Any] | None = None

    def exchange(self, request: Request) -> Reply:
        """Send `request` and return what came back. Raises NoAnswer when no complete answer arrives in time."""
        try:
            line = self._line()
        except OSError as error:
            raise NoAnswer(str(error) or type(error).__name__) from error
        self._busy.add(line)
        try:
            reply = line.ask(self._render(request))
        except (OSError, HTTPParseError) as error:
            raise NoAnswer(str(error) or type(error).__name__) from error
        finally:
            self._busy.discard(line)
        if line.is_open:
            self._idle.append(line)
        return reply

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()
        if self._sweeper is not None:
            self._sweeper.stop()
            self._sweeper.close()
            self._sweeper = None

    def _render(self, request: Request) -> bytes:
        method, path, body, _, head = request
        if method == "GET":
            return f"GET {self._prefix}{path}{self._head}{head}\r\n".encode("latin-1")
        text = f"{method} {self._prefix}{path}{self._head}{head}Content-Length: {len(body)}\r\n\r\n"
        return text.encode("latin-1") + body

    def _line(self) -> _Line:
        while self._idle:
            line = self._idle.pop()
            if line.is_open and time.monotonic() - line.since < _IDLE_S:
                return line
            line.close()
        if self._sweeper is None:
            self._sweeper = gevent.get_hub().loop.timer(_SWEEP_S, _SWEEP_S)
            self._sweeper.start(self._sweep)
        return _Line(self._connected(), tls=self._tls, keep_headers=self._keep_headers)

    def _sweep(self) -> None:
        now = time.monotonic()
        for line in tuple(self._busy):
            line.give_up(now)

    def _connected(self) -> Any:
        """A connected socket that never blocks: the operating system's own, without gevent's waiting around it."""
        if self._address is None:
            found = gevent.socket.getaddrinfo(self._host, self._port, 0, gevent.socket.SOCK_STREAM)
            self._address = (found[0][0], found[0][4])
        family, address = self._address
        sock = gevent.socket.socket(family, gevent.socket.SOCK_STREAM)
        sock.settimeout(TIMEOUT_S)
        try:
            sock.connect(address)
            sock.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
            if self._tls:
                context = gevent.ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.load_default_certs()
                sock = context.wrap_socket(sock, server_hostname=self._host)
        except OSError:
            sock.close()
            raise
        if not self._tls:
            sock = gevent.monkey.get_original("socket", "socket")(family, fileno=sock.detach())
        sock.setblocking(False)
        return sock


def _usual(data: bytes) -> Reply | None:
    """The reply, where `data` is the whole of one with a Content-Length, and nothing about it is unusual."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or not data.startswith(b"HTTP/1.1 "):
        return None
    head = data[:end].lower()
    start = head.find(_LENGTH)
    if start < 0 or b"\r\nconnection:" in head or b"\r\ntransfer-encoding:" in head:
        return None
    length = head[start + len(_LENGTH) :].partition(b"\r\n")[0]
    if not length.isdigit() or len(data) != end + 4 + int(length) or not data[9:12].isdigit():
        return None
    status = int(data[9:12])
    return Reply(status, data[end + 4 :]) if status >= 200 else None
