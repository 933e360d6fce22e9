"""Commands about ways of paying staff: which is best."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import UsageError
from sim.evaluation.exploring import commands as exploring
from sim.output import emit_json


def register(app: typer.Typer) -> None:
    """Add the commands of this room to `app`."""
    app.command("best")(best)
    exploring.register(app)


def best(
    scenario: options.Scenario,
    policies: Annotated[
        str, typer.Option(help="Policies, separated by commas; all presets, or own for the scenario's own table.")
    ] = "all",
    reps: Annotated[int, typer.Option("--reps", min=2, help="Replications of the policies that stay in.")] = 20,
    until_half_width: Annotated[
        float | None,
        typer.Option(metavar="YEN", min=1, help="Go on until the best's lead is known to +- this many yen."),
    ] = None,
    indifference: Annotated[
        float | None,
        typer.Option(metavar="YEN", min=1, help="A lead too small to matter; 0.1 % of net revenue when left out."),
    ] = None,
    confirm: Annotated[int, typer.Option(min=0, help="Replications of the best under fresh seeds; 0 for none.")] = 10,
    under: Annotated[
        list[str] | None, typer.Option(metavar="SCENARIO", help="Another state of nature; can be repeated.")
    ] = None,
    baseline: Annotated[str, typer.Option(help="The policy that the others are compared with.")] = "siloed_pl",
    search: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=LOW:HIGH", help="Instead of policies: find the best number; can be repeated."),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Points that --search tries.")] = 30,
    seed: options.Seed = None,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Find the way of paying staff that leaves the company most, on the same shoppers for all.

    Ten replications of every policy come first; those that cannot be the best any more stop there (Kim and Nelson's
    procedure), the others go on to --reps. The best, the runner-up and the baseline then run under fresh seeds, since
    whoever looks best among many was also lucky. Each policy runs pure: what else the scenario's
    evaluation table sets is left aside, but for booking. Examples:

    omo best ward-omo

    omo best ward-omo --policies split,join_fee,hybrid --until-half-width 200000

    omo best ward-omo --under ward-elderly --under ward-half-finished

    --search looks for the best values of numbers instead, against the scenario as it is, with Optuna (extra `search`);
    linked keys are joined by +, and credit stands for the stores' share in sales with the app and EC:

    omo best ward-omo --search evaluation.commission_percent=0:6 --search evaluation.company_bonus=0:1 --trials 40
    """
    from sim.evaluation.policies.best import FIRST_STAGE, Plan
    from sim.evaluation.policies.finding import Asked, find_best
    from sim.evaluation.policies.tables import print_best
    from sim.evaluation.policies.worlds import candidates, refuse_sets
    from sim.evaluation.worlds import Launch

    if search:
        if policies != "all" or under or until_half_width is not None or indifference is not None:
            raise UsageError(
                "--search tries numbers, not policies: leave out --policies, --under, --indifference and "
                "--until-half-width"
            )
        exploring.search(
            scenario, search, trials, reps, confirm, seed, sets or [], Launch(out, jobs, force, dask), as_json
        )
        return
    if until_half_width is not None and reps < FIRST_STAGE:
        raise UsageError(f"--until-half-width with --reps {reps}: its rule needs a first stage of {FIRST_STAGE}")
    named = candidates(policies, baseline)
    refuse_sets(sets or [], named)
    plan = Plan(named, baseline, reps, indifference, until_half_width)
    asked = Asked(scenario, seed, sets or [], under or [], confirm)
    document = find_best(plan, asked, Launch(out, jobs, force, dask))
    emit_json(document) if as_json else print_best(document)
    if document["state"] != "complete":
        raise typer.Exit(130)
