"""The course of `omo.soak/1` as the pages draw it: journeys that had ended, with every kill, in Altair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import altair as alt

from dashboard.amounts import seconds
from dashboard.charts.drills import fault_name
from dashboard.charts.palette import EC, NEUTRAL
from dashboard.charts.panels import AS_SVG, PLAIN, chart_of, legend_of
from dashboard.charts.soaks import LOOKS, kills
from dashboard.charts.soaks import progress as known
from dashboard.words import Words

_SHAPES: Final = {"X": "cross", "D": "diamond", "o": "circle"}


def progress(document: Mapping[str, Any], say: Words, ink: str) -> Any:
    """Known moments joined by a dotted line; a mark for each kill, its shape says what was killed."""
    points = [{"at": at, "ended": ended} for at, ended in known(document)]
    x = alt.X("at:Q", title=say("soak.seconds"), axis=alt.Axis(grid=False, labelExpr=PLAIN, tickCount=8))
    y = alt.Y("ended:Q", title=say("soak.journeys"), axis=alt.Axis(tickCount=5, labelExpr=PLAIN))
    line = chart_of(points).mark_line(color=EC, strokeWidth=2, strokeDash=[2, 4]).encode(x=x, y=y)
    ends = chart_of(points[-1:]).mark_point(color=ink, size=60).encode(x=x, y=y)
    rows = [
        {
            "at": fault["began_s"],
            "ended": fault["settings"]["after_payments"],
            "fault": fault_name(fault["action"], say),
            "text": seconds(fault["ended_s"] - fault["began_s"], say.language),
        }
        for fault in kills(document)
    ]
    actions = list(dict.fromkeys(fault["action"] for fault in kills(document)))
    names = [fault_name(action, say) for action in actions]
    legend, above = legend_of(names)
    looks = [LOOKS.get(action, ("o", NEUTRAL)) for action in actions]
    look: dict[str, Any] = {"sort": names, "legend": legend}
    marks = chart_of(rows).mark_point(size=120, filled=True, opacity=1).encode(
        x=x, y=y,
        color=alt.Color("fault:N", scale=alt.Scale(domain=names, range=[colour for _, colour in looks]), **look),
        shape=alt.Shape("fault:N", scale=alt.Scale(domain=names, range=[_SHAPES[mark] for mark, _ in looks]), **look),
        tooltip=[alt.Tooltip("fault:N", title=" "), alt.Tooltip("at:Q", title=say("soak.seconds"), format=",.1f"),
                 alt.Tooltip("ended:Q", title=say("soak.journeys"), format=",.0f"),
                 alt.Tooltip("text:N", title=say("soak.recovery_axis"))],
    )  # fmt: skip
    layers = [line, ends, marks] if rows else [line, ends]
    return alt.layer(*layers).properties(usermeta=AS_SVG, height=280 + (above if rows else 0), width="container")
