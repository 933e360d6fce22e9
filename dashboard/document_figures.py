"""Documents of questions that cost worlds, as the pages choose and show them: one figure in its frame for each chart.

The charts are those of `omo plot`; what they say stands beside them as text, and their numbers can be had as CSV.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard import page
from dashboard.amounts import figure
from dashboard.charts import page_dots
from dashboard.charts.chart import Chart
from dashboard.charts.dots import Dots, told
from dashboard.charts.grids import Grid
from dashboard.kept import Kept
from dashboard.words import Words


def chosen(kind: str, found: Sequence[Kept], label: str, say: Words) -> Kept | None:
    """The document that the URL names under `kind`, else the newest; asked for where there are several.

    Those that cannot be read are told of and left out.
    """
    readable = {one.name: one for one in found if not one.problem}
    for one in found:
        if one.problem:
            page.notice("failed", say("documents.unreadable"), one.problem, say)
    if not readable:
        return None

    if len(readable) == 1:
        return next(iter(readable.values()))
    return readable[page.pick(kind, label, list(readable), lambda name: _about(readable[name], say))]


def _about(one: Kept, say: Words) -> str:
    """What tells a document from others of its kind."""
    document = one.document
    title = document.get("title") or document.get("scenario") or document.get("source", {}).get("name", "")
    world = one.name
    if "days" in document and "seed" in document:
        world = say("documents.span", days=document["days"], seed=document["seed"])
    return f"{say.title(title)} · {world} · {one.written_at}"


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
