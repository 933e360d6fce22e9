"""A sizing document as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table


def show_size(document: Mapping[str, Any]) -> None:
    """What comes, then the levels with cost, loss and total, and the cheapest."""
    console = Console(highlight=False)
    peak = document["peak"]
    console.print(
        f"{document['title']}: {peak['calls_per_s']:,.0f} calls/s at the busiest minute of day {document['day']}, "
        f"{peak['one_minute_in_a_hundred_per_s']:,.0f} in one such minute in a hundred "
        f"({document['copies']:,.4g} towns)",
        soft_wrap=True,
    )
    if document["measured"]["limited_by"] == "generator":
        console.print("[yellow]The profile was limited by the generator: capacity is at least what is said.[/]")
    console.print(_machines(document))
    console.print(_money(document))
    _verdict(console, document)


def _machines(document: Mapping[str, Any]) -> Table:
    heads = ("pods", "calls/s", "headroom", "in flight", "conns", "commits", "GB", "limits")
    table = Table(*heads, box=SIMPLE)
    for column in table.columns[:7]:
        column.justify = "right"
    for level in document["levels"]:
        table.add_row(
            str(level["pods"]),
            f"{level['calls_per_s']:,.0f}",
            f"{level['headroom']:.2f}",
            f"{level['calls_in_flight']:,.1f}",
            f"{level['connections']}/{level['connections_at_most']}",
            f"{level['commit_budget_used']:.0%}",
            f"{level['storage_gb']:,.0f}",
            "; ".join(level["limits"]) or "within all",
        )
    return table


def _money(document: Mapping[str, Any]) -> Table:
    heads = ("pods", "cost", "lost at tills", "total", "over cheapest", "wait s", "twice")
    title = "Million yen a year ± 95 %; mean wait at tills; orders charged twice, per town"
    table = Table(*heads, box=SIMPLE, title=title, title_justify="left")
    for column in table.columns:
        column.justify = "right"
    for level in document["levels"]:
        best = level["pods"] == document["cheapest_pods"]
        felt = level["felt"]
        table.add_row(
            str(level["pods"]),
            f"{level['cost_yen_per_year']['total'] / 1e6:,.2f}",
            _yen(level["lost_yen_per_year"]),
            f"{level['total_yen_per_year']['mean'] / 1e6:,.2f}",
            "[bold green]cheapest[/]" if best else _yen(level["dearer_than_cheapest_yen"]),
            f"{felt['till_wait_s']['mean']:.1f}",
            f"{felt['double_captures']['mean']:,.0f}",
        )
    return table


def _verdict(console: Console, document: Mapping[str, Any]) -> None:
    plan = document["prices"]["plan"]
    console.print(
        f"Cheapest including what is lost at the tills: [bold]{document['cheapest_pods']} pods[/], with these days "
        f"{plan['times_per_year']:g} times a year ({document['replications']} replications of the same shoppers)",
        soft_wrap=True,
    )
    fitting = document["fewest_pods_within_limits"]
    if fitting is None:
        console.print("[yellow]No level is within all limits of the price file.[/]")
    elif fitting != document["cheapest_pods"]:
        console.print(f"Within all limits of the price file: from {fitting} pods on")


def _yen(interval: Mapping[str, float | None]) -> str:
    mean, half_width = interval["mean"] or 0.0, interval["half_width"]
    return f"{mean / 1e6:,.2f}" + ("" if half_width is None else f" ± {half_width / 1e6:,.2f}")
