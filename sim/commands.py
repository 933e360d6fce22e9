"""Commands of the world: run, compare, list runs, query a run."""

from __future__ import annotations

from typing import Annotated

import typer

import sim.bench.commands
import sim.evaluation.attribution.commands
import sim.evaluation.capabilities.commands
import sim.evaluation.congruence.commands
import sim.evaluation.investment.commands
import sim.evaluation.ledgers.commands
import sim.evaluation.lifetime_value.commands
import sim.evaluation.policies.commands
import sim.evaluation.rollout.commands
import sim.verify.commands
from scenarios import options
from scenarios.errors import UsageError
from sim.launching import request_of, simulate, with_profile
from sim.output import emit_json


def register(app: typer.Typer) -> None:
    """Add the world's commands to `app`."""
    app.command("run")(run)
    app.command("compare")(compare)
    app.command("runs")(runs)
    app.command("sql")(sql)
    sim.bench.commands.register(app)
    sim.evaluation.lifetime_value.commands.register(app)
    sim.evaluation.attribution.commands.register(app)
    sim.evaluation.capabilities.commands.register(app)
    sim.evaluation.investment.commands.register(app)
    sim.evaluation.ledgers.commands.register(app)
    sim.evaluation.policies.commands.register(app)
    sim.evaluation.congruence.commands.register(app)
    sim.evaluation.rollout.commands.register(app)
    sim.verify.commands.register(app)


def run(
    scenario: Annotated[str, typer.Argument(help="A preset (ward-siloed, ward-omo, launch-day) or a TOML file.")],
    seed: options.Seed = None,
    reps: options.Reps = 1,
    sets: options.Sets = None,
    latency_profile: options.LatencyProfile = None,
    latency_copies: options.LatencyCopies = 1.0,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Simulate a scenario and print its measures with intervals over the replications.

    Example: omo run ward-omo --reps 10
    """
    from sim.evaluation.comparison import describe_run
    from sim.evaluation.tables_text import print_run

    sets = with_profile(sets, latency_profile, latency_copies)
    path = simulate([request_of(scenario, seed, reps, sets)], out, jobs, force, dask)[0]
    document = describe_run(path)
    emit_json(document) if as_json else print_run(document, path)


def compare(
    scenarios: Annotated[list[str], typer.Argument(help="Scenarios; the first is what the others are compared with.")],
    seed: options.Seed = None,
    reps: options.Reps = 10,
    sets: options.Sets = None,
    latency_profile: options.LatencyProfile = None,
    latency_copies: options.LatencyCopies = 1.0,
    out: options.Out = options.RUNS,
    jobs: options.Jobs = None,
    dask: options.Dask = None,
    force: options.Force = False,
    measures: Annotated[
        str | None, typer.Option("--measures", help="Print these, side by side: --measures ltv_yen,ec_pl_yen")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Put the same shoppers through several scenarios and show what changed, paired.

    Two scenarios also give the channel-shift matrix. Examples:

    omo compare ward-siloed ward-omo --reps 10

    omo compare ward-siloed ward-o2o ward-omnichannel ward-omo

    omo compare ward-omo ward-omo+evaluation.ec_ratio_kpi=1
    """
    from sim.evaluation.comparison import comparison
    from sim.evaluation.measures import MODE_OUTCOMES, known
    from sim.evaluation.modes import compare_many, print_many
    from sim.evaluation.tables_text import print_comparison

    if len(scenarios) < 2:
        raise UsageError(f"omo compare {' '.join(scenarios)}: name at least two scenarios")
    names = None if measures is None else [known(name.strip(), "--measures") for name in measures.split(",")]
    sets = with_profile(sets, latency_profile, latency_copies)
    paths = simulate([request_of(name, seed, reps, sets) for name in scenarios], out, jobs, force, dask)
    if len(paths) == 2 and names is None:
        document = comparison(paths[0], paths[1], out, force)
        emit_json(document) if as_json else print_comparison(document)
        return
    document = compare_many(paths)
    emit_json(document) if as_json else print_many(document, names or MODE_OUTCOMES)


def runs(out: options.Out = options.RUNS, as_json: options.Json = False) -> None:
    """List the runs in the runs folder, newest first."""
    from rich.console import Console
    from rich.table import Table

    from sim.log.run_directory import list_runs, read_manifest

    found = [read_manifest(path) | {"run": path.name} for path in list_runs(out)]
    if as_json:
        emit_json({"schema": "omo.runs/1", "runs": found})
        return
    table = Table("run", "state", "days", "replications", "seed", "created")
    for manifest in found:
        done = f"{len(manifest['replications_finished'])}/{manifest['replications']}"
        row = (manifest["run"], manifest["state"], str(manifest["days"]), done, str(manifest["seed"]))
        table.add_row(*row, manifest["created"])
    Console().print(table if found else f"no runs in {out}/ yet: omo run ward-omo")


def sql(
    reference: options.Run,
    query: Annotated[str, typer.Argument(help="SQL over events, orders, payments, ledger, needs, ... (DuckDB).")],
    rep: options.Rep = 0,
    out: options.Out = options.RUNS,
    as_json: options.Json = False,
) -> None:
    """Query the tables of a run.

    Example: omo sql ward-omo "select kind, count(*) from events group by 1 order by 2 desc"
    """
    import duckdb
    from rich.console import Console
    from rich.table import Table

    from scenarios.errors import UsageError
    from sim.evaluation.tables import opened
    from sim.log.run_directory import find_run, replication_path

    with opened(replication_path(find_run(reference, out), rep)) as db:
        try:
            rows = db.execute(query).fetchall()
        except duckdb.Error as error:
            raise UsageError(f"{query}: {error}") from None
        names = [column[0] for column in db.description]
    if as_json:
        emit_json({"schema": "omo.sql/1", "columns": names, "rows": rows})
        return
    table = Table(*names)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    Console().print(table)
