"""What each choice brings the company, drawn so that long names of choices fit on a telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

from dashboard.amounts import interval, scale_of
from dashboard.charts.palette import APP, EC, NEUTRAL
from dashboard.words import Language

Difference = Mapping[str, float | None]
"""`mean` and `half_width`, yen; the half-width is None where one replication cannot tell."""

BETWEEN: Final = " · "
"""Between the options of a choice; each has a line of its own."""

_LINE_PX: Final = 16


def choices(names: Sequence[str], differences: Sequence[Difference], chosen: int, language: Language) -> Any:
    """One row for each choice: its name and figure above its interval; the one at `chosen` is filled and bigger."""
    bounds = [_bounds(one) for one in differences]
    scale = scale_of([end for ends in bounds for end in ends], "yen", language)
    rows = [
        {
            "choice": str(number),
            "name": name,
            "text": _told(difference, language),
            "label": "\n".join([*name.split(BETWEEN), "" if number == 0 else _told(difference, language)]),
            "mean": (difference["mean"] or 0.0) / scale.divisor,
            "low": low / scale.divisor,
            "high": high / scale.divisor,
            "chosen": number == chosen,
        }
        for number, (name, difference, (low, high)) in enumerate(zip(names, differences, bounds, strict=True))
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y("choice:N", sort=None, axis=None, scale=alt.Scale(padding=0)),
        tooltip=["name:N", "text:N"],
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=NEUTRAL, strokeDash=[4, 3])
    lines = base.mark_rule(strokeWidth=2.5, color=EC).encode(
        x=alt.X("low:Q", title=scale.unit, axis=alt.Axis(grid=True, tickCount=5)), x2="high:Q"
    )
    points = base.mark_point(filled=True, opacity=1).encode(
        x="mean:Q",
        size=alt.condition("datum.chosen", alt.value(190), alt.value(80)),
        color=alt.condition("datum.chosen", alt.value(APP), alt.value(EC)),
    )
    lines_each = 2 + max(name.count(BETWEEN) for name in names)
    words = base.mark_text(
        align="left", baseline="top", dy=-(lines_each * _LINE_PX + 8), color=NEUTRAL, fontSize=12, lineBreak="\n",
        lineHeight=_LINE_PX,
    ).encode(x=alt.value(0), text="label:N")  # fmt: skip
    return (zero.encode(x="zero:Q") + lines + points + words).properties(
        usermeta={"embedOptions": {"renderer": "svg", "actions": False}},
        height=(lines_each + 2) * _LINE_PX * len(rows) + 40,
        width="container",
    )


def _told(difference: Difference, language: Language) -> str:
    return interval(difference, "yen", language, signed=True)


def _bounds(difference: Difference) -> tuple[float, float]:
    mean, half_width = difference["mean"] or 0.0, difference["half_width"] or 0.0
    return mean - half_width, mean + half_width
