"""Starts the servers of a load run as processes of their own and stops exactly those."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
    Ctrl-C in the terminal reaches us alone, and we end our children in order.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else output,
            stderr=output,
            env=environment(extra),
            start_new_session=True,
        )
    try:
        yield child
    finally:
        stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end; kill it when it does not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def omo_server(
    arguments: Sequence[str],
    scratch: Path,
    name: str,
    log: Path,
    stopped: Callable[[], bool],
    extra: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Run `omo <arguments>` and yield what it writes into its ready file.

    Raises TargetUnreachable with the end of its log when it does not get ready, KeyboardInterrupt when `stopped`.
    """
    ready = scratch / f"{name}.json"
    command = [sys.executable, "-m", "omo", *arguments, "--ready-file", str(ready)]
    with process(command, log, extra, quiet=True) as child:
        deadline = time.monotonic() + _START_S
        while not ready.exists():
            if stopped():
                raise KeyboardInterrupt
            if child.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(encoding="utf-8", errors="replace").strip()[-600:]
                raise TargetUnreachable(f"`omo {' '.join(arguments[:2])}` did not start: {tail or 'no output'}")
            time.sleep(0.05)
        yield json.loads(ready.read_text(encoding="utf-8"))


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
