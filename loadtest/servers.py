"""Starts the servers of a load run as processes of their own and stops exactly those."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from loadtest.processes import end_with_parent, family, kill_family, signal_all
from scenarios.errors import TargetUnreachable

_START_S: Final = 60.0
_STOP_S: Final = 15.0


@dataclass(frozen=True)
class Faults:
    """How the provider behaves, as in `omo psp serve`; shares are between 0 and 1."""

    seed: int = 1
    latency_ms: float = 20.0
    decline: float = 0.01
    timeout_before: float = 0.003
    timeout_after: float = 0.003
    duplicate_webhooks: float = 0.02
    delayed_webhooks: float = 0.02
    webhook_delay_ms: float = 5000.0

    def arguments(self) -> list[str]:
        """Options of `omo psp serve`."""
        pairs = vars(self).items()
        return [text for name, value in pairs for text in (f"--{name.replace('_', '-')}", str(value))]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child that can import this package wherever it is."""
    root = str(Path(__file__).resolve().parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **(extra or {})}


@contextmanager
def process(
    command: Sequence[str], log: Path, extra: Mapping[str, str] | None = None, *, quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` for the length of the `with` block, then stop it; what it says goes to `log`.

    `quiet` keeps standard output out of the log: a server prints its keys there. The child has a session of its own:
    Ctrl-C in the terminal reaches us alone, and we end our children in order. On Linux it also ends when the thread
    that started it does.
    """
    child = _popen(command, log, extra, quiet=quiet)
    try:
        yield child
    finally:
        stop(child)


def _popen(
    command: Sequence[str], log: Path, extra: Mapping[str, str] | None, *, quiet: bool
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else output,
            stderr=output,
            env=environment(extra),
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
        )


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end; kill it when it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@dataclass
class OmoServer:
    """A server of ours that can be killed, frozen, and started again at the address that its arguments name.

    `ready` is what it wrote into its ready file. `log` collects what it says; `stopped` gives up waiting for it.
    """

    arguments: Sequence[str]
    ready_file: Path
    log: Path
    stopped: Callable[[], bool]
    extra: Mapping[str, str] | None = None
    ready: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self, *, patiently: bool = False) -> None:
        """Start it and wait until it is ready.

        Raises TargetUnreachable with the end of its log; KeyboardInterrupt when `stopped`, unless `patiently`.
        """
        self.ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "omo", *self.arguments, "--ready-file", str(self.ready_file)]
        self.process = _popen(command, self.log, self.extra, quiet=True)
        deadline = time.monotonic() + _START_S
        while not self.ready_file.exists():
            if self.stopped() and not patiently:
                raise KeyboardInterrupt
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.log.read_text(encoding="utf-8", errors="replace").strip()[-600:]
                raise TargetUnreachable(f"`omo {' '.join(self.arguments[:2])}` did not start: {tail or 'no output'}")
            time.sleep(0.02)
        self.ready = json.loads(self.ready_file.read_text(encoding="utf-8"))

    def restart(self) -> None:
        """Start it until it stays: what it needs may be down at the moment. Raises TargetUnreachable."""
        deadline = time.monotonic() + _START_S
        while True:
            try:
                return self.start(patiently=True)
            except TargetUnreachable:
                self.stop()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL, to its own children too."""
        if self.process is not None and self.process.poll() is None:
            kill_family(self.process.pid)
            self.process.wait()

    def freeze(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        if self.process is not None:
            self.thaw()
            stop(self.process)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            signal_all(family(self.process.pid), number)


@contextmanager
def omo_server(
    arguments: Sequence[str],
    scratch: Path,
    name: str,
    log: Path,
    stopped: Callable[[], bool],
    extra: Mapping[str, str] | None = None,
) -> Iterator[OmoServer]:
    """Run `omo <arguments>` for the length of the `with` block; raises as `OmoServer.start`."""
    server = OmoServer(arguments, scratch / f"{name}.json", log, stopped, extra)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 that stays ours while the server on it is down.

    A socket that is bound and does not listen keeps the kernel from lending the port to an outgoing connection; one
    that tried to reach the dead server would even connect to itself. It takes no connection from a listening server.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
