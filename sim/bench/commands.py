"""Commands that measure: the engine against its peers, memory, pairing, and a payment provider's day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add `omo bench` with its commands to `app`."""
    bench = typer.Typer(help="Measure speed and memory on this machine.", no_args_is_help=True)
    bench.command("engine")(engine)
    bench.command("journey")(journey)
    app.add_typer(bench, name="bench")


def engine(as_json: JsonOption = False) -> None:
    """Measure the engine in one run: bare SimPy time-outs, lean and textbook journeys, visits of the full world."""
    from sim.bench.engine import measure_engine
    from sim.bench.world import measure_world

    figures = measure_engine()
    figures |= measure_world(figures["bare_timeouts_per_s"])
    _show("engine", figures, as_json)


def journey(
    rounds: Annotated[int, typer.Option(min=1, help="The candidates take turns this many times.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Measure one journey and one M/M/c queue in this engine, textbook SimPy, salabim and Ciw, on the same numbers.

    The journey: six scans, a till with patience, a pickup counter. Each ratio is the median of the ratios inside a
    round. Needs the peers: pip install 'omotwin[oracle]'.
    """
    from sim.bench.peers import measure_peers

    _show("journey", measure_peers(rounds), as_json)


def _show(name: str, figures: Mapping[str, Any], as_json: bool) -> None:
    """Print figures as one document, or as a table of those that are numbers and words."""
    if as_json:
        typer.echo(json.dumps({"schema": f"omo.bench-{name}/1", **figures}, ensure_ascii=False, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("measure", "value")
    for key, value in figures.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            table.add_row(key, f"{value:,.4g}" if abs(value) < 100 else f"{value:,.0f}")
        elif isinstance(value, str | bool):
            table.add_row(key, str(value))
    Console().print(table)
