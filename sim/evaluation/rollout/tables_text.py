"""The rollout exercise as tables on the terminal, in thousand yen per store-week."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.table import Table

_LEVELS: Final = {"store": "by store", "catchment": "by catchment"}
_OUTCOMES: Final = {"sales_yen": "Sales", "contribution_yen": "Contribution"}


def print_rollout(document: dict[str, Any]) -> None:
    """Calendar, truth, estimators by store and by catchment, the remedy, event studies, what it comes to."""
    console = Console()
    title = f"{document['title']}: {document['weeks']} weeks, {document['replications']} replication(s)"
    console.print(_calendar(document, title))
    for outcome, name in _OUTCOMES.items():
        console.print(_truth(document, outcome, name))
        for level in _LEVELS:
            console.print(_estimators(document["levels"][level][outcome], f"{name} {_LEVELS[level]}"))
    console.print(_side_by_side(document))
    for level in _LEVELS:
        console.print(_event_study(document["levels"][level]["sales_yen"], f"Sales {_LEVELS[level]}"))
    console.print(_company(document))
    for note in document["notes"]:
        console.print(f"note: {note}", highlight=False)


def _calendar(document: dict[str, Any], title: str) -> Table:
    table = Table("store", "first week", "waves (day)", title=title)
    for row in document["calendar"]:
        waves = ", ".join(f"{wave['wave']} ({wave['day']})" for wave in row["waves"])
        table.add_row(row["store"], "never" if row["first_week"] is None else str(row["first_week"]), waves)
    return table


def _truth(document: dict[str, Any], outcome: str, name: str) -> Table:
    table = Table(
        "", "converted", "not yet converted", "usual week", title=f"{name}: true effect, thousand yen per store-week"
    )
    for level, label in _LEVELS.items():
        found = document["levels"][level][outcome]
        cells = [_figure(found["true_effect"][who]) for who in ("treated", "not_yet_treated")]
        table.add_row(label, *cells, _yen(found["usual_yen"]["mean"], signed=False))
    return table


def _estimators(found: dict[str, Any], title: str) -> Table:
    columns = ("estimate", "truth", "bias", "RMSE", "s.e.", "spread", "covers", "right sign")
    table = Table("", *columns, title=f"{title}: thousand yen per converted store-week")
    for one in found["estimators"].values():
        n = len(one["per_replication"])
        figures = [_figure(one[key]) for key in ("estimate", "truth", "bias")]
        spreads = [_yen(one[key], signed=False) for key in ("rmse", "standard_error", "spread")]
        table.add_row(one["label"], *figures, *spreads, f"{one['coverage']:.0%}", f"{n - one['sign_errors']}/{n}")
    return table


def _side_by_side(document: dict[str, Any]) -> Table:
    """The parts of the error that more replications do not take away, by store and by catchment."""
    heads = ("spill-over", "spill-over, by home", "weights", "weights, by home", "unknown homes")
    table = Table("", *heads, title="Sales: what is wrong beside chance, thousand yen")
    stores = document["levels"]["store"]["sales_yen"]["estimators"]
    catchments = document["levels"]["catchment"]["sales_yen"]["estimators"]
    for name in stores:
        cells = [
            _figure(side[name]["error_parts"][part])
            for part in ("spill_over", "wrong_weights")
            for side in (stores, catchments)
        ]
        table.add_row(stores[name]["label"], *cells, _figure(catchments[name]["error_parts"]["unknown_homes"]))
    return table


def _event_study(found: dict[str, Any], title: str) -> Table:
    columns = ("two-way fixed effects", "Callaway and Sant'Anna", "truth")
    table = Table("week", *columns, title=f"{title}: event study, thousand yen against the week before")
    studies = [
        {point["week"]: point for point in found["event_studies"][name] if "reference" not in point}
        for name in ("two_way_event", "callaway_santanna_event")
    ]
    for week in sorted({*studies[0], *studies[1]}):
        cells = [_figure(study[week]["estimate"]) if week in study else "-" for study in studies]
        known = next(study[week] for study in studies if week in study)
        table.add_row(str(week), *cells, _figure(known["truth"]))
    return table


def _company(document: dict[str, Any]) -> Table:
    table = Table("", "sales", "contribution", title="What the rollout brought in these weeks, thousand yen")
    company = document["company"]
    table.add_row("truth, everything", *(_figure(company[outcome]["gain_yen"]) for outcome in _OUTCOMES))
    table.add_section()
    for level, label in _LEVELS.items():
        for name, one in document["levels"][level]["sales_yen"]["estimators"].items():
            claims = [_figure(company[outcome]["multiplied_out_yen"][level][name]) for outcome in _OUTCOMES]
            table.add_row(f"{one['label']} {label}", *claims)
    return table


def _figure(figure: dict[str, Any]) -> str:
    mean = _yen(figure["mean"])
    half = figure["half_width"]
    return mean if half is None else f"{mean} \N{PLUS-MINUS SIGN} {_yen(half, signed=False)}"


def _yen(value: float | None, signed: bool = True) -> str:
    """Thousand yen with one decimal: effects per store-week are small."""
    if value is None:
        return "-"
    return f"{value / 1000:+,.1f}" if signed else f"{value / 1000:,.1f}"
