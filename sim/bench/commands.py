"""Commands that measure: the engine against its peers, memory, pairing, and a payment provider's day."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options


def register(app: typer.Typer) -> None:
    """Add `omo bench` with its commands to `app`."""
    bench = typer.Typer(help="Measure speed and memory on this machine.", no_args_is_help=True)
    bench.command("engine")(engine)
    bench.command("journey")(journey)
    bench.command("memory")(memory)
    bench.command("pairing")(pairing)
    bench.command("psp-day")(psp_day)
    app.add_typer(bench, name="bench")


def engine(as_json: options.Json = False) -> None:
    """Measure the engine in one run: bare SimPy time-outs, lean and textbook journeys, visits of the full world."""
    from sim.bench.engine import measure_engine
    from sim.bench.show import show
    from sim.bench.world import measure_world

    figures = measure_engine()
    figures |= measure_world(figures["bare_timeouts_per_s"])
    show("engine", figures, as_json)


def journey(
    rounds: Annotated[int, typer.Option(min=1, help="The candidates take turns this many times.")] = 5,
    as_json: options.Json = False,
) -> None:
    """Measure one journey and one M/M/c queue in this engine, textbook SimPy, salabim and Ciw, on the same numbers.

    The journey: six scans, a till with patience, a pickup counter. Each ratio is the median of the ratios inside a
    round. Needs the peers: pip install 'omotwin[oracle]'.
    """
    from sim.bench.peers import measure_peers
    from sim.bench.show import show

    show("journey", measure_peers(rounds), as_json)


def memory(
    days: Annotated[int, typer.Option(min=4, help="Length of the shortest run; others are 2 and 4 times it.")] = 60,
    as_json: options.Json = False,
) -> None:
    """Measure the resident memory of a world that runs once, twice and four times as long: it should be flat.

    Each length runs in a process of its own, with its log on disk. The growth by simulated day is a regression over the
    second half of the longest run: in the first, the tables of the log gather what they write at a time.
    """
    from sim.bench.memory import measure_memory
    from sim.bench.show import progress, show

    with progress("runs") as watch:
        figures = measure_memory(days, watch)
    show("memory", figures, as_json)


def pairing(
    reps: Annotated[int, typer.Option(min=3, help="Replications of each world.")] = 24,
    jobs: options.Jobs = None,
    as_json: options.Json = False,
) -> None:
    """Measure what pairing saves: the variance of siloed against OMO, on the same numbers and on independent seeds."""
    from sim.bench.pairing import measure_pairing
    from sim.bench.show import progress, show
    from sim.experiment import Interrupted

    try:
        with progress("days") as watch:
            figures = measure_pairing(reps, jobs, watch)
    except Interrupted:
        typer.echo("interrupted: nothing is kept of a measurement", err=True)
        raise typer.Exit(130) from None
    show("pairing", figures, as_json)


def psp_day(
    share: Annotated[float, typer.Option(min=0.00001, max=1.0, help="Of the merchants: 0.01 is a quick look.")] = 1.0,
    jobs: options.Jobs = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep the log in this new folder (1.1 GB for the whole day).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Random numbers.")] = 1,
    actors: Annotated[
        bool, typer.Option("--actors", help="Queue in the engine's event loop instead of a recursion: the same bytes.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Simulate an average day of a payment provider: 163,890 merchants, 19.8 million payments, every event logged.

    Shoppers queue at the tills of stores with patience, or buy in EC shops; they pay, fail, try again. The log has one
    row per event and one per amount that becomes due, in Parquet; its sums are checked at the end. Merchants are cut
    into shards by id: the files are the same for any number of processes. Without --out the log is written and
    removed. Example: omo bench psp-day --share 0.01 --out /tmp/day
    """
    from sim.bench.psp.day import simulate_day
    from sim.bench.show import progress, show

    with tempfile.TemporaryDirectory() as folder, progress("shards") as watch:
        figures = simulate_day(out or Path(folder), share, jobs, seed, watch, actors)
    show("psp-day", figures, as_json)
    if figures["state"] == "interrupted":
        kept = f"; the shards that are whole are in {out}" if out else ""
        typer.echo(f"interrupted{kept}", err=True)
        raise typer.Exit(130)
