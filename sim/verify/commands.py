"""`omo verify`: the validation table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import UsageError
from sim.output import emit_json


def register(app: typer.Typer) -> None:
    """Add `verify` to `app`."""
    app.command("verify")(verify)


def verify(
    seeds: Annotated[int, typer.Option("--seeds", min=2, help="Seeds in which each published finding is tried.")] = 30,
    only: Annotated[list[str] | None, typer.Option("--only", help="Checks whose id begins so: --only VT-01")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the worlds; equal ones are not run twice.")] = Path(
        "runs/verify"
    ),
    table: Annotated[Path | None, typer.Option("--table", help="Write the table to this Markdown file.")] = None,
    jobs: options.Jobs = None,
    as_json: options.Json = False,
) -> None:
    """Check the twin against theory, its laws, reason, and what has been published about shoppers and staff.

    Nothing in the scenarios says what should come out: a published finding that the twin does not show stays in the
    table as a miss. Example: omo verify --only VT-20 --seeds 10
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sim.verify.table import collect, markdown, shown

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("checking", total=None)
        findings = collect(
            seeds, only or (), out, jobs, lambda done, total: bar.update(task, completed=done, total=total)
        )
    if not findings:
        raise UsageError(f"omo verify --only {' '.join(only or ())}: no check has such an id")
    if table is not None:
        table.write_text(markdown(findings, seeds), encoding="utf-8")
    if as_json:
        emit_json({"schema": "omo.verify/1", "seeds": seeds, "findings": [asdict(finding) for finding in findings]})
    else:
        Console().print(shown(findings))
