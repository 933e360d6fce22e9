"""Forest plot, recommendation rates and load series in Altair, drawn as SVG so that text can be read and selected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any, Final

import altair as alt

from dashboard.amounts import figure, interval, scale_of
from dashboard.charts.palette import CALL, EC, LOST, NEUTRAL, STORE, WORLD
from dashboard.charts.panels import PLAIN, chart_of, legend_of
from dashboard.charts.steps import relative_differences
from dashboard.words import Language, Words

_NAME_LETTERS: Final[dict[Language, int]] = {"en": 20, "ja": 10}
"""Of a line of a measure's name."""
_LABEL_LINE: Final = 13
_EMPTY: Final = "\u2060"
"""A line of a label with nothing in it; spaces would be taken away."""
_AS_SVG = {"embedOptions": {"renderer": "svg", "actions": False}}


def forest(document: dict[str, Any], unit: str, say: Words) -> Any | None:
    """Paired differences of the measures of one unit with their intervals; None when there are none."""
    found = relative_differences(document, unit)
    if not found:
        return None
    scale = scale_of(
        [value for row in found for value in (row["low"], row["high"], row["mean"]) if value is not None],
        unit,
        say.language,
    )
    rows = [_forest_row(row, unit, scale.divisor, say) for row in found]
    title = say("unit.points") if unit == "share" else say(f"unit.{unit}") if not scale.unit else scale.unit
    names = [row["measure"] for row in rows]
    y = alt.Y("measure:N", sort=names, title=None, axis=_names_axis(names, say))
    base = chart_of(rows).encode(y=y)
    tooltip = [
        alt.Tooltip("measure:N", title=say("ledgers.measure")),
        alt.Tooltip("text:N", title=say("ledgers.difference")),
    ]
    zero = chart_of([{"zero": 0}]).mark_rule(color=NEUTRAL, strokeDash=[4, 3]).encode(x="zero:Q")
    bars = base.mark_rule(strokeWidth=2.5, color=EC).encode(
        x=alt.X("low:Q", title=title, axis=alt.Axis(grid=True, tickCount=5, labelExpr=PLAIN)),
        x2="high:Q",
        tooltip=tooltip,
    )
    points = base.mark_point(size=90, strokeWidth=2, color=EC).encode(
        x="mean:Q",
        fill=alt.condition("datum.settled", alt.value(EC), alt.value("transparent")),
        opacity=alt.value(1),
        tooltip=tooltip,
    )
    return (zero + bars + points).properties(usermeta=_AS_SVG, height=32 * len(rows) + 70, width="container")


def against_first(document: dict[str, Any], titles: Sequence[str], say: Words) -> Any:
    """What each world contributes more than the first one, with its interval; labelled with the figures."""
    differences = [measures["contribution_yen"]["difference"] for measures in document["against_first"]][1:]
    ends = [d["mean"] + side * (d["half_width"] or 0.0) for d in differences for side in (-1, 1)]
    scale = scale_of(ends, "yen", say.language)
    rows = []
    for title, difference in zip(titles[1:], differences, strict=True):
        mean, half_width = difference["mean"], difference["half_width"] or 0.0
        rows.append(
            {
                "world": title,
                "mean": mean / scale.divisor,
                "low": (mean - half_width) / scale.divisor,
                "high": (mean + half_width) / scale.divisor,
                "settled": half_width > 0 and abs(mean) > half_width,
                "text": interval(difference, "yen", say.language, signed=True),
            }
        )
    y = alt.Y("world:N", sort=list(titles[1:]), title=None, axis=alt.Axis(labelLimit=160))
    base = chart_of(rows).encode(y=y, tooltip=["world:N", alt.Tooltip("text:N", title=say("ledgers.difference"))])
    zero = chart_of([{"zero": 0}]).mark_rule(color=NEUTRAL, strokeDash=[4, 3]).encode(x="zero:Q")
    bars = base.mark_rule(strokeWidth=2.5, color=EC).encode(
        x=alt.X("low:Q", title=scale.unit, axis=alt.Axis(grid=True, tickCount=5)), x2="high:Q"
    )
    points = base.mark_point(size=90, strokeWidth=2, color=EC, opacity=1).encode(
        x="mean:Q", fill=alt.condition("datum.settled", alt.value(EC), alt.value("transparent"))
    )
    text = base.mark_text(dy=-14, fontSize=12).encode(x="mean:Q", text="text:N")
    return (zero + bars + points + text).properties(usermeta=_AS_SVG, height=54 * len(rows) + 60, width="container")


def recommendation(document: dict[str, Any], titles: Mapping[str, str], say: Words) -> Any:
    """How often staff recommend, in both worlds, with intervals. Bars are labelled, not only coloured."""
    rows: list[dict[str, Any]] = []
    for name, situation in (("recommendation_rate", "in_stock"), ("recommendation_rate_stock_out", "missing")):
        for world in "ab":
            interval = document["measures"][name][world]
            mean, half_width = 100 * (interval["mean"] or 0.0), 100 * (interval["half_width"] or 0.0)
            rows.append(
                {
                    "situation": say(f"ledgers.{situation}"),
                    "world": titles[world],
                    "mean": mean,
                    "low": mean - half_width,
                    "high": mean + half_width,
                    "text": f"{mean:.1f} %",
                }
            )
    worlds = [titles["a"], titles["b"]]
    highest = max(row["high"] for row in rows) * 1.18 or 1.0
    legend, above = legend_of(worlds)
    base = chart_of(rows).encode(
        y=alt.Y("situation:N", title=None, sort=None), yOffset=alt.YOffset("world:N", sort=worlds)
    )
    bars = base.mark_bar(height=22).encode(
        x=alt.X("mean:Q", title="%", scale=alt.Scale(domain=[0, highest]), axis=alt.Axis(tickCount=6)),
        color=alt.Color(
            "world:N",
            sort=worlds,
            scale=alt.Scale(domain=worlds, range=[WORLD["a"], WORLD["b"]]),
            legend=legend,
        ),
        tooltip=[alt.Tooltip("world:N", title=say("ledgers.world")), alt.Tooltip("text:N", title=say("ledgers.mean"))],
    )
    whiskers = base.mark_rule(strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    text = base.mark_text(align="left", dx=6, fontSize=12).encode(x="high:Q", text="text:N")
    return (bars + whiskers + text).properties(usermeta=_AS_SVG, height=216 + above, width="container")


def request_rates(seconds: Sequence[Mapping[str, float | None]], say: Words) -> Any:
    """Offered, answered and failed requests per second over a replay, told apart by dash as well as colour."""
    names = {"offered": say("load.offered"), "answered": say("load.answered"), "failed": say("load.failed")}
    rows = [{"second": row["second"], "series": names[key], "value": row[key] or 0} for row in seconds for key in names]
    colours, dashes = [NEUTRAL, EC, LOST], [[6, 3], [1, 0], [2, 2]]
    return _lines(rows, list(names.values()), colours, dashes, say("load.requests"), say)


def generator_lag(seconds: Sequence[Mapping[str, float | None]], say: Words) -> Any:
    """Median and longest lag of the generator per second."""
    names = {"median_ms": say("load.lag_median"), "max_ms": say("load.lag_max")}
    rows = [{"second": row["second"], "series": names[key], "value": row[key] or 0} for row in seconds for key in names]
    return _lines(rows, list(names.values()), [EC, STORE], [[1, 0], [4, 2]], say("load.lag_axis"), say)


def latency(latencies: Mapping[str, Mapping[str, float]], names: Mapping[str, str], say: Words) -> Any:
    """Quantiles by action on a logarithmic axis: a line from p50 to the maximum with a shape for each quantile."""
    rows = [
        {"action": names[action], "quantile": q, "ms": max(values[q], 0.01), "text": f"{values[q]:,.1f}"}
        for action, values in latencies.items()
        for q in ("p50", "p90", "p99", "max")
    ]
    order = [names[action] for action in latencies]
    base = chart_of(rows).encode(
        y=alt.Y("action:N", sort=order, title=None),
        x=alt.X(
            "ms:Q", scale=alt.Scale(type="log"), title=say("load.milliseconds"), axis=alt.Axis(format="~s", tickCount=6)
        ),
    )
    quantiles = ["p50", "p90", "p99", "max"]
    scale = alt.Scale(domain=quantiles, range=[EC, EC, STORE, LOST])
    shapes = alt.Scale(domain=quantiles, range=["circle", "square", "diamond", "cross"])
    points = base.mark_point(size=80, filled=True, opacity=1).encode(
        color=alt.Color("quantile:N", scale=scale, sort=quantiles, legend=alt.Legend(title=None, orient="top")),
        shape=alt.Shape("quantile:N", scale=shapes, sort=quantiles),
        tooltip=["action:N", "quantile:N", alt.Tooltip("text:N", title="ms")],
    )
    line = base.mark_line(color=NEUTRAL, strokeWidth=1.5).encode(detail="action:N")
    return (line + points).properties(usermeta=_AS_SVG, height=30 * len(order) + 130, width="container")


def outcomes(by_action: Mapping[str, Mapping[str, int]], names: Mapping[str, str], say: Words) -> Any:
    """Calls by action and outcome as shares of the action's calls."""
    kinds = ["ok", "rejected", "unknown", "skipped"]
    rows = []
    for action, found in by_action.items():
        total = sum(found.values()) or 1
        rows += [
            {
                "action": names[action],
                "outcome": say(f"load.{kind}"),
                "share": 100 * found.get(kind, 0) / total,
                "calls": found.get(kind, 0),
                "order": kinds.index(kind),
            }
            for kind in kinds
        ]
    labels = [say(f"load.{kind}") for kind in kinds]
    legend, above = legend_of(labels)
    return (
        chart_of(rows)
        .mark_bar(height=18)
        .encode(
            y=alt.Y("action:N", title=None, sort=[names[action] for action in by_action]),
            x=alt.X("share:Q", title="%", stack="zero", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color(
                "outcome:N",
                sort=labels,
                scale=alt.Scale(domain=labels, range=[CALL[k] for k in kinds]),
                legend=legend,
            ),
            order="order:Q",
            tooltip=["action:N", "outcome:N", alt.Tooltip("calls:Q", format=",")],
        )
        .properties(usermeta=_AS_SVG, height=30 * len(by_action) + 96 + above, width="container")
    )


def _names_axis(names: Sequence[str], say: Words) -> Any:
    """Names of rows, long ones in two lines, so that the drawing has two thirds of a phone.

    Lines are set at half a line's distance from half a line above the row: a name is the second of two, or the first
    and the third of three.
    """
    lines = {}
    for name in names:
        first, *more = wrap(name, max(_NAME_LETTERS[say.language], len(name) // 2 + 3))
        lines[name] = [first, _EMPTY, " ".join(more)] if more else [_EMPTY, first]
    half = _LABEL_LINE / 2
    return alt.Axis(
        labelExpr=f"{json.dumps(lines)}[datum.value]", labelLimit=200, labelLineHeight=half, labelOffset=-half
    )


def _forest_row(row: Mapping[str, Any], unit: str, divisor: float, say: Words) -> dict[str, Any]:
    text = figure(row["mean"], unit, say.language, signed=True)
    if row["low"] is not None:
        low, high = (figure(row[end], unit, say.language, signed=True) for end in ("low", "high"))
        text += f" ({low} – {high})"
    ends = {end: (row["mean"] if row[end] is None else row[end]) / divisor for end in ("low", "high")}
    return {
        "measure": say.label(row["name"]),
        "mean": row["mean"] / divisor,
        **ends,
        "settled": row["settled"],
        "text": text,
    }


def _lines(
    rows: list[dict[str, Any]],
    names: list[str],
    colours: list[str],
    dashes: list[list[int]],
    title: str,
    say: Words,
) -> Any:
    legend, above = legend_of(names, symbolType="stroke", symbolSize=500, symbolStrokeWidth=2.2)
    look: dict[str, Any] = {"sort": names, "legend": legend}
    return (
        chart_of(rows)
        .mark_line(strokeWidth=2, interpolate="step-after")
        .encode(
            x=alt.X(
                "second:Q", title=say("load.second"), axis=alt.Axis(grid=False, format="d", tickMinStep=1, tickCount=12)
            ),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=True)),
            color=alt.Color("series:N", scale=alt.Scale(domain=names, range=colours), **look),
            strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes), **look),
            tooltip=["second:Q", "series:N", "value:Q"],
        )
        .properties(usermeta=_AS_SVG, height=240 + above, width="container")
    )
