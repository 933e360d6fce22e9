"""`omo export` and `omo rollout`: what a company would see of a run, and what an analyst would make of a rollout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import UsageError
from sim.launching import request_of, runs_of, simulate


def register(app: typer.Typer) -> None:
    """Add both commands to `app`."""
    app.command("export")(export)
    app.command("rollout")(rollout)


def rollout(
    scenario: Annotated[
        str, typer.Argument(help="A preset or TOML file whose [rollout] opens stores in waves.")
    ] = "ward-rollout",
    against: Annotated[
        str | None,
        typer.Option(metavar="SCENARIO", help="The world without it; SCENARIO without its waves when left out."),
    ] = None,
    seed: options.Seed = None,
    reps: options.Reps = 5,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Let an analyst estimate a staged rollout from the company's own records, and judge the estimates by the truth.

    Naive before/after, naive treated/untreated, two-way fixed effects, Callaway and Sant'Anna, and event studies by
    relative week. The truth is the same shoppers in a world without the waves. Shoppers of a converted store come in
    part from stores that wait for their turn, so these are no clean controls: the error by each cause is shown, and the
    remedy, to add sales up by the shoppers' home catchment instead of by store.

    Examples:

    omo rollout ward-twelve-stores --reps 20

    omo rollout ward-rollout --set learning.days=42
    """
    from dataclasses import replace

    from sim.evaluation.rollout.document import kept_path, rollout_document
    from sim.evaluation.rollout.schedule import start_weeks, without_waves
    from sim.evaluation.rollout.tables_text import print_rollout
    from sim.log.run_directory import write_json
    from sim.output import emit_json

    request = request_of(scenario, seed, reps, sets)
    start_weeks(request.loaded.scenario)
    if against is None:
        other = replace(request, loaded=without_waves(request.loaded))
    else:
        other = request_of(against, request.seed, reps, sets)
    run, without = simulate([request, other], out, jobs, force, dask)
    document = rollout_document(run, without)
    path = kept_path(run, without, out)
    write_json(path, document)
    if as_json:
        emit_json(document)
        return
    print_rollout(document)
    typer.echo(f"document: {path}; charts: omo plot {path}")


def export(
    reference: options.RunOrScenario,
    folder: Annotated[Path, typer.Option("--out", help="Folder that the tables are written to.")],
    company_view: Annotated[
        bool, typer.Option("--company-view", help="What the company's own records hold, and nothing of the truth.")
    ] = False,
    ocel: Annotated[
        bool, typer.Option("--ocel", help="The life of orders for process mining: OCEL 2.0 and a flat log (pm4py).")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Also as CSV.")] = False,
    rep: options.Rep = 0,
    seed: options.Seed = None,
    sets: options.Sets = None,
    runs: options.Runs = options.RUNS,
    jobs: options.Jobs = None,
    as_json: options.Json = False,
) -> None:
    """Write what the company would see of a run: an analyst's data set without the answer.

    Receipts (with a customer only where one was identified), the ledger as booked, days of stores, online orders by
    delivery area, and the calendar of the rollout, as Parquet. README.md beside them says what the columns mean.

    Examples:

    omo export ward-twelve-stores --company-view --out data

    omo export ward-omo --company-view --ocel --csv --out data
    """
    from sim.evaluation.ledgers.document import scenario_of
    from sim.evaluation.rollout.export import company_records, write_readme, write_records
    from sim.log.run_directory import read_manifest, replication_path
    from sim.output import emit_json

    if not (company_view or ocel):
        raise UsageError("nothing to export: say --company-view, --ocel, or both")
    (run,) = runs_of([reference], seed, rep + 1, sets, runs, jobs)
    if rep not in read_manifest(run)["replications_finished"]:
        raise UsageError(f"--rep {rep}: {run} has no such replication that is finished")
    scenario, directory = scenario_of(run), replication_path(run, rep)
    records = company_records(directory, scenario)
    files = write_records(records, folder, csv) if company_view else []
    if ocel:
        from sim.evaluation.rollout.ocel import write_event_logs

        folder.mkdir(parents=True, exist_ok=True)
        files += write_event_logs(directory, scenario, records, folder)
    files.append(write_readme([path.stem for path in files if path.suffix == ".parquet"], folder))
    if as_json:
        written = [str(path) for path in files]
        emit_json({"schema": "omo.export/1", "run": run.name, "replication": rep, "files": written})
        return
    for path in files:
        typer.echo(path)
