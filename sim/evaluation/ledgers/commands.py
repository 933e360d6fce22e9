"""`omo ledgers` and `omo points`: whose yen it is, and what is owed for points."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios import options
from sim.launching import runs_of

AgainstOption = Annotated[
    str | None, typer.Option("--against", metavar="RUN|SCENARIO", help="Another world with the same shoppers.")
]


def register(app: typer.Typer) -> None:
    """Add both commands to `app`."""
    app.command("ledgers")(ledgers)
    app.command("points")(points)


def ledgers(
    reference: options.RunOrScenario,
    against: AgainstOption = None,
    seed: options.Seed = None,
    reps: options.Reps = 1,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Whose yen is it? Both divisions' P/Ls, the company's contribution, and the way from the one to the other.

    Also whose evaluation each sale counts for, how far double credit inflates the sum, and EC's share of the sales it
    has anything to do with, by three definitions. The keys of evaluation.booking say who books what.

    Examples:

    omo ledgers ward-omo --set evaluation.booking.app_sales=store

    omo ledgers ward-omo --against ward-siloed --reps 10
    """
    from sim.evaluation.ledgers.document import ledgers as document_of
    from sim.evaluation.ledgers.tables import print_ledgers
    from sim.output import emit_json

    names = [reference] if against is None else [reference, against]
    run, *others = runs_of(names, seed, reps, sets, out, jobs, dask, force)
    other = others[0] if others else None
    document = document_of(run, other)
    _keep(document, "ledgers", run, other, out)
    emit_json(document) if as_json else print_ledgers(document)


def points(
    reference: options.RunOrScenario,
    against: AgainstOption = None,
    breakage: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of points now expected to expire; the scenario's when left out."),
    ] = None,
    seed: options.Seed = None,
    reps: options.Reps = 1,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """What do we owe for points? Their roll-forward by purse; the liability as it stands, provided for, by ASBJ rules.

    ASBJ rules are those of Guidance 30, example 22. What if EC points become usable in stores? Put both side by side:

    omo points ward-siloed+capabilities.points_shared=true --against ward-siloed --reps 10

    omo points ward-omo --breakage 0.02
    """
    from sim.evaluation.ledgers.points_document import points as document_of
    from sim.evaluation.ledgers.tables import print_points
    from sim.output import emit_json

    names = [reference] if against is None else [reference, against]
    run, *others = runs_of(names, seed, reps, sets, out, jobs, dask, force)
    other = others[0] if others else None
    document = document_of(run, other, breakage)
    _keep(document, "points" if breakage is None else f"points-at-{breakage:g}", run, other, out)
    emit_json(document) if as_json else print_points(document)


def _keep(document: dict[str, Any], name: str, run: Path, other: Path | None, out: Path) -> None:
    """Keep the document of complete runs beside them; what was read from a run elsewhere is only printed."""
    from sim.log.run_directory import read_manifest
    from sim.output import keep

    manifests = [read_manifest(path) for path in (run, other) if path is not None]
    if out.is_dir() and all(manifest["state"] == "complete" for manifest in manifests):
        hashes = [manifest["inputs_hash"][:12] for manifest in manifests]
        keep(out / f"{name}-{'-'.join(hashes)}.json", document)
