"""Simulations started from a page: our own command line in a process of its own, remembered by a file.

A job is `<root>/.jobs/<id>.json`, beside it `.log` (what the command printed), `.exit` (its code, once the page's
server has seen it end) and `.cancel` (somebody stopped it). So a page can be reloaded, and the server restarted.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from dashboard import run_list
from sim.log.run_directory import write_json

State = Literal["running", "cancelling", "done", "cancelled", "failed", "lost"]
INTERRUPTED = 130


@dataclass(frozen=True)
class Job:
    """A command under way or ended. `runs` are the names of the run directories that it makes."""

    id: str
    title: str
    command: tuple[str, ...]
    runs: tuple[str, ...]
    pid: int
    started: float


def start(root: Path, arguments: Sequence[str], title: str, runs: Sequence[str]) -> Job:
    """Start `omo` with `arguments` in a session of its own; it outlives the page and the page's server."""
    folder = root / ".jobs"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns() // 1_000_000}-{secrets.token_hex(2)}"
    command = (sys.executable, "-m", "omo", *arguments)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    job = Job(name, title, command, tuple(runs), process.pid, time.time())
    write_json(folder / f"{name}.json", asdict(job))
    threading.Thread(target=_note_exit, args=(process, folder / f"{name}.exit"), daemon=True).start()
    return job


def jobs(root: Path) -> list[Job]:
    """All jobs that have not been dismissed, newest first; files that cannot be read are passed over."""
    found = []
    for path in sorted((root / ".jobs").glob("*.json"), reverse=True):
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            found.append(Job(**{**values, "command": tuple(values["command"]), "runs": tuple(values["runs"])}))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return found


def state(root: Path, job: Job) -> State:
    """How far a job is. `lost`: it ended while no server watched and its runs are not complete."""
    stopped = _file(root, job, "cancel").is_file()
    if _alive(job):
        return "cancelling" if stopped else "running"
    code = _exit_code(root, job)
    if code is None:
        if _complete(root, job):
            return "done"
        return "cancelled" if stopped else "lost"
    if code == 0:
        return "done"
    return "cancelled" if stopped or code == INTERRUPTED else "failed"


def progress(root: Path, job: Job) -> tuple[int, int] | None:
    """Simulated days done and in all, over all runs of the job; None before any run has said so."""
    folders = [folder for name in job.runs for folder in (root / f".{name}.partial", root / name)]
    return next((found for folder in folders if (found := run_list.progress(folder))), None)


def cancel(root: Path, job: Job) -> None:
    """Interrupt a job as Ctrl-C would."""
    if _alive(job):
        _file(root, job, "cancel").touch()
        os.kill(job.pid, signal.SIGINT)


def dismiss(root: Path, job: Job) -> None:
    """Forget a job that has ended; its runs stay."""
    for kind in ("json", "log", "exit", "cancel"):
        _file(root, job, kind).unlink(missing_ok=True)


def output(root: Path, job: Job, characters: int = 2000) -> str:
    """The end of what the command printed."""
    try:
        return _file(root, job, "log").read_text(encoding="utf-8", errors="replace").strip()[-characters:]
    except OSError:
        return ""


def _file(root: Path, job: Job, kind: str) -> Path:
    return root / ".jobs" / f"{job.id}.{kind}"


def _exit_code(root: Path, job: Job) -> int | None:
    """The code that the server noted; a process that has just ended is given a moment for that."""
    for pause_s in (0.0, 0.25):
        time.sleep(pause_s)
        try:
            return int(_file(root, job, "exit").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return None


def _note_exit(process: subprocess.Popen[bytes], path: Path) -> None:
    code = process.wait()
    if path.with_suffix(".json").is_file():
        path.write_text(str(code), encoding="utf-8")


def _complete(root: Path, job: Job) -> bool:
    return bool(job.runs) and all((root / name / "manifest.json").is_file() for name in job.runs)


def _alive(job: Job) -> bool:
    """Whether the job's process runs; its number may have gone to another process, so its command is looked at."""
    try:
        os.kill(job.pid, 0)
    except OSError:
        return False
    try:
        command = Path(f"/proc/{job.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return not Path("/proc").is_dir()
    # An empty command line is a process that has ended and whose exit code is about to be noted.
    return b"omo" in command or command == [b""]
