"""What a freeze of the target looks like to an open and to a closed loop, both at the same core at the same time."""

from __future__ import annotations

import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from loadtest.bench.sales import till_sales
from loadtest.load import Options, run_load
from loadtest.own_system import OwnServers, Setup, own_servers
from loadtest.servers import process
from loadtest.trace_schema import STOCK, Trace, write_trace
from scenarios.errors import TargetUnreachable

_ACTIONS: Final = ("order", "pay")
_USERS: Final = 2
_UNITS: Final = 1_000_000
_START_S: Final = 60.0

Tell = Callable[[float, float], None]


def measure_freeze(freeze_s: float, seconds: float, rate: float, tell: Tell) -> dict[str, Any]:
    """p99 of both loops when the core is stopped (SIGSTOP) for `freeze_s` in the middle of `seconds`.

    Ours replays `rate` sales a second open loop and counts from each call's intended start. The peer is a plain
    FastHttpUser in a closed loop: while the target is frozen it asks for nothing, so it has a handful of slow calls
    among thousands. Times in ms.
    """
    with tempfile.TemporaryDirectory(prefix="omo-freeze-") as name:
        folder = Path(name)
        trace = till_sales(rate, seconds, _ACTIONS)
        write_trace(_with_stock(trace), folder / "trace")
        with own_servers(Setup(), folder, folder / "servers.log", lambda: False) as servers:
            keys = folder / "keys.json"
            keys.touch(mode=0o600)
            keys.write_text(json.dumps(servers.core.ready["keys"]), encoding="utf-8")
            load = folder / "load"
            options = Options(folder / "trace", load, servers.core.ready["url"], keys_file=keys)
            beside = threading.Thread(target=_beside, args=(servers, folder, seconds, freeze_s), daemon=True)
            beside.start()
            ours = run_load(options, tell)
            beside.join()
        peer_ms = _peer_ms(folder)
    if ours["state"] == "interrupted":
        raise KeyboardInterrupt
    if peer_ms["100%"] < 900.0 * freeze_s:
        raise TargetUnreachable("the closed-loop peer was not running during the freeze: give more --seconds")
    latency = ours["latency_ms"].get("all", {})
    return {
        "freeze_s": freeze_s,
        "seconds": seconds,
        "ours_p99_ms": latency.get("p99", 0.0),
        "ours_p50_ms": latency.get("p50", 0.0),
        "ours_max_ms": latency.get("max", 0.0),
        "ours_calls": int(latency.get("calls", 0)),
        "closed_loop_p99_ms": peer_ms["99%"],
        "closed_loop_p50_ms": peer_ms["50%"],
        "closed_loop_max_ms": peer_ms["100%"],
        "closed_loop_calls": int(peer_ms["Request Count"]),
        "seen_by_ours": latency.get("p99", 0.0) > 500.0 * freeze_s,
        "seen_by_closed_loop": peer_ms["99%"] > 500.0 * freeze_s,
        "lag_p99_ms": ours["lag_ms"]["p99"],
        "invalid_because": [reason for reason in ours["reasons"] if "generator" in reason],
        "cores": os.cpu_count(),
        "platform": platform.platform(),
    }


def _with_stock(trace: Trace) -> Trace:
    """Enough for the peer too, who sells as fast as it can."""
    stock = trace.stock.set_column(2, STOCK.field(2), pa.array([_UNITS] * len(trace.stock), pa.int64()))
    return Trace(trace.header, trace.steps, trace.catalogue, stock)


def _peer(servers: OwnServers, folder: Path, seconds: float) -> list[str]:
    """Locust as its documentation teaches, with its own statistics."""
    user = Path(__file__).with_name("freeze_user.py")
    command = [sys.executable, "-m", "locust", "-f", str(user), "--headless", "--only-summary"]
    command += ["--host", servers.core.ready["url"], "--users", str(_USERS), "--spawn-rate", str(_USERS)]
    command += ["--run-time", f"{seconds:g}s", "--csv", str(folder / "peer"), "--loglevel", "WARNING"]
    return ["env", f"OMO_BENCH_KEYS={folder / 'keys.json'}", *command]


def _beside(servers: OwnServers, folder: Path, seconds: float, freeze_s: float) -> None:
    """When the replay begins, start the peer; in the middle of the replay, freeze the core. SIGCONT comes anyway."""
    started = folder / "load" / "started.json"
    deadline = time.monotonic() + _START_S
    while not started.is_file():
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)
    begin = json.loads(started.read_text(encoding="utf-8"))["start_at"]
    with process(_peer(servers, folder, seconds), folder / "peer.log") as peer:
        time.sleep(max(begin + seconds / 2 - time.time(), 0.0))
        servers.core.freeze()
        try:
            time.sleep(freeze_s)
        finally:
            servers.core.thaw()
        with suppress(subprocess.TimeoutExpired):
            peer.wait(seconds + _START_S)


def _peer_ms(folder: Path) -> dict[str, float]:
    """The aggregated row of Locust's statistics."""
    path = folder / "peer_stats.csv"
    if not path.is_file():
        tail = (folder / "peer.log").read_text(encoding="utf-8", errors="replace").strip()[-600:]
        raise TargetUnreachable(f"the closed-loop peer did not run: {tail}")
    with path.open(encoding="utf-8", newline="") as lines:
        row = next(row for row in csv.DictReader(lines) if row["Name"] == "Aggregated")
    return {name: float(row[name]) for name in ("Request Count", "50%", "99%", "100%")}
