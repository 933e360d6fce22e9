"""The `omo` command: composes the commands that each package brings. Nothing imports this module."""

from __future__ import annotations

import sys

import typer

import loadtest.commands
import scenarios.commands
import sim.calibrate.commands
import sim.commands
from scenarios.errors import OmoError

app = typer.Typer(
    name="omo",
    help="A digital twin of a retailer whose shoppers move between stores and online.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


scenarios.commands.register(app)
sim.commands.register(app)
sim.calibrate.commands.register(app)
loadtest.commands.register(app)


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
