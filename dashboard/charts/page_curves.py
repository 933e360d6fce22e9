"""A sweep's curve with its band and optimum, parts of a whole, and lines over a range, in Altair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from dashboard.amounts import interval, scale_of, share
from dashboard.charts.dots import told, unit_name
from dashboard.charts.palette import APP, EC, LOST, NEUTRAL, STORE
from dashboard.charts.panels import AS_SVG, PLAIN, chart_of, legend_of
from dashboard.charts.spoken import named, parameter
from dashboard.charts.sweeps import rise_of
from dashboard.words import Words

_STANDS: Final = {"agree": ("✓", APP), "against": ("✕", LOST), "no_stake": ("–", NEUTRAL)}
_NARROWEST: Final = 0.12
"""A part that is narrower has its figure in the tooltip and the table only."""


def curve(document: Mapping[str, Any], say: Words, ink: str) -> Any:
    """`omo.sweep/1` of one parameter: points with intervals, the fitted curve with its band, optimum and its range."""
    name = document["parameters"][0]["name"]
    rows = curve_rows(document)
    scale = scale_of([row[end] for row in rows for end in ("low", "high")], document["unit"], say.language)
    for row in rows:
        row["text"] = interval(row, document["unit"], say.language, signed=True)
        row |= {key: row[key] / scale.divisor for key in ("mean", "low", "high")}
    x = alt.X("at:Q", title=parameter(name, say), axis=alt.Axis(tickCount=6, grid=False), scale=alt.Scale(padding=14))
    y_title = unit_name(document["unit"], scale, True, say)
    y = alt.Y("low:Q", title=y_title, axis=alt.Axis(tickCount=6), scale=alt.Scale(padding=18))
    tooltip = [alt.Tooltip("at:Q", title=parameter(name, say)), alt.Tooltip("text:N", title="=")]
    base = chart_of(rows)
    layers = [chart_of([{"zero": 0.0}]).mark_rule(color=NEUTRAL, strokeDash=[4, 3]).encode(y="zero:Q")]
    if document["optimum"] is not None:
        layers += _optimum(document["optimum"], scale.divisor, say, ink)
    now = document["baseline"].get(name)
    if now is not None:
        layers.append(_mark(float(now), f"▼ {say('plot_sweep.now')}", ink, [2, 3], NEUTRAL, -4))
    layers.append(base.mark_rule(strokeWidth=2, color=EC).encode(x=x, y=y, y2="high:Q", tooltip=tooltip))
    layers.append(base.mark_point(size=75, filled=True, color=EC, opacity=1).encode(x=x, y="mean:Q", tooltip=tooltip))
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=400, width="container")


def curve_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each point's outcome above the low end's: `at`, `mean`, `half_width`, `low`, `high`."""
    name = document["parameters"][0]["name"]
    points = sorted(document["points"], key=lambda point: float(point["values"][name]))
    found = []
    for point in points:
        rise = rise_of(point, points[0])
        mean = rise.mean or 0.0
        low, high = (mean if end is None else end for end in (rise.low, rise.high))
        half_width = None if rise.high is None else rise.high - mean
        found.append({"at": float(point["values"][name]), "mean": mean, "half_width": half_width,
                      "low": low, "high": high})  # fmt: skip
    return found


def _optimum(optimum: Mapping[str, Any], divisor: float, say: Words, ink: str) -> list[Any]:
    rows = [
        {
            "at": row["at"],
            "mean": row["mean"] / divisor,
            "low": (row["mean"] - (row["half_width"] or 0.0)) / divisor,
            "high": (row["mean"] + (row["half_width"] or 0.0)) / divisor,
        }
        for row in optimum["curve"]
    ]
    base = chart_of(rows)
    layers = [
        base.mark_area(color=EC, opacity=0.18).encode(x="at:Q", y="low:Q", y2="high:Q"),
        base.mark_line(color=EC, strokeWidth=1.6).encode(x="at:Q", y="mean:Q"),
    ]
    if optimum["low"] is not None:
        span = chart_of([{"low": optimum["low"], "high": optimum["high"]}])
        layers.insert(0, span.mark_rect(color=STORE, opacity=0.13, stroke=STORE, strokeDash=[3, 3]).encode(
            x="low:Q", x2="high:Q"))  # fmt: skip
    layers.append(_mark(optimum["at"], f"★ {say('plot_sweep.optimum')} {optimum['at']:.2f}", ink, [1, 0], STORE, -18))
    return layers


def _mark(at: float, text: str, ink: str, dash: list[int], colour: str, dy: int) -> Any:
    base = chart_of([{"at": at, "label": text}]).encode(x="at:Q")
    rule = base.mark_rule(color=colour, strokeWidth=1.8, strokeDash=dash)
    label = base.mark_text(color=ink, dy=dy, align="center", baseline="bottom", fontSize=12).encode(
        y=alt.value(0), text="label:N"
    )
    return rule + label


def stakes(document: Mapping[str, Any], say: Words, ink: str) -> Any:
    """`omo.congruence/1`: of the value that staff make or lose, what own pay points to, against, or leaves alone."""
    names = {kind: f"{mark} {say(f'plot_congr.{kind}')}" for kind, (mark, _) in _STANDS.items()}
    order, rows = [], []
    for row in sorted(document["policies"], key=lambda row: -(row["paid"]["agree"]["value"] or 0.0)):
        for pay in ("paid", "promised"):
            label = f"{named('policy', row['policy'], say)}, {say(f'plot_congr.{pay}')}"
            order.append(label)
            rows += _parts(label, row[pay], names)
    base = chart_of(rows).encode(
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelLimit=170, labelOverlap=False)),
        tooltip=[alt.Tooltip("row:N", title=" "), alt.Tooltip("kind:N", title=" "), alt.Tooltip("text:N", title="=")],
    )
    labels = list(names.values())
    bars = base.mark_bar(height=20, opacity=0.75).encode(
        x=alt.X("start:Q", title=say("plot_congr.axis"), scale=alt.Scale(domain=[0, 100])),
        x2="end:Q",
        color=alt.Color("kind:N", sort=labels, legend=alt.Legend(title=None, orient="top", columns=1),
                        scale=alt.Scale(domain=labels, range=[colour for _, colour in _STANDS.values()])),
    )  # fmt: skip
    text = base.transform_filter(f"datum.end - datum.start >= {100 * _NARROWEST}").mark_text(
        color=ink, fontSize=11.5
    ).encode(x="middle:Q", text="told:N")  # fmt: skip
    return (bars + text).properties(usermeta=AS_SVG, height=28 * len(order) + 140, width="container")


def _parts(label: str, found: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    left, rows = 0.0, []
    for kind, (mark, _) in _STANDS.items():
        value = found[kind]["value"] or 0.0
        ends = {"start": 100 * left, "end": 100 * (left + value), "middle": 100 * (left + value / 2)}
        told_ = f"{mark} {100 * value:.0f} %"
        rows.append({"row": label, "kind": names[kind], "text": share(value), "told": told_, **ends})
        left += value
    return rows


def stakes_rows(document: Mapping[str, Any], say: Words) -> list[list[str]]:
    """The same as texts: policy, pay, and the three shares with their intervals."""
    from dashboard.charts.dots import value_of

    return [
        [named("policy", row["policy"], say), say(f"plot_congr.{pay}"),
         *(told(value_of(row[pay][kind]), "share", say) for kind in _STANDS)]
        for row in document["policies"]
        for pay in ("paid", "promised")
    ]  # fmt: skip


def lines(series: Mapping[str, Sequence[tuple[float, float]]], x_title: str, y_title: str, x_format: str = "~g") -> Any:
    """One line per series, told apart by dash as well as by colour."""
    names = list(series)
    rows = [{"series": name, "x": x, "y": y} for name, found in series.items() for x, y in found]
    legend, above = legend_of(names, symbolType="stroke", symbolSize=500, symbolStrokeWidth=2.2)
    look: dict[str, Any] = {"sort": names, "legend": legend}
    whole: dict[str, Any] = (
        {"tickMinStep": 1} if all(float(x).is_integer() for found in series.values() for x, _ in found) else {}
    )
    base = chart_of(rows).encode(
        x=alt.X("x:Q", title=x_title, axis=alt.Axis(grid=False, labelExpr=PLAIN, tickCount=7, **whole)),
        y=alt.Y("y:Q", title=y_title, axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=True)),
        tooltip=[alt.Tooltip("series:N", title=" "), alt.Tooltip("x:Q", title=x_title, format=x_format),
                 alt.Tooltip("y:Q", title=y_title, format=".1f")],
    )  # fmt: skip
    dashes = alt.Scale(domain=names, range=[[5, 4], [1, 0]][-len(names) :])
    colours = alt.Scale(domain=names, range=[NEUTRAL, APP][-len(names) :])
    line = base.mark_line(strokeWidth=2.2).encode(
        color=alt.Color("series:N", scale=colours, **look),
        strokeDash=alt.StrokeDash("series:N", scale=dashes, **look),
    )
    return line.properties(usermeta=AS_SVG, height=270 + above, width="container")
