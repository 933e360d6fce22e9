"""`omo congruence`: does what pays staff also pay the company?"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from scenarios import options
from sim.launching import request_of, simulate
from sim.output import emit_json, keep

_DEFAULT: Final = "till_only,siloed_pl,home_store,commission,company_ltv,incremental"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("congruence")(congruence)


def congruence(
    scenario: options.Scenario,
    policies: Annotated[
        str, typer.Option(help="Policies, separated by commas; all presets, or own for the scenario's own table.")
    ] = _DEFAULT,
    seed: options.Seed = None,
    reps: options.Reps = 5,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Say on which share of the value that staff make or lose their own pay points the company's way.

    Each policy is run twice on the same shoppers: as it is, and with staff who keep silent. At every contact where
    staff advised or deflected, what that brought the company is compared with what it brought the person: as paid by
    the rules for what came of it, and as the letter of the policy promised. A commission can be congruent and still
    be too thin to move anybody: see the column of own pay. Example:

    omo congruence ward-omo --policies till_only,commission,incremental --reps 5
    """
    from sim.evaluation.congruence.congruence import document, policy_row, print_document, silent
    from sim.evaluation.kept import path_of
    from sim.evaluation.policies.worlds import candidates, pure, refuse_sets
    from sim.log.run_directory import Request

    names = candidates(policies, baseline=policies.split(",")[0].strip())
    refuse_sets(sets or [], names)
    request = request_of(scenario, seed, reps, sets)
    worlds = [pure(request.loaded, name) for name in names]
    requests = [Request(loaded, request.seed, reps) for world in worlds for loaded in (world, silent(world))]
    runs = simulate(requests, out, jobs, force, dask)
    pairs = zip(names, worlds, runs[::2], runs[1::2], strict=True)
    rows = [policy_row(name, world.scenario, run, without) for name, world, run, without in pairs]
    found = document(rows, request.loaded.name, runs)
    keep(path_of("congruence", [run.name for run in runs], out), found)
    emit_json(found) if as_json else print_document(found)
