"""The hold-out of `omo.ltv/1` as the pages draw it: what came beside what was expected, with its band, in Altair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt

from dashboard.charts.palette import EC
from dashboard.charts.panels import AS_SVG, PLAIN, chart_of, legend_of
from dashboard.words import Words


def held_out(document: Mapping[str, Any], say: Words, ink: str) -> Any:
    """Purchases after the models have seen their part, by week: told apart by dash as well as by colour."""
    rows = held_out_rows(document)
    names = [say("plot_ltv.came"), say("plot_ltv.expected")]
    curves = [
        {"series": name, "week": row["week"], "purchases": row[key]}
        for name, key in zip(names, ("actual", "expected"), strict=True)
        for row in rows
    ]
    x = alt.X("week:Q", title=say("plot_ltv.weeks_after"), axis=alt.Axis(grid=False, labelOverlap=True, tickMinStep=1))
    y_title = say("plot_ltv.purchases")
    y_axis = alt.Axis(tickCount=5, labelExpr=PLAIN)
    legend, above = legend_of(names, symbolType="stroke", symbolSize=500, symbolStrokeWidth=2.2)
    look = {"sort": names, "legend": legend}
    lines = chart_of(curves).mark_line(strokeWidth=2.2).encode(
        x=x, y=alt.Y("purchases:Q", title=y_title, axis=y_axis),
        color=alt.Color("series:N", scale=alt.Scale(domain=names, range=[ink, EC]), **look),
        strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=[[1, 0], [7, 3]]), **look),
        tooltip=[alt.Tooltip("series:N", title=" "), alt.Tooltip("week:Q", title=say("plot_ltv.weeks_after"),
                 format=".1f"), alt.Tooltip("purchases:Q", title=y_title, format=",.0f")],
    )  # fmt: skip
    layers = [lines]
    if all(row["low"] is not None and row["high"] is not None for row in rows):
        band = chart_of(rows).mark_area(color=EC, opacity=0.18)
        layers.insert(0, band.encode(x=x, y=alt.Y("low:Q", title=y_title, axis=y_axis), y2="high:Q"))
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=280 + above, width="container")


def held_out_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By week after the hold-out began: purchases that came, expected ones and their interval, cumulated."""
    held = document["holdout"]
    return [
        {"week": week, "actual": actual, "expected": one["value"], "low": one["low"], "high": one["high"]}
        for week, actual, one in zip(held["weeks"], held["actual_cumulative"], held["expected_cumulative"], strict=True)
    ]
