"""Master with workers: one history as of one process, journeys on Locust's page, a lost worker makes a run invalid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pyarrow.parquet as pq
import pytest
from answering import answering
from synthetic_trace import synthetic_trace

from loadtest.servers import free_port
from loadtest.trace_schema import write_trace

HERE = Path(__file__).parent


@contextmanager
def loading(trace: Path, out: Path, url: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """`omo load` at a target that answers everything; it is waited for."""
    command = [sys.executable, "-m", "omo", "load", str(trace), "--out", str(out), "--json", *more]
    command += ["--target", "answering:Answering", "--base-url", url]
    env = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    child = subprocess.Popen(command, cwd=HERE, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()


def journeys(load: Path) -> list[tuple[int, int, str]]:
    rows = pq.read_table(load / "client_history.parquet").to_pylist()
    return sorted((row["journey"], row["step"], row["action"]) for row in rows if row["in_trace"])


def page(port: int) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=2) as answer:
            document: dict[str, Any] = json.load(answer)
            return document
    except OSError:
        return None


def seen_on_the_page(child: subprocess.Popen[bytes], port: int) -> list[dict[str, Any]]:
    """What Locust's page said, until the run ended."""
    seen = []
    while child.poll() is None:
        if (now := page(port)) is not None:
            seen.append(now)
        time.sleep(0.3)
    return seen


@pytest.mark.slow
def test_two_workers_send_what_one_process_sends_and_the_page_shows_journeys_in_flight(tmp_path: Path) -> None:
    write_trace(synthetic_trace(240, 40.0), tmp_path / "trace")
    port = free_port()
    with answering() as url:
        with loading(tmp_path / "trace", tmp_path / "one", url, "--speed", "4") as child:
            child.communicate(timeout=60)
        with loading(tmp_path / "trace", tmp_path / "two", url, "--workers", "2", "--web-ui", str(port)) as child:
            seen = seen_on_the_page(child, port)
            result = json.loads(child.communicate(timeout=60)[0])
    assert sorted(note["share"] for note in result["generators"]) == [0, 1]
    assert journeys(tmp_path / "two") == journeys(tmp_path / "one")
    in_flight = max(document["user_count"] for document in seen)
    assert 5 < in_flight < 240  # 40 journeys a second, each a second or two long
    total = max(document["stats"][-1]["num_requests"] for document in seen)
    assert 0 < total <= result["calls"]
    assert (tmp_path / "two" / "locust.html").stat().st_size > 10_000


@pytest.mark.slow
def test_a_worker_that_is_killed_in_mid_run_makes_the_run_invalid(tmp_path: Path) -> None:
    write_trace(synthetic_trace(2000, 20.0), tmp_path / "trace")
    load, junit = tmp_path / "load", tmp_path / "load.xml"
    more = ["--workers", "2", "--max-p99-ms", "10000", "--junit", str(junit)]
    with answering() as url, loading(tmp_path / "trace", load, url, *more) as child:
        deadline = time.monotonic() + 60
        while len(list(load.glob("spool/*.jsonl"))) < 2:
            assert time.monotonic() < deadline
            assert child.poll() is None
            time.sleep(0.1)
        time.sleep(1.0)
        family = psutil.Process(child.pid).children(recursive=True)
        victim = next(process for process in family if "--worker" in process.cmdline())
        os.kill(victim.pid, signal.SIGKILL)
        stdout, stderr = child.communicate(timeout=90)
    assert child.returncode == 4, stderr.decode()[-2000:]
    result = json.loads(stdout)
    assert not result["valid"]
    assert any("generators did not finish" in reason for reason in result["reasons"])
    assert [verdict["met"] for verdict in result["thresholds"]] == [None]
    cases = {case.get("name"): [part.tag for part in case] for case in ElementTree.parse(junit).iter("testcase")}
    assert cases == {"valid": ["failure"], "p99_ms of all <= 10000": ["skipped"]}
    assert [process for process in family if process.is_running()] == []
