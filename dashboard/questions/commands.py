"""`omo questions`: what people ask, and the command that answers it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios import options


def ask_questions(
    number: Annotated[int | None, typer.Argument(help="Answer this one now; all are listed when left out.")] = None,
    write: Annotated[Path | None, typer.Option("--write", help="Answer all of them into this Markdown file.")] = None,
    out: options.Out = options.RUNS,
) -> None:
    """What architects, managers, finance and trainers ask, and the command that answers each.

    Examples: omo questions, omo questions 6
    """
    from rich.console import Console

    from dashboard.questions.asked import ask, markdown, question, questions

    console, progress = Console(highlight=False), Console(stderr=True, highlight=False)
    if write is not None:
        pieces = []
        for piece in markdown(questions(), out):
            pieces.append(piece)
            write.write_text("".join(pieces), encoding="utf-8")
            progress.print(f"{len(pieces) - 1} of {len(questions())} questions answered")
        return
    if number is not None:
        found = question(number)
        console.print(f"[bold]{found.number}. {found.asked['en']}[/bold]\n{found.look['en']}", soft_wrap=True)
        for command in found.commands:
            console.print(f"\n$ {command}", soft_wrap=True)
            typer.echo(ask(command, out))
        return
    for found in questions():
        console.print(f"[bold]{found.number:>2}. {found.asked['en']}[/bold]  ({found.who})", soft_wrap=True)
        for command in found.commands:
            console.print(f"    {command}", soft_wrap=True)
