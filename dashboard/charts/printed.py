"""Figures of the report in matplotlib."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import interval, scale_of, yen
from dashboard.charts.palette import (
    APP,
    COMPANY,
    DIVISION,
    EC,
    INK_ON_LIGHT,
    LIGHT_BACKGROUND,
    LOST,
    NEUTRAL,
    STORE,
    WORLD,
)
from dashboard.charts.paper import WIDTH_IN, inlined, style
from dashboard.charts.steps import UNITS, Step, difference_parts, relative_differences
from dashboard.words import Words

_ROWS_ON_PAPER: Final = 22
"""More measures than this are drawn in several pictures, none of which a page break has to cut."""


def waterfall(steps: Sequence[Step], names: Sequence[str], alt: str, say: Words) -> str:
    """Steps from zero to the company's change, each labelled with its signed amount."""

    def draw(axes: Axes) -> None:
        draw_waterfall(axes, steps, names, say)

    return _svg(draw, alt, say, 3.0)


def draw_waterfall(axes: Axes, steps: Sequence[Step], names: Sequence[str], say: Words) -> None:
    """Bars from one step to the next; a total stands on zero and is hatched."""
    scale = scale_of([step.change_yen for step in steps], "yen", say.language)
    base = 0.0
    for i, step in enumerate(steps):
        height = step.change_yen / scale.divisor
        bottom = 0.0 if step.is_total else base
        colour = _colour(step)
        face = "none" if step.is_total else colour
        axes.bar(
            i,
            height,
            bottom=bottom,
            width=0.6,
            color=face,
            edgecolor=colour,
            linewidth=1.4,
            hatch="///" if step.is_total else None,
        )
        tip = bottom + height
        label = yen(step.change_yen, say.language, signed=True)
        axes.annotate(
            label,
            (i, tip),
            (0, 5 if height >= 0 else -5),
            textcoords="offset points",
            ha="center",
            va="bottom" if height >= 0 else "top",
            fontsize=9,
            bbox={"facecolor": LIGHT_BACKGROUND, "edgecolor": "none", "pad": 0.6},
        )
        if not step.is_total:
            base = tip
            if i + 1 < len(steps):
                axes.plot([i + 0.3, i + 0.7], [tip, tip], color=NEUTRAL, linewidth=0.8)
    axes.axhline(0, color=INK_ON_LIGHT, linewidth=0.8)
    axes.set_xticks(range(len(steps)), [textwrap.fill(name, 16) for name in names])
    axes.set_ylabel(scale.unit)
    axes.use_sticky_edges = False
    axes.margins(y=0.14)


def forests(document: dict[str, Any], say: Words) -> list[tuple[str, str]]:
    """Paired differences: unit and picture, small differences apart from large ones; each fits on a sheet of paper."""
    found = []
    for unit in UNITS:
        for names in difference_parts(document["measures"], unit):
            for start in range(0, len(names), _ROWS_ON_PAPER):
                part = names[start : start + _ROWS_ON_PAPER]
                found.append((unit, _forest(document, unit, part, say)))
    return found


def _forest(document: dict[str, Any], unit: str, names: Sequence[str], say: Words) -> str:
    rows = [row for row in relative_differences(document, unit) if row["name"] in names]
    told = [
        f"{say.label(name)} {interval(document['measures'][name]['difference'], unit, say.language, signed=True)}"
        for name in names
    ]
    height_in = 0.3 * len(rows) + 0.75
    return _svg(lambda axes: _forest_panel(axes, unit, rows, say), "; ".join(told), say, height_in)


def recommendation(document: dict[str, Any], titles: Mapping[str, str], alt: str, say: Words) -> str:
    """How often staff recommend in both worlds, with intervals."""
    names = ("recommendation_rate", "recommendation_rate_stock_out")

    def draw(axes: Axes) -> None:
        for offset, world in ((0.2, "a"), (-0.2, "b")):
            for position, name in zip((1, 0), names, strict=True):
                found = document["measures"][name][world]
                mean, half = 100 * (found["mean"] or 0), 100 * (found["half_width"] or 0)
                axes.barh(
                    position + offset,
                    mean,
                    height=0.34,
                    color=WORLD[world],
                    hatch=None if world == "b" else "...",
                    edgecolor="white",
                    linewidth=0,
                    label=titles[world] if position == 1 else None,
                )
                axes.plot([mean - half, mean + half], [position + offset] * 2, color=INK_ON_LIGHT, linewidth=1.2)
                axes.annotate(
                    f"{mean:.1f} %",
                    (mean + half, position + offset),
                    (5, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=9,
                )
        axes.set_yticks([1, 0], [say("ledgers.in_stock"), say("ledgers.missing")])
        axes.set_xlabel("%")
        axes.margins(x=0.14)
        axes.set_xlim(left=0)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)

    return _svg(draw, alt, say, 2.5)


def latency(latencies: Mapping[str, Mapping[str, float]], names: Mapping[str, str], alt: str, say: Words) -> str:
    """Quantiles of latency by action on a logarithmic axis."""
    marks = {"p50": ("o", EC), "p90": ("s", EC), "p99": ("D", STORE), "max": ("X", LOST)}

    def draw(axes: Axes) -> None:
        for i, values in enumerate(latencies.values()):
            axes.plot([max(values[q], 0.01) for q in marks], [i] * len(marks), color=NEUTRAL, linewidth=1.2, zorder=1)
        for quantile, (marker, colour) in marks.items():
            x = [max(values[quantile], 0.01) for values in latencies.values()]
            axes.scatter(x, range(len(x)), marker=marker, color=colour, s=34, label=quantile, zorder=2)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_yticks(range(len(latencies)), [names[action] for action in latencies])
        axes.invert_yaxis()
        axes.set_xlabel(say("load.milliseconds"))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)

    return _svg(draw, alt, say, 0.3 * len(latencies) + 1.3)


def request_rates(seconds: Sequence[Mapping[str, float | None]], alt: str, say: Words) -> str:
    """Offered, answered and failed requests per second."""
    series = (("offered", NEUTRAL, "--"), ("answered", EC, "-"), ("failed", LOST, ":"))

    def draw(axes: Axes) -> None:
        x = [float(row["second"] or 0) for row in seconds]
        for key, colour, dash in series:
            y = [float(row[key] or 0) for row in seconds]
            axes.step(x, y, where="post", color=colour, linestyle=dash, linewidth=1.6, label=say(f"load.{key}"))
        axes.set_xlabel(say("load.second"))
        axes.set_ylabel(say("load.requests"))
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)

    return _svg(draw, alt, say, 2.6)


def _forest_panel(axes: Axes, unit: str, rows: Sequence[Mapping[str, Any]], say: Words) -> None:
    ends = [row[end] for row in rows for end in ("low", "high", "mean") if row[end] is not None]
    scale = scale_of(ends, unit, say.language)
    for i, row in enumerate(rows):
        if row["low"] is not None:
            axes.plot([row["low"] / scale.divisor, row["high"] / scale.divisor], [i, i], color=EC, linewidth=2)
        face = EC if row["settled"] else "white"
        axes.plot(row["mean"] / scale.divisor, i, "o", markersize=6, color=EC, markerfacecolor=face, zorder=3)
    axes.axvline(0, color=NEUTRAL, linewidth=1, linestyle="--")
    axes.set_yticks(range(len(rows)), [say.label(row["name"]) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(say("unit.points") if unit == "share" else scale.unit or say(f"unit.{unit}"))
    axes.margins(x=0.08)


def _colour(step: Step) -> str:
    if step.key in DIVISION:
        return DIVISION[step.key]
    return COMPANY if step.is_total else APP if step.change_yen >= 0 else LOST


def _svg(draw: Callable[[Axes], None], alt: str, say: Words, height_in: float) -> str:
    return _svg_figure(lambda figure: draw(figure.add_subplot()), alt, say, height_in)


def _svg_figure(draw: Callable[[Figure], None], alt: str, say: Words, height_in: float) -> str:
    with style(say.language):
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return inlined(buffer.getvalue(), alt)
