"""Tables and progress on the terminal for faults, drills and the soak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from loadtest.faults.plans import Drill


def show_survived(counts: Mapping[str, int] | None) -> None:
    """What a run survived; nothing where it was run without faults."""
    if counts is not None:
        told = ", ".join(f"{count:,} x {action}" for action, count in counts.items()) or "none was reached"
        Console().print(f"faults survived: {told}", highlight=False)


@contextmanager
def count_progress(what: str) -> Iterator[Callable[[float, float], None]]:
    """A bar of things done on stderr, on a terminal only; yields the function to be told (done, in all)."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show_soak(result: Mapping[str, Any], directory: Path) -> None:
    """How many were paid, what was survived, and whether the books are clean."""
    console = Console(highlight=False)
    console.print(
        f"Soak [bold]{directory}[/] ({result['state']}): {result['done']:,} of {result['payments']:,} journeys in "
        f"{result['seconds']:,.0f} s: {result['captured']:,} paid, {result['refused']:,} refused, "
        f"{result['given_up']:,} left to reconciliation"
    )
    table = Table("survived", "times", "longest s", box=SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, count in result["survived"].items():
        longest = result["recovery_s"].get(name)
        table.add_row(name.replace("_", " "), f"{count:,}", "" if longest is None else f"{longest:.1f}")
    console.print(table)
    for problem in result["problems"]:
        console.print(f"[red]{problem}[/]")
    if result["broken"]:
        console.print(f"[red]broken laws: {', '.join(result['broken'])}[/]")
    console.print("[green]clean[/]" if result["clean"] else "[red]NOT CLEAN[/]")


def show_drills(drills: Sequence[Drill]) -> None:
    """The drills there are."""
    table = Table("drill", "takes s", "what happens", box=SIMPLE)
    table.columns[1].justify = "right"
    for each in drills:
        table.add_row(each.name, f"{each.seconds():.0f}", each.plan.about)
    Console().print(table)


def show_drill(result: Mapping[str, Any], directory: Path) -> None:
    """What happened, and each promise beside what was seen."""
    console = Console(highlight=False)
    console.print(f"Drill [bold]{result['drill']}[/] in {directory} ({result['state']}, scale {result['scale']:g})")
    console.print(result["about"])
    for name, value in result["happened"].items():
        console.print(f"  {name.replace('_', ' ')}: {value:,.10g}")
    show_survived(result["faults_survived"] or None)
    if result["stages"]:
        table = Table("pushes /s", "opens /s", "checkout p99 ms", "answered", "well", box=SIMPLE)
        for stage in result["stages"]:
            p99 = f"{stage['p99_ms']:,.0f}" if result["valid"] else "-"
            row = (f"{stage['pushes_per_s']:,.0f}", f"{stage['opens_per_s']:,.0f}", p99, f"{stage['answered']:.1%}")
            table.add_row(*row, ("yes" if stage["well"] else "no") if result["valid"] else "-")
        console.print(table)
    table = Table("promise", "promised", "seen", "kept", box=SIMPLE)
    words = {True: "[green]yes[/]", False: "[red]NO[/]", None: "[yellow]not judged[/]"}
    for each in result["promises"]:
        table.add_row(each["promise"], each["promised"], each["seen"], words[each["kept"]])
    console.print(table)
    for reason in result["reasons"]:
        console.print(f"[yellow]the load run is invalid, so nothing is said about time: {reason}[/]")
