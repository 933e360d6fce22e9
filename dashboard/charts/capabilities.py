"""Charts of `omo.capabilities/1`: three kinds of contribution whose sums differ, interactions, effects by channel."""

from __future__ import annotations

from typing import Any, Final

from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, told, value_of
from dashboard.charts.spoken import basis, named, paragraph
from dashboard.words import Words

_KINDS: Final = ("alone", "leave_one_out", "shapley")
_PARTS: Final = ("own", "cross", "company")


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """All charts that the document has figures for."""
    found = [_contributions(document, say)]
    if document["interactions"]:
        found.append(_interactions(document, say))
    found.append(_channels(document, say))
    return found


def _contributions(document: dict[str, Any], say: Words) -> Chart:
    rows = document["contributions"]
    labels = [*(_player(row["player"], say) for row in rows), say("plot_cap.sum"), say("plot_cap.total")]
    series = []
    for kind in _KINDS:
        values = [*(value_of(row[kind]) for row in rows), value_of(document["sums"][kind])]
        series.append(Series(say(f"plot_cap.{kind}"), [*values, value_of(document["total"])]))
    unit = document["unit"]
    missed = {kind: told(value_of(document["misses_total_by"][kind]), unit, say, signed=True) for kind in _KINDS}
    answer = say(
        "plot_cap.contributions_answer",
        total=told(value_of(document["total"]), unit, say, signed=True),
        alone=missed["alone"],
        left=missed["leave_one_out"],
    )
    return _chart("contributions", Dots(labels, series, unit, True), answer, document, say)


def _interactions(document: dict[str, Any], say: Words) -> Chart:
    rows = sorted(document["interactions"], key=lambda row: -abs(row["mean"]))
    labels = [f"{named('capability', row['a'], say)} ×\n{named('capability', row['b'], say)}" for row in rows]
    values = [value_of(row) for row in rows]
    settled = sum(value.settled for value in values)
    answer = say("plot_cap.interactions_answer", settled=settled, pairs=len(rows))
    return _chart("interactions", Dots(labels, [Series("", values)], document["unit"], True), answer, document, say)


def _channels(document: dict[str, Any], say: Words) -> Chart:
    rows = document["overall_channel_sales"]
    labels = [_player(row["player"], say) for row in rows]
    series = [
        Series(
            say(f"plot_cap.{part}"),
            [value_of(None if part == "own" and not row["own_channels"] else row["sales_yen"][part]) for row in rows],
        )
        for part in _PARTS
    ]
    most = max(rows, key=lambda row: abs(row["sales_yen"]["cross"]["mean"]))
    answer = say(
        "plot_cap.channels_answer",
        player=_player(most["player"], say),
        cross=told(value_of(most["sales_yen"]["cross"]), "yen", say, signed=True),
    )
    return _chart("channels", Dots(labels, series, "yen", True), answer, document, say)


def _chart(name: str, plot: Dots, answer: str, document: dict[str, Any], say: Words) -> Chart:
    what = say.label(document["measure"]) if name != "channels" else say.label("net_revenue_yen")
    caption = paragraph(say, say(f"plot_cap.{name}_caption", measure=what), basis(document, say), say("plot.filled"))
    return dot_chart(name, plot, say, say(f"plot_cap.{name}"), answer, caption)


def _player(player: str, say: Words) -> str:
    return named("capability", player, say).replace(" + ", " +\n")
