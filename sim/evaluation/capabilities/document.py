"""From finished worlds to the document `omo.capabilities/1`, and the document as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scenarios.errors import UsageError
from sim.evaluation.capabilities.channel_sales import own_and_cross
from sim.evaluation.capabilities.contributions import Order, contributions, described
from sim.evaluation.capabilities.players import Game
from sim.evaluation.comparison import summaries
from sim.evaluation.kept import path_of
from sim.evaluation.measures import BY_NAME
from sim.evaluation.shapley import Coalition
from sim.evaluation.tables_text import interval, number
from sim.log.run_directory import read_manifest, replication_path


def document(game: Game, runs: Mapping[Coalition, Path], measure: str, orders: Sequence[Order]) -> dict[str, Any]:
    """`omo.capabilities/1`, from the run of each coalition's world."""
    values = {coalition: _values(run, measure) for coalition, run in runs.items()}
    everybody = frozenset(game.players)
    manifest = read_manifest(runs[everybody])
    found = contributions(values, game.players, orders)
    folders = {
        coalition: [replication_path(runs[coalition], r) for r in manifest["replications_finished"]]
        for coalition in (everybody, *(everybody - {player} for player in game.players))
    }
    return {
        "schema": "omo.capabilities/1",
        "scenario": game.loaded.name,
        "title": game.loaded.scenario.title,
        "players": list(game.players),
        "notes": list(game.notes),
        "rest": game.rest.model_dump(exclude={"mode"}),
        "measure": measure,
        "unit": BY_NAME[measure].unit,
        "seed": manifest["seed"],
        "days": manifest["days"],
        "replications": len(values[everybody]),
        "confidence": 0.95,
        "worlds": len(runs),
        "orders": [list(order) for order in orders] or None,
        **described(found, BY_NAME[measure].unit == "yen"),
        "overall_channel_sales": [
            own_and_cross(player, folders[everybody], folders[everybody - {player}]) for player in game.players
        ],
        "coalitions": [
            {"players": sorted(coalition), "run": runs[coalition].name, "values": [float(value) for value in numbers]}
            for coalition, numbers in values.items()
        ],
    }


def kept_path(found: Mapping[str, Any], out: Path) -> Path:
    """Where the document is kept in `out`."""
    inputs = [found["measure"], found["players"], [coalition["run"] for coalition in found["coalitions"]]]
    return path_of("capabilities", inputs, out)


def print_document(found: dict[str, Any]) -> None:
    """The contributions, their sums against the total, the interactions, and the parts of overall channel sales."""
    console = Console()
    console.print(_contributions(found))
    if found["orders"]:
        console.print(f"Shapley values over {len(found['orders'])} sampled orders; {found['worlds']} worlds.")
    if found["interactions"]:
        console.print(_interactions(found))
    console.print(_overall(found))
    for note in found["notes"]:
        console.print(f"note: {note}", highlight=False)


def _values(run: Path, measure: str) -> list[Fraction]:
    values = [found.get(measure) for found in summaries(run)]
    if not all(isinstance(value, (int, float)) and isfinite(value) for value in values):
        raise UsageError(f"--measure {measure}: {run.name} has replications without it; try contribution_yen")
    return [Fraction(value) for value in values if value is not None]


def _contributions(found: dict[str, Any]) -> Table:
    unit = found["unit"]
    title = f"{found['title']}: {BY_NAME[found['measure']].label}, {found['replications']} replications"
    table = Table("", "alone", "left out", "Shapley, \N{PLUS-MINUS SIGN} 95 %", title=f"{title}, {found['days']} days")
    for row in found["contributions"]:
        cells = [interval(row[name], unit, signed=True) for name in ("alone", "leave_one_out")]
        table.add_row(row["player"], *cells, _exactly(row["shapley"], unit))
    table.add_section()
    sums, total = found["sums"], found["total"]
    added = {"whole": sum(row["shapley"]["whole"] for row in found["contributions"])} if unit == "yen" else {}
    cells = [interval(sums[name], unit, signed=True) for name in ("alone", "leave_one_out")]
    table.add_row("sum", *cells, _exactly(sums["shapley"] | added, unit))
    table.add_row("total of all together", *[interval(total, unit, signed=True)] * 2, _exactly(total | added, unit))
    missed = [interval(found["misses_total_by"][name], unit, signed=True) for name in ("alone", "leave_one_out")]
    table.add_row("sum misses the total by", *missed, number(found["misses_total_by"]["shapley"]["mean"], unit))
    return table


def _exactly(share: dict[str, Any], unit: str) -> str:
    """Yen to the yen, so that the rows shown add up; the half-width as in the other columns."""
    if "whole" not in share:
        return interval(share, unit, signed=True)
    half = share["half_width"]
    return f"{share['whole']:+,}" + ("" if half is None else f" \N{PLUS-MINUS SIGN} {number(half, unit)}")


def _interactions(found: dict[str, Any]) -> Table:
    table = Table("", "", "more together than apart", title="Interactions (Shapley interaction index)")
    for row in sorted(found["interactions"], key=lambda row: -abs(row["mean"])):
        table.add_row(row["a"], row["b"], interval(row, found["unit"], signed=True))
    return table


def _overall(found: dict[str, Any]) -> Table:
    columns = ("own channel", "other channels", "sales of all channels", "contribution of the company")
    table = Table("", *columns, title="Contribution to overall channel sales (with all the others open)")
    for row in found["overall_channel_sales"]:
        sales, own = row["sales_yen"], ", ".join(row["own_channels"])
        cells = [interval(sales[name], "yen", signed=True) for name in ("own", "cross", "company")]
        cells[0] = f"{cells[0]} ({own})" if own else "-"
        table.add_row(row["player"], *cells, interval(row["contribution_yen"]["company"], "yen", signed=True))
    return table
