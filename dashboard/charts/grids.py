"""Tables of figures as pictures: every cell says its figure, shade only repeats it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from dashboard.amounts import figure
from dashboard.charts.palette import EC, NEUTRAL
from dashboard.words import Words

_DARKEST = 0.42
"""So that black text on the shade keeps a contrast above 7:1."""


@dataclass(frozen=True)
class Grid:
    """Figures by row and column in one unit of the measures; None where there is none."""

    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]
    unit: str
    signed: bool = False

    def figures(self, say: Words) -> list[str]:
        """Every cell as text."""
        return [
            f"{row}, {column}: {figure(value, self.unit, say.language, self.signed)}"
            for row, cells in zip(self.rows, self.values, strict=True)
            for column, value in zip(self.columns, cells, strict=True)
        ]


def draw_grid(axes: Axes, grid: Grid, say: Words, size: float = 9) -> None:
    """Cells shaded by size, each with its figure."""
    sizes = np.array([[abs(value or 0.0) for value in row] for row in grid.values])
    shade = _DARKEST * sizes / (sizes.max() or 1.0)
    for i, row in enumerate(grid.values):
        for j, value in enumerate(row):
            axes.add_patch(_cell(j, i, float(shade[i, j])))
            text = figure(value, grid.unit, say.language, grid.signed)
            axes.text(j, i, text, ha="center", va="center", fontsize=size)
    axes.set_xlim(-0.5, len(grid.columns) - 0.5)
    axes.set_ylim(len(grid.rows) - 0.5, -0.5)
    axes.set_xticks(range(len(grid.columns)), list(grid.columns))
    axes.set_yticks(range(len(grid.rows)), list(grid.rows))
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def shaded(share: float) -> tuple[float, float, float]:
    """White, coloured by `share` of 1."""
    red, green, blue = (1 - share * (1 - part) for part in to_rgb(EC))
    return red, green, blue


def _cell(column: float, row: float, shade: float) -> Rectangle:
    return Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=shaded(shade), edgecolor=NEUTRAL, linewidth=0.5)
