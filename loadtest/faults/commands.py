"""`omo drill`, `omo soak`: rehearse what goes wrong, and pay a million times while everything is being killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios.errors import ObjectiveMissed


def register(app: typer.Typer) -> None:
    """Add `omo drill` and `omo soak`."""
    app.command()(soak)


_Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]


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
