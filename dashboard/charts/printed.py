"""Figures of the report in matplotlib, as SVG text that is the same for equal input.

Text becomes paths (`svg.fonttype`), so that a figure looks the same on every machine and needs no font.
"""

from __future__ import annotations

import hashlib
import io
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import scale_of, yen
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
from dashboard.charts.steps import UNITS, Step, relative_differences
from dashboard.typeface import FAMILY, font_file
from dashboard.words import Words

WIDTH_IN = 8.2


def waterfall(steps: Sequence[Step], names: Sequence[str], alt: str, say: Words) -> str:
    """Steps from zero to the company's change, each labelled with its signed amount."""
    scale = scale_of([step.change_yen for step in steps], "yen", say.language)

    def draw(axes: Axes) -> None:
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

    return _svg(draw, alt, say, 3.0)


def forest(document: dict[str, Any], alt: str, say: Words) -> str:
    """Paired differences, one panel per unit, each with its own axis."""
    panels = [(unit, relative_differences(document, unit)) for unit in UNITS]
    panels = [(unit, rows) for unit, rows in panels if rows]
    total = sum(len(rows) for _, rows in panels)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(len(panels), 1, height_ratios=[len(rows) + 0.9 for _, rows in panels], squeeze=False)
        for axes, (unit, rows) in zip(grid[:, 0], panels, strict=True):
            _forest_panel(axes, unit, rows, say)

    return _svg_figure(draw, alt, say, 0.36 * total + 0.75 * len(panels))


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
    with _style(say.language):
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        draw(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inlined(buffer.getvalue(), alt)


@contextmanager
def _style(language: str) -> Iterator[None]:
    if language == "ja":
        font_manager.fontManager.addfont(str(font_file()))
    settings: dict[Any, Any] = {
        "font.family": FAMILY if language == "ja" else "DejaVu Sans",
        "font.size": 9,
        "svg.fonttype": "path",
        "svg.hashsalt": "omotwin",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": NEUTRAL,
        "axes.labelcolor": INK_ON_LIGHT,
        "axes.unicode_minus": True,
        "text.color": INK_ON_LIGHT,
        "xtick.color": INK_ON_LIGHT,
        "ytick.color": INK_ON_LIGHT,
        "axes.axisbelow": True,
        "axes.grid": False,
        "hatch.linewidth": 0.8,
    }
    with mpl.rc_context(settings):
        yield


def _inlined(svg: str, alt: str) -> str:
    """The `<svg>` element alone, named for screen readers; in HTML it needs neither namespaces nor metadata.

    Identifiers that nothing refers to go; the others are numbered, as matplotlib makes them from the last bits of a
    layout, and get a prefix of their figure, as a page has one name space.
    """
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    body = re.sub(r' xmlns(:xlink)?="[^"]*"', "", body)
    body = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1">', body, count=1)
    used = {name: at for at, name in enumerate(dict.fromkeys(re.findall(r'(?:url\(|href=")#([^)"]+)', body)))}
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="@{used[m[1]]}"' if m[1] in used else "", body)
    body = re.sub(r'(url\(|href=")#([^)"]+)', lambda m: f"{m[1]}#@{used[m[2]]}", body)
    prefix = hashlib.sha256(body.encode()).hexdigest()[:8]
    body = re.sub(r'( id="|(?:url\(|href=")#)@', rf"\g<1>{prefix}-", body)
    return body.replace("<svg ", f'<svg role="img" aria-label="{escape(alt, quote=True)}" ', 1).strip()
