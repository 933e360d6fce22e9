"""The process behind a job: waits for its turn, runs its commands one after the other, notes how it ended.

Started by `dashboard.jobs` as `python -m dashboard.job_runner FOLDER ID`, in a session of its own. Ctrl-C goes to the
whole session: the command under way ends as it does on a terminal, and no further one begins.
"""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

INTERRUPTED: Final = 130
OBJECTIVE_MISSED: Final = 4
"""A command that has done its work and whose result is below what was asked for: the next one can use it."""


def main(folder: Path, name: str) -> int:
    """Run the job `name` of `folder`; its exit code is noted in `<name>.exit`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started us may have had it ignored
    try:
        with _turn(folder):
            code = _run(folder, name)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if (folder / f"{name}.json").is_file():
        (folder / f"{name}.exit").write_text(str(code), encoding="utf-8")
    return code


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One job at a time: a simulation keeps all cores busy."""
    with (folder / "turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _run(folder: Path, name: str) -> int:
    commands: list[list[str]] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["commands"]
    interrupted: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: interrupted.append(number))
    for step, arguments in enumerate(commands):
        (folder / f"{name}.step").write_text(str(step), encoding="utf-8")
        code = _omo(arguments)
        if interrupted:
            return code or INTERRUPTED
        if code not in (0, OBJECTIVE_MISSED):
            return code
    return 0


def _omo(arguments: Sequence[str]) -> int:
    return subprocess.run([sys.executable, "-m", "omo", *arguments], stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
