"""Signals to a process and all that it has started, and the one that it gets when its parent is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import psutil

_DEAD_S: Final = 15.0
_LOOK_S: Final = 0.005
_PR_SET_PDEATHSIG: Final = 1


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


def end_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before exec, so that it gets the signal when the starting thread is gone (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before we were armed
            os._exit(1)

    return arm
