"""How many durable payments a second this machine carries, end to end: replayed trace, core, PostgreSQL."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loadtest.audit.verdict import audit
from loadtest.bench.sales import till_sales
from loadtest.load import Options, run_load
from loadtest.trace_schema import write_trace

TARGET_PER_S: Final = 3000.0
P99_MS: Final = 60.0
WARM_UP_S: Final = 2.0
ACTIONS: Final = ("order", "pay")
_ROLES: Final = {"locustfile.py": "generator", "core serve": "core", "psp serve": "psp", "postgres": "postgresql"}
"""A part of the command line, and whose it is."""

Tell = Callable[[int, int], None]


def measure_endtoend(rates: Sequence[float], seconds: float, workers: int, tell: Tell) -> dict[str, Any]:
    """Sales in cash at each of `rates` (payments a second, ascending) for `seconds`, until a step fails.

    A step is steady when the load run is valid, the 99th percentile of all its calls is below 60 ms from their
    intended start, and the audit of its books is clean. Each has a core and a database of its own, and commits are
    durable. `durable_payments_per_s` is what the highest steady step captured, 0 where none was steady.
    `cpu_ms_per_payment` says where a step's CPU time went, `cpu_bound_per_s` how many payments all cores could carry
    at that price with nothing else to do.
    """
    steps: list[dict[str, Any]] = []
    for number, rate in enumerate(rates):
        steps.append(_step(rate, seconds, workers))
        tell(number + 1, len(rates))
        if steps[-1]["interrupted"] or not steps[-1]["steady"]:
            break
    steady = [step["payments_per_s"] for step in steps if step["steady"]]
    return {
        "durable_payments_per_s": max(steady, default=0.0),
        "target_per_s": TARGET_PER_S,
        "p99_limit_ms": P99_MS,
        "steps": steps,
        "cores": os.cpu_count(),
        "platform": platform.platform(),
    }


@dataclass
class _Usage:
    """CPU seconds of the processes of a load run, by role, at the first and the last look."""

    first: tuple[float, Mapping[str, float]] | None = None
    last: tuple[float, Mapping[str, float]] = (0.0, {})

    def look(self, done_s: float, _: float) -> None:
        """Told of the progress several times a second; looks once a second, from the end of the warm-up."""
        if done_s >= self.last[0] + 1.0 and done_s >= WARM_UP_S:
            self.last = (done_s, _cpu_s())
            self.first = self.first or self.last

    def ms_per_payment(self, load: Path) -> dict[str, float]:
        """CPU milliseconds for each payment captured between the looks; nothing where there were none."""
        if self.first is None:
            return {}
        history = pq.read_table(load / "client_history.parquet", columns=["action", "detail", "answered_s"])
        at_s = history.filter((pc.field("action") == "pay") & (pc.field("detail") == "captured"))["answered_s"]
        (start_s, before), (end_s, after) = self.first, self.last
        payments = int(np.sum((at_s.to_numpy() > start_s) & (at_s.to_numpy() <= end_s)))
        return {role: 1000.0 * (cpu_s - before.get(role, 0.0)) / payments for role, cpu_s in after.items() if payments}


def _cpu_s() -> dict[str, float]:
    used: dict[str, float] = {}
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            role = next((role for mark, role in _ROLES.items() if mark in " ".join(child.cmdline())), "other")
            used[role] = used.get(role, 0.0) + sum(child.cpu_times()[:2])
    return used


def _step(rate: float, seconds: float, workers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="omo-bench-") as folder:
        trace, load = Path(folder) / "trace", Path(folder) / "load"
        write_trace(till_sales(rate, WARM_UP_S + seconds, ACTIONS), trace)
        usage = _Usage()
        result = run_load(Options(trace, load, workers=workers, warm_up_s=WARM_UP_S), usage.look)
        books = audit(load)
        cpu_ms = usage.ms_per_payment(load)
    broken = [verdict.law.name for verdict in books.verdicts if verdict.broken]
    p99_ms = result["latency_ms"].get("all", {}).get("p99", 0.0)
    return {
        "offered_payments_per_s": rate,
        "steady": result["valid"] and p99_ms < P99_MS and books.is_clean(),
        "payments_per_s": round(result["payments_per_s"], 1),
        "p50_ms": result["latency_ms"].get("all", {}).get("p50", 0.0),
        "p99_ms": p99_ms,
        "lag_p99_ms": result["lag_ms"]["p99"],
        "cpu_ms_per_payment": {role: round(value, 4) for role, value in cpu_ms.items()},
        "cpu_bound_per_s": round(1000.0 * (os.cpu_count() or 1) / sum(cpu_ms.values())) if cpu_ms else None,
        "invalid_because": result["reasons"],
        "laws_broken": broken,
        "interrupted": result["state"] == "interrupted",
    }
