"""The HTTP client tells apart what had no effect from what may have had one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from loadtest.http.client import HttpClient, NoAnswer, Unreachable

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def against(talk: Talk, calls: int = 1) -> tuple[list[tuple[int, bytes]], int]:
    """Answers of a server that talks like this, and how many connections it saw."""
    connections = 0
    ended = asyncio.Event()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            await talk(reader, writer)
        finally:
            writer.close()
            ended.set()

    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()[:2]
    client = HttpClient(f"http://{host}:{port}")
    try:
        return [await client.request("POST", "/x", b"{}", timeout_s=0.3) for _ in range(calls)], connections
    finally:
        client.close()
        await ended.wait()
        listening.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


def test_a_connection_is_used_again() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            assert (await _request(reader)).startswith(b"POST /x HTTP/1.1\r\n")
            writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok")

    assert asyncio.run(against(talk, 3)) == ([(201, b"ok")] * 3, 1)


def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok")

    assert asyncio.run(against(talk, 2)) == ([(200, b"ok")] * 2, 2)


def test_a_body_in_chunks_is_put_together() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=1\r\n0123456789\r\n0\r\n\r\n"
        )

    assert asyncio.run(against(talk)) == ([(200, b"abc0123456789")], 1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", b"gibberish\r\n\r\n"])
def test_a_broken_answer_leaves_the_effect_open(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request(reader)
        writer.write(answer)

    with pytest.raises(NoAnswer):
        asyncio.run(against(talk))


def test_silence_leaves_the_effect_open() -> None:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    with pytest.raises(NoAnswer, match=r"0\.3 s"):
        asyncio.run(against(talk))


def test_a_refused_connection_had_no_effect() -> None:
    async def call() -> None:
        listening = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        listening.close()
        await listening.wait_closed()
        await HttpClient(f"http://127.0.0.1:{port}").request("GET", "/", timeout_s=1)

    with pytest.raises(Unreachable):
        asyncio.run(call())
