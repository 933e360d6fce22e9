"""Runs: replications of scenarios fanned out over processes, with equal inputs never run twice.

Replication r of every scenario uses the streams of (seed, r), so that runs with the same seed are paired.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from scenarios.schema import Scenario
from sim.evaluation.measures import measure
from sim.laws import check
from sim.log.recorder import ParquetFiles
from sim.log.run_directory import (
    Request,
    begin,
    complete_run,
    finish,
    replication_path,
    write_json,
    write_progress,
)
from sim.streams import Streams
from sim.world import World

Watcher = Callable[[int, int], None]
"""Told (days done, days in all) about twice a second."""

_POLL_S = 0.5


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; `paths` are the partial runs that were kept."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__("interrupted")
        self.paths = list(paths)


@dataclass(frozen=True)
class _Task:
    """One replication to be run: `slot` is its place in the shared progress array."""

    scenario: Scenario
    seed: int
    replication: int
    directory: Path
    slot: int


_shared: dict[str, Any] = {}
"""Set once in each worker process: the progress array and the stop event."""


def run(
    requests: Sequence[Request],
    root: Path,
    jobs: int | None = None,
    force: bool = False,
    watch: Watcher | None = None,
) -> list[Path]:
    """Run what has not been run yet; returns the run directory of each request, in order.

    Ctrl-C or SIGTERM keeps what is finished, at the last complete day, and raises `Interrupted`. A broken law raises
    `LawViolated` and leaves the run marked as failed.
    """
    root.mkdir(parents=True, exist_ok=True)
    todo = list({r.hash: r for r in requests if force or complete_run(root, r) is None}.values())
    if todo:
        _run_all(todo, root, jobs or os.cpu_count() or 1, watch)
    return [root / request.name for request in requests]


def run_replication(scenario: Scenario, seed: int, replication: int, directory: Path) -> Iterator[int]:
    """Run one replication into `directory`, yielding the number of days done; then check its laws and measure it."""
    files = ParquetFiles(directory)
    try:
        world = World(scenario, Streams(seed, replication), files)
        with contextlib.closing(world.run()) as days:  # its last rows must be written before the files are closed
            for day in days:
                yield day.index + 1
    finally:
        files.close()
    check(directory)
    write_json(directory / "summary.json", measure(directory, scenario))


def _run_all(requests: Sequence[Request], root: Path, jobs: int, watch: Watcher | None) -> None:
    working = {request.name: begin(root, request) for request in requests}
    for directory in working.values():
        write_progress(directory, 0, 1, "starting")
    tasks: list[_Task] = []
    owners: list[Request] = []
    for replication in range(max(request.replications for request in requests)):
        for request in requests:
            if replication < request.replications:
                path = replication_path(working[request.name], replication)
                tasks.append(_Task(request.loaded.scenario, request.seed, replication, path, len(tasks)))
                owners.append(request)
    total = sum(task.scenario.horizon.days for task in tasks)
    context = multiprocessing.get_context("spawn")
    progress = context.Array("i", len(tasks))
    stop = context.Event()
    with (
        _terminate_like_interrupt(),
        ProcessPoolExecutor(
            min(jobs, len(tasks)), mp_context=context, initializer=_prepare_worker, initargs=(progress, stop)
        ) as pool,
    ):
        futures = [pool.submit(_work, task) for task in tasks]
        try:
            _watch(futures, progress, total, list(working.values()), watch)
        except BaseException as error:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            kept = [_conclude(root, r, owners, futures, tasks) for r in requests]
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(kept) from None
            raise
    for request in requests:
        _conclude(root, request, owners, futures, tasks)


def _watch(
    futures: Sequence[Future[bool]],
    progress: SynchronizedArray[int],
    total: int,
    directories: Sequence[Path],
    watch: Watcher | None,
) -> None:
    pending: set[Future[bool]] = set(futures)
    while pending:
        done, pending = wait(pending, timeout=_POLL_S)
        days = sum(progress[:])
        if watch is not None:
            watch(days, total)
        for directory in directories:
            write_progress(directory, days, total, "running" if pending else "finished")
        for future in done:
            future.result()


def _conclude(
    root: Path, request: Request, owners: Sequence[Request], futures: Sequence[Future[bool]], tasks: Sequence[_Task]
) -> Path:
    mine = [(f, task) for f, task, owner in zip(futures, tasks, owners, strict=True) if owner is request]
    finished = [task.replication for f, task in mine if _succeeded(f)]
    errors = [f.exception() for f, _ in mine if f.done() and not f.cancelled() and f.exception()]
    if errors:
        return finish(root, request, "failed", finished, str(errors[0]))
    complete = len(finished) == request.replications
    note = "" if complete else "interrupted: replications that are not listed as finished end at their last whole day"
    return finish(root, request, "complete" if complete else "interrupted", finished, note)


def _succeeded(future: Future[bool]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None and future.result()


def _prepare_worker(progress: SynchronizedArray[int], stop: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _shared.update(progress=progress, stop=stop, parent=os.getppid())


def _work(task: _Task) -> bool:
    """Run one replication in a worker; False when it was told to stop, or its parent is gone, before the end."""
    for done in run_replication(task.scenario, task.seed, task.replication, task.directory):
        _shared["progress"][task.slot] = done
        if _shared["stop"].is_set() or os.getppid() != _shared["parent"]:
            return False
    return True


@contextlib.contextmanager
def _terminate_like_interrupt() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does while a run is under way (main thread only)."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
