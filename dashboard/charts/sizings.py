"""Charts of `omo.size/1`: what each number of pods costs, and what the tills lose by waiting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, Value, told, value_of
from dashboard.charts.spoken import basis, paragraph
from dashboard.words import Words


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Cost, loss and total a year, and how much dearer each level is than the cheapest."""
    return [_money(document, say), _dearer(document, say)]


def finding(document: Mapping[str, Any], say: Words) -> str:
    """The cheapest level, what the smallest one loses, and whether the cheapest is within the limits."""
    cheapest, fitting = document["cheapest_pods"], document["fewest_pods_within_limits"]
    first = document["levels"][0]
    loss = told(value_of(first["lost_yen_per_year"]), "yen", say)
    text = say("demand.size_finding", pods=cheapest, few=first["pods"], lost=loss)
    if fitting is None:
        return paragraph(say, text, say("demand.none_fits"))
    return paragraph(say, text, say("demand.fits_from", pods=fitting) if fitting != cheapest else "")


def size_basis(document: Mapping[str, Any], say: Words) -> str:
    """Days, replications, seed, and to how many stores and days it is multiplied."""
    plan = document["prices"]["plan"]
    scaled = say("demand.size_scaled", copies=f"{document['copies']:,.4g}", times=f"{plan['times_per_year']:g}")
    return paragraph(say, basis(document, say), scaled)


def _money(document: dict[str, Any], say: Words) -> Chart:
    levels = document["levels"]
    series = [
        Series(say("demand.machine_cost"), [Value(level["cost_yen_per_year"]["total"]) for level in levels]),
        Series(say("demand.lost_at_tills"), [value_of(level["lost_yen_per_year"]) for level in levels]),
        Series(say("demand.in_all"), [value_of(level["total_yen_per_year"]) for level in levels]),
    ]
    plot = Dots([say("demand.pods_n", n=level["pods"]) for level in levels], series, "yen")
    caption = paragraph(say, say("demand.size_what"), size_basis(document, say))
    return dot_chart("cost", plot, say, say("demand.size_question"), finding(document, say), caption)


def _dearer(document: dict[str, Any], say: Words) -> Chart:
    levels = document["levels"]
    values = [value_of(level["dearer_than_cheapest_yen"]) for level in levels]
    settled = sum(value.settled for value in values)
    plot = Dots([say("demand.pods_n", n=level["pods"]) for level in levels], [Series("", values)], "yen", signed=True)
    answer = say("demand.dearer_answer", pods=document["cheapest_pods"], settled=settled, n=len(levels) - 1)
    caption = paragraph(say, size_basis(document, say), say("plot.filled"))
    return dot_chart("dearer", plot, say, say("demand.dearer_question"), answer, caption)
