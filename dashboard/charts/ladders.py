"""Waterfalls that lie down: one row for each step, the figure with its interval beside it, totals on zero."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from dashboard.amounts import interval, scale_of
from dashboard.charts.dots import number_axis
from dashboard.charts.palette import APP, COMPANY, INK_ON_LIGHT, LOST, NEUTRAL
from dashboard.charts.steps import Step
from dashboard.words import Words

ROW_IN = 0.27


def height_in(steps: Sequence[Step]) -> float:
    """Of a drawing, axis included."""
    return ROW_IN * len(steps) + 0.6


def figures(steps: Sequence[Step], names: Sequence[str], say: Words) -> list[str]:
    """Every step as text."""
    return [f"{name}: {_told(step, steps, say)}" for step, name in zip(steps, names, strict=True)]


def draw(axes: Axes, steps: Sequence[Step], names: Sequence[str], say: Words, *, labelled: bool = True) -> None:
    """Bars from one step to the next; a total is hatched and starts the next steps from itself."""
    base, ends = 0.0, [0.0]
    for step in steps:
        base = step.change_yen if step.is_total else base + step.change_yen
        ends.append(base)
    scale = scale_of(ends, "yen", say.language)
    base = 0.0
    for row, step in enumerate(steps):
        left = 0.0 if step.is_total else base
        colour = COMPANY if step.is_total else APP if step.change_yen >= 0 else LOST
        face, hatch = ("none", "////") if step.is_total else (colour, None)
        width = step.change_yen / scale.divisor
        axes.barh(row, width, left=left, height=0.62, color=face, edgecolor=colour, linewidth=1.2, hatch=hatch)
        base = left + width
        if row + 1 < len(steps):
            axes.plot([base, base], [row + 0.31, row + 0.69], color=NEUTRAL, linewidth=0.8)
        place = axes.get_yaxis_transform()
        axes.text(1.015, row, _told(step, steps, say), transform=place, va="center", fontsize=8.5)
    axes.axvline(0, color=INK_ON_LIGHT, linewidth=0.8)
    axes.set_yticks(range(len(steps)), list(names) if labelled else [""] * len(steps))
    axes.set_ylim(len(steps) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(scale.unit)
    axes.use_sticky_edges = False
    axes.margins(x=0.04)
    number_axis(axes.xaxis)


def _told(step: Step, steps: Sequence[Step], say: Words) -> str:
    """A step with its sign; a total has one only where it is a change, as there is none to start from."""
    found = {"mean": step.change_yen, "half_width": step.half_width_yen or None}
    return interval(found, "yen", say.language, signed=not (step.is_total and steps[0].is_total))
