"""Where independent pieces of work are carried out: processes of this machine, or the workers of a Dask cluster.

Both give a `Pool` around a standard `concurrent.futures.Executor`. What is carried out must be a pure function of its
arguments, so that the result is the same wherever it was computed, and in whatever order.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Event
from typing import Any, Final, TypeVar

from scenarios.errors import TargetUnreachable, UsageError

POLL_S: Final = 0.5
_ANSWERS_WITHIN_S: Final = 10.0

Result = TypeVar("Result")

_shared: dict[str, Any] = {}
"""Set once in each worker process: the progress array and the stop event."""


@dataclass(frozen=True)
class Pool:
    """Workers. `told()` is what they have reported through `report`; `stop()` cancels what has not begun, asks what
    has begun to end early, and returns once no worker of this machine is busy."""

    executor: Executor
    told: Callable[[], int]
    stop: Callable[[], None]


@contextlib.contextmanager
def processes(jobs: int, pieces: int) -> Iterator[Pool]:
    """`jobs` processes of this machine for `pieces` pieces of work; SIGTERM counts as Ctrl-C meanwhile."""
    context = multiprocessing.get_context("spawn")
    progress, stop = context.Array("i", max(1, pieces)), context.Event()
    with (
        _terminate_like_interrupt(),
        ProcessPoolExecutor(
            max(1, min(jobs, pieces)), mp_context=context, initializer=_prepare_worker, initargs=(progress, stop)
        ) as executor,
    ):

        def end() -> None:
            stop.set()
            executor.shutdown(wait=True, cancel_futures=True)

        yield Pool(executor, lambda: sum(progress[:]), end)


@contextlib.contextmanager
def dask_workers(address: str) -> Iterator[Pool]:
    """The workers of the Dask scheduler at `address` (`tcp://host:8786`); they need the same omotwin installed.

    Raises `UsageError` where dask is not installed or the address is none, `TargetUnreachable` where no scheduler
    answers or it has no worker.
    """
    try:
        import distributed
    except ImportError:
        raise UsageError("--dask needs dask: pip install 'omotwin[cluster]'") from None
    connect: Any = distributed.Client
    try:
        client = connect(address, timeout=_ANSWERS_WITHIN_S, set_as_default=False)
    except OSError:
        raise TargetUnreachable(f"{address}: no Dask scheduler answers; `dask scheduler` starts one") from None
    except ValueError as error:
        raise UsageError(f"--dask {address}: {error}; an address looks like tcp://host:8786") from None
    with client, _terminate_like_interrupt():
        try:
            client.wait_for_workers(1, timeout=_ANSWERS_WITHIN_S)
        except TimeoutError:
            hint = f"`dask worker {address} --nthreads 1` adds one"
            raise TargetUnreachable(f"{address}: the Dask scheduler has no worker; {hint}") from None
        executor = client.get_executor(pure=False)
        yield Pool(executor, lambda: 0, lambda: executor.shutdown(wait=False))


def as_finished(futures: dict[Future[Result], int], tick: Callable[[], None]) -> Iterator[tuple[int, Future[Result]]]:
    """(number, future) of each piece once it is done, removing it from `futures`; `tick` is called twice a second."""
    while futures:
        done, _ = wait(futures, timeout=POLL_S, return_when="FIRST_COMPLETED")
        for future in done:
            yield futures.pop(future), future
        tick()


def report(slot: int, done: int) -> bool:
    """In a worker process: say how far piece `slot` is; False when it should end early or nobody waits for it."""
    _shared["progress"][slot] = done
    return not _shared["stop"].is_set() and os.getppid() == _shared["parent"]


def _prepare_worker(progress: SynchronizedArray[int], stop: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _shared.update(progress=progress, stop=stop, parent=os.getppid())


@contextlib.contextmanager
def _terminate_like_interrupt() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does while work is under way (main thread only)."""

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
