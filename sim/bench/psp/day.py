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
from typing import Any

from scenarios.errors import UsageError
from sim.bench.psp.audit import audit
from sim.bench.psp.log import DAY, write_shard
from sim.bench.psp.merchants import MERCHANTS
from sim.bench.psp.shard import shards, simulate
from sim.bench.psp.tills import serve, serve_actors
from sim.fan_out import as_finished, processes
from sim.log.run_directory import write_json

Watcher = Callable[[int, int], None]
"""Told (shards done, shards in all)."""


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
    totals = audit(directory, [piece.sums for piece in done.values()])
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
        **totals,
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
