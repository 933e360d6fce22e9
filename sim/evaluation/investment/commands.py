"""`omo investment`: in which order to open capabilities; `omo stores`: which stores not to convert."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from scenarios import options
from scenarios.errors import UsageError
from sim.launching import request_of, simulate
from sim.output import emit_json, keep

_SETTLE_DAYS: Final = 84
_TRAINING_HOURS: Final = 8.0
_LIGHT: Final = ("omnichannel", "click_and_collect")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("investment")(investment)
    app.command("stores")(stores)


def investment(
    scenario: Annotated[
        str, typer.Argument(help="The town, its costs, and what is open in the end: a preset or a TOML file.")
    ] = "ward-omo",
    asked: Annotated[
        list[str] | None,
        typer.Option(
            "--orders",
            metavar="ORDER",
            help="Capabilities, modes or blocks a+b, with commas: one opening after the other. rest is all that is "
            "still missing, own the scenario's own waves. Can be repeated; four common orders when left out.",
        ),
    ] = None,
    base: Annotated[
        str, typer.Option(help="What is open before: a mode, or what a scenario can do on its first day.")
    ] = "ward-siloed",
    every_days: Annotated[int, typer.Option(min=1, help="Days from one opening to the next.")] = 28,
    days: Annotated[
        int | None, typer.Option(min=28, help="Days to simulate; until 84 days after the last opening when left out.")
    ] = None,
    capex_yen: Annotated[
        int | None,
        typer.Option(
            min=0, help="The whole investment, in place of the scenario's capability costs; spent in their proportion."
        ),
    ] = None,
    wards: Annotated[int, typer.Option(min=1, help="Towns like this one that share the --capex-yen.")] = 1,
    steady_days: Annotated[
        int, typer.Option(min=7, help="Simulated days at the end that are carried forward; more of them, less luck.")
    ] = 28,
    years: Annotated[float, typer.Option(min=0.25, max=50, help="Years over which it must pay.")] = 5,
    discount_percent: Annotated[float, typer.Option(min=0, max=100, help="A year; compounded by month.")] = 8,
    without_training: Annotated[
        bool,
        typer.Option(
            "--without-training",
            help="Each order twice: with training (the scenario's staff.training_hours, 8 where it has none), and "
            "without, when getting used to it takes --untrained-learning times as long.",
        ),
    ] = False,
    untrained_learning: Annotated[
        float, typer.Option(min=1, help="An assumption: how many times as long people who were not trained learn.")
    ] = 2.0,
    seed: options.Seed = None,
    reps: options.Reps = 5,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Say in which order to open capabilities, how deep the dip is, and when it has paid.

    Each order is simulated beside a world in which nothing is opened, on the same shoppers; its cash is the difference
    in contribution (running costs and learning included) less the investment at each first opening. Beyond the
    simulated days the last four weeks are carried forward; eight weeks and many replications make that surer. Examples:

    omo investment ward-omo --reps 10 --steady-days 56

    omo investment --orders unified_id+points_shared,click_and_collect+pickup_counter,rest --orders rest

    omo investment --capex-yen 50000000 --wards 20

    omo investment --orders rest --without-training
    """
    from sim.evaluation.investment.document import document, kept_path
    from sim.evaluation.investment.orders import base_world, orders, plan, prepared
    from sim.evaluation.investment.outcomes import Terms
    from sim.evaluation.investment.tables import print_investment
    from sim.log.run_directory import Request

    if wards > 1 and capex_yen is None:
        raise UsageError("--wards: name the --capex-yen that they share; the scenario's own costs are one ward's part")
    request = request_of(scenario, seed, reps, sets)
    planned = plan(request.loaded, base)
    found = orders(asked or (), planned, every_days)
    horizon = days or max(order.last_day for order in found) + max(_SETTLE_DAYS, steady_days)
    late = [order for order in found if order.last_day + steady_days > horizon]
    if late:
        raise UsageError(f"--days {horizon}: {late[0].text} opens something on day {late[0].last_day}; simulate longer")
    hours = request.loaded.scenario.staff.training_hours or _TRAINING_HOURS
    opened = prepared(planned, found, horizon, hours if without_training else None, untrained_learning)
    nothing = base_world(planned, horizon)
    requests = [Request(world, request.seed, reps) for world in (nothing, *(one.world for one in opened))]
    base_run, *runs = simulate(requests, out, jobs, force, dask)
    terms = Terms(years, discount_percent, wards, capex_yen, steady_days)
    result = document(planned, (nothing, base_run), list(zip(opened, runs, strict=True)), terms)
    keep(kept_path(result, out), result)
    emit_json(result) if as_json else print_investment(result)


def stores(
    scenario: Annotated[str, typer.Argument(help="The converted world: a preset or a TOML file.")],
    base: Annotated[
        str, typer.Option(help="What a store is left at: a mode, or what a scenario can do on its first day.")
    ] = "ward-siloed",
    light: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SET",
            help="A lighter set to compare for each store: a mode, or capabilities a+b on top of the base. Can be "
            "repeated; omnichannel and click_and_collect when left out.",
        ),
    ] = None,
    newly_opened: Annotated[
        bool,
        typer.Option(
            "--newly-opened",
            help="Convert on day 0, so that staff and shoppers have to learn; else they are used to it.",
        ),
    ] = False,
    seed: options.Seed = None,
    reps: options.Reps = 5,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Say which stores should not get the full set, and what to give them instead.

    For each store the same shoppers live in a world in which this store alone stays as it was, in one in which it alone
    is converted (with the EC shop), and in one with each lighter set there. What counts is the company's contribution:
    what the store loses to or wins from other stores and EC is in it. Three worlds, and for each store two and one per
    lighter set, each of --reps replications. Examples:

    omo stores ward-mixed-ages --reps 10

    omo stores ward-elderly --light click_and_collect+pickup_counter --newly-opened
    """
    from sim.evaluation.investment.store_tables import print_stores
    from sim.evaluation.investment.store_worlds import conversions, light_set, worlds
    from sim.evaluation.investment.stores_document import document, kept_path
    from sim.log.run_directory import Request

    request = request_of(scenario, seed, reps, sets)
    converted = conversions(request.loaded, base, newly_opened)
    sets_there = {name: light_set(name, converted) for name in (light or _LIGHT)}
    asked = worlds(converted, sets_there)
    runs = simulate([Request(world, request.seed, reps) for world in asked.values()], out, jobs, force, dask)
    result = document(converted, sets_there, dict(zip(asked, runs, strict=True)))
    keep(kept_path(result, out), result)
    emit_json(result) if as_json else print_stores(result)
