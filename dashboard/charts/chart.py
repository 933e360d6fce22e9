"""What a chart is: a picture with what it says, whether it is printed on a sheet or drawn in a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from dashboard.charts import dots
from dashboard.charts.dots import Dots
from dashboard.charts.grids import Grid
from dashboard.words import Words


@dataclass(frozen=True)
class Chart:
    """One picture: the question above, the answer below it, the figures, and how they were got."""

    name: str
    """Part of the file name: letters, digits, hyphens."""
    question: str
    answer: str
    caption: str
    """Intervals, replications, seed."""
    figures: Sequence[str]
    """Every figure that is drawn, as text: `label: figure`."""
    height_in: float
    """Of the drawing, without question, answer and caption."""
    draw: Callable[[Figure], None]
    legend: bool = False
    """Whether a legend of the first panel's marks stands above all panels."""
    panels: Sequence[tuple[str, Dots]] = ()
    """The dot plots that it is made of with their titles, where it is, for whoever draws them in another way."""
    grid: Grid | None = None
    """The table that it is, where it is one."""


def dot_chart(name: str, plot: Dots, say: Words, question: str, answer: str, caption: str) -> Chart:
    """A chart of one dot plot."""
    return Chart(
        name=name,
        question=question,
        answer=answer,
        caption=caption,
        figures=dots.figures(plot, say),
        height_in=plot.height_in,
        draw=lambda sheet: dots.draw(sheet.add_subplot(), plot, say),
        panels=[("", plot)],
    )
