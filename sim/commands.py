"""Commands of the world: run, compare, list runs, query a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import sim.bench.commands
import sim.verify.commands
from scenarios.errors import UsageError
from sim.output import emit_json

if TYPE_CHECKING:
    from sim.log.run_directory import Request

RunsOption = Annotated[Path, typer.Option("--out", help="Folder that holds the runs.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Random numbers; the scenario's own when left out.")]
RepsOption = Annotated[int, typer.Option("--reps", min=1, help="Replications.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Override a key: --set staff.intercept=-1.5")]
JobsOption = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all cores when left out.")]
DaskOption = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Run on the workers of this Dask scheduler (tcp://host:8786) instead of --jobs processes here. Each needs "
        "the same omotwin installed, and no shared disk: they send the files, this machine writes them.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Run again although equal inputs have been run.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

RUNS = Path("runs")


def register(app: typer.Typer) -> None:
    """Add the world's commands to `app`."""
    app.command("run")(run)
    app.command("compare")(compare)
    app.command("runs")(runs)
    app.command("sql")(sql)
    sim.bench.commands.register(app)
    sim.verify.commands.register(app)


def run(
    scenario: Annotated[str, typer.Argument(help="A preset (ward-siloed, ward-omo, launch-day) or a TOML file.")],
    seed: SeedOption = None,
    reps: RepsOption = 1,
    sets: SetOption = None,
    out: RunsOption = RUNS,
    jobs: JobsOption = None,
    dask: DaskOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate a scenario and print its measures with intervals over the replications.

    Example: omo run ward-omo --reps 10
    """
    from sim.evaluation.comparison import describe_run
    from sim.evaluation.tables_text import print_run

    path = simulate([request_of(scenario, seed, reps, sets)], out, jobs, force, dask)[0]
    document = describe_run(path)
    emit_json(document) if as_json else print_run(document, path)


def compare(
    scenarios: Annotated[list[str], typer.Argument(help="Scenarios; the first is what the others are compared with.")],
    seed: SeedOption = None,
    reps: RepsOption = 10,
    sets: SetOption = None,
    out: RunsOption = RUNS,
    jobs: JobsOption = None,
    dask: DaskOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put the same shoppers through several scenarios and show what changed, paired.

    Two scenarios also give the channel-shift matrix. Examples:

    omo compare ward-siloed ward-omo --reps 10

    omo compare ward-siloed ward-o2o ward-omnichannel ward-omo
    """
    from sim.evaluation.comparison import comparison
    from sim.evaluation.modes import compare_many, print_many
    from sim.evaluation.tables_text import print_comparison

    if len(scenarios) < 2:
        raise UsageError(f"omo compare {' '.join(scenarios)}: name at least two scenarios")
    paths = simulate([request_of(name, seed, reps, sets) for name in scenarios], out, jobs, force, dask)
    if len(paths) == 2:
        document = comparison(paths[0], paths[1], out, force)
        emit_json(document) if as_json else print_comparison(document)
        return
    document = compare_many(paths)
    emit_json(document) if as_json else print_many(document)


def runs(out: RunsOption = RUNS, as_json: JsonOption = False) -> None:
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
    reference: Annotated[str, typer.Argument(metavar="RUN", help="A run: its path, its name, or its scenario.")],
    query: Annotated[str, typer.Argument(help="SQL over events, orders, payments, ledger, needs, ... (DuckDB).")],
    rep: Annotated[int, typer.Option(help="Replication.")] = 0,
    out: RunsOption = RUNS,
    as_json: JsonOption = False,
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


def request_of(scenario: str, seed: int | None, reps: int, sets: list[str] | None) -> Request:
    """The request that a command line's arguments stand for."""
    from scenarios.loader import load
    from sim.log.run_directory import Request

    loaded = load(scenario, sets or ())
    return Request(loaded, loaded.scenario.seed if seed is None else seed, reps)


def simulate(requests: list[Request], out: Path, jobs: int | None, force: bool, dask: str | None = None) -> list[Path]:
    """Run `requests` with a progress bar on stderr; Ctrl-C says what was kept and exits with 130."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from sim.experiment import Interrupted, run

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("days", total=None)

        def watch(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        try:
            return run(requests, out, jobs, force, watch, dask)
        except Interrupted as interrupted:
            for path in interrupted.paths:
                console.print(f"interrupted; what was finished is in {path}", highlight=False)
            raise typer.Exit(130) from None
