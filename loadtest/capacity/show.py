"""A capacity document as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

_COLOURS = {"passed": "[green]passed[/]", "failed": "[red]failed[/]", "invalid": "[yellow]invalid[/]"}


def show_capacity(document: Mapping[str, Any]) -> None:
    """Per moment: the steps, the edge, what saturates first, the law and the forecasts."""
    console = Console(highlight=False)
    for found in document["moments"]:
        console.rule(
            f"{document['source']['name']}, {found['moment']}: {found['expected_per_s']:,.1f} steps/s expected"
        )
        _points(console, found)
        _edge(console, document, found)
        _saturation(console, found)
        _law(console, found)
        _forecast(console, found)
    if document["state"] == "interrupted":
        console.print("[yellow]interrupted: the search had not ended[/]")


def _points(console: Console, found: Mapping[str, Any]) -> None:
    table = Table("offered/s", "achieved/s", "payments/s", "in flight", "p50 ms", "p99 ms", "step", box=SIMPLE)
    for column in table.columns[:6]:
        column.justify = "right"
    for point in found["points"]:
        why = "; ".join([*point["invalid_because"], *point["shortfalls"]])
        row = (f"{point[name]:,.1f}" for name in ("offered_per_s", "achieved_per_s", "payments_per_s", "in_flight"))
        said = _COLOURS[point["verdict"]] + (f": {why}" if point["verdict"] != "passed" else "")
        table.add_row(*row, f"{point['p50_ms']:,.1f}", f"{point['p99_ms']:,.1f}", said)
    console.print(table)


def _edge(console: Console, document: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    edge, p99_ms = found["edge"], document["limits"]["p99_ms"]
    if edge["carried_per_s"] is None:
        console.print(f"No load was carried with p99 <= {p99_ms:g} ms.")
        return
    refused = "" if edge["refused_per_s"] is None else f", no longer at {edge['refused_per_s']:,.0f}"
    console.print(
        f"Carried with p99 <= {p99_ms:g} ms: [bold]{edge['carried_per_s']:,.0f} steps/s[/]{refused}: "
        f"{found['headroom']:.2g} times what is expected"
    )
    if edge["limited_by"] == "generator":
        console.print("[yellow]The generator was the limit, not the target: add --workers, or another machine.[/]")
    if edge["limited_by"] is None:
        console.print("[yellow]The search ended before the edge was found: --most-steps.[/]")
    others = found["others_cores"]
    if others is not None and others > 0.1 * document["machine"]["cores"]:
        console.print(
            f"[yellow]Other processes used {others:.1f} of {document['machine']['cores']} cores meanwhile: "
            "on a quiet machine the edge is higher.[/]"
        )


def _saturation(console: Console, found: Mapping[str, Any]) -> None:
    if not found["saturation"]:
        return
    table = Table("part", "CPU ms per call", "cores at most", "saturates at calls/s", box=SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    for part in found["saturation"]:
        at = part["saturates_at_per_s"]
        cells = (f"{part['cpu_ms_per_call']:.3f}", f"{part['limit_cores']:g}", "-" if at is None else f"{at:,.0f}")
        table.add_row(part["part"], *cells)
    console.print(f"Saturates first: [bold]{found['saturation'][0]['part']}[/]")
    console.print(table)


def _law(console: Console, found: Mapping[str, Any]) -> None:
    law = found["usl"]
    if law is None:
        console.print("Too few loads with more than one call in flight for the scalability law.")
        return
    names = (("contention", "sigma"), ("coherence", "kappa"), ("most_per_s", "most calls/s"))
    parts = [f"{label} {_estimate(law[name])}" for name, label in names]
    if law["most_beyond_trust"]:
        parts[-1] += ", extrapolated beyond twice the measured range"
    console.print(f"Scalability law over {law['steps']} steps (95 % by bootstrap): {', '.join(parts)}", soft_wrap=True)


def _estimate(estimate: Mapping[str, float | None]) -> str:
    value, low, high = ("unbounded" if x is None else f"{x if x > 1e-12 else 0:,.3g}" for x in estimate.values())
    return f"{value} ({low} to {high})"


def _forecast(console: Console, found: Mapping[str, Any]) -> None:
    scores = found["forecast"]
    check = scores["never_measured_before"]
    if check is None:
        return
    table = Table("forecast", "p50 ms", "error", "p99 ms", "error", "mean |error| p50", "p99", box=SIMPLE)
    for column in table.columns[1:]:
        column.justify = "right"
    for method, expected in check["forecast"].items():
        error, mean = check["error"][method], scores["mean_absolute_error"][method]
        cells = [_number(expected["p50_ms"]), _percent(error["p50_ms"]), _number(expected["p99_ms"])]
        cells += [_percent(error["p99_ms"]), _percent(mean["p50_ms"]), _percent(mean["p99_ms"])]
        table.add_row(method, *cells)
    measured = check["measured"]
    table.add_row("measured", f"{measured['p50_ms']:,.1f}", "", f"{measured['p99_ms']:,.1f}", "", "", "")
    console.print(f"A load never measured before, {check['offered_per_s']:,.0f} calls/s:")
    console.print(table)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:+.0%}"
