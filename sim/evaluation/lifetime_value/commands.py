"""Commands about customers: their lifetime value, and what linking channels does to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import UsageError
from sim.launching import request_of, runs_of, simulate
from sim.output import emit_json, keep


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("ltv")(ltv)
    app.command("cross-channel")(cross_channel)


def ltv(
    source: Annotated[
        str,
        typer.Argument(help="Receipts as CSV (customer, date, amount); or a run, a preset or a scenario file."),
    ],
    calibration: Annotated[
        float,
        typer.Option(help="Share of the time that the models see before they forecast the rest; 1: no hold-out."),
    ] = 0.5,
    years: Annotated[float, typer.Option(help="How far ahead customers are worth something.")] = 3.0,
    discount: Annotated[float, typer.Option(help="Discount per year.")] = 0.1,
    seed: options.Seed = None,
    reps: options.Reps = 1,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """What customers are worth: BG/NBD and Gamma-Gamma fitted to receipts, with a hold-out forecast.

    With receipts of your own it says how often customers come, who is still there, and what they will spend. With a
    world it does the same from the receipts that the company can link to a customer, beside the truth. Examples:

    omo ltv receipts.csv

    omo ltv ward-omo --reps 5
    """
    from sim.evaluation.lifetime_value.document import Question, analysed
    from sim.evaluation.lifetime_value.receipts import read_receipts
    from sim.evaluation.lifetime_value.text import print_ltv
    from sim.evaluation.lifetime_value.twin import twin_values

    if not 0 < calibration <= 1:
        raise UsageError(f"--calibration {calibration}: wanted a share above 0 and up to 1")
    if years <= 0 or discount < 0:
        raise UsageError("--years must be above 0 and --discount at least 0")
    question = Question(calibration, years, discount)
    if source.lower().endswith(".csv"):
        document = analysed(read_receipts(Path(source)), source, question).document
    else:
        (run,) = runs_of([source], seed, reps, sets, out, jobs, dask, force)
        document = twin_values(run, question)
    emit_json(document) if as_json else print_ltv(document)


def cross_channel(
    scenario: Annotated[str, typer.Argument(help="The world with linked channels.")] = "ward-omo",
    against: Annotated[str, typer.Option(help="The same world without the links.")] = "ward-siloed",
    seed: options.Seed = None,
    reps: options.Reps = 10,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Customers of both channels: what they seem to be worth, and what the links really bring.

    The naive premium divides what customers of both channels spend by what store-only customers spend. The causal
    uplift puts the same shoppers, all of them, through both worlds. Example:

    omo cross-channel ward-omo --against ward-siloed --reps 10
    """
    from sim.evaluation.lifetime_value.cross_channel import cross_channel_document
    from sim.evaluation.lifetime_value.cross_channel_text import print_cross_channel
    from sim.log.run_directory import read_manifest

    names = (against, scenario)
    off, on = simulate([request_of(name, seed, reps, sets) for name in names], out, jobs, force, dask)
    document = cross_channel_document(off, on)
    hashes = "-".join(read_manifest(run)["inputs_hash"][:12] for run in (off, on))
    keep(out / f"cross-channel-{hashes}.json", document)
    emit_json(document) if as_json else print_cross_channel(document)
