"""A small HTTP/1.1 client on asyncio with kept connections: what a service needs to call another one."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit


class Unreachable(Exception):
    """No connection was made, so the request had no effect."""


class NoAnswer(Exception):
    """The request was sent and not answered in time or in full: whether it had an effect is unknown."""


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class HttpClient:
    """Connections to one base URL (`http://host:port`)."""

    base_url: str
    _idle: deque[_Connection] = field(default_factory=deque)

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, *, timeout_s: float
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Raises Unreachable or NoAnswer."""
        parts = urlsplit(self.base_url)
        head = [f"{method} {parts.path.rstrip('/')}{path} HTTP/1.1", f"host: {parts.netloc}"]
        head += [f"content-length: {len(body)}", "content-type: application/json"]
        head += [f"{name}: {value}" for name, value in (headers or {}).items()]
        message = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(message)
        except TimeoutError:
            raise NoAnswer(f"{self.base_url} did not answer within {timeout_s} s") from None

    async def _exchange(self, message: bytes) -> tuple[int, bytes]:
        while self._idle:
            connection = self._idle.pop()
            if connection[0].at_eof():  # closed by the other side while it was idle
                connection[1].close()
                continue
            return await self._send(connection, message)
        parts = urlsplit(self.base_url)
        try:
            connection = await asyncio.open_connection(parts.hostname, parts.port or 80)
        except OSError as error:
            raise Unreachable(f"{self.base_url}: {error}") from None
        return await self._send(connection, message)

    async def _send(self, connection: _Connection, message: bytes) -> tuple[int, bytes]:
        reader, writer = connection
        whole = False
        try:
            writer.write(message)
            status, body, keep = await _read_answer(reader)
            whole = keep
        except (OSError, ValueError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise NoAnswer(f"{self.base_url} broke off: {error}") from None
        finally:
            if whole:
                self._idle.append(connection)
            else:
                writer.close()
        return status, body

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[1].close()


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection may be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    keep = fields.get("connection", "").lower() != "close"
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return status, await _read_chunks(reader), keep
    return status, await reader.readexactly(int(fields.get("content-length", "0"))), keep


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return bytes(body)
