"""Dot plots: figures with their intervals by row, several series told apart by marker, every figure written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from matplotlib.axes import Axes

from dashboard.amounts import NOTHING, Scale, figure, interval, scale_of
from dashboard.charts.palette import APP, COMPANY, EC, LIGHT_BACKGROUND, LOST, NEUTRAL, RIVAL, STORE
from dashboard.words import Words

MARKS: Final[tuple[tuple[str, str], ...]] = (
    ("o", EC),
    ("D", STORE),
    ("^", APP),
    ("s", RIVAL),
    ("v", LOST),
    ("P", COMPANY),
)
"""Marker and colour of one series after the other."""
ROW_IN: Final = 0.21
"""Height of one dot with its figure beside it."""
LINE_IN: Final = 0.17
"""Height of a line of a label."""
_LEGEND_LETTERS: Final = 78
_SPREAD: Final = 0.8
PAPER: Final = {"facecolor": LIGHT_BACKGROUND, "edgecolor": "none", "pad": 0.4, "alpha": 0.85}
"""Behind a text that lies on lines."""
_AS_NUMBER: Final = frozenset({"ratio"})


@dataclass(frozen=True)
class Value:
    """A figure with the ends of its interval; None where there is none."""

    mean: float | None
    low: float | None = None
    high: float | None = None
    marker: str | None = None
    """Instead of that of its series."""

    @property
    def settled(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Series:
    """One figure for each row of a plot."""

    name: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Dots:
    """A plot: `labels` of rows, series of figures in one unit of the measures, or `ratio`."""

    labels: Sequence[str]
    series: Sequence[Series]
    unit: str
    signed: bool = False
    """Differences: signs are shown, and what is not settled is hollow."""
    nothing: float | None = None
    """Where there is no effect, for a line; 0 for differences."""
    axis: str | None = None
    """What the figures are, where it is more than their unit."""

    @property
    def height_in(self) -> float:
        """Of the drawing, axis and legend included."""
        lines = max(label.count("\n") + 1 for label in self.labels)
        rows = len(self.labels) * (max(len(self.series) * ROW_IN, lines * LINE_IN) + 0.1)
        return rows + (0.85 if len(self.series) > 1 else 0.55)


def value_of(found: Mapping[str, Any] | None, marker: str | None = None) -> Value:
    """From `{mean, half_width}` or `{value, low, high}` of a document."""
    if found is None:
        return Value(None)
    if "value" in found:
        return Value(found["value"], found.get("low"), found.get("high"), marker)
    mean, half_width = found["mean"], found.get("half_width")
    if mean is None or half_width is None:
        return Value(mean, marker=marker)
    return Value(mean, mean - half_width, mean + half_width, marker)


def told(value: Value, unit: str, say: Words, signed: bool = False) -> str:
    """A figure with its interval: `±` where it is symmetrical, else from – to."""
    unit = "number" if unit in _AS_NUMBER else unit
    if value.mean is None:
        return NOTHING
    if value.low is None or value.high is None or value.low == value.high:
        return figure(value.mean, unit, say.language, signed)
    below, above = value.mean - value.low, value.high - value.mean
    if abs(above - below) <= 1e-6 * max(abs(value.mean), abs(above)):
        return interval({"mean": value.mean, "half_width": above}, unit, say.language, signed)
    low, high = (figure(end, unit, say.language, signed) for end in (value.low, value.high))
    return f"{figure(value.mean, unit, say.language, signed)} ({low} – {high})"


def figures(dots: Dots, say: Words) -> list[str]:
    """Every figure of a plot as text."""
    several = len(dots.series) > 1
    lines = []
    for row, label in enumerate(dots.labels):
        for series in dots.series:
            name = f"{' '.join(label.split())}, {series.name}" if several else " ".join(label.split())
            lines.append(f"{name}: {told(series.values[row], dots.unit, say, dots.signed)}")
    return lines


def draw(axes: Axes, dots: Dots, say: Words, *, beside: bool = True, names: bool = True, legend: bool = True) -> None:
    """Draw `dots`, figures in a column on the right, or above each dot where `beside` is not wanted."""
    scale = scale_for(dots, say)
    height = len(dots.series)
    for at, series in enumerate(dots.series):
        marker, colour = MARKS[at % len(MARKS)]
        for row, value in enumerate(series.values):
            y = row + (at - (height - 1) / 2) * _SPREAD / height
            _one(axes, value, y, value.marker or marker, colour, dots.signed, scale.divisor)
            text = told(value, dots.unit, say, dots.signed)
            if beside:
                place: Any = axes.get_yaxis_transform()
                axes.text(1.015, y, text, transform=place, va="center", fontsize=8.5)
            elif value.mean is not None:
                where = (value.mean / scale.divisor, y)
                axes.annotate(
                    text, where, (0, 5), textcoords="offset points", ha="center", va="bottom", fontsize=8, bbox=PAPER
                )
        if height > 1:
            axes.plot([], [], marker, color=colour, markersize=6.5, label=series.name)
    axes.set_yticks(range(len(dots.labels)), list(dots.labels) if names else [""] * len(dots.labels))
    axes.set_ylim(len(dots.labels) - 0.42, -0.58 if beside else -0.75)
    axes.tick_params(axis="y", length=0)
    for row in range(1, len(dots.labels)):
        axes.axhline(row - 0.5, color=NEUTRAL, linewidth=0.4, alpha=0.35)
    axes.set_xlabel(dots.axis or unit_name(dots.unit, scale, dots.signed, say))
    axes.margins(x=0.08 if beside else 0.3)
    axes.grid(axis="x", color=NEUTRAL, linewidth=0.5, alpha=0.3)
    axes.spines["left"].set_visible(False)
    number_axis(axes.xaxis)
    nothing = 0.0 if dots.signed else dots.nothing
    if nothing is not None:
        axes.axvline(nothing / scale.divisor, color=NEUTRAL, linewidth=1.1, linestyle="--", zorder=1)
    if height > 1 and legend:
        letters = sum(len(series.name) + 5 for series in dots.series)
        above(axes, height if letters * (2 if say.language == "ja" else 1) < _LEGEND_LETTERS else (height + 1) // 2)


def above(axes: Axes, columns: int) -> None:
    """The legend, above the drawing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, fontsize=8.5, borderpad=0.2)


def number_axis(axis: Any, ticks: int = 6) -> None:
    """Few ticks, with thousands separators and a true minus sign."""
    axis.set_major_formatter(lambda number, _: f"{round(number, 9):,.10g}".replace("-", "−"))
    axis.get_major_locator().set_params(nbins=ticks)


def scale_for(dots: Dots, say: Words) -> Scale:
    """The division of the plot's axis."""
    ends = [end for one in dots.series for value in one.values for end in (value.mean, value.low, value.high)]
    unit = "number" if dots.unit in _AS_NUMBER else dots.unit
    return scale_of([end for end in ends if end is not None and isfinite(end)], unit, say.language)


def unit_name(unit: str, scale: Scale, signed: bool, say: Words) -> str:
    """What stands at an axis."""
    if unit == "share" and signed:
        return say("unit.points")
    return scale.unit or (say("plot.times") if unit == "ratio" else say(f"unit.{unit}"))


def _one(axes: Axes, value: Value, y: float, marker: str, colour: str, signed: bool, divisor: float) -> None:
    if value.mean is None:
        return
    if value.low is not None and value.high is not None:
        axes.plot([value.low / divisor, value.high / divisor], [y, y], color=colour, linewidth=1.9, zorder=2)
    hollow = signed and not value.settled
    face = LIGHT_BACKGROUND if hollow else colour
    size = 9.5 if marker == "*" else 6.5
    axes.plot(
        value.mean / divisor,
        y,
        marker,
        markersize=size,
        color=colour,
        markerfacecolor=face,
        markeredgewidth=1.4,
        zorder=3,
    )
