"""The outcome of a conformance check on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from loadtest.conformance.expected import MONEY
from loadtest.conformance.verdict import SHOWN, Conformance


@contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, on a terminal only; yields the function to be told (journeys done, journeys in all)."""
    console = Console(stderr=True)
    columns = (TextColumn("journeys"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("journeys", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def show(result: Conformance) -> None:
    """The statements from the core's books to the world's, and what differs."""
    console = Console(highlight=False)
    figures = ", ".join(f"{count:,} of {book}" for book, count in result.compared.items())
    console.print(
        f"[bold]{result.run}[/] day {result.day}: {result.journeys:,} journeys with {result.orders:,} orders, "
        f"{result.requests:,} requests"
    )
    console.print(f"Compared: {figures}")
    console.print(_stock_table(result))
    console.print(_money_table(result))
    if not result.differences:
        console.print("[green]The same books: no item and no yen differs.[/]")
        return
    table = Table("book", "where", "what", "expected", "found", box=SIMPLE, title=f"{len(result.differences):,} differ")
    for row in result.differences[:SHOWN]:
        table.add_row(row.book, row.where, row.what, f"{row.expected:,}", f"{row.found:,}")
    console.print(table)


def _stock_table(result: Conformance) -> Table:
    table = Table("units on hand at the end", "net", "moved", "items", box=SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("core", f"{result.stock['core']['on_hand']:,}", "", "")
    for reason, figures in result.stock["adjustments"].items():
        table.add_row(f"  {_words(reason)}", *(f"{figures[name]:,}" for name in ("units", "moved", "places")))
    table.add_row("world", f"{result.stock['world']['on_hand']:,}", "", "")
    return table


def _money_table(result: Conformance) -> Table:
    table = Table("yen of the day", "captured", "given back", "fees", box=SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    for brand, statement in result.money.items():
        rows = {f"{brand}: core": statement["core"], **statement["adjustments"], f"{brand}: world": statement["world"]}
        for name, figures in rows.items():
            label = name if ":" in name else f"  {_words(name)}"
            table.add_row(label, *(f"{figures[kind]:,}" if kind in figures else "" for kind in MONEY))
    return table


def _words(reason: str) -> str:
    return reason.replace("_", " ")
