"""The demand of a day as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from loadtest.demand.count import BACK_OFFICE, ENDPOINTS


def clock(minute: int) -> str:
    """`HH:MM` of a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def show_demand(document: Mapping[str, Any]) -> None:
    """Requests per second at the busiest minute, one column for each number of stores."""
    console = Console(highlight=False)
    console.print(
        f"{document['title']}, day {document['day']}, {document['replications']} replications: "
        f"busiest around [bold]{clock(document['busiest_minute'])}[/]"
    )
    table = Table("requests a second ± 95 %", "own peak", box=SIMPLE)
    for scale in document["scales"]:
        table.add_column(f"{scale['stores']:,g} stores", justify="right")
    for name in (*ENDPOINTS, *BACK_OFFICE, "push"):
        cells = [scale["endpoints"][name] for scale in document["scales"]]
        if cells[0]["own_minute"] is not None:
            table.add_row(name, clock(cells[0]["own_minute"]), *map(_rate, cells))
    totals = [scale["requests"] for scale in document["scales"]]
    table.add_section()
    table.add_row("all that somebody waits for", "", *map(_rate, totals))
    table.add_row("one such minute in a hundred", "", *(_number(total["one_minute_in_a_hundred"]) for total in totals))
    console.print(table)
    for name in (*BACK_OFFICE, "push"):
        last = document["scales"][-1]
        cell = last["endpoints"][name]
        if cell["own_minute"] is not None and cell["most_in_a_minute"] > 60 * 5 * cell["own"]["per_s"]:
            console.print(f"{name}: {cell['most_in_a_minute']:,.0f} within one minute ({last['stores']:,g} stores)")
    share, polling = document["poll_share"], document["polling"]
    half_width = "" if share["day_half_width"] is None else f" ± {share['day_half_width']:.2%}"
    console.print(
        f"Status polls every {polling['every_s']:g} s while {' and '.join(polling['brands'])} are being paid "
        f"({polling['dynamic_qr']:.0%} of QR codes shown by the store): {share['day']:.2%}{half_width} of all requests "
        f"of the day, {share['busiest_minute']:.1%} at the busiest minute",
        soft_wrap=True,
    )


def _rate(cell: Mapping[str, Any]) -> str:
    half_width = cell["half_width"]
    return _number(cell["per_s"]) + ("" if half_width is None else f" ± {_number(half_width)}")


def _number(value: float) -> str:
    if not value:
        return "0"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3f}"
