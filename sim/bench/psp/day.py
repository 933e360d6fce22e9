"""The provider's day over all its shards: fanned out over processes, and audited from its files at the end."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import duckdb
import numpy as np

from scenarios.errors import LawViolated, UsageError
from sim.bench.psp.log import DAY, write_shard
from sim.bench.psp.merchants import MERCHANTS
from sim.bench.psp.shard import shards, simulate
from sim.bench.psp.tills import serve, serve_actors
from sim.fan_out import as_finished, processes
from sim.log.run_directory import write_json

Watcher = Callable[[int, int], None]
"""Told (shards done, shards in all)."""

_AUDIT_MEMORY: Final = "512MB"


@dataclass(frozen=True)
class Done:
    """A shard that is written: its sums, and the process that made it with its highest resident memory so far."""

    sums: dict[str, Any]
    process: int
    peak_bytes: int


def simulate_day(
    directory: Path,
    share: float = 1.0,
    jobs: int | None = None,
    seed: int = 1,
    watch: Watcher | None = None,
    actors: bool = False,
) -> dict[str, Any]:
    """Simulate the first `share` of the merchants into `directory`; the figures, which are also left as `day.json`.

    With `actors` the tills run in the engine's event loop, else as a recursion over their customers: the same bytes.

    Every shard is written by one process, whichever comes first: the bytes are the same for any number of `jobs`.
    Ctrl-C or SIGTERM keeps the shards that are whole; `state` then says `interrupted`. Raises `UsageError` where the
    folder already holds a day and `LawViolated` where the files do not add up.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise UsageError(f"{directory}: not empty; choose a new folder for the day, or remove this one")
    merchants = max(1, round(MERCHANTS * share))
    count = shards(merchants)
    jobs = min(jobs or os.cpu_count() or 1, count)
    started_s = perf_counter()
    done: dict[int, Done] = {}
    with processes(jobs, count) as pool:
        futures = {pool.executor.submit(_work, directory, seed, n, merchants, actors): n for n in range(count)}
        try:
            for number, future in as_finished(futures, lambda: watch(len(done), count) if watch else None):
                done[number] = future.result()
        except KeyboardInterrupt:
            pool.stop()
            done |= {n: future.result() for future, n in futures.items() if _has_result(future)}
    simulated_s = perf_counter() - started_s
    audit = _audit(directory, [piece.sums for piece in done.values()])
    figures = {
        "state": "complete" if len(done) == count else "interrupted",
        "day": DAY.isoformat(),
        "seed": seed,
        "share": share,
        "merchants": merchants,
        "shards": count,
        "shards_finished": len(done),
        "jobs": jobs,
        "tills": "actors" if actors else "recursion",
        **audit,
        "simulated_s": simulated_s,
        "total_s": perf_counter() - started_s,
        **_memory(list(done.values())),
        "bytes_written": sum(path.stat().st_size for path in directory.glob("*.parquet")),
    }
    figures["payments_per_s"] = figures["payments"] / figures["total_s"]
    write_json(directory / "day.json", {"schema": "omo.psp-day/1", **figures})
    return figures


def _work(directory: Path, seed: int, number: int, merchants: int, actors: bool) -> Done:
    shard = simulate(seed, number, merchants, serve_actors if actors else serve)
    sums = write_shard(shard, number, directory)
    return Done(sums, os.getpid(), _peak_bytes())


def _has_result(future: Future[Done]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _memory(done: list[Done]) -> dict[str, int]:
    """Highest resident memory: of the busiest worker, and over all processes if all had theirs at one moment."""
    of_worker: dict[int, int] = {}
    for piece in done:
        of_worker[piece.process] = max(of_worker.get(piece.process, 0), piece.peak_bytes)
    workers = list(of_worker.values()) or [0]
    return {"peak_worker_bytes": max(workers), "peak_bytes": sum(workers) + _peak_bytes()}


def _audit(directory: Path, sums: list[dict[str, Any]]) -> dict[str, Any]:
    """Read all rows back and hold them against what the shards say and against each other; the day's totals.

    Raises `LawViolated` naming the first sum that does not hold.
    """
    if not sums:
        return {"payments": 0}
    with duckdb.connect(config={"memory_limit": _AUDIT_MEMORY, "threads": 2}) as db:
        events = db.execute(
            "select kind::varchar, floor(time_s / 3600)::int as hour, count(*), sum(amount_yen)::bigint "
            f"from '{directory}/events-*.parquet' group by 1, 2"
        ).fetchall()
        entries = db.execute(
            "select entry::varchar, count(*), sum(amount_yen)::bigint, sum(fee_yen)::bigint "
            f"from '{directory}/settlements-*.parquet' group by 1"
        ).fetchall()
    count = {kind: sum(n for k, _, n, _ in events if k == kind) for kind in {row[0] for row in events}}
    yen = {kind: sum(amount for k, _, _, amount in events if k == kind) for kind in count}
    due = {entry: (n, amount, fee) for entry, n, amount, fee in entries}
    none = (0, 0, 0)
    stated = {key: sum(shard[key] for shard in sums) for key in ("payers", "came_to_pay", "event_rows")}
    _agree(
        {
            "payers = left the queue + came to pay": (
                count["arrive"],
                count.get("renege", 0) + stated["came_to_pay"],
            ),
            "payments = captured + failed": (stated["came_to_pay"], count["captured"] + count.get("failed", 0)),
            "attempts = captured + declined + timed out": (
                count["attempt"],
                count["captured"] + count.get("declined", 0) + count.get("timed_out", 0),
            ),
            "rows written = rows read": (stated["event_rows"], sum(count.values())),
            "captures logged = captures due": (count["captured"], due["capture"][0]),
            "yen captured = yen due": (yen["captured"], due["capture"][1]),
            "late captures are given back": (due.get("late_capture", none)[1:], _negative(due.get("refund", none)[1:])),
        }
    )
    _agree(_hourly_laws(events, sums))
    return {
        "payers": count["arrive"],
        "payers_in_stores": sum(shard["in_stores"] for shard in sums),
        "stores": sum(shard["stores"] for shard in sums),
        "left_the_queue": count.get("renege", 0),
        "payments": stated["came_to_pay"],
        "captured": count["captured"],
        "failed": count.get("failed", 0),
        "attempts": count["attempt"],
        "captured_yen": yen["captured"],
        "fees_yen": sum(fee for _, _, fee in due.values()),
        "event_rows": sum(count.values()),
        "settlement_rows": sum(n for n, _, _ in due.values()),
        "busiest_hour_attempts_per_s": max(
            sum(n for k, h, n, _ in events if k == "attempt" and h == hour) for hour in range(24)
        )
        / 3600,
        "laws_hold": True,
    }


def _hourly_laws(events: list[tuple[Any, ...]], sums: list[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
    """Each kind's count and the captured yen, hour by hour: in the files, and as the shards had them in memory."""
    laws: dict[str, tuple[Any, Any]] = {}
    for kind in sums[0]["by_hour"]:
        stated = np.sum([shard["by_hour"][kind] for shard in sums], axis=0)
        read = np.zeros_like(stated)
        for k, hour, n, _ in events:
            if k == kind:
                read[min(hour, len(read) - 1)] += n
        laws[f"{kind} by hour"] = (read.tolist(), stated.tolist())
    stated = np.sum([shard["captured_yen"] for shard in sums], axis=0)
    read = np.zeros_like(stated)
    for k, hour, _, amount in events:
        if k == "captured":
            read[min(hour, len(read) - 1)] += amount
    laws["captured yen by hour"] = (read.tolist(), stated.tolist())
    return laws


def _negative(values: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-value for value in values)


def _agree(laws: dict[str, tuple[Any, Any]]) -> None:
    for law, (one, other) in laws.items():
        if one != other:
            raise LawViolated(f"{law}: {one} against {other}")
