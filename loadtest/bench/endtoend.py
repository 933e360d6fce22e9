"""How many durable payments a second this machine carries, end to end: replayed trace, core, PostgreSQL."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from loadtest.audit.verdict import audit
from loadtest.bench.sales import till_sales
from loadtest.load import Options, run_load
from loadtest.trace_schema import write_trace

TARGET_PER_S: Final = 3000.0
P99_MS: Final = 60.0
WARM_UP_S: Final = 2.0
ACTIONS: Final = ("order", "pay")

Tell = Callable[[int, int], None]


def measure_endtoend(rates: Sequence[float], seconds: float, workers: int, tell: Tell) -> dict[str, Any]:
    """Sales in cash at each of `rates` (payments a second, ascending) for `seconds`, until a step fails.

    A step is steady when the load run is valid, the 99th percentile of all its calls is below 60 ms from their
    intended start, and the audit of its books is clean. Each has a core and a database of its own, and commits are
    durable. `durable_payments_per_s` is what the highest steady step captured, 0 where none was steady.
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


def _step(rate: float, seconds: float, workers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="omo-bench-") as folder:
        trace, load = Path(folder) / "trace", Path(folder) / "load"
        write_trace(till_sales(rate, WARM_UP_S + seconds, ACTIONS), trace)
        result = run_load(Options(trace, load, workers=workers, warm_up_s=WARM_UP_S), lambda *_: None)
        books = audit(load)
    broken = [verdict.law.name for verdict in books.verdicts if verdict.broken]
    p99_ms = result["latency_ms"].get("all", {}).get("p99", 0.0)
    return {
        "offered_payments_per_s": rate,
        "steady": result["valid"] and p99_ms < P99_MS and books.is_clean(),
        "payments_per_s": round(result["payments_per_s"], 1),
        "p50_ms": result["latency_ms"].get("all", {}).get("p50", 0.0),
        "p99_ms": p99_ms,
        "lag_p99_ms": result["lag_ms"]["p99"],
        "generator_cpu": [round(note["cpu_share"], 3) for note in result["generators"]],
        "invalid_because": result["reasons"],
        "laws_broken": broken,
        "interrupted": result["state"] == "interrupted",
    }
