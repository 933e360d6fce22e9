"""A client of its own process that costs little: a fixed number of connections, each with one request under way.

It measures what a server can take, and nothing else; journeys, due times and audit history are `omo load`'s. Started
by `drive`, fed through stdin, it answers with one JSON document.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from loadtest.http.server import run_loop

_END_OF_HEAD: Final = b"\r\n\r\n"
_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Work:
    """What to send for `seconds` or until the bodies run out: `POST path`, one key per body (`prefix` + number)."""

    host: str
    port: int
    path: str
    bearer: str
    prefix: str
    bodies: list[str]
    connections: int
    seconds: float


@dataclass(frozen=True)
class Answers:
    """How many were answered, by status, in how long, and the seconds of CPU that the client spent."""

    statuses: dict[str, int]
    elapsed_s: float
    cpu_s: float
    p50_s: float
    p99_s: float

    @property
    def done_per_s(self) -> float:
        """Answers with a status below 300 per second."""
        return sum(count for status, count in self.statuses.items() if int(status) < 300) / self.elapsed_s


def drive(work: Work) -> Answers:
    """Send the work from a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-m", "loadtest.bench.closed_loop"],
        input=json.dumps(asdict(work)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=_ROOT,  # found there when the package is not installed
        timeout=work.seconds + 60,
    )
    return Answers(**json.loads(answer.stdout))


class _Connection(asyncio.Protocol):
    """One connection: the next request goes out when the last answer is in."""

    def __init__(self, requests: Iterator[bytes], until_s: float, taken_s: list[float], statuses: Counter[bytes]):
        self._requests, self._until_s, self._taken_s, self._statuses = requests, until_s, taken_s, statuses
        self._buffer = b""
        self._sent_s = 0.0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent_s = time.perf_counter()
        request = next(self._requests, None) if self._sent_s < self._until_s else None
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        head = data.find(_END_OF_HEAD)
        if head < 0:
            self._buffer = data
            return
        at = data.find(b"content-length: ") + 16
        if len(data) < head + 4 + int(data[at : data.index(b"\r", at)]):
            self._buffer = data
            return
        self._buffer = b""
        self._taken_s.append(time.perf_counter() - self._sent_s)
        self._statuses[data[9:12]] += 1
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


def _requests(work: Work) -> Iterator[bytes]:
    head = f"POST {work.path} HTTP/1.1\r\nhost: {work.host}\r\nauthorization: Bearer {work.bearer}\r\n"
    for number, body in enumerate(work.bodies):
        yield f"{head}idempotency-key: {work.prefix}{number}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


async def _run(work: Work) -> Answers:
    loop = asyncio.get_running_loop()
    requests = iter(list(_requests(work)))
    taken_s: list[float] = []
    statuses: Counter[bytes] = Counter()
    started_s, cpu_s = time.perf_counter(), time.process_time()
    until_s = started_s + work.seconds
    connections = [
        (await loop.create_connection(lambda: _Connection(requests, until_s, taken_s, statuses), work.host, work.port))[
            1
        ]
        for _ in range(work.connections)
    ]
    await asyncio.gather(*(connection.closed for connection in connections))
    taken_s.sort()
    return Answers(
        statuses={status.decode(): count for status, count in statuses.items()},
        elapsed_s=time.perf_counter() - started_s,
        cpu_s=time.process_time() - cpu_s,
        p50_s=taken_s[len(taken_s) // 2] if taken_s else 0.0,
        p99_s=taken_s[len(taken_s) * 99 // 100] if taken_s else 0.0,
    )


async def _tell() -> None:
    json.dump(asdict(await _run(Work(**json.load(sys.stdin)))), sys.stdout)


if __name__ == "__main__":
    run_loop(_tell())
