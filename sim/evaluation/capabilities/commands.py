"""`omo capabilities`: what each capability contributes."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from scenarios import options
from sim.launching import request_of, simulate
from sim.output import emit_json, keep

_ORDERS_STREAM: Final = 0x0C0A
"""Tells the choice of orders from other random choices made on finished runs with the same seed."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("capabilities")(capabilities)


def capabilities(
    scenario: Annotated[str, typer.Argument(help="The world with everything open: a preset or a TOML file.")],
    of: Annotated[
        str | None,
        typer.Option(
            help="Keys of [capabilities] to judge, with commas; a+b are opened together, as one. Also "
            "ec_orders: ordering from home for a parcel."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            help="Where the other capabilities come from: a mode (siloed, o2o, omnichannel, omo) or another "
            "scenario; SCENARIO itself when left out."
        ),
    ] = None,
    measure: Annotated[
        str, typer.Option(help="What is shared out: a measure of `omo run --json`.")
    ] = "contribution_yen",
    pairs: Annotated[int, typer.Option(min=2, help="Pairs of orders to sample where more than 8 are judged.")] = 10,
    seed: options.Seed = None,
    reps: options.Reps = 5,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Say what each capability contributes: alone, when it alone is missing, and as its fair share (Shapley).

    Runs the same shoppers through every combination: 2^n worlds for n capabilities, each of --reps replications. What
    they add alone, or take away when missing, does not add up to what all add together; the Shapley shares do, to the
    yen. Also shows which pairs help or hinder each other, and how much of a capability's effect falls on channels
    other than its own. Examples:

    omo capabilities ward-omo --reps 10

    omo capabilities ward-omo --of click_and_collect+pickup_counter,scan_and_pay,ec_orders --set horizon.days=14

    omo capabilities ward-siloed --of click_and_collect,store_stock_online --measure net_revenue_yen
    """
    import numpy as np

    from sim.evaluation.capabilities.contributions import MOST_EXACT, wanted
    from sim.evaluation.capabilities.document import document, kept_path, print_document
    from sim.evaluation.capabilities.players import game, world
    from sim.evaluation.measures import known
    from sim.evaluation.shapley import antithetic_orders
    from sim.log.run_directory import Request

    known(measure, "--measure")
    request = request_of(scenario, seed, reps, sets)
    played = game(request.loaded, of, base)
    many = len(played.players) > MOST_EXACT
    rng = np.random.default_rng([request.seed, _ORDERS_STREAM])
    orders = antithetic_orders(played.players, pairs, rng) if many else []
    asked = wanted(played.players, orders)
    requests = [Request(world(played, coalition), request.seed, reps) for coalition in asked]
    runs = simulate(requests, out, jobs, force, dask)
    found = document(played, dict(zip(asked, runs, strict=True)), measure, orders)
    keep(kept_path(found, out), found)
    emit_json(found) if as_json else print_document(found)
