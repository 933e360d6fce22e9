"""`omo target`: write, check and describe the file that makes any HTTP or GraphQL system a target of `omo load`."""

from __future__ import annotations

import json
import secrets
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from scenarios import options
from scenarios.errors import ObjectiveMissed, UsageError


def register(app: typer.Typer) -> None:
    """Add `omo target check`, `new` and `schema`."""
    target = typer.Typer(no_args_is_help=True, help="Systems to be load-tested: their TOML files.")
    target.command()(check)
    target.command()(new)
    target.command()(schema)
    app.add_typer(target, name="target")


def check(
    target: Annotated[str, typer.Argument(metavar="FILE", help="A target file, or package.module:Class.")],
    base_url: Annotated[str | None, typer.Option(help="Address of the system; else the file's.")] = None,
    sku: Annotated[list[int] | None, typer.Option(help="An item that the system has; twice for two.")] = None,
    location: Annotated[str, typer.Option(help="A place that the system has.")] = "station",
    price: Annotated[int, typer.Option(min=1, help="Price of the items, yen.")] = 100,
    seed: Annotated[
        bool, typer.Option("--seed", help="Seed two items first, as the file says; else they are there.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Play one journey of each kind at the system, step by step, and show the real requests and answers.

    Says what was captured, which rule each answer fitted, which steps are left out, and which laws the audit will not
    be able to check. Buys things: use a test system. Exits with 4 when an answer was not as it should be.

    Example: omo target check shop.toml --base-url http://127.0.0.1:8000 --seed
    """
    from rich.console import Console

    from loadtest.targets.check import Goods, as_document
    from loadtest.targets.check import check as run_check
    from loadtest.targets.choose import system_of
    from loadtest.targets.show import show_check

    progress = Console(stderr=True)

    def tell(what: str) -> None:
        if progress.is_terminal:
            progress.print(f"[dim]{what} ...[/]")

    system = system_of(target, base_url)
    goods = Goods(tuple(sku or (1, 2)), price, location)
    with tempfile.TemporaryDirectory(prefix="omo-target-") as scratch:
        checked = run_check(system, goods, Path(scratch), f"check-{secrets.token_hex(4)}", seed=seed, tell=tell)
    if as_json:
        typer.echo(json.dumps(as_document(checked, system), ensure_ascii=False))
    else:
        show_check(checked, system)
    if checked.failed() or checked.problems:
        raise ObjectiveMissed(f"{target}: {len(checked.failed())} answers were not as they should be")


def new(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
) -> None:
    """Write a commented target file to start from.

    Example: omo target new shop.toml
    """
    if file.exists():
        raise UsageError(f"{file} is there already; choose another name")
    file.write_text((files("loadtest.targets") / "template.toml").read_text(encoding="utf-8"), encoding="utf-8")
    typer.echo(f"{file}: change what is marked, then: omo target check {file}")


def schema() -> None:
    """Print the JSON Schema of a target file, for editors.

    Example: omo target schema > target.schema.json
    """
    from loadtest.targets.schema import Adapter

    typer.echo(json.dumps(Adapter.model_json_schema(by_alias=True), indent=2))
