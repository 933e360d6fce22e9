"""`omo capacity`: how much load the target carries, and latency against load."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import ObjectiveMissed, UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(capacity)


def capacity(
    source: Annotated[str, typer.Argument(metavar="RUN|TRACE", help="A run, or a trace directory from `omo trace`.")],
    day: options.BusiestDay = None,
    at: Annotated[list[str] | None, typer.Option(help="Moment of that day, HH:MM; repeat it. The busiest one.")] = None,
    window: Annotated[float, typer.Option(help="Minutes around the moment that give the mix of requests.")] = 15.0,
    stores: Annotated[int | None, typer.Option(min=1, help="Stores that share the target: the peak to expect.")] = None,
    seconds: Annotated[float, typer.Option(min=3, help="Length of a load step.")] = 30.0,
    start: Annotated[float | None, typer.Option(help="Steps per second of the first; the expected peak.")] = None,
    p99_ms: Annotated[
        float, typer.Option(help="Latency that a step must keep, all calls, from their due time.")
    ] = 100.0,
    errors: Annotated[float, typer.Option(min=0, max=1, help="Share of unknown or failed calls it may have.")] = 0.001,
    growth: Annotated[float, typer.Option(help="Factor from step to step until one fails.")] = 1.5,
    precision: Annotated[float, typer.Option(help="The edge is bisected to this share.")] = 0.05,
    repeats: Annotated[int, typer.Option(min=1, help="How often the edge is run; the majority decides.")] = 3,
    most_steps: Annotated[int, typer.Option(min=1, help="Give up after as many steps.")] = 30,
    workers: Annotated[int, typer.Option(min=0, help="Generator processes, as in `omo load`.")] = 0,
    target: Annotated[str, typer.Option(help="As in `omo load`.")] = "core",
    base_url: Annotated[str | None, typer.Option(help="As in `omo load`.")] = None,
    keys_file: Annotated[Path | None, typer.Option(dir_okay=False, exists=True, help="As in `omo load`.")] = None,
    psp_url: Annotated[str | None, typer.Option(help="As in `omo load`.")] = None,
    database_url: Annotated[str | None, typer.Option(help="As in `omo load`.")] = None,
    psp_latency_ms: Annotated[float, typer.Option(min=0, help="Median time of the provider.")] = 20.0,
    out: Annotated[Path, typer.Option(file_okay=False, help="A new directory for the results.")] = Path("capacity"),
    keep: Annotated[bool, typer.Option("--keep", help="Keep the load directory of every step.")] = False,
    runs: options.Runs = options.RUNS,
    as_json: options.Json = False,
) -> None:
    """Find the highest load that the target carries: up by half until a step fails, then bisect, then repeat the edge.

    Every step is a load run of its own at a fresh database, and passes only if latency, errors, achieved rate, drained
    queue and audit are all in order. Writes `capacity.json` and `latency-profile.json` (for `omo run
    --latency-profile` and `omo size`). Says what saturates first, and scores the latency forecast for a load that was
    never measured. Exits with 4 when the expected peak is not carried; Ctrl-C keeps the steps so far.

    Example: omo capacity launch-day --stores 500 --at 12:10 --at 18:10 --at 22:10
    """
    from loadtest.capacity.moments import moments_of
    from loadtest.capacity.point import Limits
    from loadtest.capacity.run import Plan, search_moments
    from loadtest.capacity.search import Rules
    from loadtest.capacity.show import show_capacity
    from loadtest.load import Options
    from loadtest.servers import Faults

    _check(growth, precision, start)
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; give --out a new directory")
    moments, about = moments_of(source, runs, day, at or [], window, stores)
    plan = Plan(Limits(p99_ms, errors), Rules(0.0, growth, precision, repeats, most_steps), seconds, start, workers)
    # Time-outs of the provider are its own affair: with them the edge would measure its patience.
    faults = Faults(latency_ms=psp_latency_ms, timeout_before=0.0, timeout_after=0.0)
    load_options = Options(
        trace=out,
        out=out,
        target=target,
        base_url=base_url,
        keys_file=keys_file,
        psp_url=psp_url,
        database_url=database_url,
        faults=faults,
        workers=workers,
    )
    result = search_moments(moments, about, plan, load_options, out, keep=keep)
    typer.echo(json.dumps(result)) if as_json else show_capacity(result)
    if result["state"] == "interrupted":
        sys.exit(130)
    short = [found["moment"] for found in result["moments"] if (found["headroom"] or 0.0) < 1]
    if short:
        raise ObjectiveMissed(f"{out}: the expected peak is not carried with p99 <= {p99_ms:g} ms: {', '.join(short)}")


def _check(growth: float, precision: float, start: float | None) -> None:
    if growth <= 1:
        raise UsageError(f"--growth {growth:g}: must be above 1")
    if precision <= 0:
        raise UsageError(f"--precision {precision:g}: must be above 0")
    if start is not None and start <= 0:
        raise UsageError(f"--start {start:g}: must be above 0")
