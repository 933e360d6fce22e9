"""Replays a trace open loop on Locust: every journey is a Locust user, started when the trace says so.

`omo load` runs this file headless. By hand, with Locust's web page:

    OMO_TRACE=trace OMO_KEYS=keys.json locust -f loadtest/locustfile.py --host http://127.0.0.1:8080

The number of users that Locust shows is the number of journeys in flight; it follows from the trace and from how fast
the target answers, not from a setting. Response times count from the intended start of each step, and percentiles are
true to half a percent; they reach Locust's statistics twice a second, not by its `request` event. With `--master` and
`--worker` the master tells each worker by name which share of the journeys is its own and when to start.
"""

from __future__ import annotations

import gc
import json
import secrets
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import gevent
import psutil
from gevent.greenlet import Greenlet
from locust import LoadTestShape, User, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner, Runner, WorkerRunner

from loadtest.journey import run_journey
from loadtest.precedence import take_precedence
from loadtest.script import Script, Step, read_script
from loadtest.sender import Clock, Office, Sender
from loadtest.spool import Spool
from loadtest.tally import Tally
from loadtest.targets.choose import is_core, target_of
from loadtest.targets.protocol import Target
from loadtest.trace_schema import read_header
from loadtest.wire import Connections
from scenarios.errors import OmoError, UsageError

LEAD_S: Final = 0.5
"""Between the start message and the first step, once every generator has read its share."""

FLUSH_S: Final = 0.5
"""How often the history goes to its file and the calls to Locust's statistics."""

_YIELD_EVERY: Final = 200
_GC_THRESHOLD: Final = (50_000, 20, 100)
"""A journey and its greenlet are a cycle: many are collected at a time, and what is in flight is looked at less often.
"""


class JourneyUser(User):
    """One journey. It ends with its last step; nobody needs to stop it."""

    def __init__(
        self,
        environment: Environment,
        run: str = "",
        office: Office | None = None,
        steps: Sequence[Step] = (),
        target: Target | None = None,
    ) -> None:
        super().__init__(environment)
        self.run_id = run
        self.office = office
        self.steps = steps
        self.target = target

    def run(self) -> None:  # type: ignore[misc]
        """Carry out the journey once, instead of Locust's endless task loop (its own PytestUser does the same)."""
        self._state = "running"
        self.journey()

    @task
    def journey(self) -> None:
        """All steps of the journey."""
        if self.office is not None:
            sender = Sender(self.office)
            run_journey(self.run_id, self.steps, sender.send, sender.skip, self.target)


class TraceShape(LoadTestShape):
    """Ends the test when the replay has ended. The journeys are started by the replay, not by Locust's ramp-up."""

    replay: Replay | None = None

    def tick(self) -> tuple[int, float] | None:
        """(0 users from the ramp-up, any rate) while the replay goes on, then None."""
        return None if self.replay is not None and self.replay.is_finished() else (0, 1.0)


class Replay:
    """The replay in one Locust process: local, master or worker."""

    def __init__(self, environment: Environment, runner: Runner) -> None:
        options = environment.parsed_options
        assert options is not None
        self.environment = environment
        self.runner = runner
        self.trace = Path(options.trace)
        self.header: Mapping[str, Any] = read_header(self.trace)
        self.directory = Path(options.load_dir)
        keys = _read_keys(Path(options.keys_file)) if is_core(options.target) else {}
        self.target = target_of(options.target, environment.host or "", keys, self.directory)
        self.speed = float(options.speed)
        self.run_id: str = options.run_id or secrets.token_hex(4)
        self.run_id_now = self.run_id
        self.runs = 0
        self.share = 0
        self.script: Script | None = None
        self.scheduler: Greenlet | None = None
        self.spool: Spool | None = None
        self.tally = Tally(environment.stats)
        self.shares_ready: dict[str, bool] = {}
        self.shares_done: dict[str, bool] = {}
        self.finished = False
        self.aborted = False

    def is_finished(self) -> bool:
        """Whether every share has ended. A worker that went missing ends the replay: the run is invalid."""
        if self.aborted:
            return True
        if isinstance(self.runner, MasterRunner):
            missing = any(self._is_gone(name) for name, done in self.shares_done.items() if not done)
            return missing or (bool(self.shares_done) and all(self.shares_done.values()))
        return self.finished

    def _is_gone(self, name: str) -> bool:
        assert isinstance(self.runner, MasterRunner)
        return name not in self.runner.clients or self.runner.clients[name].state == STATE_MISSING

    def on_test_start(self, **_: Any) -> None:
        """Forget an earlier run of the same process (Locust's page can start the test again)."""
        self.finished = False
        self.shares_ready.clear()
        self.shares_done.clear()

    def on_spawned(self, **_: Any) -> None:
        """Read the trace: here, or tell each worker by name which share to read."""
        if isinstance(self.runner, WorkerRunner):
            return
        self.runs += 1
        run_id = self.run_id if self.runs == 1 else f"{self.run_id}-{self.runs}"
        if isinstance(self.runner, MasterRunner):
            names = sorted(client.id for client in self.runner.clients.all if not self._is_gone(client.id))
            self.shares_ready = dict.fromkeys(names, False)
            self.shares_done = dict.fromkeys(names, False)
            shares = {name: index for index, name in enumerate(names)}
            self.runner.send_message("omo_share", {"shares": shares, "run_id": run_id})
        else:
            self.prepare(run_id, 0, 1)
            self.begin(self.announce())

    def on_share(self, msg: Any, **_: Any) -> None:
        """A worker reads its share; one that the master does not name (it came too late) stays idle."""
        shares = msg.data["shares"]
        name = getattr(self.runner, "client_id", "")
        if name in shares:
            self.prepare(msg.data["run_id"], shares[name], len(shares))
            self.runner.send_message("omo_ready", {})

    def on_ready(self, msg: Any, **_: Any) -> None:
        """The master starts all workers when the last one is ready."""
        self.shares_ready[msg.node_id] = True
        if all(self.shares_ready.values()):
            self.runner.send_message("omo_start", {"start_at": self.announce()})

    def on_start(self, msg: Any, **_: Any) -> None:
        """A worker begins."""
        if self.script is not None:
            self.begin(msg.data["start_at"])

    def on_done(self, msg: Any, **_: Any) -> None:
        """A worker's share has ended."""
        self.shares_done[msg.node_id] = True

    def announce(self) -> float:
        """Fix the moment (unix time) of the first step and write it down for whoever shows the progress."""
        start_at = time.time() + LEAD_S
        (self.directory / "started.json").write_text(json.dumps({"start_at": start_at}), encoding="utf-8")
        return start_at

    def prepare(self, run_id: str, share: int, shares: int) -> None:
        """Read a share of the trace, in a thread: a worker must go on answering its master meanwhile."""
        self.run_id_now, self.share = run_id, share
        self.script = gevent.get_hub().threadpool.apply(read_script, (self.trace, self.speed, share, shares))

    def begin(self, start_at: float) -> None:
        """Start the scheduler of this process's share; trace time `first_due_s` is at `start_at` (unix time)."""
        first_s = self.header["first_due_s"] / self.speed
        zero = time.perf_counter() + (start_at - time.time()) - first_s
        self.spool = Spool(self.directory / "spool" / f"{self.share:03d}.jsonl")
        host = self.environment.host or ""
        keep = self.target.keeps_headers
        connections = {kind: Connections(host, head, keep_headers=keep) for kind, head in self.target.heads().items()}
        self.tally = Tally(self.environment.stats)
        office = Office(Clock(zero), connections, self.spool, self.tally.report)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLD)
        take_precedence()
        self.scheduler = self.runner.greenlet.spawn(self.schedule, office)

    def schedule(self, office: Office) -> None:
        """Start each journey at its time; wait for the last one; say so."""
        script, share = self.script, self.share
        assert script is not None
        process = psutil.Process()
        busy = sum(process.cpu_times()[:2])
        started = time.perf_counter()
        flusher = gevent.spawn(_flush_now_and_then, office.spool, self.tally)
        for index, steps in enumerate(script.journeys()):
            wait_s = steps[0].due_s - office.clock.now_s()
            if wait_s > 0:
                gevent.sleep(wait_s)
            elif index % _YIELD_EVERY == 0:
                gevent.sleep(0)
            JourneyUser(self.environment, self.run_id_now, office, steps, self.target).start(self.runner.user_greenlets)
        self.runner.user_greenlets.join()
        flusher.kill()
        self.tally.flush()
        office.spool.close()
        for connections in office.connections.values():
            connections.close()
        wall_s = time.perf_counter() - started
        note = {"share": share, "journeys": len(script), "wall_s": wall_s}
        note["cpu_share"] = (sum(process.cpu_times()[:2]) - busy) / wall_s
        (self.directory / "spool" / f"{share:03d}.done.json").write_text(json.dumps(note), encoding="utf-8")
        self.finished = True
        if isinstance(self.runner, WorkerRunner):
            self.runner.send_message("omo_done", {})

    def abort(self) -> None:
        """End the replay early, in order, at the shape's next tick."""
        self.aborted = True
        self.on_stopping()

    def on_stopping(self, **_: Any) -> None:
        """No further journeys; those in flight are ended by Locust and recorded as unknown."""
        if self.scheduler is not None and not self.finished:
            self.scheduler.kill(block=False)

    def on_stop(self, **_: Any) -> None:
        """Keep what was recorded; from now on the history of this share is whole."""
        if self.spool is not None:
            if not self.finished:
                self.tally.flush()
                self.spool.close()
            (self.directory / "spool" / f"{self.share:03d}.ended").touch()


def _read_keys(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        raise UsageError(f"--keys-file {path}: no such file; it is a JSON object with keys for till, app, back_office")
    keys: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return dict(keys.get("keys", keys))


def _flush_now_and_then(spool: Spool, tally: Tally) -> None:
    while True:
        gevent.sleep(FLUSH_S)
        spool.flush()
        tally.flush()


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_arguments(parser: LocustArgumentParser) -> None:
    """What to replay, with which keys, and where the history goes."""
    add = parser.add_argument
    add("--trace", env_var="OMO_TRACE", required=False, default="trace", help="trace directory, from `omo trace`")
    add("--target", env_var="OMO_TARGET", default="core", help="core, a target file, or package.module:Class")
    add("--keys-file", env_var="OMO_KEYS", default="keys.json", help="JSON object: client kind -> API key")
    add("--load-dir", env_var="OMO_LOAD_DIR", default="load", help="directory for the client's history")
    add("--run-id", env_var="OMO_RUN_ID", default="", help="prefix of the idempotency keys; empty: a new one")
    add("--speed", env_var="OMO_SPEED", type=float, default=1.0, help="time compression; 1 replays in real time")


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, runner: Runner, **_: Any) -> None:
    """Tie the replay to this process's part: local, master or worker."""
    try:
        replay = Replay(environment, runner)
    except OmoError as error:
        sys.exit(str(error))
    if isinstance(environment.shape_class, TraceShape):
        environment.shape_class.replay = replay
    if isinstance(runner, WorkerRunner):
        runner.register_message("omo_share", replay.on_share, concurrent=True)
        runner.register_message("omo_start", replay.on_start)
    else:  # Locust sets its own handler too late for a headless run with a shape
        gevent.signal_handler(signal.SIGTERM, replay.abort)
    if isinstance(runner, MasterRunner):
        runner.register_message("omo_ready", replay.on_ready)
        runner.register_message("omo_done", replay.on_done)
    listeners = (
        (environment.events.test_start, replay.on_test_start),
        (environment.events.spawning_complete, replay.on_spawned),
        (environment.events.test_stopping, replay.on_stopping),
        (environment.events.test_stop, replay.on_stop),
    )
    for event, listener in listeners:
        event.add_listener(listener)  # type: ignore[no-untyped-call]
