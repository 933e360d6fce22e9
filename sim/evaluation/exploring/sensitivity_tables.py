"""Which assumptions matter, as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from sim.evaluation.measures import BY_NAME
from sim.evaluation.tables_text import number


def print_sensitivity(document: dict[str, Any]) -> None:
    """Inputs by weight, and whether one of them decides the sign."""
    console = Console(highlight=False)
    console.print(_morris(document) if document["method"] == "morris" else _sobol(document))
    for line in (*_sign(document), *_notes(document)):
        console.print(line, markup=False)


def _morris(document: dict[str, Any]) -> Table:
    unit = document["unit"]
    table = Table(
        Column("assumption", no_wrap=True),
        "range",
        "mu* (95 %)",
        "mu",
        "sigma (95 %)",
        "by chance",
        "sign changes",
        title=f"{_what(document)}: change over an assumption's whole range ({unit}), {document['size']} trajectories, "
        f"{document['replications']} replication(s), {document['days']} days",
    )
    for factor in document["factors"]:
        table.add_row(
            _short(factor["name"]),
            _range(factor),
            _estimate(factor["mu_star"], unit),
            number(factor["mu"]["value"], unit, signed=True),
            _estimate(factor["sigma"], unit),
            number(factor["noise"], unit),
            f"{factor['sign_changes']} of {factor['steps']}",
        )
    return table


def _sobol(document: dict[str, Any]) -> Table:
    table = Table(
        Column("assumption", overflow="fold"),
        "range",
        "alone (95 %)",
        "with interactions (95 %)",
        title=f"{_what(document)}: shares of its variance, base sample {document['size']}, "
        f"{document['replications']} replication(s), {document['days']} days",
    )
    for factor in document["factors"]:
        shares = [_estimate(factor[name], "share") for name in ("first", "total")]
        table.add_row(_short(factor["name"]), _range(factor), *shares)
    return table


def _sign(document: dict[str, Any]) -> list[str]:
    """Whether the difference is always of one sign, and which input turns it."""
    if document["against"] is None:
        return []
    signs, n = document["signs"], len(document["rows"])
    means = [row["mean"] for row in document["rows"]]
    up = sum(mean > 0 for mean in means)
    lines = [
        f"{document['scenario']} is ahead of {document['against']} at {up} of {n} points "
        f"(surely ahead at {signs['positive']}, surely behind at {signs['negative']}, within chance at "
        f"{signs['undecided']})."
    ]
    turning = [factor for factor in document["factors"] if factor.get("sign_changes")]
    if document["method"] == "morris" and up in (0, n):
        lines.append("No assumption in these ranges decides the sign.")
    elif turning:
        turning.sort(key=lambda factor: -int(factor["sign_changes"]))
        told = ", ".join(f"{_short(f['name'])} ({f['sign_changes']} of {f['steps']} steps)" for f in turning[:4])
        lines.append(f"The sign is turned by {told}.")
    return lines


def _notes(document: dict[str, Any]) -> list[str]:
    lines = []
    if document["method"] == "morris":
        lines.append("mu* not above 'by chance' is noise; sigma near mu*: the effect depends on other assumptions.")
        if document["replications"] < 2:
            lines.append("One replication: what is chance cannot be said.")
    if document["state"] != "complete":
        lines.append("Interrupted: only finished trajectories are here; the same command goes on from there.")
    return lines


def _what(document: Mapping[str, Any]) -> str:
    label = BY_NAME[document["measure"]].label
    if document["against"] is None:
        return f"{label} in {document['scenario']}"
    return f"{label}, {document['scenario']} minus {document['against']}"


def _short(name: str) -> str:
    """Linked keys by the first one and how many more."""
    first, *more = name.split("+")
    return f"{first} and {len(more)} more" if more else first


def _range(factor: Mapping[str, Any]) -> str:
    x = "x" if factor["factor"] else ""
    return f"{x}{factor['low']:g} to {x}{factor['high']:g}"


def _estimate(found: Mapping[str, float], unit: str) -> str:
    return f"{number(found['value'], unit)} ({number(found['low'], unit)} to {number(found['high'], unit)})"
