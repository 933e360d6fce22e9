"""`omo size`: how much machine pays for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(size)


def size(
    scenario: Annotated[str | None, typer.Argument(help="A preset (launch-day) or a TOML file.")] = None,
    profile: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Measured latency and capacity, from `omo capacity`.")
    ] = None,
    stores: Annotated[
        int | None, typer.Option(min=1, help="Stores that share the core; the scenario's town stands for them.")
    ] = None,
    prices: Annotated[Path | None, typer.Option(dir_okay=False, help="Price file; the shipped assumptions.")] = None,
    new_prices: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write a price file to edit, and end.")
    ] = None,
    pods: Annotated[list[int] | None, typer.Option(min=1, help="A level to compare; repeat it.")] = None,
    reps: Annotated[int, typer.Option("--reps", min=1, help="Replications of each world.")] = 10,
    seed: options.Seed = None,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Compare provisioning levels: what each costs, and what the tills lose for waiting on it; the cheapest in all.

    The measured latency goes back into the world: the same shoppers meet a core that is never busy, and one of each
    size. Lost contribution is scaled to all stores and to how often such days come (price file).

    Examples: omo size --new-prices prices.toml

    omo size launch-day --profile capacity/latency-profile.json --stores 500 --prices prices.toml
    """
    from loadtest.sizing.prices import read_prices, write_prices
    from loadtest.sizing.show import show_size
    from loadtest.sizing.size import Asked, sized
    from scenarios.measured_latency import read_profile
    from sim.evaluation.worlds import Launch, Stopped
    from sim.output import emit_json

    if new_prices is not None:
        write_prices(new_prices)
        return
    if scenario is None or profile is None:
        raise UsageError("omo size needs a scenario and --profile FILE, which `omo capacity` writes")
    asked = Asked(scenario, stores, seed, reps, sets or (), pods or ())
    try:
        document = sized(asked, read_profile(profile), read_prices(prices), Launch(out, jobs, force, dask))
    except Stopped:
        raise typer.Exit(130) from None
    emit_json(document) if as_json else show_size(document)
