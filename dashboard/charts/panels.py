"""Stacked bars, ridges over time, lines, columns and a calendar in Altair, as wide as there is room.

What a part is stands beside it in words or in its dash; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from dashboard.charts.palette import DARK_BACKGROUND, EC

AS_SVG: Final = {"embedOptions": {"renderer": "svg", "actions": False}}
SERIES_DASHES: Final = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [1, 3])
PLAIN: Final = "format(datum.value, ',')"
"""Numbers at an axis as they are, never as powers of ten."""
_WIDEST_LABEL: Final = 150
_TITLE: Final = 14
"""Size of an axis' title in pixels."""
_RIDGE: Final = 0.66
_AXIS: Final = 66
"""Height of an axis with its title; Streamlit fits axes and legends into the height of a chart."""
_LEGEND_ROW: Final = 24
_SYMBOL: Final = 34
"""Width of a legend's symbol with the space around it."""
_DIGITS: Final = 9
"""Sums of shares are rounded to so many, or an axis of 100 would reach beyond it."""


@dataclass(frozen=True)
class Part:
    """One part of a bar: `value` in units of the axis, negative to the left of zero; `text` is its figure."""

    row: str
    series: str
    value: float
    text: str
    short: str = ""
    """What stands on it where there is room; its figure when left out."""


@dataclass(frozen=True)
class Ridge:
    """One line of small multiples: `label` stands above it; `values` are at equal steps from the left."""

    label: str
    values: Sequence[float]
    colour: str


def stacked(
    parts: Sequence[Part], colours: Mapping[str, str], axis: str, ink: str, totals: Mapping[str, str] | None = None
) -> Any:
    """Bars of parts in the order of `colours`; `totals` are written at the end of each row."""
    order, names = list(dict.fromkeys(part.row for part in parts)), list(colours)
    rows, right = _placed(parts, names)
    low, high = min([0.0, *(row["end"] for row in rows)]), max([0.0, *right.values()])
    beside = max((_pixels(text) for text in totals.values()), default=0) if totals else 0
    scale = alt.Scale(nice=not beside)
    if beside:  # room for the totals, whatever the width: they are as wide on a phone
        scale = alt.Scale(domainMin=low, domainMax=alt.ExprRef(f"{high or 1.0} * width / max(width - {beside}, 60)"))
    base = chart_of(rows).encode(
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelLimit=_WIDEST_LABEL, ticks=False, domain=False)),
        tooltip=[alt.Tooltip("row:N", title=" "), alt.Tooltip("series:N", title=" "), alt.Tooltip("text:N", title="=")],
    )
    several = len(names) > 1
    legend, above = legend_of(names)
    bars = base.mark_bar(height=alt.RelativeBandSize(0.72), strokeWidth=0).encode(
        x=alt.X("start:Q", title=axis or None, scale=scale,
                axis=alt.Axis(tickCount=5, labelExpr=PLAIN, labelOverlap=True)),
        x2="end:Q",
        color=alt.Color("series:N", sort=names, legend=legend if several else None,
                        scale=alt.Scale(domain=names, range=[colours[name] for name in names])),
    )  # fmt: skip
    layers = [bars]
    if several or not totals:
        fits = f"abs(datum.end - datum.start) / {(high - low) or 1.0} * (width - {beside}) > datum.pixels"
        inside = base.mark_text(color=DARK_BACKGROUND, fontSize=11.5, fontWeight=600)
        shown = alt.condition(fits, alt.value(1), alt.value(0))
        layers.append(inside.encode(x="middle:Q", text="short:N", opacity=shown))
    if totals:
        ends = [{"row": row, "end": right.get(row, 0.0), "text": text} for row, text in totals.items()]
        told = chart_of(ends).mark_text(align="left", dx=6, color=ink, fontSize=12)
        layers.append(told.encode(y=alt.Y("row:N", sort=order), x="end:Q", text="text:N"))
    height = 34 * max(len(order), 2) + _AXIS + (above if several else 0)
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=height, width="container")


def _pixels(text: str) -> int:
    """Width of a text at 12 pixels, generously."""
    return 10 + sum(7 if letter.isascii() else 13 for letter in text)


def legend_of(names: Sequence[str], **look: Any) -> tuple[Any, int]:
    """A legend above a chart, in one row where there is room, else in columns that fit a phone; its height there."""
    letters = sum(len(name) * (2 if not name.isascii() else 1) + 4 for name in names)
    longest = max((len(name) * (2 if not name.isascii() else 1) for name in names), default=0)
    across = len(names) if letters <= 30 else 1 if longest > 12 else 2
    rows = -(-len(names) // max(across, 1))
    return alt.Legend(
        title=None, orient="top", labelLimit=330, columns=_across(names, across), **look
    ), _LEGEND_ROW * rows + 8


def _across(names: Sequence[str], narrow: int) -> Any:
    row = sum(_pixels(name) + _SYMBOL for name in names)
    return alt.ExprRef(f"width > {row} ? {len(names)} : {narrow}")


def _placed(parts: Sequence[Part], names: Sequence[str]) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Each part with its ends, and how far each row reaches to the right."""
    left: dict[str, float] = {}
    right: dict[str, float] = {}
    rows = []
    for part in sorted(parts, key=lambda part: names.index(part.series)):
        side = left if part.value < 0 else right
        start = side.get(part.row, 0.0)
        end = side[part.row] = round(start + part.value, _DIGITS)
        rows.append({"row": part.row, "series": part.series, "text": part.text, "short": part.short or part.text,
                     "pixels": _pixels(part.short or part.text), "start": start, "end": end,
                     "middle": (start + end) / 2})  # fmt: skip
    return rows, right


def ridges(
    found: Sequence[Ridge], step: float, x_title: str, ink: str, *, clock: bool = False, mark: float | None = None
) -> Any:
    """A line of its own for each series, each to its own height, which its label has to name.

    `step` is the distance of two values on the axis; with `clock` the axis is in minutes of a day. `mark` is a place
    on the axis that is pointed out.
    """
    height = len(found)
    rows, heads = [], []
    for at, ridge in enumerate(found):
        floor, most = float(height - 1 - at), max(ridge.values, default=0.0) or 1.0
        heads.append({"at": 0.0, "head": floor + _RIDGE + 0.03, "label": ridge.label})
        rows += [
            {"x": i * step, "floor": floor, "y": floor + _RIDGE * value / most, "line": ridge.label,
             "colour": ridge.colour}
            for i, value in enumerate(ridge.values)
        ]  # fmt: skip
    longest = max((len(ridge.values) for ridge in found), default=1)
    ticks: dict[str, Any] = {"tickCount": 7, "labelExpr": PLAIN}
    if clock:
        hours = "format(floor(datum.value / 60), '02') + ':' + format(datum.value % 60, '02')"
        ticks = {"values": list(range(0, 1441, 180)), "labelExpr": hours, "labelOverlap": True}
    x = alt.X("x:Q", title=x_title, axis=alt.Axis(grid=True, gridOpacity=0.4, **ticks),
              scale=alt.Scale(domain=[0, longest * step], nice=False))  # fmt: skip
    y_scale = alt.Scale(domain=[0, height], nice=False)
    base = chart_of(rows).encode(x=x, detail="line:N", color=alt.Color("colour:N", scale=None))
    area = base.mark_area(opacity=0.35, interpolate="step-after").encode(
        y=alt.Y("floor:Q", axis=None, scale=y_scale), y2="y:Q"
    )
    line = base.mark_line(strokeWidth=1.4, interpolate="step-after").encode(y=alt.Y("y:Q", axis=None, scale=y_scale))
    widest = max((_pixels(ridge.label) for ridge in found), default=1)
    size = alt.ExprRef(f"clamp(12 * width / {0.86 * widest:.0f}, 9, 12)")
    text = chart_of(heads).mark_text(align="left", baseline="bottom", dx=2, color=ink, fontSize=size)
    layers = [area, line, text.encode(x=alt.X("at:Q"), y=alt.Y("head:Q", axis=None, scale=y_scale), text="label:N")]
    if mark is not None:
        rule = chart_of([{"at": mark}]).mark_rule(color=ink, strokeDash=[4, 3], strokeWidth=1)
        layers.append(rule.encode(x="at:Q"))
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=58 * height + _AXIS, width="container")


def lines(
    series: Mapping[str, Sequence[tuple[float, float]]], colours: Sequence[str], x_title: str, y_title: str
) -> Any:
    """One line for each series, told apart by dash as well as by colour."""
    names = list(series)
    rows = [{"series": name, "x": x, "y": y} for name, found in series.items() for x, y in found]
    legend, above = legend_of(names, symbolType="stroke", symbolSize=500, symbolStrokeWidth=2.2)
    look = {"sort": names, "legend": legend}
    dashes = [SERIES_DASHES[at % len(SERIES_DASHES)] for at in range(len(names))]
    chart = chart_of(rows).mark_line(strokeWidth=2.2)
    return chart.encode(
        x=alt.X("x:Q", title=x_title, axis=alt.Axis(grid=False, format="d", tickMinStep=1, labelOverlap=True)),
        y=alt.Y("y:Q", title=y_title, axis=alt.Axis(tickCount=5, labelExpr=PLAIN), scale=alt.Scale(zero=True)),
        color=alt.Color("series:N", scale=alt.Scale(domain=names, range=list(colours)), **look),
        strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=dashes), **look),
        tooltip=[alt.Tooltip("series:N", title=" "), alt.Tooltip("x:Q", title=x_title),
                 alt.Tooltip("y:Q", title=y_title, format=",.3~g")],
    ).properties(usermeta=AS_SVG, height=240 + above, width="container")  # fmt: skip


def columns(
    values: Sequence[tuple[float, float, float, str]],
    x_title: str,
    y_title: str,
    ink: str,
    marks: Mapping[str, float],
) -> Any:
    """Columns from, to and height with their figures; `marks` are places on the axis with what they are."""
    rows = [{"from": low, "to": high, "end": high - 0.06 * (high - low), "value": value, "zero": 0.0, "text": text}
            for low, high, value, text in values]  # fmt: skip
    title = alt.ExprRef(f"clamp({_TITLE} * width / {_pixels(x_title)}, 10, {_TITLE})")
    bars = chart_of(rows).mark_rect(color=EC, strokeWidth=0).encode(
        x=alt.X("from:Q", title=x_title,
                axis=alt.Axis(grid=False, labelExpr=PLAIN, labelOverlap=True, tickCount=12,
                              titleFontSize=title)),
        x2="end:Q",
        y=alt.Y("value:Q", title=y_title, axis=alt.Axis(tickCount=5, labelExpr=PLAIN)),
        y2="zero:Q",
        tooltip=[alt.Tooltip("from:Q", title="≥"), alt.Tooltip("to:Q", title="<"), alt.Tooltip("text:N", title="=")],
    )  # fmt: skip
    told = [{"at": at, "label": label} for label, at in marks.items()]
    rules = chart_of(told).mark_rule(color=ink, strokeDash=[5, 3], strokeWidth=1.5).encode(x="at:Q")
    layers = [bars, rules]
    for rank, place in enumerate(told):
        text = chart_of([place]).mark_text(align="left", baseline="top", dx=5, dy=16 * rank, color=ink)
        layers.append(text.encode(x="at:Q", y=alt.value(2), text="label:N"))
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=260, width="container")


def calendar(
    cells: Sequence[tuple[str, float, float, str, str]], colours: Mapping[str, str], x_title: str, ink: str
) -> Any:
    """When something arrives, by row: (row, day, size, what stands at it, its figure); empty text: too small to say."""
    order = list(colours)
    rows = [{"row": row, "day": day, "size": abs(size), "less": size < 0, "label": label, "text": text}
            for row, day, size, label, text in cells]  # fmt: skip
    last = max((cell[1] for cell in cells), default=1.0)
    base = chart_of(rows).encode(
        x=alt.X("day:Q", title=x_title, axis=alt.Axis(tickMinStep=1, tickCount=10, gridOpacity=0.5, labelOverlap=True,
                            labelExpr=f"datum.value < 0 ? '' : {PLAIN}"),
                scale=alt.Scale(domain=[0, last], nice=False, padding=22)),
        y=alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelLimit=_WIDEST_LABEL, grid=True, gridOpacity=0.4)),
        tooltip=[alt.Tooltip("row:N", title=" "), alt.Tooltip("day:Q", title=x_title),
                 alt.Tooltip("text:N", title="=")],
    )  # fmt: skip
    dots = base.mark_point(filled=True, opacity=0.85).encode(
        size=alt.Size("size:Q", scale=alt.Scale(range=[24, 620], zero=True), legend=None),
        color=alt.Color("row:N", sort=order, legend=None,
                        scale=alt.Scale(domain=order, range=[colours[name] for name in order])),
        shape=alt.condition("datum.less", alt.value("triangle-down"), alt.value("circle")),
    )  # fmt: skip
    text = base.transform_filter("datum.label != ''").mark_text(dy=-19, color=ink, fontSize=11)
    return alt.layer(dots, text.encode(text="label:N")).properties(
        usermeta=AS_SVG, height=50 * len(order) + _AXIS, width="container"
    )


def chart_of(rows: list[dict[str, Any]]) -> Any:
    """A chart of these rows, not drawn yet; they travel inside it."""
    return alt.Chart(alt.InlineData(values=rows))
