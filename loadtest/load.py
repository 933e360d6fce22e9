"""One load run: start what is needed, replay, reconcile, keep the books, measure, stop everything."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from loadtest.faults.course import Course, Happened, problems, survived, write_faults
from loadtest.faults.timetable import AnyFault, KillPostgres
from loadtest.own_system import Setup, own_servers
from loadtest.result import Setting, measure
from loadtest.servers import Faults, free_port, process
from loadtest.spool import to_parquet
from loadtest.targets.choose import is_core, system_of
from loadtest.targets.core_system import CoreSystem
from loadtest.targets.protocol import System
from loadtest.trace_schema import Trace, read_trace
from scenarios.errors import TargetUnreachable, UsageError

SCHEMA: Final = "omo.load/1"
_PATIENCE_S: Final = 300.0
"""How long after the trace's end a replay may still be waiting for answers before it is ended."""

Tell = Callable[[float, float], None]
"""Told how many seconds of how many have been replayed."""


@dataclass(frozen=True)
class Options:
    """What `omo load` was asked to do. `target` is `core`, the URL of a running core, a TOML file or a class.

    `base_url` is the address of the system of a file or class, where it is not the file's own. `faults` is how the
    provider behaves throughout, `timetable` what breaks on the way. `disturbed`: that calls get no answer in time is
    a finding, not a reason against the run; so with a timetable anyway.
    """

    trace: Path
    out: Path
    target: str = "core"
    base_url: str | None = None
    keys_file: Path | None = None
    psp_url: str | None = None
    database_url: str | None = None
    faults: Faults = field(default_factory=Faults)
    timetable: Sequence[AnyFault] = ()
    disturbed: bool = False
    workers: int = 0
    warm_up_s: float = 0.0
    speed: float = 1.0
    web_port: int | None = None
    stock_guard: bool = True


def run_load(options: Options, tell: Tell) -> dict[str, Any]:
    """Carry out a load run and return what it wrote to `load.json`.

    A first Ctrl-C ends the replay; what was measured is kept and marked `interrupted`. Raises UsageError,
    TargetUnreachable.
    """
    trace = read_trace(options.trace)
    _check(options, trace)
    options.out.mkdir(parents=True, exist_ok=True)
    with until_interrupted() as interrupted, ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="omo-load-")))
        system, course = _system(options, scratch, stack, interrupted.is_set)
        system.seed(trace, options.out)
        _replay(options, trace, system, course, scratch, interrupted, tell)
        happened = course.end() if course else []
        if course:
            write_faults(happened, options.out)
        reasons = problems(happened) + system.keep_books(options.out)
        return _finish(options, trace, system, reasons, happened, interrupted=interrupted.is_set())


def _check(options: Options, trace: Trace) -> None:
    if not len(trace.steps):
        raise UsageError(f"{options.trace}: the trace has no steps")
    if options.out.exists() and any(options.out.iterdir()):
        raise UsageError(f"{options.out} is not empty; give --out a new directory")
    if options.speed <= 0:
        raise UsageError(f"--speed {options.speed:g}: must be above 0")
    if is_core(options.target) and options.target != "core" and options.keys_file is None:
        raise UsageError(f"--target {options.target} needs --keys-file: JSON with keys for till, app and back_office")
    if options.timetable and options.target != "core":
        raise UsageError("--faults breaks only what this command started: leave --target out, or --faults")
    if options.database_url and any(isinstance(fault, KillPostgres) for fault in options.timetable):
        raise UsageError("--faults: kill_postgres needs a database of our own: leave --database-url out")


@contextmanager
def until_interrupted() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal raises KeyboardInterrupt."""
    event = threading.Event()

    def on_signal(*_: Any) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _system(
    options: Options, scratch: Path, stack: ExitStack, stopped: Callable[[], bool]
) -> tuple[System, Course | None]:
    """The system under test and, where there are faults, their course through the servers that were started."""
    if not is_core(options.target):
        return system_of(options.target, options.base_url), None
    if options.target != "core":
        assert options.keys_file is not None
        keys = json.loads(options.keys_file.read_text(encoding="utf-8"))
        keys = keys.get("keys", keys)
        if missing := {"till", "app", "back_office"} - keys.keys():
            raise UsageError(f"{options.keys_file}: no key for {', '.join(sorted(missing))}")
        return CoreSystem(options.target.rstrip("/"), keys, options.database_url, options.psp_url), None
    pool = stack.enter_context(ThreadPoolExecutor(max(len(options.timetable), 1), "fault"))
    setup = Setup(options.faults, options.database_url, stock_guard=options.stock_guard)
    servers = stack.enter_context(own_servers(setup, scratch, options.out / "servers.log", stopped))
    course = None
    if options.timetable:
        course = Course(options.timetable, servers, pool)
        stack.callback(course.end)
    return servers.system(), course


def _replay(
    options: Options,
    trace: Trace,
    system: System,
    course: Course | None,
    scratch: Path,
    interrupted: threading.Event,
    tell: Tell,
) -> None:
    keys = scratch / "keys.json"
    keys.touch(mode=0o600)
    keys.write_text(json.dumps(system.keys if isinstance(system, CoreSystem) else {}), encoding="utf-8")
    log = options.out / "locust.log"
    seconds = (trace.header["last_due_s"] - trace.header["first_due_s"]) / options.speed
    with ExitStack() as stack:
        commands = _locust_commands(options, system, keys)
        children = [stack.enter_context(process(command, log)) for command in commands]
        _wait(children[0], options.out, seconds, course, interrupted, tell)
        for child in children[1:]:
            with suppress(subprocess.TimeoutExpired):  # a worker that hangs is ended below, and missed in the result
                child.wait(30.0)
    if children[0].returncode not in (0, 1) and not interrupted.is_set():
        tail = log.read_text(encoding="utf-8", errors="replace").strip()[-600:]
        raise TargetUnreachable(f"the load generator ended with code {children[0].returncode}: {tail}")


def _locust_commands(options: Options, system: System, keys: Path) -> list[list[str]]:
    """The command of the process that leads (alone or as master), then those of the workers."""
    run_id = "load" if options.target == "core" else f"load-{secrets.token_hex(4)}"
    base = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py"))]
    if not isinstance(system, CoreSystem):
        base += ["--target", options.target]
    base += ["--host", system.url, "--trace", str(options.trace), "--keys-file", str(keys)]
    base += ["--load-dir", str(options.out), "--run-id", run_id, "--speed", str(options.speed)]
    base += ["--loglevel", "WARNING"]
    lead = [*base, "--html", str(options.out / "locust.html"), "--only-summary"]
    if options.web_port is None:
        lead += ["--headless"]
    else:
        lead += ["--web-host", "127.0.0.1", "--web-port", str(options.web_port), "--autostart", "--autoquit", "0"]
    if not options.workers:
        return [lead]
    port = str(free_port())
    lead += ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    lead += ["--expect-workers", str(options.workers), "--expect-workers-max-wait", "60"]
    worker = [*base, "--worker", "--master-host", "127.0.0.1", "--master-port", port]
    return [lead, *([worker] * options.workers)]


def _wait(
    child: subprocess.Popen[bytes],
    out: Path,
    seconds: float,
    course: Course | None,
    interrupted: threading.Event,
    tell: Tell,
) -> None:
    """Until the replay has ended; ends it when the user asks or when it hangs. The faults begin when it begins."""
    started: float | None = None
    deadline = time.time() + seconds + _PATIENCE_S
    while child.poll() is None:
        if interrupted.wait(0.2) or time.time() > deadline:
            interrupted.set()
            child.terminate()
            child.wait(60.0)
            return
        if started is None and (out / "started.json").is_file():
            started = json.loads((out / "started.json").read_text(encoding="utf-8"))["start_at"]
            if course:
                course.begin(started)
        if started is not None:
            tell(min(max(time.time() - started, 0.0), seconds), seconds)


def _finish(
    options: Options,
    trace: Trace,
    system: System,
    reasons: list[str],
    happened: Sequence[Happened],
    *,
    interrupted: bool,
) -> dict[str, Any]:
    spools = sorted((options.out / "spool").glob("*.jsonl"))
    to_parquet(spools, options.out / "client_history.parquet")
    setting = Setting(
        len(trace.steps), options.warm_up_s, max(options.workers, 1), interrupted, options.disturbed or bool(happened)
    )
    measures = measure(options.out, setting)
    measures["reasons"] += reasons
    measures["valid"] = not measures["reasons"]
    result = {
        "schema": SCHEMA,
        "state": "interrupted" if interrupted else "complete",
        "target": _name_of(options, system),
        "trace": dict(trace.header),
        "speed": options.speed,
        "warm_up_s": options.warm_up_s,
        "workers": options.workers,
        "faults": asdict(options.faults) if options.target == "core" else None,
        "faults_survived": survived(happened),
        "stock_guard": options.stock_guard,
        **measures,
        "books": (options.out / "books" / "books.json").is_file(),
        "history_complete": len(list((options.out / "spool").glob("*.ended"))) == max(options.workers, 1),
        "machine": {"cores": os.cpu_count(), "platform": platform.platform()},
        "versions": {"python": platform.python_version(), **_versions("locust", "gevent", "geventhttpclient")},
    }
    (options.out / "load.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for path in spools:
        path.unlink()
    return result


def _name_of(options: Options, system: System) -> str:
    if options.target == "core":
        return "core (own, embedded)"
    return options.target if isinstance(system, CoreSystem) else system.name


def _versions(*names: str) -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in names}
