"""A sweep as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from sim.evaluation.measures import BY_NAME
from sim.evaluation.tables_text import interval, number

_WHAT_STAFF_DID: Final = {
    "recommendation_rate": "recommend, in stock",
    "recommendation_rate_stock_out": "recommend, missing",
    "deflect_rate": "deflect",
    "sign_ups": "sign-ups",
    "bonus_yen": "bonus",
    "store_pl_yen": "stores' P/L",
    "ec_pl_yen": "EC's P/L",
}
_FLAT: Final = "the same at every value"


def print_sweep(document: dict[str, Any]) -> None:
    """Points against the baseline, what staff did, the optimum, and the parts where they were asked for."""
    console = Console(highlight=False)
    if len(document["parameters"]) == 2:
        console.print(_grid(document))
    else:
        console.print(_points(document))
    console.print(_staff(document))
    for line in _conclusions(document):
        console.print(line, markup=False)
    if document["by"]:
        console.print(_by(document))
        if document["by"]["own_instead_of_common_yen"]:
            console.print(_own(document["by"]), markup=False)
        console.print(document["by"]["how"], style="dim", markup=False)
    if document["state"] != "complete":
        console.print("Interrupted: only points that were finished are here; the same command goes on from there.")


def _points(document: dict[str, Any]) -> Table:
    name, unit = document["measure"], document["unit"]
    table = Table(
        document["parameters"][0]["name"],
        "mean ± 95 %",
        f"difference from {_values(document['baseline'])} ± 95 %",
        title=f"{document['title']}: {BY_NAME[name].label} over {document['days']} days, "
        f"{document['replications']} replications ({unit})",
    )
    for point in document["points"]:
        told, own = point["measures"][name], point["values"] == document["baseline"]
        shift = "baseline" if own else interval(told["difference"], unit, signed=True)
        best = point["values"] == document["best"]["values"]
        table.add_row(_values(point["values"]), interval(told, unit), shift, style="bold" if best else None)
    return table


def _grid(document: dict[str, Any]) -> Table:
    """Means: the first parameter downwards, the second across."""
    down, across = (one["name"] for one in document["parameters"])
    name, unit = document["measure"], document["unit"]
    columns = list(dict.fromkeys(point["values"][across] for point in document["points"]))
    table = Table(
        f"{down} \\ {across}",
        *(f"{value:g}" for value in columns),
        title=f"{document['title']}: {BY_NAME[name].label}, mean over {document['replications']} replications",
    )
    rows: dict[float, dict[float, str]] = {}
    for point in document["points"]:
        text = number(point["measures"][name]["mean"], unit)
        bold = f"[bold]{text}[/bold]" if point["values"] == document["best"]["values"] else text
        rows.setdefault(point["values"][down], {})[point["values"][across]] = bold
    for value, cells in rows.items():
        table.add_row(f"{value:g}", *(cells.get(column, "-") for column in columns))
    return table


def _staff(document: dict[str, Any]) -> Table:
    present = {name: title for name, title in _WHAT_STAFF_DID.items() if name in document["points"][0]["measures"]}
    names = [one["name"] for one in document["parameters"]]
    table = Table(*names, *present.values(), title="What staff did at floor contacts, their bonus, both P/Ls (yen)")
    for point in document["points"]:
        told = [point["measures"][name] for name in present]
        cells = [number(measure["mean"], measure["unit"]) for measure in told]
        table.add_row(*(f"{value:g}" for value in point["values"].values()), *cells)
    return table


def _conclusions(document: dict[str, Any]) -> list[str]:
    best, unit = document["best"], document["unit"]
    close = "; ".join(_values(row["values"]) for row in best["not_worse"][:8])
    lines = [f"Best point: {_values(best['values'])}; not significantly worse: {close or 'no other'}."]
    if len(document["parameters"]) == 2:
        return lines
    found = document["optimum"]
    return [*lines, f"Optimum: {_optimum(found, unit)}." if found else f"{document['measure']} is {_FLAT}."]


def _optimum(found: dict[str, Any], unit: str) -> str:
    if found["low"] is None:
        return f"{found['at']:g} (one replication has no interval)"
    fit = f"polynomial of degree {found['degree']}" if found["degree"] else "no smooth curve: from point to point"
    return (
        f"{found['at']:.3g} (95 % interval {found['low']:.3g} to {found['high']:.3g}), inside in "
        f"{100 * found['interior_share']:.0f} % of resamples; against the low end "
        f"{interval(found['gain']['low'], unit, signed=True)}, against the high end "
        f"{interval(found['gain']['high'], unit, signed=True)} {unit} ({fit})"
    )


def _by(document: dict[str, Any]) -> Table:
    by = document["by"]
    table = Table(
        by["kind"],
        "share of net revenue",
        "optimum (95 % interval)",
        "inside",
        "gain on low end",
        "gain on high end",
        title=f"Company contribution by {by['kind']} (yen)",
    )
    for part in by["parts"]:
        found = part["optimum"]
        share = number(part["share_of_net_revenue"], "share")
        if found is None:
            table.add_row(part["part"], share, _FLAT, "", "", "")
            continue
        bounds = "" if found["low"] is None else f" ({found['low']:.3g} to {found['high']:.3g})"
        gains = [interval(found["gain"][end], "yen", signed=True) for end in ("low", "high")]
        table.add_row(
            part["part"], share, f"{found['at']:.3g}{bounds}", number(found["interior_share"], "share"), *gains
        )
    return table


def _own(by: Mapping[str, Any]) -> str:
    gain = interval(by["own_instead_of_common_yen"], "yen", signed=True)
    return (
        f"Each {by['kind']} at its own optimum instead of one for all: {gain} yen, if they do not react to each other."
    )


def _values(values: Mapping[str, float]) -> str:
    return ", ".join(f"{value:g}" for value in values.values())
