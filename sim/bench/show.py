"""What every `omo bench` command shows: a bar while it measures, then one document or a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sim.output import emit_json


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where that is a terminal; yields the function that moves it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def watch(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield watch


def show(name: str, figures: Mapping[str, Any], as_json: bool) -> None:
    """Print figures as one document, or as a table; each of a list of parts, as turns or steps, has a row."""
    if as_json:
        emit_json({"schema": f"omo.bench-{name}/1", **figures})
        return
    table = Table("measure", "value")
    for key, value in figures.items():
        if _is_rows(value):
            for index, part in enumerate(value, start=1):
                table.add_row(f"{key} {index}", ", ".join(f"{name} {_text(each)}" for name, each in part.items()))
        else:
            table.add_row(key, _text(value))
    Console().print(table)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _text(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
