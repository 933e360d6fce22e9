"""Capacity on the pages, in Altair: latency over load with its knee, and the scalability law with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from dashboard.charts.palette import APP, EC, LOST, NEUTRAL
from dashboard.charts.panels import AS_SVG, PLAIN, chart_of, legend_of
from dashboard.words import Words

VERDICTS: Final = ("passed", "failed")
"""Of a step; one that is invalid says nothing about the target and has no latency."""
_VERDICT_COLOURS: Final = (APP, LOST)
_POWERS: Final = (0.1, 1, 10, 100, 1_000, 10_000, 100_000)
"""Ticks of logarithmic axes."""
_VERDICT_SHAPES: Final = ("circle", "cross")


def knee(moment: Mapping[str, Any], p99_ms: float, say: Words, ink: str) -> Any:
    """p99 and median of every step that counts over the load offered; limit, last load carried, first refused."""
    names = {verdict: say(f"demand.{verdict}") for verdict in VERDICTS}
    rows = [
        {"per_s": point["offered_per_s"], "p99": max(point["p99_ms"], 0.01), "p50": max(point["p50_ms"], 0.01),
         "verdict": names[point["verdict"]], "text": f"{point['p99_ms']:,.1f} ms", "half": f"{point['p50_ms']:,.1f} ms"}
        for point in counting(moment)
    ]  # fmt: skip
    legend, above = legend_of(list(names.values()))
    x = alt.X("per_s:Q", title=say("demand.offered_axis"), scale=alt.Scale(zero=True),
              axis=alt.Axis(grid=False, labelExpr=PLAIN, labelOverlap=True))  # fmt: skip
    y = alt.Y("p99:Q", title=say("demand.ms_axis"), scale=alt.Scale(type="log"),
              axis=alt.Axis(labelExpr=PLAIN, values=list(_POWERS)))  # fmt: skip
    base = chart_of(rows).encode(
        x=x, tooltip=[alt.Tooltip("per_s:Q", title="/s", format=",.1f"), alt.Tooltip("text:N", title="p99"),
                      alt.Tooltip("half:N", title="p50"), alt.Tooltip("verdict:N", title=" ")],
    )  # fmt: skip
    spans = base.mark_rule(color=NEUTRAL, strokeWidth=1.5).encode(y=y, y2="p50:Q")
    kinds = list(names.values())
    look = {"sort": kinds, "legend": legend}
    points = base.mark_point(size=90, filled=True, opacity=1).encode(
        y=y,
        color=alt.Color("verdict:N", scale=alt.Scale(domain=kinds, range=list(_VERDICT_COLOURS)), **look),
        shape=alt.Shape("verdict:N", scale=alt.Scale(domain=kinds, range=list(_VERDICT_SHAPES)), **look),
    )
    layers = [_level(p99_ms, say("demand.limit", ms=f"{p99_ms:,.0f}"), ink), spans, points]
    edge = moment["edge"]
    marks = (("carried", edge["carried_per_s"], [1, 0]), ("refused", edge["refused_per_s"], [4, 3]),
             ("expected", moment["expected_per_s"], [1, 3]))  # fmt: skip
    for rank, (name, at, dash) in enumerate(mark for mark in marks if mark[1] is not None):
        layers.append(_place(float(at or 0.0), say(f"demand.mark_{name}", per_s=f"{at:,.0f}"), dash, rank, ink))
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=330 + above, width="container")


def counting(moment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps whose latency says something about the target, by load."""
    return sorted((p for p in moment["points"] if p["verdict"] in VERDICTS), key=lambda point: point["offered_per_s"])


def scalability(moment: Mapping[str, Any], say: Words) -> Any:
    """Rate over calls in flight: the fitted law with its band, dashed where extrapolated too far, and the steps."""
    law = moment["usl"]
    x = alt.X("in_flight:Q", title=say("demand.in_flight"), scale=alt.Scale(type="log"),
              axis=alt.Axis(labelExpr=PLAIN, grid=False, values=list(_POWERS)))  # fmt: skip
    title = say("demand.answered_axis")
    y_axis = alt.Axis(labelExpr=PLAIN, tickCount=5)
    curve = [dict(row) for row in law["curve"]]
    trusted = [row for row in curve if not row["beyond_trust"]]
    beyond = trusted[-1:] + [row for row in curve if row["beyond_trust"]]
    band = chart_of(curve).mark_area(color=EC, opacity=0.18).encode(
        x=x, y=alt.Y("low:Q", title=title, axis=y_axis), y2="high:Q"
    )  # fmt: skip
    layers = [band]
    for rows, dash in ((trusted, [1, 0]), (beyond, [3, 4])):
        line = chart_of(rows).mark_line(color=EC, strokeWidth=2, strokeDash=dash)
        layers.append(line.encode(x=x, y=alt.Y("per_s:Q", title=title, axis=y_axis)))
    steps = [{"in_flight": p["in_flight"], "per_s": p["achieved_per_s"], "text": f"{p['achieved_per_s']:,.1f}/s"}
             for p in counting(moment) if p["in_flight"] > 0]  # fmt: skip
    tooltip = [
        alt.Tooltip("in_flight:Q", title=say("demand.in_flight"), format=",.1f"),
        alt.Tooltip("text:N", title="="),
    ]
    marks = chart_of(steps).mark_point(size=70, filled=True, opacity=1, color=APP, shape="diamond")
    layers.append(marks.encode(x=x, y=alt.Y("per_s:Q", title=title, axis=y_axis), tooltip=tooltip))
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=320, width="container")


def _level(at: float, label: str, ink: str) -> Any:
    base = chart_of([{"p99": at, "label": label}]).encode(y="p99:Q")
    text = base.mark_text(align="right", baseline="bottom", dx=-4, dy=-3, color=ink, fontSize=12)
    return base.mark_rule(color=LOST, strokeDash=[6, 3]) + text.encode(x=alt.value("width"), text="label:N")


def _place(at: float, label: str, dash: Sequence[int], rank: int, ink: str) -> Any:
    base = chart_of([{"per_s": at, "label": label}]).encode(x="per_s:Q")
    rule = base.mark_rule(color=ink, strokeWidth=1.4, strokeDash=list(dash))
    text = base.mark_text(align="left", baseline="top", dx=4, dy=16 * rank, color=ink, fontSize=12)
    return rule + text.encode(y=alt.value(2), text="label:N")
