"""The questions of `questions.toml`, and what their commands say."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from dashboard.words import Language
from scenarios.errors import ObjectiveMissed, OmoError, UsageError

COLUMNS: Final = 132
"""Width of the tables in what is written."""
_OBJECTIVE_MISSED: Final = ObjectiveMissed.exit_code
"""An answer too: what was promised is not kept."""


@dataclass(frozen=True)
class Question:
    """A question in the asker's words, the commands that answer it, and what to look at in their output."""

    number: int
    who: str
    asked: dict[Language, str]
    look: dict[Language, str]
    commands: list[str]


def questions() -> list[Question]:
    """All questions, in order of number."""
    text = (files("dashboard") / "questions" / "questions.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)["question"]
    return [
        Question(
            table["number"],
            table["who"],
            {"en": table["en"], "ja": table["ja"]},
            {"en": table["look_en"], "ja": table["look_ja"]},
            table["commands"],
        )
        for table in tables
    ]


def question(number: int) -> Question:
    """The question with that number; `UsageError` where there is none."""
    for found in questions():
        if found.number == number:
            return found
    raise UsageError(f"omo questions {number}: no such question; `omo questions` lists them")


def ask(command: str, out: Path) -> str:
    """What an `omo ...` command prints when its runs are kept in `out`; `OmoError` where it fails."""
    name, *rest = shlex.split(command)[1:]
    arguments = [sys.executable, "-m", "omo", name, *rest, *_folders(name, out)]
    environment = os.environ | {"COLUMNS": str(COLUMNS), "NO_COLOR": "1"}
    done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, env=environment, check=False)
    if done.returncode not in (0, _OBJECTIVE_MISSED):
        raise OmoError(f"{command}: ended with exit code {done.returncode}")
    printed = done.stdout.replace(str(out), "runs")  # where it would have been without --out
    return "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")


def _folders(name: str, out: Path) -> list[str]:
    """Where a command finds its runs in `out` and leaves what it makes: a load test's results in a new folder each."""
    new = ["--out", str(out / f"{name}-{secrets.token_hex(4)}")]
    return {"demand": ["--runs", str(out)], "capacity": ["--runs", str(out), *new], "drill": new}.get(
        name, ["--out", str(out)]
    )


def markdown(asked: Sequence[Question], out: Path) -> Iterator[str]:
    """`docs/questions.md`, a piece per question: the question, its commands, and what they print now."""
    yield (
        "# Questions and answers\n\nWritten by `make questions`: each answer below is the output of the command above"
        " it, on the town of the presets.\nIt is a made-up town whose parameters are published figures and marked"
        " assumptions (`docs/sources.md`); put in\nyour own with `omo new`.\n"
    )
    for each in asked:
        heading = f"\n## {each.number}. {each.asked['en']}\n\n*{each.who}.* {each.look['en']}\n"
        answers = [f"\n```console\n$ {command}\n{ask(command, out)}\n```\n" for command in each.commands]
        yield heading + "".join(answers)
