"""Runs: replications of scenarios fanned out over processes, with equal inputs never run twice.

Replication r of every scenario uses the streams of (seed, r), so that runs with the same seed are paired.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path

from scenarios.errors import OmoError, TargetUnreachable, UsageError
from scenarios.schema import Scenario
from sim.evaluation.measures import measure
from sim.fan_out import Pool, as_finished, dask_workers, processes, report
from sim.laws import check
from sim.log.recorder import ParquetFiles
from sim.log.run_directory import (
    Inheritance,
    Request,
    begin,
    complete_run,
    finish,
    inherit,
    inheritance,
    replication_path,
    versions,
    write_json,
    write_progress,
)
from sim.payments.settlement import settle
from sim.streams import Streams
from sim.world import World

Watcher = Callable[[int, int], None]
"""Told (days done, days in all) about twice a second."""

Files = dict[str, bytes]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; `paths` are the partial runs that were kept."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__("interrupted")
        self.paths = list(paths)


@dataclass(frozen=True)
class _Task:
    """One replication to be run into `directory`."""

    request: Request
    replication: int
    directory: Path

    @property
    def days(self) -> int:
        return self.request.loaded.scenario.horizon.days


@dataclass
class _Batch:
    """Tasks, by number, and how they ended so far; and what each run had from an earlier one."""

    tasks: list[_Task]
    left: dict[str, Inheritance]
    finished: set[int] = field(default_factory=set)
    errors: dict[int, BaseException] = field(default_factory=dict)


def run(
    requests: Sequence[Request],
    root: Path,
    jobs: int | None = None,
    force: bool = False,
    watch: Watcher | None = None,
    dask: str | None = None,
) -> list[Path]:
    """Run what has not been run yet; returns the run directory of each request, in order.

    Replications run in `jobs` processes of this machine (all cores when None), or on the workers of the Dask scheduler
    at address `dask`; the files are the same to the byte, and this process writes them.

    Ctrl-C or SIGTERM keeps what is finished, at the last complete day, and raises `Interrupted`. A broken law raises
    `LawViolated` and leaves the run marked as failed.
    """
    root.mkdir(parents=True, exist_ok=True)
    todo = list({r.hash: r for r in requests if force or complete_run(root, r) is None}.values())
    if todo:
        _run_all(todo, root, jobs or os.cpu_count() or 1, force, watch, dask)
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
    settle(directory, scenario, world.streams)
    check(directory)
    write_json(directory / "summary.json", measure(directory, scenario))


def _run_all(
    requests: Sequence[Request], root: Path, jobs: int, force: bool, watch: Watcher | None, dask: str | None
) -> None:
    left = {request.name: Inheritance(root, []) if force else inheritance(root, request) for request in requests}
    count = sum(request.replications - len(left[request.name].replications) for request in requests)
    with dask_workers(dask) if dask else processes(jobs, count) as pool:
        working = {request.name: begin(root, request) for request in requests}
        for request in requests:
            write_progress(working[request.name], 0, 1, "starting")
            inherit(root, request, left[request.name])
        batch = _Batch(_in_turns(requests, working, left), left)
        try:
            _carry_out(batch, pool, list(working.values()), watch, dask)
        except BaseException as error:
            kept = [_conclude(root, request, batch) for request in requests]
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted(kept) from None
            raise
    for request in requests:
        _conclude(root, request, batch)


def _in_turns(requests: Sequence[Request], working: dict[str, Path], left: dict[str, Inheritance]) -> list[_Task]:
    """Replication 0 of all requests, then replication 1, ...: pairs are complete as early as can be."""
    return [
        _Task(request, replication, replication_path(working[request.name], replication))
        for replication in range(max(request.replications for request in requests))
        for request in requests
        if replication < request.replications and replication not in left[request.name].replications
    ]


def _carry_out(batch: _Batch, pool: Pool, directories: Sequence[Path], watch: Watcher | None, dask: str | None) -> None:
    total = sum(task.days for task in batch.tasks)

    def tick() -> None:
        days = max(pool.told(), sum(batch.tasks[number].days for number in batch.finished))
        if watch is not None:
            watch(days, total)
        for directory in directories:
            write_progress(directory, days, total, "running" if futures else "finished")

    futures = {_submit(pool, number, task, dask): number for number, task in enumerate(batch.tasks)}
    try:
        for number, future in as_finished(futures, tick):
            _take_in(batch, number, future, dask)
    except BaseException:
        pool.stop()
        for future, number in futures.items():
            if future.done() and not future.cancelled():
                with contextlib.suppress(Exception):  # noted; what ended the batch is what is told
                    _take_in(batch, number, future, dask)
        raise


def _submit(pool: Pool, number: int, task: _Task, dask: str | None) -> Future[bool | Files]:
    if dask is None:
        return pool.executor.submit(_work_here, number, task)
    return pool.executor.submit(_work_there, task.request, task.replication, _fingerprint(task.request))


def _take_in(batch: _Batch, number: int, future: Future[bool | Files], dask: str | None) -> None:
    """Note how a task ended, raising its error; what a worker elsewhere sent is written where the task wants it."""
    try:
        result = future.result()
    except CancelledError:
        batch.errors[number] = TargetUnreachable(f"{dask}: the Dask scheduler has gone away")
        raise batch.errors[number] from None
    except Exception as error:  # noqa: BLE001, it is raised again, with the words of whoever reads it
        foreign = dask is not None and not isinstance(error, OmoError)
        what = f"{dask}: a worker failed: {type(error).__name__}: {error}"
        batch.errors[number] = OmoError(what) if foreign else error
        raise batch.errors[number] from None
    else:
        if isinstance(result, dict):
            directory = batch.tasks[number].directory
            directory.mkdir(parents=True)
            for name, content in result.items():
                (directory / name).write_bytes(content)
        if result:
            batch.finished.add(number)


def _conclude(root: Path, request: Request, batch: _Batch) -> Path:
    mine = [number for number, task in enumerate(batch.tasks) if task.request is request]
    run_now = [batch.tasks[number].replication for number in mine if number in batch.finished]
    finished = sorted(batch.left[request.name].replications + run_now)
    errors = [batch.errors[number] for number in mine if number in batch.errors]
    if errors:
        return finish(root, request, "failed", finished, str(errors[0]))
    complete = len(finished) == request.replications
    note = "" if complete else "interrupted: replications that are not listed as finished end at their last whole day"
    return finish(root, request, "complete" if complete else "interrupted", finished, note)


def _work_here(number: int, task: _Task) -> bool:
    """Run one replication in a process of this machine; False when it was told to stop before the end."""
    request = task.request
    replication = run_replication(request.loaded.scenario, request.seed, task.replication, task.directory)
    return all(report(number, done) for done in replication)


def _work_there(request: Request, replication: int, fingerprint: str) -> Files:
    """Run one replication in a Dask worker, on a disk of its own; the content of each file.

    Raises `UsageError` where the worker would compute something else than whoever asks.
    """
    if _fingerprint(request) != fingerprint:
        raise UsageError(
            "a Dask worker has another version of omotwin or of its libraries: install the same everywhere"
        )
    with tempfile.TemporaryDirectory() as folder:
        for _ in run_replication(request.loaded.scenario, request.seed, replication, Path(folder)):
            pass
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _fingerprint(request: Request) -> str:
    """Everything that decides the bytes of a replication: inputs, code and libraries."""
    return f"{request.hash} {versions()}"
