"""`omo conformance`: the same day in the world's books and in the core's."""

from __future__ import annotations

import json

import typer

from scenarios import options
from scenarios.errors import ObjectiveMissed


def register(app: typer.Typer) -> None:
    """Add `omo conformance`."""
    app.command()(conformance)


def conformance(
    reference: options.Run,
    day: options.Day = 0,
    rep: options.Rep = 0,
    runs: options.Runs = options.RUNS,
    as_json: options.Json = False,
) -> None:
    """Replay a whole day at the core as fast as it goes and compare its books with the world's, to the item and yen.

    Payments have the fate that they had in the world. What the core is not told (deliveries, shrink, returns, other
    days' orders) is listed as adjusting movements. Exits with 4 when a figure differs. Not a measurement of latency.

    Example: omo run launch-day && omo conformance launch-day --day 1
    """
    from loadtest.conformance.show import progress, show
    from loadtest.conformance.verdict import as_document, conform
    from sim.log.run_directory import find_run

    with progress() as tell:
        result = conform(find_run(reference, runs), day, rep, tell)
    if as_json:
        typer.echo(json.dumps(as_document(result)))
    else:
        show(result)
    if result.differences:
        raise ObjectiveMissed(
            f"{result.run} day {day}: {len(result.differences):,} figures of the core are not the world's"
        )
