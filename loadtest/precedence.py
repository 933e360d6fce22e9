"""On one machine the generator must not wait for its target."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil


def take_precedence() -> None:
    """Ask for CPU before the target, where that is allowed.

    Where Linux groups processes by session, niceness counts only inside a session and the group has its own.
    """
    with suppress(psutil.Error, OSError):
        psutil.Process().nice(-10)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("-10", encoding="ascii")
