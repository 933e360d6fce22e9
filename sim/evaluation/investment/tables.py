"""`omo.investment/1` as tables on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from sim.evaluation.tables_text import interval, number

_STAR = {"as_given": "", "trained": "", "untrained": "*"}
_WORDS = {"as_given": "", "trained": ", trained", "untrained": ", not trained"}


def print_investment(found: dict[str, Any]) -> None:
    """The orders with what they are worth, the curve of each by month, and what skipping the training does."""
    console, letters = Console(), _letters(found)
    console.print(_steps(found, letters))
    console.print(_worth(found, letters))
    console.print(_curves(found, letters))
    if found["training"]:
        console.print(_training(found, letters))
        hours = max(one["training_hours"] for one in found["orders"])
        console.print(f"* without the training ({hours:g} hours for everybody), and slower to learn", highlight=False)
    for line in _said(found):
        console.print(line, highlight=False)
    for note in found["notes"]:
        console.print(f"note: {note}", highlight=False)


def _letters(found: dict[str, Any]) -> dict[str, str]:
    """A short name of each order, for columns."""
    names = dict.fromkeys(one["name"] for one in found["orders"])
    return {name: chr(ord("A") + at) if at < 26 else f"#{at + 1}" for at, name in enumerate(names)}


def _short(one: dict[str, Any], letters: dict[str, str]) -> str:
    return f"{letters[one['name']]}{_STAR[one['training']]}"


def _steps(found: dict[str, Any], letters: dict[str, str]) -> Table:
    table = Table("", "day", "opens", "invested", title=f"{found['title']}: what is opened when")
    for one in found["orders"]:
        if one["training"] == "untrained":
            continue
        spent = {row["day"]: row["yen"] for row in one["spent"]}
        table.add_row(letters[one["name"]], "", one["name"], number(one["capex_yen"], "yen"))
        for step in one["steps"]:
            what = ", ".join(name for name, value in step["opens"].items() if value)
            where = f" ({', '.join(step['stores'])})" if step["stores"] else ""
            table.add_row("", str(step["day"]), what + where, number(spent.pop(step["day"], 0), "yen"))
        table.add_section()
    return table


def _worth(found: dict[str, Any], letters: dict[str, str]) -> Table:
    wards = "" if found["wards"] == 1 else f", {found['wards']} such wards"
    title = (
        f"{found['years']:g} years at {found['discount_percent']:g} % a year{wards}; yen; "
        f"\N{PLUS-MINUS SIGN} 95 % over {found['replications']} replications"
    )
    columns = ("a month at the end", "dip", "payback, months", "NPV", "less the best")
    table = Table("", *columns, title=title)
    for one in sorted(found["orders"], key=lambda one: -one["npv_yen"]["mean"]):
        table.add_row(
            _short(one, letters),
            interval(one["run_rate_yen_per_month"], "yen", signed=True),
            _dip(one["dip"]["of_mean_curve"]),
            _payback(one["payback_months"]),
            interval(one["npv_yen"], "yen", signed=True),
            interval(one["npv_less_best_yen"], "yen", signed=True),
        )
    return table


def _dip(found: dict[str, Any]) -> str:
    return f"{number(found['depth_yen'], 'yen')} in month {found['month']}" if found["depth_yen"] else "none"


def _payback(found: dict[str, Any]) -> str:
    """Payback of the mean curve with its band; an end that is not reached within the years is `never`."""
    curve, never = found["of_mean_curve"], found["never_share"]
    value, low, high = ("never" if curve[key] is None else f"{curve[key]:.1f}" for key in ("value", "low", "high"))
    band = "" if len(found["per_replication"]) < 2 else f" ({low} to {high})"
    return f"{value}{band}" + (f"; {never * 100:.0f} % never" if never else "")


def _curves(found: dict[str, Any], letters: dict[str, str]) -> Table:
    """Standing of each order at the ends of months, for a year at least while it is simulated, then of years."""
    last = len(found["orders"][0]["months"]["standing_yen"]) - 1
    monthly = min(last, max(12, round(found["simulated_months"])))
    title = f"Cash so far, thousands of yen (simulated to month {found['simulated_months']:.1f}, then carried forward)"
    table = Table("month", *(_short(one, letters) for one in found["orders"]), title=title)
    for month in range(last + 1):
        if month <= monthly or month % 12 == 0:
            standing = (one["months"]["standing_yen"][month] for one in found["orders"])
            table.add_row(str(month), *(f"{yen / 1000:+,.0f}" for yen in standing))
    return table


def _training(found: dict[str, Any], letters: dict[str, str]) -> Table:
    table = Table("", "gain while simulated", "dip", "NPV", title="Without the training, less with it; yen")
    keys = ("gain_simulated", "dip", "npv")
    for row in found["training"]:
        cells = [interval(row[f"{key}_untrained_less_trained_yen"], "yen", signed=True) for key in keys]
        table.add_row(letters[row["name"]], *cells)
    return table


def _said(found: dict[str, Any]) -> list[str]:
    best = max(found["orders"], key=lambda one: one["npv_yen"]["mean"])
    lines = [
        f"Beyond month {found['simulated_months']:.1f} each month brings what the last {found['steady_days']} "
        "simulated days brought, carried forward unchanged: nothing that comes or wears off later is in it, and what "
        "was luck in those days goes on, so that a single replication tells little.",
        "Dip and payback are those of the mean over replications, payback with its 95 % band.",
    ]
    needed = best["wards_needed"]
    if needed is not None:
        band = "" if needed["low"] is None else f" ({needed['low']:,.2f} to {needed['high']:,.2f})"
        lines.append(
            f"{_named(best)}: the investment has a net present value of 0 where {needed['value']:,.2f}{band} wards "
            "like this one share it."
        )
    else:
        lines.append(f"{_named(best)}: no number of wards pays for it, since a ward gains nothing over the years.")
    return lines


def _named(one: dict[str, Any]) -> str:
    return f"{one['name']}{_WORDS[one['training']]}"
