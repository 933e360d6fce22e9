"""Work started from a page: our own command line in a process of its own, remembered by files.

A job is `<root>/.jobs/<id>.json`, beside it `.log` (what the commands printed), `.step` (which of them is under way;
none while the job waits for its turn), `.exit` (the code with which it ended) and `.cancel` (somebody stopped it). The
process that writes them (`dashboard.job_runner`) belongs to no page: a page can be reloaded, and its server restarted.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from dashboard import run_list
from sim.log.run_directory import write_json

State = Literal["queued", "running", "cancelling", "done", "cancelled", "failed", "lost"]
UNDER_WAY: Final = frozenset({"queued", "running", "cancelling"})
INTERRUPTED: Final = 130

Shows = dict[str, str]
"""The page that shows a job's result under `page`, and the choices in its URL."""


@dataclass(frozen=True)
class Job:
    """Commands under way or ended, one after the other. `runs` are the names of the run directories they make,
    `visits` how many shopping occasions they simulate, `started` when they were asked for (Unix time)."""

    id: str
    title: str
    commands: tuple[tuple[str, ...], ...]
    runs: tuple[str, ...]
    shows: Shows
    visits: float
    pid: int
    started: float

    @property
    def told(self) -> tuple[str, ...]:
        """The commands as one types them."""
        return tuple(shlex.join(["omo", *arguments]) for arguments in self.commands)


def start(
    root: Path, commands: Sequence[Sequence[str]], title: str, runs: Sequence[str], shows: Shows, visits: float = 0
) -> Job:
    """Run `omo` with each of `commands` in a session of its own, as soon as the jobs before it have ended."""
    folder = root / ".jobs"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns() // 1_000_000}-{secrets.token_hex(2)}"
    values: dict[str, Any] = {"id": name, "title": title, "commands": [list(c) for c in commands]}
    values |= {"runs": list(runs), "shows": shows, "visits": visits, "started": time.time()}
    write_json(folder / f"{name}.json", values | {"pid": 0})
    runner = (sys.executable, "-m", "dashboard.job_runner", str(folder.resolve()), name)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            runner, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    write_json(folder / f"{name}.json", values | {"pid": process.pid})
    threading.Thread(target=process.wait, daemon=True).start()
    return _job(values | {"pid": process.pid})


def jobs(root: Path) -> list[Job]:
    """All jobs that have not been dismissed, newest first; files that cannot be read are passed over."""
    found = []
    for path in sorted((root / ".jobs").glob("*.json"), reverse=True):
        try:
            found.append(_job(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return found


def state(root: Path, job: Job) -> State:
    """How far a job is. `lost`: its process went away without a word and its runs are not complete."""
    stopped = _file(root, job, "cancel").is_file()
    code = _number(root, job, "exit")
    if code is None and _alive(job):
        if stopped:
            return "cancelling"
        return "queued" if _number(root, job, "step") is None else "running"
    if code is None:
        if _complete(root, job):
            return "done"
        return "cancelled" if stopped else "lost"
    if code == 0:
        return "done"
    return "cancelled" if stopped or code == INTERRUPTED else "failed"


def step(root: Path, job: Job) -> int:
    """Which of its commands a job is at, from 0."""
    return min(_number(root, job, "step") or 0, len(job.commands) - 1)


def progress(root: Path, job: Job) -> tuple[int, int] | None:
    """Simulated days done and in all, over all runs of the job; None before any run has said so."""
    folders = [folder for name in job.runs for folder in (root / f".{name}.partial", root / name)]
    return next((found for folder in folders if (found := run_list.progress(folder))), None)


def seconds(root: Path, job: Job) -> float | None:
    """How long a job of one command that has ended took, without waiting for its turn."""
    if len(job.commands) > 1:
        return None
    try:
        return _file(root, job, "exit").stat().st_mtime - _file(root, job, "step").stat().st_mtime
    except OSError:
        return None


def cancel(root: Path, job: Job) -> None:
    """Interrupt a job as Ctrl-C would: the command under way keeps what it has finished, the others do not begin."""
    if _alive(job):
        _file(root, job, "cancel").touch()
        os.killpg(job.pid, signal.SIGINT)


def dismiss(root: Path, job: Job) -> None:
    """Forget a job that has ended; its runs stay."""
    for kind in ("json", "log", "exit", "cancel", "step"):
        _file(root, job, kind).unlink(missing_ok=True)


def output(root: Path, job: Job, characters: int = 2000) -> str:
    """The end of what the commands printed."""
    try:
        return _file(root, job, "log").read_text(encoding="utf-8", errors="replace").strip()[-characters:]
    except OSError:
        return ""


def _job(values: dict[str, Any]) -> Job:
    commands = tuple(tuple(command) for command in values["commands"])
    return Job(**{**values, "commands": commands, "runs": tuple(values["runs"]), "shows": dict(values["shows"])})


def _file(root: Path, job: Job, kind: str) -> Path:
    return root / ".jobs" / f"{job.id}.{kind}"


def _number(root: Path, job: Job, kind: str) -> int | None:
    try:
        return int(_file(root, job, kind).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _complete(root: Path, job: Job) -> bool:
    return bool(job.runs) and all((root / name / "manifest.json").is_file() for name in job.runs)


def _alive(job: Job) -> bool:
    """Whether the job's process runs; its number may have gone to another process, so its command is looked at."""
    if job.pid <= 0:
        return False
    try:
        os.kill(job.pid, 0)
    except OSError:
        return False
    try:
        command = Path(f"/proc/{job.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return not Path("/proc").is_dir()
    return job.id.encode() in command
