"""Commands that vary a scenario's numbers: what is best along one or two of them, and which ones matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scenarios import options
from sim.output import emit_json

if TYPE_CHECKING:
    from sim.evaluation.worlds import Launch

MeasureOption = Annotated[str, typer.Option("--measure", help="What is looked at; omo compare lists the names.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file to `app`."""
    app.command("sweep")(sweep)
    app.command("sensitivity")(sensitivity)


def sweep(
    scenario: options.Scenario,
    parameters: Annotated[
        list[str], typer.Argument(metavar="KEY=LOW:HIGH:STEPS", help="One or two; KEY+KEY=... links keys.")
    ],
    reps: Annotated[int, typer.Option("--reps", min=1, help="Replications of each point.")] = 10,
    measure: MeasureOption = "contribution_yen",
    baseline: Annotated[
        str | None, typer.Option(metavar="VALUE", help="The point that others are compared with; else the first.")
    ] = None,
    by: Annotated[
        Literal["store", "area", "category"] | None,
        typer.Option(help="Contribution's optimum for each of these as well; an area is where a store is nearest."),
    ] = None,
    least: Annotated[bool, typer.Option("--least", help="The least is best: waits, lost sales.")] = False,
    seed: options.Seed = None,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Set one or two numbers to several values each, on the same shoppers, and find the optimum with its interval.

    `credit` stands for three keys together, the stores' share in sales that the app and EC make with them:
    evaluation.app_sale_store_credit, code_store_credit and collect_store_credit. It works where stores have a bonus on
    sales. With xLOW:xHIGH the number multiplies what the scenario has. Examples:

    omo sweep ward-omo credit=0:1:11 --set evaluation.policy=siloed_pl --set evaluation.commission_percent=0 --by store

    omo sweep ward-siloed evaluation.commission_percent=0:6:7 staff.code_gaming=0:0.5:3

    omo sweep ward-omo stock.cover_days=2:10:5 --measure lost_sales_yen --least
    """
    from sim.evaluation.exploring.sweep import SweepAsked
    from sim.evaluation.exploring.sweep import sweep as swept
    from sim.evaluation.exploring.sweep_tables import print_sweep
    from sim.evaluation.measures import known
    from sim.evaluation.worlds import Launch

    asked = SweepAsked(scenario, parameters, seed, sets or [], reps, known(measure, "--measure"), baseline, by, least)
    document = swept(asked, Launch(out, jobs, force, dask))
    emit_json(document) if as_json else print_sweep(document)
    if document["state"] != "complete":
        raise typer.Exit(130)


def sensitivity(
    scenario: options.Scenario,
    keys: Annotated[
        str | None,
        typer.Option(
            metavar="KEY[=LOW:HIGH],...",
            help="What is varied; x0.5:x2 (the default) multiplies what the scenario has. When left out, a curated "
            "list of assumptions. opex stands for the running costs of all capabilities.",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="SCENARIO", help="Look at the difference to this one; both get the changed key."),
    ] = None,
    method: Annotated[
        Literal["morris", "sobol"], typer.Option(help="Morris screens many keys; Sobol divides variance among few.")
    ] = "morris",
    trajectories: Annotated[
        int | None, typer.Option(min=2, help="Morris: trajectories (6). Sobol: base sample, a power of two (64).")
    ] = None,
    reps: Annotated[int, typer.Option("--reps", min=1, help="Replications of each world.")] = 3,
    measure: MeasureOption = "contribution_yen",
    seed: options.Seed = None,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Find out which assumptions a result hangs on, and whether one of them decides its sign.

    Morris' method changes one key at a time from many starting points: mu* is how much a key moves the result over its
    range, sigma how much that depends on the other keys. T trajectories over k keys are T (k + 1) worlds; Sobol takes
    N (k + 2). Runs are kept: more replications add to them. Examples:

    omo sensitivity ward-omo --against ward-siloed --set horizon.days=28

    omo sensitivity ward-omo --keys choice.rival=0:3,staff.deflect=-6:-2,stock.cover_days --trajectories 10

    omo sensitivity ward-omo --method sobol --keys choice.rival=0:3,choice.collect=-2:0 --trajectories 32
    """
    from sim.evaluation.exploring.sensitivity_document import SensitivityAsked
    from sim.evaluation.exploring.sensitivity_document import sensitivity as found
    from sim.evaluation.exploring.sensitivity_tables import print_sensitivity
    from sim.evaluation.measures import known
    from sim.evaluation.worlds import Launch

    asked = SensitivityAsked(
        scenario, keys, method, trajectories, against, known(measure, "--measure"), reps, seed, sets or []
    )
    document = found(asked, Launch(out, jobs, force, dask))
    emit_json(document) if as_json else print_sensitivity(document)
    if document["state"] != "complete":
        raise typer.Exit(130)


def search(
    scenario: str,
    ranges: list[str],
    trials: int,
    reps: int,
    confirm: int,
    seed: int | None,
    sets: list[str],
    launch: Launch,
    as_json: bool,
) -> None:
    """`omo best --search`."""
    from sim.evaluation.exploring.search_document import SearchAsked, find_values
    from sim.evaluation.exploring.search_tables import print_search

    document = find_values(SearchAsked(scenario, ranges, seed, sets, trials, reps, confirm), launch)
    emit_json(document) if as_json else print_search(document)
    if document["state"] != "complete":
        raise typer.Exit(130)
