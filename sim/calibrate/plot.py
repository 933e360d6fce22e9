"""The held-out week against what the fit on the days before expected of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.calibrate.pos import Calibration
from sim.calibrate.tables import Hourly

COUNTED = "#0072B2"
EXPECTED = "#D55E00"


def held_out_figure(hourly: Hourly, calibration: Calibration) -> Figure:
    """One panel per held-out day: transactions by hour, counted (bars) and expected (line)."""
    rows = np.flatnonzero(calibration.held_out)
    figure = Figure(figsize=(14, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    for panel, row in zip(panels, rows, strict=True):
        panel.bar(np.arange(24) + 0.5, hourly.counts[row], width=0.9, color=COUNTED, label="counted")
        panel.step(np.arange(24), calibration.predicted[row], where="post", color=EXPECTED, label="expected")
        left_out = "" if calibration.used[row] else "\n(not scored)"
        panel.set_title(f"{hourly.days[row]:%a %d %b %Y}{left_out}", fontsize=9)
        panel.set_xticks(range(0, 25, 6))
        panel.set_xlim(0, 24)
    panels[0].set_ylabel("transactions per hour")
    panels[0].legend(fontsize=8, frameon=False)
    figure.supxlabel("hour of the day")
    return figure


def save(hourly: Hourly, calibration: Calibration, path: Path) -> None:
    """Write the figure; the file's suffix names the format."""
    held_out_figure(hourly, calibration).savefig(path, dpi=120)
