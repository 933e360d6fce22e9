"""What `omo target check` found, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.console import Console
from rich.markup import escape

from loadtest.targets.check import Checked, Exchange
from loadtest.targets.protocol import System

_COLOURS = {"ok": "green", "rejected": "yellow", "busy": "yellow", "unknown": "red"}


def show_check(checked: Checked, system: System) -> None:
    """Every exchange by kind of journey, then what is missing."""
    console = Console(highlight=False, soft_wrap=True)
    for kind, exchanges in groupby(checked.exchanges, key=lambda each: each.kind):
        console.rule(f"[bold]{kind}[/]")
        for exchange in exchanges:
            for line in _lines(exchange):
                console.print(line)
    console.rule("[bold]what is missing[/]")
    if checked.skipped:
        console.print("steps not sent:")
        for action, whys in _by_action(checked.skipped):
            console.print(f"  {action}: {escape('; '.join(whys))}")
    for name, what in checked.unchecked:
        console.print(f"  {name}: not checked: target has no {escape(what)}")
    for problem in checked.problems:
        console.print(f"[red]{escape(problem)}[/]")
    failed = checked.failed()
    state = f"[red]{len(failed)} of {len(checked.exchanges)} answers were not ok[/]" if failed else "[green]all ok[/]"
    console.print(f"{system.name} at {system.url}: {len(checked.exchanges)} requests, {state}")
    for exchange in failed:
        console.print(f"  {exchange.kind}: {exchange.action} {exchange.status}: {escape(exchange.rule)}")


def _lines(exchange: Exchange) -> Iterator[str]:
    yield f"[bold]{exchange.action}[/]"
    for line in exchange.request.splitlines():
        yield f"  [cyan]>[/] {escape(line)}"
    yield f"  [magenta]<[/] {exchange.status}"
    for line in exchange.answer.splitlines():
        yield f"  [magenta]<[/] {escape(line)}"
    colour = _COLOURS.get(exchange.verdict, "red")
    yield f"  [{colour}]{exchange.verdict}[/] by the rule `{escape(exchange.rule)}`"
    if exchange.captured:
        pairs = ", ".join(f"{name} = {value!r}" for name, value in exchange.captured.items())
        yield f"  captured: {escape(pairs)}"


def _by_action(skipped: list[tuple[str, str, str]]) -> Iterator[tuple[str, list[str]]]:
    for action in dict.fromkeys(action for _, action, _ in skipped):
        yield action, list(dict.fromkeys(why for _, other, why in skipped if other == action))
