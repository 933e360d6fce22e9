"""A call without an answer is repeated under the same key, and what nobody answered is recorded as unknown."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from loadtest.journey import run_journey
from loadtest.script import Line, Step
from loadtest.sender import ATTEMPTS, Clock, Office, Sender
from loadtest.spool import Spool, to_parquet
from loadtest.wire import Connections, bearer

Reply = tuple[int, dict[str, Any]] | None
"""Status and body of an answer; None closes the connection without one."""


@contextmanager
def target(reply: Callable[[str, int], Reply]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers by path and number of the request; yields its address and the keys it was sent."""
    keys: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            keys.append(self.headers["Idempotency-Key"])
            answer = reply(self.path, len(keys))
            if answer is None:
                self.close_connection = True
                return
            body = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", keys
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def history_of(url: str, tmp_path: Path, due_s: float = 0.0) -> list[dict[str, Any]]:
    lines = (Line(7, 1, 300),)
    steps = [
        Step(1, 0, number, due_s, action, "app", "station", 2, lines, 300, "app", "carry", "wallet")
        for number, action in enumerate(["order", "pay"])
    ]
    spool = Spool(tmp_path / "000.jsonl")
    connections = Connections(url, bearer("key"))
    office = Office(
        Clock(time.perf_counter()), {"app": connections, "back_office": connections}, spool, lambda *_: None
    )
    sender = Sender(office)
    run_journey("run", steps, sender.send, sender.skip)
    spool.close()
    connections.close()
    to_parquet([tmp_path / "000.jsonl"], tmp_path / "history.parquet")
    rows: list[dict[str, Any]] = pq.read_table(tmp_path / "history.parquet").to_pylist()
    return rows


def answers(path: str, _: int) -> Reply:
    return (201, {"payment": 9, "state": "captured"}) if path == "/v1/payments" else (201, {"order": 4})


def test_lost_answer_is_asked_for_again_under_the_same_key(tmp_path: Path) -> None:
    with target(lambda path, number: None if number == 1 else answers(path, number)) as (url, keys):
        rows = history_of(url, tmp_path)
    assert [(row["action"], row["outcome"], row["attempts"]) for row in rows] == [("order", "ok", 2), ("pay", "ok", 1)]
    assert keys == ["run-0-1-0", "run-0-1-0", "run-0-1-1"]
    assert rows[1]["payment"] == 9


def test_request_still_in_flight_is_asked_for_again(tmp_path: Path) -> None:
    with target(lambda path, number: (409, {"error": "in_flight"}) if number == 1 else answers(path, number)) as (
        url,
        _,
    ):
        rows = history_of(url, tmp_path)
    assert [(row["outcome"], row["attempts"]) for row in rows] == [("ok", 2), ("ok", 1)]


def test_refusal_is_final_and_the_rest_is_skipped(tmp_path: Path) -> None:
    with target(lambda *_: (409, {"error": "insufficient_stock"})) as (url, keys):
        rows = history_of(url, tmp_path)
    assert [(row["outcome"], row["detail"]) for row in rows] == [
        ("rejected", "insufficient_stock"),
        ("skipped", "order rejected"),
    ]
    assert len(keys) == 1


def test_silence_ends_as_unknown_after_a_bounded_number_of_attempts(tmp_path: Path) -> None:
    with target(lambda *_: None) as (url, keys):
        rows = history_of(url, tmp_path)
    assert [(row["outcome"], row["status"]) for row in rows] == [("unknown", 0), ("skipped", 0)]
    assert len(keys) == ATTEMPTS
    assert len(set(keys)) == 1


def test_times_are_due_ready_sent_answered_and_a_step_waits_for_its_predecessor(tmp_path: Path) -> None:
    def slow(path: str, number: int) -> Reply:
        time.sleep(0.1 if number == 1 else 0.0)
        return answers(path, number)

    with target(slow) as (url, _):
        order, pay = history_of(url, tmp_path, due_s=0.05)
    assert order["due_s"] == order["ready_s"] == 0.05
    assert order["due_s"] <= order["sent_s"] < order["answered_s"]
    assert order["answered_s"] - order["sent_s"] >= 0.1
    assert pay["due_s"] == 0.05
    assert pay["ready_s"] == order["answered_s"] <= pay["sent_s"]
