"""`omo load` against the real core and provider: the books are clean, an unguarded core is caught, Ctrl-C is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from synthetic_trace import synthetic_trace

from loadtest.trace_schema import write_trace

FAULTS = ["--psp-seed", "3", "--psp-decline", "0.03", "--psp-timeout-before", "0.01", "--psp-timeout-after", "0.02"]
FAULTS += ["--psp-duplicate-webhooks", "0.5", "--psp-latency-ms", "5"]


def omo(*arguments: str | Path, code: tuple[int, ...] = (0,)) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "omo", *map(str, arguments)], capture_output=True, timeout=150)
    assert done.returncode in code, done.stderr.decode()[-2000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def broken(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {law["law"]: law["findings"] for law in document["laws"] if law["broken"]}


def in_the_tests_session(load: Path) -> list[psutil.Process]:
    """Processes that were started for the load directory `load`: it is in the command line of all of them."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(load.parent) in part for part in process.info["cmdline"] or []):
            found.append(process)
    return found


@pytest.mark.slow
def test_replay_under_provider_faults_leaves_clean_books(tmp_path: Path) -> None:
    write_trace(synthetic_trace(300, 100.0), tmp_path / "trace")
    load = tmp_path / "load"
    result = omo("load", tmp_path / "trace", "--out", load, *FAULTS, "--json", code=(0, 4))
    assert result["state"] == "complete"
    assert not [reason for reason in result["reasons"] if "never started" in reason or "unknown" in reason]
    history = pq.read_table(load / "client_history.parquet")
    assert sum(history["in_trace"].to_pylist()) == result["trace"]["steps"]
    document = omo("audit", load, "--json")
    assert document["clean"]
    checked = {law["law"]: law["checked"] for law in document["laws"]}
    assert checked["captures_booked"] > 270
    assert checked["told_ok_exists"] > 600
    unused = {"points_balances", "points_not_negative", "coupons_used_once", "points_of_orders"}  # a trace has none
    assert {law for law, rows in checked.items() if rows == 0} - {"told_rejected_absent"} == unused
    assert in_the_tests_session(load) == []


@pytest.mark.slow
def test_core_without_its_stock_guard_is_caught_overselling_item_by_item(tmp_path: Path) -> None:
    write_trace(synthetic_trace(300, 6000.0, stock=30, items=2), tmp_path / "trace")
    load = tmp_path / "load"
    omo("load", tmp_path / "trace", "--out", load, "--unsafe-no-stock-guard", "--json", code=(0, 4))
    findings = broken(omo("audit", load, "--json", code=(4,)))["not_oversold"]
    for finding in findings:
        assert finding["rows"]["units"] > 0
        assert finding["rows"]["yen"] > 0
        assert finding["rows"]["sku"] in (1, 2)


@pytest.mark.slow
def test_guarded_core_sells_the_last_unit_and_no_more(tmp_path: Path) -> None:
    write_trace(synthetic_trace(300, 6000.0, stock=30, items=2), tmp_path / "trace")
    load = tmp_path / "load"
    omo("load", tmp_path / "trace", "--out", load, "--json", code=(0, 4))
    document = omo("audit", load, "--json")
    assert document["clean"]
    assert next(law["checked"] for law in document["laws"] if law["law"] == "told_rejected_absent") > 50


@pytest.mark.slow
def test_ctrl_c_keeps_a_partial_result_and_leaves_no_process(tmp_path: Path) -> None:
    write_trace(synthetic_trace(2000, 20.0), tmp_path / "trace")
    load = tmp_path / "load"
    command = [sys.executable, "-m", "omo", "load", str(tmp_path / "trace"), "--out", str(load), "--json"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    family = psutil.Process(child.pid)
    children: set[psutil.Process] = set()
    deadline = time.monotonic() + 90.0
    while not list(load.glob("spool/*.jsonl")) or not any(path.stat().st_size for path in load.glob("spool/*.jsonl")):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.2)
    children.update(family.children(recursive=True))
    os.kill(child.pid, signal.SIGINT)
    stdout, _ = child.communicate(timeout=120)
    assert child.returncode == 130
    assert json.loads(stdout)["state"] == "interrupted"
    result = json.loads((load / "load.json").read_text())
    assert result["state"] == "interrupted"
    assert not result["valid"]
    assert 0 < result["calls"] < result["trace"]["steps"]
    assert len(children) >= 4
    assert [process for process in children if process.is_running()] == []
    assert omo("audit", load, "--json")["clean"]
