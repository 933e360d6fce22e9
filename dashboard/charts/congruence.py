"""Chart of `omo.congruence/1`: on which share of the value that staff make or lose their pay points the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import share
from dashboard.charts.chart import Chart
from dashboard.charts.dots import told, value_of
from dashboard.charts.palette import APP, LIGHT_BACKGROUND, LOST, NEUTRAL
from dashboard.charts.spoken import basis, named, paragraph
from dashboard.words import Words

_LOOKS: Final = {"agree": (APP, ""), "against": (LOST, "////"), "no_stake": (NEUTRAL, "....")}
_NARROWEST: Final = 0.11
"""A part that is narrower has its figure in the description only."""


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """One chart: as paid, and as promised."""
    rows = sorted(document["policies"], key=lambda row: -(row["paid"]["agree"]["value"] or 0.0))
    names = [named("policy", row["policy"], say) for row in rows]

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for axes, pay in zip(grid, ("paid", "promised"), strict=True):
            for at, row in enumerate(rows):
                _bar(axes, at, row[pay], say)
            axes.set_title(say(f"plot_congr.{pay}"), fontsize=9.5, loc="left")
            axes.set_xlim(0, 100)
            axes.set_xlabel(say("plot_congr.axis"))
        grid[0].set_yticks(range(len(rows)), names)
        grid[0].set_ylim(len(rows) - 0.5, -0.5)

    best, worst = rows[0], rows[-1]
    answer = say(
        "plot_congr.answer",
        best=names[0],
        most=told(value_of(best["paid"]["agree"]), "share", say),
        worst=names[-1],
        least=told(value_of(worst["paid"]["agree"]), "share", say),
    )
    return [
        Chart(
            name="congruence",
            question=say("plot_congr.question"),
            answer=answer,
            caption=paragraph(say, say("plot_congr.caption"), basis(document, say)),
            figures=[
                f"{name}, {say(f'plot_congr.{pay}')}, {say(f'plot_congr.{kind}')}: "
                f"{told(value_of(row[pay][kind]), 'share', say)}"
                for name, row in zip(names, rows, strict=True)
                for pay in ("paid", "promised")
                for kind in _LOOKS
            ],
            height_in=0.36 * len(rows) + 1.1,
            draw=draw,
            legend=True,
        )
    ]


def _bar(axes: Axes, row: int, parts: Mapping[str, Mapping[str, Any]], say: Words) -> None:
    left = 0.0
    for kind, (colour, hatch) in _LOOKS.items():
        value = parts[kind]["value"] or 0.0
        label = say(f"plot_congr.{kind}") if row == 0 else None
        looks: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": LIGHT_BACKGROUND, "linewidth": 0.8}
        axes.barh(row, 100 * value, left=100 * left, height=0.66, label=label, **looks)
        if value >= _NARROWEST:
            box = {"facecolor": LIGHT_BACKGROUND, "edgecolor": "none", "pad": 1.2}
            axes.text(100 * (left + value / 2), row, share(value), ha="center", va="center", fontsize=8, bbox=box)
        left += value
