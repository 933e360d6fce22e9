"""`omo attribution`: rules of attribution on a user's own paths, or on a simulated company's, judged by the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from sim.launching import request_of, simulate


def register(app: typer.Typer) -> None:
    """Add `omo attribution`."""
    app.command("attribution")(attribution)


def attribution(
    source: Annotated[str, typer.Argument(metavar="PATHS.csv|SCENARIO", help="A file of paths, or a scenario.")],
    order: Annotated[int, typer.Option("--order", min=1, max=3, help="Touches that the Markov chain remembers.")] = 1,
    half_life_hours: Annotated[
        float, typer.Option(min=1e-3, help="Time decay: a touch counts half after this.")
    ] = 168.0,
    lookback_days: Annotated[
        float, typer.Option(min=1e-3, help="Scenario: older touches have no part in a sale.")
    ] = 30.0,
    touch: Annotated[
        list[str] | None, typer.Option(help="Scenario: judge this touch; repeatable; all if left out.")
    ] = None,
    seed: options.Seed = None,
    reps: Annotated[int, typer.Option("--reps", min=1, help="Scenario: replications of each world.")] = 4,
    sets: options.Sets = None,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Who gets the credit for a sale: last and first touch, linear, position, time decay, Markov, Shapley.

    A CSV file has the columns path (touches joined by " > "), total_conversions and, where known,
    total_conversion_value, total_null (such paths that did not convert) and times (hours before the conversion, joined
    likewise). The same rules are applied to it as an analyst would.

    A scenario is simulated with and without each touch that the company could do without (all 2^k worlds), and the
    rules, which see only what the company sees, are scored against what each touch really brought. Each touch doubles
    the number of worlds: the five of ward-omo make 32. At most five are judged, messages through touchpoints first.

    Examples:

    omo attribution paths.csv --order 2

    omo attribution ward-omo --reps 4 --touch staff_advice --touch reminder
    """
    from sim.evaluation.attribution.tables_text import print_file, print_judged
    from sim.output import emit_json

    if source.lower().endswith(".csv"):
        from sim.evaluation.attribution.every_rule import file_document
        from sim.evaluation.attribution.paths_file import read_paths

        document = file_document(Path(source), read_paths(Path(source)), order, half_life_hours)
        emit_json(document) if as_json else print_file(document)
        return
    from sim.evaluation.attribution.judged import judged, worlds
    from sim.evaluation.attribution.switches import chosen
    from sim.evaluation.kept import path_of
    from sim.log.run_directory import Request, write_json

    base = request_of(source, seed, reps, sets)
    by_touches = worlds(base.loaded, chosen(base.loaded.scenario, touch or []))
    requests = [Request(loaded, base.seed, reps) for loaded in by_touches.values()]
    kept = path_of("attribution", [[r.hash for r in requests], order, half_life_hours, lookback_days], out)
    if kept.is_file() and not force:
        document = json.loads(kept.read_text(encoding="utf-8"))
    else:
        runs = simulate(requests, out, jobs, force, dask)
        document = judged(base.loaded, dict(zip(by_touches, runs, strict=True)), lookback_days, order, half_life_hours)
        write_json(kept, document)
    if as_json:
        emit_json(document)
        return
    print_judged(document)
    typer.echo(f"document: {kept}; charts: omo plot {kept}")
