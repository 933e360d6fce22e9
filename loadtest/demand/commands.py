"""`omo demand`: requests per second by endpoint and minute of a simulated day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demand)


def demand(
    reference: options.Run,
    day: options.BusiestDay = None,
    stores: Annotated[list[int] | None, typer.Option(min=1, help="Stores that share the systems; repeat it.")] = None,
    copies: Annotated[list[float] | None, typer.Option(help="Copies of the run's town; repeat it.")] = None,
    poll_every: Annotated[float, typer.Option(help="Seconds between two status polls of one payment.")] = 2.5,
    dynamic_qr: Annotated[
        float, typer.Option(min=0, max=1, help="Share of QR payments whose code the store shows, and so polls.")
    ] = 1.0,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Also keep the document in this file.")] = None,
    runs: options.Runs = options.RUNS,
    as_json: options.Json = False,
) -> None:
    """Requests per second by endpoint at the busiest minute of a day, for as many stores as you have.

    Counted in all replications of the run; more stores are independent copies of its town. Batches of the back office
    and push messages are listed apart, for nobody waits for their answer.

    Example: omo run launch-day --reps 10 && omo demand launch-day --stores 50 --stores 100 --stores 500
    """
    from loadtest.demand.count import Polling
    from loadtest.demand.document import demand as describe
    from loadtest.demand.show import show_demand
    from loadtest.show import progress
    from sim.log.run_directory import find_run, write_json

    if poll_every <= 0:
        raise UsageError(f"--poll-every {poll_every:g}: must be above 0")
    if any(factor <= 0 for factor in copies or ()):
        raise UsageError("--copies: must be above 0")
    scales = copies or ([] if stores else [1.0])
    with progress("counting replications") as tell:
        polling = Polling(every_s=poll_every, dynamic_qr=dynamic_qr)
        document = describe(find_run(reference, runs), day, stores or (), scales, polling, tell)
    if out is not None:
        write_json(out, document)
    typer.echo(json.dumps(document)) if as_json else show_demand(document)
