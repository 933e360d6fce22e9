"""Signals to a process and all that it has started."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import psutil

_DEAD_S: Final = 15.0
_LOOK_S: Final = 0.005


def family(pid: int) -> list[psutil.Process]:
    """The process and its descendants; none where it has ended."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


def signal_all(members: Sequence[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each that still lives."""
    for each in members:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(number)


def kill_family(pid: int) -> None:
    """SIGKILL to the process and its descendants; returns when all of them are dead.

    A zombie is dead: it waits only for whoever has to take note of it, and holds nothing any more.
    """
    members = family(pid)
    signal_all(members, signal.SIGKILL)
    deadline = time.monotonic() + _DEAD_S
    while any(_lives(each) for each in members) and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
