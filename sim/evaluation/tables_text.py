"""Runs and comparisons as tables on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sim.evaluation.measures import BY_NAME

_MINUTE_S = 60


def number(value: float | None, unit: str, signed: bool = False) -> str:
    """A figure in its unit: yen in thousands, shares in per cent, seconds with one decimal."""
    if value is None:
        return "-"
    sign = "+" if signed and value > 0 else ""
    if unit == "yen":
        return f"{sign}{value / 1000:,.0f} k"
    if unit == "share":
        return f"{sign}{value * 100:.2f} %"
    if unit in ("s", "days", "hours"):
        return f"{sign}{value:,.1f} {unit}"
    return f"{sign}{value:,.1f}" if unit == "number" else f"{sign}{value:,.0f}"


def interval(document: dict[str, Any], unit: str, signed: bool = False) -> str:
    """Mean and half-width."""
    mean = number(document["mean"], unit, signed)
    return mean if document["half_width"] is None else f"{mean} ± {number(document['half_width'], unit)}"


def print_run(document: dict[str, Any], path: Path) -> None:
    """One run: each measure with its interval."""
    console = Console()
    title = f"{document['title']}: {document['days']} days, {document['replications']} replication(s)"
    table = Table("measure", "mean ± 95 % half-width", title=title)
    for name, measure in document["measures"].items():
        table.add_row(BY_NAME[name].label, interval(measure, measure["unit"]))
    console.print(table)
    console.print(f"run: {path}", highlight=False)


def print_comparison(document: dict[str, Any]) -> None:
    """Two runs side by side, the difference with its interval, and the channel-shift matrix."""
    console = Console()
    a, b = document["a"], document["b"]
    title = f"{b['title']} against {a['title']}: {document['replications']} replications, {document['days']} days"
    table = Table("measure", a["title"], b["title"], "difference ± 95 %", "variance ratio", title=title)
    for name, m in document["measures"].items():
        ratio = m["variance_reduction"]
        table.add_row(
            BY_NAME[name].label,
            number(m["a"]["mean"], m["unit"]),
            number(m["b"]["mean"], m["unit"]),
            interval(m["difference"], m["unit"], signed=True),
            "-" if ratio is None else f"{ratio:.1f}",
        )
    console.print(table)
    console.print(_verdict(document), highlight=False)
    console.print(shift_table(document))
    if "cannibalisation" in document:
        console.print(cannibalisation_table(document))


def _verdict(document: dict[str, Any]) -> str:
    """What the two divisions read in their books, and what the company gains."""
    store, ec, company = (
        interval(document["measures"][name]["difference"], "yen", signed=True)
        for name in ("store_pl_yen", "ec_pl_yen", "contribution_yen")
    )
    return f"The stores' P/L says {store}, EC's says {ec}; the company gains {company} (yen)."


def shift_table(document: dict[str, Any]) -> Table:
    """The channel-shift matrix as a list of its largest cells, per replication, with its exact total."""
    shift = document["shift"]
    n = shift["replications"]
    table = Table(
        "from",
        "to",
        "needs",
        "revenue",
        "contribution",
        title="Channel shift per replication (same needs, both worlds)",
    )
    moved = [cell for cell in shift["cells"] if cell["contribution_difference_yen"] or cell["source"] != cell["target"]]
    moved.sort(key=lambda cell: -abs(cell["contribution_difference_yen"]))
    shown, rest = moved[:14], moved[14:]
    for cell in shown:
        revenue, gain = cell["revenue_difference_yen"] / n, cell["contribution_difference_yen"] / n
        row = (cell["source"], cell["target"], f"{cell['needs'] / n:,.0f}")
        table.add_row(*row, number(revenue, "yen", signed=True), number(gain, "yen", signed=True))
    if rest:
        needs = sum(cell["needs"] for cell in rest) / n
        revenue = sum(cell["revenue_difference_yen"] for cell in rest) / n
        gain = sum(cell["contribution_difference_yen"] for cell in rest) / n
        row = (f"{len(rest)} smaller cells", "", f"{needs:,.0f}")
        table.add_row(*row, number(revenue, "yen", signed=True), number(gain, "yen", signed=True))
    table.add_row("no need (shrink)", "", "", "", number(shift["unallocated_yen"] / n, "yen", signed=True))
    table.add_section()
    total = number(shift["total_yen"] / n, "yen", signed=True)
    exact = f"{total} (exact sum over {n}: {shift['total_yen']:+,} yen)"
    table.add_row("total = company difference", "", "", "", exact)
    return table


def cannibalisation_table(document: dict[str, Any]) -> Table:
    """Where the second world's online sales come from, per replication: our stores, online before, or new to us."""
    n = document["shift"]["replications"]
    yen, needs = document["cannibalisation"]["yen"], document["cannibalisation"]["needs"]
    table = Table("", "sales", "needs", title=f"Where the online sales of {document['b']['title']} come from")

    def add(label: str, of_yen: float, of_needs: float) -> None:
        table.add_row(label, number(of_yen / n, "yen"), f"{of_needs / n:,.0f}")

    add("online sales", yen["online"], needs["online"])
    add("taken from our stores", yen["from_stores"], needs["from_stores"])
    add("online before", yen["online_before"], needs["online_before"])
    for origin in sorted({*yen["incremental"], *needs["incremental"]}):
        add(f"new, under A {origin}", yen["incremental"].get(origin, 0), needs["incremental"].get(origin, 0))
    table.add_section()
    for name in ("cannibalisation_rate", "incremental_share", "cannibalisation_rate_of_new_sales"):
        table.add_row(name.replace("_", " "), ratio(yen[name]), ratio(needs[name]))
    return table


def ratio(document: dict[str, Any]) -> str:
    """A ratio of means with its interval, which need not be symmetric."""
    value = number(document["value"], "share")
    low, high = document["low"], document["high"]
    return value if low is None else f"{value} ({number(low, 'share')} to {number(high, 'share')})"
