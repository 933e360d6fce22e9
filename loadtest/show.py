"""Tables and progress on the terminal for the load test's commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from loadtest.audit.verdict import Audit


@contextmanager
def progress(what: str) -> Iterator[Callable[[float, float], None]]:
    """A bar on stderr, on a terminal only; yields the function to be told (seconds done, seconds in all)."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f} s"))
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)

        def tell(done: float, total: float) -> None:
            bar.update(task, completed=done, total=total)

        yield tell


def show_trace(header: Mapping[str, Any], directory: Path) -> None:
    """What is in a trace."""
    console = Console()
    seconds = header["last_due_s"] - header["first_due_s"]
    console.print(f"Trace [bold]{directory}[/]: {header['journeys']:,} journeys in {seconds:,.0f} s, ", end="")
    console.print(f"{header['steps']:,} steps, {header['offered_steps_per_s']:,.1f} a second")
    table = Table("step", "number", box=SIMPLE)
    table.columns[1].justify = "right"
    for action, count in header["steps_by_action"].items():
        table.add_row(action, f"{count:,}")
    console.print(table)


def show_load(result: Mapping[str, Any], directory: Path) -> None:
    """The figures of a load run, and whether they count; of an invalid one only what was asked for and why not."""
    console = Console()
    verdict = "[green]valid[/]" if result["valid"] else "[red]INVALID, do not quote[/]"
    console.print(f"Load run [bold]{directory}[/] ({result['state']}): {verdict}")
    for reason in result["reasons"]:
        console.print(f"  [red]{reason}[/]")
    if result["speed"] != 1.0:
        console.print(f"  time compressed {result['speed']:g} times")
    achieved = f"achieved {result['achieved_per_s']:,.1f}/s, payments {result['payments_per_s']:,.1f}/s "
    console.print(
        f"offered {result['offered_per_s']:,.1f}/s, {achieved if result['valid'] else ''}over "
        f"{result['duration_s']:,.1f} s"
    )
    lag = result["lag_ms"]
    console.print(f"generator lag p50 {lag['p50']:.1f} ms, p99 {lag['p99']:.1f} ms, max {lag['max']:.1f} ms")
    table = Table("step", "p50 ms", "p90", "p99", "max", "ok", "refused", "unknown", "skipped", box=SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    for action in sorted(
        result["latency_ms"].keys() | result["outcomes"].keys(), key=lambda name: (name == "all", name)
    ):
        table.add_row(action, *_load_row(result, action))
    console.print(table)
    for verdict in result.get("thresholds", ()):
        state = {True: "[green]met[/]", False: "[red]MISSED[/]", None: "[yellow]not judged[/]"}[verdict["met"]]
        value = "" if verdict["value"] is None else f" ({verdict['value']:.4g})"
        console.print(f"{state}: {verdict['name']}{value}", highlight=False)
    if "comparison" in result:
        _show_comparison(console, result["comparison"])


def _show_comparison(console: Console, comparison: Mapping[str, Any]) -> None:
    """What is better and worse than in the baseline; intervals of the difference that hold all together."""
    console.print(f"against [bold]{comparison['baseline']}[/]:")
    for difference in comparison["differs_in"]:
        console.print(f"  [yellow]not the same in both runs[/]: {difference}", highlight=False)
    table = Table("action", "measure", "baseline", "now", "difference", "", box=SIMPLE)
    for column in table.columns[2:5]:
        column.justify = "right"
    colours = {"better": "[green]better[/]", "worse": "[red]worse[/]"}
    told = [row for row in comparison["rows"] if row["action"] == "all" or row["verdict"] in colours]
    for row in told:
        interval = f" [{row['interval'][0]:+.4g}, {row['interval'][1]:+.4g}]" if row["interval"] else ""
        figures = (f"{row['baseline']:,.4g}", f"{row['candidate']:,.4g}", f"{row['difference']:+.4g}{escape(interval)}")
        table.add_row(row["action"], row["measure"], *figures, colours.get(row["verdict"], row["verdict"] or ""))
    console.print(table if told else "  not compared: this run is not valid")
    if quiet := len(comparison["rows"]) - len(told):
        console.print(f"{quiet} figures of single actions show no difference, or are too short to tell (load.json)")


def _load_row(result: Mapping[str, Any], action: str) -> list[str]:
    latency = result["latency_ms"].get(action) if result["valid"] else None
    outcomes = result["outcomes"].get(action, {})
    if action == "all":
        totals = [outcome for per_action in result["outcomes"].values() for outcome in per_action.items()]
        outcomes = {name: sum(n for other, n in totals if other == name) for name, _ in totals}
    figures = [_ms(latency[name]) for name in ("p50", "p90", "p99", "max")] if latency else ["-"] * 4
    return [*figures, *(f"{outcomes.get(name, 0):,}" for name in ("ok", "rejected", "unknown", "skipped"))]


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def show_audit(result: Audit) -> None:
    """One line per law with the number of rows it looked at, then the breaches."""
    console = Console()
    table = Table("law", "checked", "broken", "what it says", box=SIMPLE)
    for column in table.columns[1:3]:
        column.justify = "right"
    room = max(console.width - 55, 20)
    for verdict in result.verdicts:
        state = "[green]0[/]" if verdict.checked else "[yellow]unchecked[/]"
        broken = f"[red]{verdict.broken:,}[/]" if verdict.broken else state
        about = shorten(verdict.law.about, room, placeholder=" …")
        table.add_row(verdict.law.name, f"{verdict.checked:,}", broken, about)
    console.print(table)
    if lacking := [verdict for verdict in result.verdicts if verdict.lacks]:
        console.print(f"{len(lacking)} laws were not checked:")
        for verdict in lacking:
            console.print(f"  {verdict.law.name}: not checked: target has no {verdict.lacks}", highlight=False)
    for verdict in result.verdicts:
        for finding in verdict.findings[:10]:
            console.print(f"[red]{finding.law}[/]: {finding.what}", highlight=False)
        if verdict.broken > 10:
            console.print(f"[red]{verdict.law.name}[/]: and {verdict.broken - 10:,} more (audit.json)", highlight=False)
    for reason in result.invalid:
        console.print(f"[yellow]the load run is invalid[/]: {reason}", highlight=False)
    console.print("[green]clean[/]" if result.is_clean() else "[red]NOT CLEAN[/]")
