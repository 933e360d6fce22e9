"""The core's HTTP server against bytes on a socket; its answers are read by h11, which shares no code with it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import h11
import pytest

from loadtest.http.connection import Connection, Site
from loadtest.http.messages import Admitted, App, Head, Reply, error_reply
from loadtest.http.server import bind

LIMIT_BYTES = 1000
PATIENCE_S = 10.0
Answer = tuple[int, bytes]


def echo(head: Head) -> Admitted | Reply:
    """Answers what came; `/refuse` is refused by its head, `/slow` takes a moment, `/broken` fails."""
    if head.path == "/refuse":
        return error_reply(401, "unauthenticated", "no")

    async def answer(body: bytes) -> Reply:
        if head.path == "/slow":
            await asyncio.sleep(0.05)
        if head.path == "/broken":
            raise ValueError("on purpose")
        return Reply(200, f"{head.method} {head.path} {head.query} ".encode() + body)

    return Admitted(LIMIT_BYTES, answer)


@asynccontextmanager
async def served(app: App = echo) -> AsyncIterator[tuple[Site, int]]:
    """A server on a free port of this machine."""
    site = Site(app)
    with bind("127.0.0.1", 0) as address:
        port: int = address.getsockname()[1]
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(site), "127.0.0.1", port, reuse_port=True)
        try:
            yield site, port
        finally:
            server.close()
            for connection in list(site.connections):
                connection.abandon()
            await asyncio.sleep(0.02)


async def talk(port: int, *parts: bytes, methods: tuple[str, ...] = ("POST",)) -> tuple[list[Answer], bool]:
    """Send the parts with a moment between them; the answers, one for each of `methods`, and whether the server ended
    the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.001 if len(parts) > 1 else 0)
    answers = []
    left = b""
    for method in methods:
        answer, left = await _next(reader, method, left)
        answers.append(answer)
    try:
        ended = await asyncio.wait_for(reader.read(1), 0.15) == b""
    except TimeoutError:
        ended = False
    writer.close()
    return answers, ended


async def _next(reader: asyncio.StreamReader, method: str, data: bytes) -> tuple[Answer, bytes]:
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
    parser.send(h11.EndOfMessage())
    status, body = 0, b""
    while True:
        if data:
            parser.receive_data(data)
            data = b""
        event = parser.next_event()
        if event is h11.NEED_DATA:
            data = await asyncio.wait_for(reader.read(65536), PATIENCE_S)
            assert data, "the connection ended before its answer was whole"
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return (status, body), parser.trailing_data[0]


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_a_request_is_the_same_however_its_bytes_are_cut() -> None:
    whole = post("/a?b=c", b"hello", "X-Long: " + "y" * 50)

    async def work() -> None:
        async with served() as (_, port):
            for cut in range(1, len(whole), 3):
                answers, ended = await talk(port, whole[:cut], whole[cut:])
                assert answers == [(200, b"POST /a b=c hello")]
                assert not ended
            answers, _ = await talk(port, *(whole[place : place + 1] for place in range(len(whole))))
            assert answers == [(200, b"POST /a b=c hello")]

    run(work)


def test_pipelined_requests_are_answered_in_their_order() -> None:
    async def work() -> None:
        async with served() as (_, port):
            sent = post("/slow", b"1") + post("/refuse", b"2") + post("/broken", b"") + post("/slow", b"4")
            answers, ended = await talk(port, sent * 20, methods=("POST",) * 80)
            assert [status for status, _ in answers] == [200, 401, 500, 200] * 20
            assert answers[0][1] == b"POST /slow  1"
            assert answers[79][1] == b"POST /slow  4"
            assert not ended

    run(work)


def test_a_body_may_come_in_chunks() -> None:
    head = b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def work() -> None:
        async with served() as (_, port):
            answers, _ = await talk(port, head + b"5\r\nhello\r\n", b"6\r\n world\r\n0\r\n\r\n")
            assert answers == [(200, b"POST /c  hello world")]
            answers, _ = await talk(port, head + b"%x\r\n" % 1001 + b"z" * 1001 + b"\r\n0\r\n\r\n")
            assert answers[0][0] == 413

    run(work)


@pytest.mark.parametrize("size", [LIMIT_BYTES + 1, 300_000, 5_000_000])
def test_a_body_beyond_the_limit_is_refused_and_the_sender_hears_of_it(size: int) -> None:
    async def work() -> None:
        async with served() as (_, port):
            head = f"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode()
            answers, ended = await talk(port, head + b"z" * min(size, 400_000))
            assert answers[0][0] == 413
            assert ended == (size > 256 * 1024)

    run(work)


def test_a_refusal_by_the_head_leaves_the_connection_usable() -> None:
    async def work() -> None:
        async with served() as (_, port):
            answers, _ = await talk(port, post("/refuse", b"z" * 5000) + post("/a", b""), methods=("POST", "POST"))
            assert answers == [(401, answers[0][1]), (200, b"POST /a  ")]

    run(work)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
        (b"GET /" + b"a" * 200_000, 431),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000, 431),
    ],
)
def test_what_is_not_http_is_refused_once_and_the_connection_ends(sent: bytes, status: int) -> None:
    async def work() -> None:
        async with served() as (_, port):
            answers, ended = await talk(port, sent, methods=("GET",))
            assert answers[0][0] == status
            assert ended

    run(work)


def test_the_answer_to_head_has_no_body_and_the_next_answer_follows() -> None:
    async def work() -> None:
        async with served() as (_, port):
            sent = b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + post("/b", b"")
            answers, _ = await talk(port, sent, methods=("HEAD", "POST"))
            assert answers == [(200, b""), (200, b"POST /b  ")]

    run(work)


def test_a_client_that_asks_to_close_gets_its_answer_first() -> None:
    async def work() -> None:
        async with served() as (_, port):
            assert await talk(port, post("/slow", b"x", "Connection: close")) == ([(200, b"POST /slow  x")], True)
            assert await talk(port, b"GET /a HTTP/1.0\r\n\r\n", methods=("GET",)) == ([(200, b"GET /a  ")], True)

    run(work)


def test_whoever_waits_for_leave_to_send_a_body_gets_it() -> None:
    async def work() -> None:
        async with served() as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S) == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hi")
            assert (await _next(reader, "POST", b""))[0] == (200, b"POST /a  hi")
            writer.close()

    run(work)


def test_a_whole_address_as_the_target_means_its_path() -> None:
    async def work() -> None:
        async with served() as (_, port):
            sent = b"GET http://shop.example/a/b?c=d HTTP/1.1\r\nHost: shop.example\r\n\r\n"
            answers, _ = await talk(port, sent, methods=("GET",))
            assert answers == [(200, b"GET /a/b c=d ")]

    run(work)


def test_a_request_whose_client_went_away_is_finished_and_forgotten() -> None:
    done: list[bytes] = []

    def app(_: Head) -> Admitted:
        async def answer(body: bytes) -> Reply:
            await asyncio.sleep(0.05)
            done.append(body)
            return Reply(200, b"")

        return Admitted(LIMIT_BYTES, answer)

    async def work() -> None:
        async with served(app) as (site, port):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post("/", b"paid"))
            await asyncio.sleep(0.02)
            writer.transport.abort()
            await asyncio.sleep(0.1)
            assert done == [b"paid"]
            assert not site.connections
            assert not site.answering

    run(work)


def test_silent_connections_are_ended_and_those_that_wait_for_an_answer_are_not() -> None:
    release = asyncio.Event()

    def app(_: Head) -> Admitted:
        async def answer(_: bytes) -> Reply:
            await release.wait()
            return Reply(200, b"late")

        return Admitted(LIMIT_BYTES, answer)

    async def work() -> None:
        async with served(app) as (site, port):
            idle, half, waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            half[1].write(b"POST / HTTP/1.1\r\nHost")
            waiting[1].write(post("/", b""))
            await asyncio.sleep(0.05)
            now_s = asyncio.get_running_loop().time()
            site.tick(now_s + 45.0)
            assert await asyncio.wait_for(half[0].read(), PATIENCE_S) == b""
            assert len(site.connections) == 2
            site.tick(now_s + 120.0)
            assert await asyncio.wait_for(idle[0].read(), PATIENCE_S) == b""
            release.set()
            assert (await _next(waiting[0], "POST", b""))[0] == (200, b"late")
            for _, writer in (idle, half, waiting):
                writer.close()

    run(work)


def test_while_closing_new_requests_are_refused_and_the_one_in_flight_is_answered() -> None:
    async def work() -> None:
        async with served() as (site, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post("/slow", b"x"))
            await asyncio.sleep(0.02)
            site.close()
            assert not site.settled.is_set()
            assert (await talk(port, post("/a", b"")))[0][0][0] == 503
            assert (await _next(reader, "POST", b""))[0] == (200, b"POST /slow  x")
            await asyncio.wait_for(site.settled.wait(), PATIENCE_S)
            writer.close()

    run(work)


def test_a_reader_that_does_not_read_is_not_answered_without_end_and_holds_up_nobody_else() -> None:
    large = b"z" * 200_000
    answered = 0

    def app(_: Head) -> Admitted:
        async def answer(_: bytes) -> Reply:
            nonlocal answered
            answered += 1
            return Reply(200, large)

        return Admitted(LIMIT_BYTES, answer)

    async def work() -> None:
        async with served(app) as (_, port):
            with socket.create_connection(("127.0.0.1", port)) as deaf:
                deaf.setblocking(False)
                deaf.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)
                await asyncio.sleep(0.1)
                assert 0 < answered < 200  # what fits into the buffers of the two sockets
                answers, _ = await talk(port, post("/", b""))
                assert answers == [(200, large)]

    run(work)
