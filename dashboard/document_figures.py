"""Documents of questions that cost worlds, as the pages find and show them: one figure in its frame for each chart.

The charts are those of `omo plot`; what they say stands beside them as text, and their numbers can be had as CSV.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import page
from dashboard.amounts import figure
from dashboard.charts import page_dots
from dashboard.charts.chart import Chart
from dashboard.charts.dots import Dots, told
from dashboard.charts.grids import Grid
from dashboard.run_list import when
from dashboard.words import Words


@dataclass(frozen=True)
class Found:
    """A kept document: `name` is its stable id, the name of its file. `problem` tells why it cannot be read."""

    name: str
    document: dict[str, Any]
    written: float
    problem: str = ""


def kept_documents(root: Path, kind: str) -> list[Found]:
    """The documents `<root>/KIND-<hash>.json`, newest first; those that cannot be read say why."""
    paths = [(path.stat().st_mtime, path) for path in root.glob(f"{kind}-*.json")]
    return [_read(str(path), written) for written, path in sorted(paths, reverse=True)]


@st.cache_data(show_spinner=False, max_entries=100)
def _read(path: str, written: float) -> Found:
    name = Path(path).name
    try:
        document: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        document["schema"], document["seed"], document["days"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Found(name, {}, written, f"{name}: {type(error).__name__}: {error}")
    return Found(name, document, written)


def chosen(kind: str, found: Sequence[Found], label: str, say: Words) -> Found | None:
    """The document that the URL names under `kind`, else the newest; asked for where there are several.

    Those that cannot be read are told of and left out.
    """
    readable = {one.name: one for one in found if not one.problem}
    for one in found:
        if one.problem:
            page.notice("failed", say("documents.unreadable"), one.problem, say)
    if not readable:
        return None

    def name(key: str) -> str:
        about = readable[key].document
        title = say.title(about.get("title") or about.get("scenario", ""))
        return f"{title} · {say('documents.span', days=about['days'], seed=about['seed'])} · {_time(readable[key])}"

    if len(readable) == 1:
        return next(iter(readable.values()))
    return readable[page.pick(kind, label, list(readable), name)]


def _time(found: Found) -> str:
    from datetime import UTC, datetime

    return when(datetime.fromtimestamp(found.written, UTC).isoformat())


def partial(document: dict[str, Any], say: Words) -> None:
    """Say so where the command was interrupted before all of its worlds were done."""
    if document.get("state") not in (None, "complete"):
        page.notice("partial", say("documents.partial"), say("documents.partial_what"), say)


def show(key: str, chart: Chart, say: Words, *, drawn: Any = None, head: Sequence[str] = (), rows: Any = ()) -> None:
    """`chart` of the library in the pages' frame; `drawn`, `head` and `rows` where it is neither dots nor a table."""
    about: dict[str, Any] = {"finding": chart.answer, "definition": chart.question, "basis": chart.caption}
    if drawn is not None:
        page.figure(key, drawn, say, **about, head=head, rows=rows)
    elif chart.grid is not None:
        show_grid(key, chart.grid, say, **about)
    else:
        for number, (title, plot) in enumerate(chart.panels):
            named = about | ({"definition": f"{chart.question} {title}"} if title else {})
            show_dots(f"{key}-{number}" if number else key, plot, say, **named)


def show_dots(key: str, plot: Dots, say: Words, *, colours: Sequence[str] = page_dots.COLOURS, **about: Any) -> None:
    """A dot plot in its frame, its figures beside it; `about` are finding, definition and basis."""
    one = len(plot.series) == 1
    names = [series.name or say("documents.figure") for series in plot.series]
    rows = [
        [" ".join(label.split()), *(told(series.values[at], plot.unit, say, plot.signed) for series in plot.series)]
        for at, label in enumerate(plot.labels)
    ]
    numbers = [
        [*([] if one else [series.name]), " ".join(label.split()), value.mean, value.low, value.high]
        for series in plot.series
        for label, value in zip(plot.labels, series.values, strict=True)
    ]
    page.figure(
        key, page_dots.dots(plot, say, page.ink(), colours), say, **about,
        head=[say("documents.row"), *names], rows=rows,
        csv_head=[*([] if one else ["series"]), "row", "mean", "low", "high"], csv_rows=numbers,
    )  # fmt: skip


def show_grid(
    key: str, grid: Grid, say: Words, *, marked: tuple[int, int] | None = None, corner: str = "", **about: Any
) -> None:
    """A shaded table in its frame."""
    rows = [
        [name, *(figure(value, grid.unit, say.language, grid.signed) for value in cells)]
        for name, cells in zip(grid.rows, grid.values, strict=True)
    ]
    page.figure(
        key, page_dots.grid(grid, say, page.ink(), marked), say, **about,
        head=[corner or say("documents.row"), *grid.columns], rows=rows,
        csv_head=[corner or "row", *grid.columns],
        csv_rows=[[name, *cells] for name, cells in zip(grid.rows, grid.values, strict=True)],
    )  # fmt: skip
