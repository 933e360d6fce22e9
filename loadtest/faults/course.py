"""Carries a timetable of faults out against the servers of a run, and writes down what really happened and when."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from loadtest.faults.timetable import (
    AnyFault,
    KillCore,
    KillPostgres,
    PauseCore,
    PspDeclines,
    PspOutage,
    PspSlow,
    PspTimeOuts,
    PspWebhooks,
    lane,
)
from loadtest.own_system import OwnServers
from scenarios.errors import OmoError

FILE: Final = "faults.json"
SCHEMA: Final = "omo.faults-done/1"


@dataclass(frozen=True)
class Happened:
    """One fault as it was: seconds after the replay's first step; None where it never began or ended.

    `outcome`: `over`, `cut_short` (the replay ended first), `not_reached`, or `failed` with `why`.
    """

    action: str
    settings: Mapping[str, Any]
    planned_s: float
    began_s: float | None = None
    ended_s: float | None = None
    outcome: str = "not_reached"
    why: str = ""


class Course:
    """The faults of one run. `begin` when the replay begins, `end` when it has ended; `pool` must outlive the servers.

    Each fault has a thread of `pool`, for a PostgreSQL ends with the thread that started it.
    """

    def __init__(self, faults: Sequence[AnyFault], servers: OwnServers, pool: ThreadPoolExecutor) -> None:
        self._faults = faults
        self._servers = servers
        self._pool = pool
        self._over = threading.Event()
        self._locks = {lane(fault): threading.Lock() for fault in faults}
        self._running: list[Future[Happened]] = []

    def begin(self, start_at: float) -> None:
        """The replay's first step is due at `start_at` (unix time). Only the first call counts."""
        if not self._running:
            zero = time.monotonic() + start_at - time.time()
            self._running = [self._pool.submit(self._carry_out, fault, zero) for fault in self._faults]

    def is_over(self) -> bool:
        """Whether every fault has come and gone."""
        return bool(self._running) and all(future.done() for future in self._running)

    def end(self) -> list[Happened]:
        """No more faults; those under way are ended, so that everything is up again."""
        self._over.set()
        if not self._running:
            return [_planned(fault) for fault in self._faults]
        return [future.result() for future in self._running]

    def _carry_out(self, fault: AnyFault, zero: float) -> Happened:
        plan = _planned(fault)
        if self._over.wait(max(zero + fault.at_s - time.monotonic(), 0.0)):
            return plan
        began_s: float | None = None
        try:
            with self._locks[lane(fault)]:
                began_s = time.monotonic() - zero
                with _under(fault, self._servers):
                    cut = self._over.wait(fault.seconds)
            outcome, why = "cut_short" if cut else "over", ""
        except (OmoError, OSError, KeyboardInterrupt) as error:
            outcome, why = "failed", str(error)[:300] or type(error).__name__
        return Happened(plan.action, plan.settings, plan.planned_s, began_s, time.monotonic() - zero, outcome, why)


def _planned(fault: AnyFault) -> Happened:
    settings = {name: value for name, value in fault.model_dump().items() if value is not None}
    return Happened(settings.pop("action"), settings, settings.pop("at_s"))


@contextmanager
def _under(fault: AnyFault, servers: OwnServers) -> Iterator[None]:
    """The fault holds inside the `with` block; behind it the process is back and ready, or the setting as before."""
    match fault:
        case KillCore():
            servers.core.kill()
            yield
            servers.core.restart()
        case PauseCore():
            servers.core.freeze()
            try:
                yield
            finally:
                servers.core.thaw()
        case KillPostgres():
            assert servers.postgres is not None
            servers.postgres.kill()
            yield
            servers.postgres.recover()
        case _:
            servers.psp_behaves(**_behaviour(fault, servers))
            try:
                yield
            finally:
                servers.psp_behaves(**_as_before(fault, servers))


def _behaviour(fault: AnyFault, servers: OwnServers) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    match fault:
        case PspSlow():
            settings = {"latency_ms": servers.provider.latency_ms * fault.factor}
        case PspDeclines():
            settings = {"decline": fault.share}
        case PspTimeOuts():
            settings = {"timeout_before": fault.before, "timeout_after": fault.after}
        case PspOutage():
            settings = {"outage": True}
        case PspWebhooks():
            settings = {"duplicate_webhooks": fault.duplicates, "delayed_webhooks": fault.delayed}
            return settings | {"webhook_delay_ms": 1000.0 * fault.delay_s}
    brand = getattr(fault, "brand", None)
    return {"brands": {brand: settings}} if brand else settings


def _as_before(fault: AnyFault, servers: OwnServers) -> dict[str, Any]:
    if getattr(fault, "brand", None):
        return {"brands": {}}
    before = {**asdict(servers.provider), "outage": False}
    return {name: before[name] for name in _behaviour(fault, servers)}


def write_faults(happened: Sequence[Happened], directory: Path) -> None:
    """Write `faults.json`."""
    document = {"schema": SCHEMA, "survived": survived(happened), "faults": [asdict(each) for each in happened]}
    (directory / FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def survived(happened: Sequence[Happened]) -> dict[str, int]:
    """Action -> how many began and were ended again."""
    return dict(sorted(Counter(each.action for each in happened if each.outcome in ("over", "cut_short")).items()))


def problems(happened: Sequence[Happened]) -> list[str]:
    """Why a run with these faults may not be quoted: something did not come back."""
    return [
        f"{each.action} planned for second {each.planned_s:g} failed: {each.why}"
        for each in happened
        if each.outcome == "failed"
    ]


def read_survived(load: Path) -> dict[str, int] | None:
    """What the load directory `load` survived; None where it was run without faults."""
    path = load / FILE
    if not path.is_file():
        return None
    counts: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["survived"]
    return counts
