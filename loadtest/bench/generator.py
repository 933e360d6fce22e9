"""What a request costs the generator: our replay against a Locust user written by hand, on the same trivial target."""

from __future__ import annotations

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from loadtest.bench.sales import till_sales
from loadtest.servers import free_port, process
from loadtest.spool import to_parquet
from loadtest.trace_schema import write_trace
from scenarios.errors import TargetUnreachable

TARGET_RATIO: Final = 1.5
ACTIONS: Final = ("product", "order", "pay")
_USERS: Final = 32
_ROOM: Final = Path(__file__).parent
_START_S: Final = 30.0
_LIMIT_S: Final = 120.0

Tell = Callable[[int, int], None]


def measure_generator(rounds: int, seconds: float, sales_per_s: float, tell: Tell) -> dict[str, Any]:
    """Requests per CPU second of the generator process, ours and the peer's, taking turns; the ratio's median.

    Ours replays open loop with latency from the intended start and the whole history for the audit; the peer runs
    closed loop and keeps Locust's statistics alone. Both send as many requests; process start and reading the trace are
    outside.
    """
    ours: list[dict[str, float]] = []
    peers: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="omo-bench-") as folder, _hello(Path(folder)) as url:
        trace = Path(folder) / "trace"
        sales = till_sales(sales_per_s, seconds, ACTIONS)
        requests = len(sales.steps)
        write_trace(sales, trace)
        for turn in range(rounds):
            place = Path(folder) / str(turn)
            place.mkdir()
            if turn % 2:
                peers.append(_peer(url, place, requests))
            ours.append(_ours(trace, url, place / "load"))
            if turn % 2 == 0:
                peers.append(_peer(url, place, requests))
            tell(turn + 1, rounds)
    ratios = [mine["per_cpu_s"] / other["per_cpu_s"] for mine, other in zip(ours, peers, strict=True)]
    return {
        "ratio": statistics.median(ratios),
        "target_ratio": TARGET_RATIO,
        "ratios": [round(ratio, 3) for ratio in ratios],
        "requests_per_cpu_s": statistics.median(run["per_cpu_s"] for run in ours),
        "fast_http_user_per_cpu_s": statistics.median(run["per_cpu_s"] for run in peers),
        "requests_per_s": statistics.median(run["requests"] / run["wall_s"] for run in ours),
        "lag_p99_ms": statistics.median(run["lag_p99_ms"] for run in ours),
        "history_rows": int(sum(run["rows"] for run in ours)),
        "rounds": rounds,
        "cores": os.cpu_count(),
        "platform": platform.platform(),
    }


@contextmanager
def _hello(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "loadtest.bench.hello", str(port)]
    with process(command, folder / "hello.log") as child:
        deadline = time.monotonic() + _START_S
        while not _listens(port):
            if child.poll() is not None or time.monotonic() > deadline:
                raise TargetUnreachable(f"the trivial server did not start: {_end_of(folder / 'hello.log')}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ours(trace: Path, url: str, load: Path) -> dict[str, float]:
    load.mkdir()
    keys = load / "keys.json"
    keys.write_text(json.dumps(dict.fromkeys(("till", "app", "back_office"), "key")), encoding="utf-8")
    command = ["-f", str(_ROOM.parent / "locustfile.py"), "--headless", "--only-summary", "--host", url]
    command += ["--trace", str(trace), "--keys-file", str(keys), "--load-dir", str(load), "--run-id", "load"]
    _locust(command, load / "locust.log")
    rows = to_parquet(sorted((load / "spool").glob("*.jsonl")), load / "history.parquet")
    history = pq.read_table(load / "history.parquet", columns=["sent_s", "ready_s", "attempts", "outcome"])
    if bad := int(np.sum(history["outcome"].to_numpy() != "ok")):
        raise TargetUnreachable(f"{bad} of {rows} requests of the replay failed")
    lag_s = history["sent_s"].to_numpy() - history["ready_s"].to_numpy()
    note = json.loads((load / "spool" / "000.done.json").read_text(encoding="utf-8"))
    requests = float(np.sum(history["attempts"].to_numpy()))
    return {
        "per_cpu_s": requests / (note["cpu_share"] * note["wall_s"]),
        "requests": requests,
        "wall_s": note["wall_s"],
        "lag_p99_ms": 1000.0 * float(np.quantile(lag_s, 0.99)),
        "rows": rows,
    }


def _peer(url: str, place: Path, requests: int) -> dict[str, float]:
    note = place / "peer.json"
    command = ["-f", str(_ROOM / "plain_user.py"), "--headless", "--only-summary", "--host", url]
    command += ["--users", str(_USERS), "--spawn-rate", str(_USERS)]
    _locust(command, place / "peer.log", {"OMO_BENCH_NOTE": str(note), "OMO_BENCH_REQUESTS": str(requests)})
    found = json.loads(note.read_text(encoding="utf-8"))
    if found["failures"]:
        raise TargetUnreachable(f"{found['failures']} requests of the plain Locust user failed")
    return {"per_cpu_s": found["requests"] / found["cpu_s"], "requests": found["requests"]}


def _locust(arguments: Sequence[str], log: Path, extra: dict[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "locust", *arguments, "--loglevel", "WARNING"]
    with process(command, log, extra) as child:
        try:
            code = child.wait(_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise TargetUnreachable(f"Locust did not end: {_end_of(log)}") from None
    if code:
        raise TargetUnreachable(f"Locust ended with code {code}: {_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace").strip()[-600:] or "no output"
