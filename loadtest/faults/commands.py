"""`omo drill`, `omo soak`: rehearse what goes wrong, and pay a million times while everything is being killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios.errors import ObjectiveMissed, UsageError


def register(app: typer.Typer) -> None:
    """Add `omo drill` and `omo soak`."""
    app.command()(drill)
    app.command()(soak)


_Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]


def drill(
    name: Annotated[str | None, typer.Argument(help="Which drill; without it they are listed.")] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where the results go; a new directory. Default: drill-NAME.")
    ] = None,
    scale: Annotated[
        float, typer.Option(min=0.001, max=1000, help="Times as many shoppers; 0.1 speaks for a system a tenth as big.")
    ] = 1.0,
    pace: Annotated[
        float | None, typer.Option(min=1, help="Pushes a second, instead of the drill's own (push-to-a-million).")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(file_okay=False, help="Replay this trace (`omo trace`) under the drill's faults.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Rehearse a bad day: traffic, faults, audit, and what happened beside what was promised.

    Starts everything it needs and breaks only that. Exits with 4 when a promise is not kept; promises about time are
    judged only where the load generator was on time.

    Examples: omo drill   (lists them)
    omo drill lunch-qr-outage --out qr
    omo drill push-to-a-million --pace 3000 --scale 0.5
    """
    from loadtest.faults.drill import run_drill
    from loadtest.faults.plans import at_pace, names, read_drill
    from loadtest.faults.show import show_drill, show_drills
    from loadtest.show import progress

    if name is None:
        drills = [read_drill(each) for each in names()]
        if as_json:
            listed = [{"drill": each.name, "about": each.plan.about, "seconds": each.seconds()} for each in drills]
            typer.echo(json.dumps({"schema": "omo.drills/1", "drills": listed}))
        else:
            show_drills(drills)
        return
    chosen = read_drill(name) if pace is None else at_pace(read_drill(name), pace)
    directory = out or Path(f"drill-{name}")
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty; give --out a new directory")
    with progress(name) as tell:
        result = run_drill(chosen, directory, tell, scale=scale, trace=trace)
    if as_json:
        typer.echo(json.dumps(result))
    else:
        show_drill(result, directory)
    if result["state"] == "interrupted":
        sys.exit(130)
    if not result["kept"]:
        broken = [each["promise"] for each in result["promises"] if each["kept"] is False]
        raise ObjectiveMissed(f"{directory}: not as promised: {', '.join(broken)}")


def soak(
    payments: Annotated[int, typer.Option(min=100, help="Shoppers who order and pay.")] = 20_000,
    kills: Annotated[int, typer.Option(min=0, help="Kills each of core and PostgreSQL, spread over them.")] = 4,
    out: Annotated[
        Path, typer.Option(file_okay=False, help="Where everything is kept; the same again continues a soak.")
    ] = Path("soak"),
    max_minutes: Annotated[
        float | None, typer.Option(min=0.1, help="Stop paying after so long; audit what was done.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Pay very often while core and PostgreSQL are being killed and the provider times out and repeats itself.

    Clients repeat a call under its key until it is answered. In the end: reconciliation, and the audit of every order,
    yen and unit. Exits with 4 when a law is broken. Interrupted or stopped by --max-minutes, the same call goes on.

    Example: omo soak --payments 1000000 --kills 10 --out soak
    """
    from loadtest.faults.show import count_progress, show_soak
    from loadtest.faults.soak import Options, run_soak

    limit_s = float("inf") if max_minutes is None else 60.0 * max_minutes
    with count_progress("paying") as tell:
        result = run_soak(Options(out, payments, kills, limit_s), tell)
    if as_json:
        typer.echo(json.dumps(result))
    else:
        show_soak(result, out)
    if not result["clean"]:
        raise ObjectiveMissed(f"{out}: not clean: {', '.join(result['broken'] + result['problems'])}")
    if result["state"] == "partial" and max_minutes is None:
        sys.exit(130)
