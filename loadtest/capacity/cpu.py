"""CPU time of the parts of a load test, by process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import psutil

_EVERY_S: Final = 0.5
_MARKS: Final = (("core", ("omo", "core")), ("psp", ("omo", "psp")), ("generator", ("locust",)))


def part_of(command: Sequence[str], name: str) -> str | None:
    """Which part a process belongs to by its command line: core, psp, generator or postgresql."""
    if name.startswith("postgres"):
        return "postgresql"
    words = [word.rsplit("/", 1)[-1] for word in command]
    for part, marks in _MARKS:
        if any(words[at : at + len(marks)] == list(marks) for at in range(len(words))):
            return part
    return None


@dataclass
class CpuUse:
    """CPU seconds of the children of this process between the first and the last `sample`, by part.

    A child that has no mark of its own (a worker of a server) belongs to the part of its nearest marked parent.
    """

    first: dict[int, float] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)
    parts: dict[int, str] = field(default_factory=dict)
    began_s: float = 0.0
    ended_s: float = 0.0
    machine_began: float = 0.0
    machine_ended: float = 0.0

    def sample(self) -> None:
        """Look at the clocks of all children; at most twice a second, so that it may be called often."""
        now = time.monotonic()
        if self.last and now - self.ended_s < _EVERY_S:
            return
        self._family(psutil.Process(), None)
        times = psutil.cpu_times()
        self.ended_s, self.machine_ended = now, sum(times) - times.idle - getattr(times, "iowait", 0.0)
        if not self.began_s:
            self.began_s, self.machine_began = now, self.machine_ended

    def cores(self) -> dict[str, float]:
        """Cores used on average, by part; `machine` is everything on this machine. Empty without two samples."""
        length_s = self.ended_s - self.began_s
        if length_s <= 0:
            return {}
        used = dict.fromkeys(sorted(set(self.parts.values())), 0.0)
        for process, seconds in self.last.items():
            used[self.parts[process]] += (seconds - self.first[process]) / length_s
        return used | {"machine": (self.machine_ended - self.machine_began) / length_s}

    def _family(self, parent: psutil.Process, part: str | None) -> None:
        for child in parent.children():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                known = self.parts.get(child.pid)
                mine = known or part_of(child.cmdline(), child.name()) or part
                if mine is not None:
                    clock = child.cpu_times()
                    self.parts[child.pid] = mine
                    self.last[child.pid] = clock.user + clock.system
                    self.first.setdefault(child.pid, self.last[child.pid] if not self.began_s else 0.0)
                self._family(child, mine)
