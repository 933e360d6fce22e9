"""The generator's HTTP: whole answers in any packaging, connections used again, silence and endings told apart."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gevent
import pytest

from loadtest import wire
from loadtest.api import Request
from loadtest.wire import Connections, NoAnswer

GET = Request("GET", "/thing", b"", "")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

Talk = Callable[[socket.socket, int], None]


@contextmanager
def server(talk: Talk, *, keep_headers: bool = False) -> Iterator[tuple[Connections, list[int]]]:
    """A server that has `talk` with each connection, told its number; yields a client and the numbers it saw."""
    seen: list[int] = []
    threads: list[threading.Thread] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def converse(peer: socket.socket, number: int) -> None:
        with peer:
            peer.settimeout(10.0)
            try:
                talk(peer, number)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            seen.append(len(seen))
            threads.append(threading.Thread(target=converse, args=(peer, len(seen) - 1)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    connections = Connections(url, "X-Kind: till\r\n", keep_headers=keep_headers)
    try:
        yield connections, seen
    finally:
        connections.close()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in (accepting, *threads):
            thread.join()


def request(peer: socket.socket) -> bytes:
    """One request without a body, or nothing where the client has gone."""
    text = b""
    while b"\r\n\r\n" not in text:
        part = peer.recv(65536)
        if not part:
            return b""
        text += part
    return text


def always(*parts: bytes) -> Talk:
    def talk(peer: socket.socket, _: int) -> None:
        while request(peer):
            for part in parts:
                peer.sendall(part)
                threading.Event().wait(0.02)

    return talk


@pytest.mark.parametrize(
    "parts",
    [
        [OK],
        [OK[:9], OK[9:30], OK[30:]],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", b"3\r\nllo\r\n0\r\n\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\n", OK],
        [b"HTTP/1.1 200 OK\r\ncontent-length:5\r\nX-A: b\r\n\r\nhello"],
    ],
)
def test_an_answer_is_whole_however_it_is_packed_and_the_connection_used_again(parts: list[bytes]) -> None:
    with server(always(*parts)) as (connections, seen):
        replies = [connections.exchange(GET) for _ in range(3)]
    assert [(reply.status, reply.content) for reply in replies] == [(200, b"hello")] * 3
    assert seen == [0]


def test_headers_come_with_the_answer_where_they_are_asked_for() -> None:
    made = b"HTTP/1.1 201 Made\r\nX-Order: 7\r\nContent-Length: 0\r\n\r\n"
    with server(always(made), keep_headers=True) as (connections, _):
        reply = connections.exchange(GET)
    assert (reply.status, reply.content) == (201, b"")
    assert ("x-order", "7") in reply.headers


def test_a_connection_that_the_server_ends_is_not_used_again() -> None:
    def once(peer: socket.socket, _: int) -> None:
        request(peer)
        peer.sendall(OK)

    with server(once) as (connections, seen):
        for _ in range(3):
            assert connections.exchange(GET).status == 200
            gevent.sleep(0.1)
    assert seen == [0, 1, 2]


def test_an_announced_end_is_honoured() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with server(always(closing)) as (connections, seen):
        assert [connections.exchange(GET).content for _ in range(2)] == [b"hello"] * 2
    assert seen == [0, 1]


@pytest.mark.parametrize("answer", [b"", OK[:-2], b"gibberish\r\n\r\n"])
def test_half_an_answer_is_none(answer: bytes) -> None:
    def half(peer: socket.socket, _: int) -> None:
        request(peer)
        peer.sendall(answer)

    with server(half) as (connections, _), pytest.raises(NoAnswer):
        connections.exchange(GET)


def test_silence_is_no_answer_and_others_go_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TIMEOUT_S", 1.0)

    def silent_at_first(peer: socket.socket, number: int) -> None:
        if number == 0:
            request(peer)
            peer.recv(1)
        else:
            always(OK)(peer, number)

    with server(silent_at_first) as (connections, _):
        stuck = gevent.spawn(connections.exchange, GET)
        gevent.sleep(0.1)
        assert connections.exchange(GET).status == 200
        assert not stuck.ready()
        with pytest.raises(NoAnswer, match="timed out"):
            stuck.get()


def test_a_request_larger_than_the_socket_takes_at_once_arrives_whole() -> None:
    size = 8_000_000
    arrived: list[int] = []

    def slow_reader(peer: socket.socket, _: int) -> None:
        threading.Event().wait(0.2)
        got = 0
        while got < size:
            got += len(peer.recv(1 << 20))
        arrived.append(got)
        peer.sendall(OK)

    with server(slow_reader) as (connections, _):
        assert connections.exchange(Request("POST", "/", bytes(size), "")).content == b"hello"
    assert arrived[0] > size


def test_answers_go_to_those_who_asked() -> None:
    def echo(peer: socket.socket, _: int) -> None:
        while text := request(peer):
            path = text.split()[1]
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))

    with server(echo) as (connections, seen):
        paths = [f"/{number}" for number in range(200)]
        asked = [gevent.spawn(connections.exchange, Request("GET", path, b"", "")) for path in paths]
        gevent.joinall(asked)
    assert [greenlet.get().content.decode() for greenlet in asked] == paths
    assert 1 < len(seen) <= 200


def test_a_user_who_is_stopped_leaves_no_connection_for_others() -> None:
    def late(peer: socket.socket, number: int) -> None:
        request(peer)
        if number == 0:
            threading.Event().wait(0.3)
        peer.sendall(OK)

    with server(late) as (connections, seen):
        stopped = gevent.spawn(connections.exchange, GET)
        gevent.sleep(0.1)
        stopped.kill()
        assert connections.exchange(GET).content == b"hello"
    assert seen == [0, 1]
