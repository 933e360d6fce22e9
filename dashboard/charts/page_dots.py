"""Dot plots and shaded tables of the charts' library as the pages draw them: in Altair, as wide as there is room.

What a series is stands in its marker, what is settled in its filling; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

import altair as alt

from dashboard.amounts import figure, scale_of
from dashboard.charts.dots import Dots, Value, scale_for, told, unit_name
from dashboard.charts.grids import Grid
from dashboard.charts.palette import APP, COMPANY, EC, LOST, NEUTRAL, RIVAL, STORE, paper_of
from dashboard.charts.panels import AS_SVG, PLAIN, chart_of
from dashboard.words import Words

COLOURS: Final = (EC, STORE, APP, RIVAL, LOST, COMPANY)
_SHAPES: Final = ("circle", "diamond", "triangle-up", "square", "triangle-down", "cross")
_MARKERS: Final = {"D": "diamond", "s": "square", "X": "cross"}
"""Of single figures, where a series has more than one."""
_WITH_TEXT: Final = 14
"""Dots that are few enough for a figure at each."""
_STEP_WITH_TEXT: Final = 38
_STEP_OF_SEVERAL: Final = 46
_AXIS: Final = 70
_LEGEND: Final = 30
_HEAD: Final = 44
"""What stands around the rows of a chart, in pixels: its height holds everything."""
_DARKEST: Final = 0.5
"""Of a cell, so that text on it keeps a contrast above 7:1 in both themes."""


def dots(plot: Dots, say: Words, ink: str, colours: Sequence[str] = COLOURS) -> Any:
    """`plot` with a row for each label and a marker for each series; figures stand at the dots where they are few."""
    scale = scale_for(plot, say)
    names = [series.name for series in plot.series]
    labels = [_line(label) for label in plot.labels]
    rows = [
        _row(labels[at], series.name, value, plot, scale.divisor, say)
        for at in range(len(labels))
        for series in plot.series
        if (value := series.values[at]).mean is not None and isfinite(value.mean)
    ]
    several, texts = len(names) > 1, len(rows) <= _WITH_TEXT and len(names) < 3
    if not rows:
        rows = [{"row": label} for label in labels]
    marks, room = (3, 16) if say.language == "ja" else (5, 28)
    tall = sum(len(name) + marks for name in names) > room
    across = alt.ExprRef(f"width > {sum(map(_pixels, names)) + 44 * len(names)} ? 0 : {int(tall)}")
    legend = alt.Legend(title=None, orient="top", columns=across, labelLimit=330)
    shown = list(colours[: len(names)])
    colour = alt.Color("series:N", sort=names, scale=alt.Scale(domain=names, range=shown),
                       legend=legend if several else None)  # fmt: skip
    base = chart_of(rows).encode(
        y=alt.Y("row:N", sort=labels, title=None,
                axis=alt.Axis(labelLimit=170, labelOverlap=False, grid=True, gridOpacity=0.35)),
        tooltip=[alt.Tooltip("row:N", title=" "), *([alt.Tooltip("series:N", title=" ")] if several else []),
                 alt.Tooltip("text:N", title="=")],
    )  # fmt: skip
    if several:
        base = base.encode(yOffset=alt.YOffset("series:N", sort=names))
    axis = alt.Axis(tickCount=5, grid=True, gridOpacity=0.5, labelExpr=_possible(rows, plot.unit))
    title = plot.axis or unit_name(plot.unit, scale, plot.signed, say)
    x_scale = alt.Scale(zero=plot.signed, padding=52 if texts else 12)
    if not any(row.get("low") or row.get("high") for row in rows):
        x_scale = alt.Scale(domain=[-1, 1])
    bars = base.mark_rule(strokeWidth=2.2).encode(
        x=alt.X("low:Q", title=title, axis=axis, scale=x_scale), x2="high:Q", color=colour
    )
    points = base.mark_point(size=80, strokeWidth=2, opacity=1).encode(
        x=alt.X("mean:Q", title=title, axis=axis, scale=x_scale),
        color=colour,
        shape=alt.Shape("series:N", sort=names, scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])),
                        legend=legend) if several else alt.Shape("shape:N", scale=None),
        fill=alt.condition("datum.settled", alt.Fill("series:N", sort=names, legend=None,
                           scale=alt.Scale(domain=names, range=shown)), alt.value("transparent")),
    )  # fmt: skip
    layers = [bars, points]
    nothing = 0.0 if plot.signed else plot.nothing
    if nothing is not None:
        layers.insert(0, chart_of([{"at": nothing / scale.divisor}]).mark_rule(
            color=NEUTRAL, strokeDash=[4, 3], strokeWidth=1.4).encode(x="at:Q"))  # fmt: skip
    if texts:
        for look in ({"stroke": paper_of(ink), "strokeWidth": 4, "strokeJoin": "round", "aria": False}, {}):
            told_at = base.mark_text(dy=-13, color=ink, fontSize=11.5, **look)
            layers.append(told_at.encode(x="mean:Q", text="text:N"))
    with_text = _STEP_OF_SEVERAL if several else _STEP_WITH_TEXT
    step = with_text if texts else 18 if several else 26
    legends = (len(names) if tall else 1) * _LEGEND if several else 0
    height = step * len(labels) * len(names) + _AXIS + legends
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=height, width="container")


def grid(table: Grid, say: Words, ink: str, marked: tuple[int, int] | None = None) -> Any:
    """`table` with every cell shaded by its size and its figure in it; the cell of `marked` (row, column) framed."""
    values = [value for row in table.values for value in row if value is not None]
    scale = scale_of(values, table.unit, say.language)
    largest = max((abs(value) for value in values), default=0.0) or 1.0
    rows: list[dict[str, Any]] = [
        {
            "row": table.rows[i],
            "column": table.columns[j],
            "shade": 0.0 if value is None else _DARKEST * abs(value) / largest,
            "text": figure(value, table.unit, say.language, table.signed),
            "short": _short(value, scale.divisor, table.signed),
            "frame": (i, j) == marked,
        }
        for i, cells in enumerate(table.values)
        for j, value in enumerate(cells)
    ]
    long, upright = max((len(row["short"]) for row in rows), default=1), _narrow(table)
    base = chart_of(rows).encode(
        x=alt.X("column:N", sort=list(table.columns), title=None,
                axis=alt.Axis(orient="top", **_heads(table.columns, upright), labelLimit=120,
                              ticks=False, domain=False, labelOverlap=False)),
        y=alt.Y("row:N", sort=list(table.rows), title=None,
                axis=alt.Axis(labelLimit=150, labelOverlap=False, ticks=False, domain=False)),
        tooltip=[alt.Tooltip("row:N", title=" "), alt.Tooltip("column:N", title=" "), alt.Tooltip("text:N", title="=")],
    )  # fmt: skip
    cells = base.mark_rect(color=EC, strokeWidth=1, stroke=NEUTRAL, strokeOpacity=0.3).encode(
        opacity=alt.Opacity("shade:Q", scale=None, legend=None)
    )
    room = f"width / {len(table.columns)} / {max(long, 2)}"
    size = alt.ExprRef(f"clamp({room} * 1.45, 7, 12.5)")
    text = base.mark_text(color=ink, fontSize=size).encode(text="short:N")
    layers = [cells, text]
    if marked is not None:
        layers.append(base.transform_filter("datum.frame").mark_rect(filled=False, stroke=STORE, strokeWidth=2.5))
    return alt.layer(*layers).properties(
        usermeta=AS_SVG, height=34 * len(table.rows) + (_HEAD if upright else 2 * _HEAD), width="container"
    )


def unit_of(table: Grid, say: Words) -> str:
    """The unit in which the cells' figures stand."""
    scale = scale_of([v for row in table.values for v in row if v is not None], table.unit, say.language)
    return unit_name(table.unit, scale, table.signed, say)


def _row(label: str, series: str, value: Value, plot: Dots, divisor: float, say: Words) -> dict[str, Any]:
    mean = value.mean or 0.0
    ends = (mean if value.low is None else value.low, mean if value.high is None else value.high)
    return {
        "row": label,
        "series": series,
        "mean": mean / divisor,
        "low": ends[0] / divisor,
        "high": ends[1] / divisor,
        "settled": value.settled or not plot.signed,
        "shape": _MARKERS.get(value.marker or "", "circle"),
        "text": told(value, plot.unit, say, plot.signed),
    }


def _possible(rows: Sequence[dict[str, Any]], unit: str) -> str:
    """Figures at the axis, but none below zero or above 100 % where no value is: the room there is for texts."""
    low = min((row.get("low", 0.0) for row in rows), default=0.0)
    high = max((row.get("high", 0.0) for row in rows), default=0.0)
    beyond = [
        *(["datum.value < 0"] if low >= 0 else []),
        *(["datum.value > 100"] if unit == "share" and high <= 100 else []),
    ]
    return f"{' || '.join(beyond) or 'false'} ? '' : {PLAIN}"


def _short(value: float | None, divisor: float, signed: bool) -> str:
    """A cell's figure in the unit of the table: three digits or so."""
    if value is None:
        return "–"
    size = abs(value) / divisor
    text = f"{size:,.0f}" if size >= 10 or size == 0 else f"{size:.1f}"
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return sign + text if float(text.replace(",", "")) else "0"


def _heads(columns: Sequence[str], upright: bool) -> dict[str, Any]:
    """How the columns' names stand: upright where each has room above its column, else slanted."""
    if upright:
        return {"labelAngle": 0}
    room = f"width / {max(len(columns), 1)} > {max(map(_pixels, columns), default=0) + 6}"
    return {
        "labelAngle": alt.ExprRef(f"{room} ? 0 : -40"),
        "labelAlign": alt.ExprRef(f"{room} ? 'center' : 'left'"),
        "labelBaseline": "bottom",
    }


def _pixels(text: str) -> int:
    """Width of a text at an axis, generously."""
    return sum(7 if letter.isascii() else 13 for letter in text)


def _narrow(table: Grid) -> bool:
    """Whether the columns' names are short enough to stand upright on a phone."""
    widths = [sum(2 if ord(letter) > 0x2E80 else 1 for letter in name) for name in table.columns]
    return max(widths, default=0) * len(widths) <= 34


def _line(label: str) -> str:
    return " ".join(label.split())
