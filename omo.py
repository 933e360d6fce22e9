"""The `omo` command: composes the commands that each package brings. Nothing imports this module."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import dashboard.commands
import loadtest.commands
import scenarios.commands
import sim.calibrate.commands
import sim.commands
from scenarios import options
from scenarios.errors import ObjectiveMissed, OmoError

app = typer.Typer(
    name="omo",
    help="A digital twin of a retailer whose shoppers move between stores and online.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.command()
def demo(
    out: options.Out = options.RUNS,
    reps: Annotated[int, typer.Option(min=2, help="Replications of each world.")] = 4,
) -> None:
    """The whole pipeline in a few minutes: two worlds compared, launch day replayed at the core, audited, reported."""
    from rich.console import Console

    from sim.log.run_directory import find_run

    console = Console(highlight=False)
    console.rule("1. The same shoppers in two worlds: siloed, and OMO")
    sim.commands.compare(["ward-siloed", "ward-omo"], reps=reps, out=out)
    console.rule("2. Launch day: a campaign with four times the needs")
    sim.commands.run("launch-day", out=out)
    console.rule("3. 45 seconds of its lunch hour, 800 times over, replayed at the payment core")
    trace, load = out / "demo-trace", out / "demo-load"
    _remove(trace, load)
    loadtest.commands.trace("launch-day", day=1, from_="12:10", to="12:10:45", copies=800, out=trace, runs=out)
    try:
        loadtest.commands.load(trace, out=load)
    except ObjectiveMissed as invalid:
        console.print(f"{invalid}\nThis machine was too busy to measure latency; the audit below holds all the same.")
    console.rule("4. Was any yen or item lost?")
    loadtest.commands.audit(load)
    console.rule("5. The report")
    omo, siloed = find_run("ward-omo", out), find_run("ward-siloed", out)
    dashboard.commands.report(str(omo), against=str(siloed), load=load, runs=out)
    console.print(
        f"""
report    {omo / "report.html"}
page      omo dashboard --out {out}

Three things to try next:
  omo compare ward-siloed ward-omo --reps 10 --set evaluation.commission_percent=0
  omo calibrate pos --transactions YOUR.csv --baskets YOUR.csv --out my-store.toml
  omo new my-town --out my-town.toml""",
        soft_wrap=True,
    )


def _remove(*directories: Path) -> None:
    import shutil

    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


for package in (scenarios, sim, sim.calibrate, loadtest, dashboard):
    package.commands.register(app)


def main() -> None:
    """Run the command line; map each error to its exit code, in this one place."""
    try:
        app()
    except OmoError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
