"""`omo validate`, `schema`, `show`, `diff` and `new`: scenario files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenarios import options
from scenarios.errors import ScenarioInvalid, UsageError

if TYPE_CHECKING:
    from scenarios.positions import Origin
    from scenarios.schema import Scenario

VALUE_MAX = 60
NOT_GIVEN = "required, and not given"


def register(app: typer.Typer) -> None:
    """Add the commands on scenario files."""
    for command in (validate, schema, show, diff, new):
        app.command()(command)


def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files or presets.")],
    as_json: options.Json = False,
) -> None:
    """Check scenarios; list every problem of all of them with its line.

    Example: omo validate my-town.toml
    """
    from scenarios.loader import load

    valid: list[str] = []
    problems: list[str] = []
    not_found: list[str] = []
    for reference in files:
        try:
            scenario = load(reference).scenario
        except ScenarioInvalid as error:
            problems += error.problems
        except UsageError as error:
            not_found.append(str(error))
        else:
            valid.append(reference)
            if not as_json:
                typer.echo(f"ok  {reference}: {scenario.horizon.days} days, {len(scenario.stores)} stores")
    if as_json:
        document = {"schema": "omo.validate/1", "valid": valid, "problems": [*problems, *not_found]}
        typer.echo(json.dumps(document, ensure_ascii=False))
    if problems and all(problem.endswith(NOT_GIVEN) for problem in problems):
        problems.append('is it a piece of a scenario? It needs a whole one before it: extends = ["ward-base", "..."]')
    if problems:
        raise ScenarioInvalid([*problems, *not_found])
    if not_found:
        raise UsageError("\n".join(not_found))


def schema() -> None:
    """Print the JSON Schema of a scenario file: every key, its limits, its default and the default's source.

    Example: omo schema > scenario.schema.json
    """
    from scenarios.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="File or preset.")],
    resolved: Annotated[bool, typer.Option("--resolved", help="As TOML with every key written out.")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="Where the value of each key comes from.")] = False,
    as_json: options.Json = False,
    sets: options.Sets = None,
) -> None:
    """Show what a scenario sets, and in which file; with --resolved or --sources also all defaults.

    Example: omo show ward-omo --sources --set horizon.days=7
    """
    from scenarios.loader import leaves, load, source_of, to_toml

    loaded = load(name, sets or [])
    values = leaves(loaded.scenario.model_dump(exclude_none=True))
    places = {key: source_of(key, loaded.origins) for key in values}
    if as_json:
        document: dict[str, Any] = {"schema": "omo.scenario/1", "name": loaded.name}
        document["values"] = loaded.scenario.model_dump(mode="json", exclude_none=True)
        typer.echo(json.dumps(document | ({"sources": places} if sources else {}), indent=2, ensure_ascii=False))
    elif resolved:
        typer.echo(to_toml(loaded.scenario), nl=False)
    elif sources:
        typer.echo(_columns(("key", "value", "source"), [(key, _short(values[key]), places[key]) for key in values]))
    else:
        given = [(key, _short(values[key]), _place(key, loaded.origins)) for key in values]
        typer.echo(_columns(("key", "value", "set in"), [row for row in given if row[2]]))


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="File or preset.")],
    b: Annotated[str, typer.Argument(metavar="B", help="File or preset.")],
    as_json: options.Json = False,
) -> None:
    """Compare two scenarios key by key, defaults included.

    Example: omo diff ward-siloed ward-omo
    """
    from scenarios.loader import leaves, load

    one, other = (leaves(load(reference).scenario.model_dump(mode="json", exclude_none=True)) for reference in (a, b))
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    if as_json:
        differences = [{"key": key, "a": one.get(key), "b": other.get(key)} for key in keys]
        document = {"schema": "omo.scenario-diff/1", "a": a, "b": b, "differences": differences}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif not keys:
        typer.echo("no difference")
    else:
        rows = [(key, *(_full(values[key]) if key in values else "-" for values in (one, other))) for key in keys]
        typer.echo(_columns(("key", a, b), rows))


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Title of the scenario.")],
    out: Annotated[Path, typer.Option(help="The file to write; it must not exist.")],
    extends: Annotated[
        list[str] | None, typer.Option(help="Preset or file to start from; repeatable, the later one wins.")
    ] = None,
) -> None:
    """Write a small commented scenario file to start from.

    Example: omo new "My town" --out my-town.toml --extends ward-omo
    """
    from scenarios.loader import load

    if out.exists():
        raise UsageError(f"{out}: exists already; give another --out")
    parents = extends or ["ward-base"]
    try:
        out.write_text(_starter(name, parents), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror})") from None
    try:
        scenario = load(out).scenario
    except ScenarioInvalid as error:
        out.unlink()
        hint = "a piece of a scenario needs a whole one before it: --extends ward-base --extends " + parents[-1]
        raise ScenarioInvalid([*error.problems, f"nothing written; {hint}"]) from None
    out.write_text(_starter(name, parents, scenario), encoding="utf-8")
    typer.echo(f"wrote {out}; try: omo validate {out}")


def _starter(name: str, parents: Sequence[str], scenario: Scenario | None = None) -> str:
    import tomli_w

    head = tomli_w.dumps({"extends": parents[0] if len(parents) == 1 else list(parents), "title": name})
    if scenario is None:
        return head
    flags = scenario.capabilities.model_dump(exclude_none=True)
    pay = scenario.evaluation.model_dump(exclude={"booking"})
    return "\n".join(
        [
            "# What is not written here comes from the scenario below. `omo show` with --resolved lists every key,",
            "# with --sources where it comes from; `omo schema` says what each one means. Check with `omo validate`.",
            head,
            "[horizon]  # assumption",
            f"start = {scenario.horizon.start}  # first day",
            f"days = {scenario.horizon.days}",
            "",
            "# [capabilities]  # what the retailer's systems can do",
            '# mode = "omo"  # siloed, o2o, omnichannel or omo; the keys below override it',
            *(f"# {key} = {_toml(value)}" for key, value in flags.items() if key != "mode"),
            "",
            "# [evaluation]  # how staff are paid, beyond their wage",
            *(f"# {key} = {_toml(value)}" for key, value in pay.items()),
            "",
            "# [events.opening]  # days on which more needs arise; day 0 is the first day",
            '# kind = "campaign"',
            "# day = 0",
            "# demand_factor = 2.0",
            "",
        ]
    )


def _toml(value: Any) -> str:
    import tomli_w

    return tomli_w.dumps({"value": value}).removeprefix("value = ").strip()


def _full(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, date) else _full(value)
    return text if len(text) <= VALUE_MAX else text[: VALUE_MAX - 3] + "..."


def _place(key: str, origins: Mapping[str, Origin]) -> str:
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        origin = origins.get(".".join(parts[:length]))
        if origin is not None and not origin.header:
            return f"{Path(origin.file).name}:{origin.line}" if origin.line else str(origin)
    return ""


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as text columns; a cell longer than `VALUE_MAX` does not widen its column."""
    table = [header, *rows]
    widths = [max(min(len(row[at]), VALUE_MAX) for row in table) for at in range(len(header) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in table
    ]
    return "\n".join(line.rstrip() for line in lines)
