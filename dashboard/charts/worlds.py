"""Charts of `omo.comparison/1` and `omo.comparison-of-many/1`: books, measures, and where online sales come from."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.figure import Figure

from dashboard.charts import dots, ladders
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, told, value_of
from dashboard.charts.spoken import basis, paragraph
from dashboard.charts.steps import UNITS, Step, division_steps
from dashboard.words import Words
from sim.evaluation.measures import BY_NAME, MEASURES

_SMALL: Final = 0.15
"""Differences below this share of the unit's largest have a plot of their own."""
_BOOKS: Final = ("store_pl_yen", "ec_pl_yen", "contribution_yen")


def pair_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """The books' change, all measures, and cannibalisation where the document has it."""
    found = [_divisions(document, say), _measures(document, say)]
    if document.get("cannibalisation"):
        found.append(_cannibalisation(document, say))
    return found


def many_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """What the divisions and the company gain in each world against the first."""
    titles = [say.title(run["title"]) for run in document["runs"]]
    rows = document["against_first"][1:]
    series = [Series(say.label(name), [value_of(row[name]["difference"]) for row in rows]) for name in _BOOKS]
    gains = [row["contribution_yen"]["difference"]["mean"] for row in rows]
    at = gains.index(max(gains))
    answer = say(
        "plot_worlds.many_answer",
        world=titles[1 + at],
        gain=told(series[-1].values[at], "yen", say, signed=True),
        first=titles[0],
    )
    caption = paragraph(say, basis(document, say), say("plot.filled"))
    plot = Dots(titles[1:], series, "yen", signed=True)
    return [dot_chart("gains", plot, say, say("plot_worlds.many", first=titles[0]), answer, caption)]


def _titles(document: dict[str, Any], say: Words) -> dict[str, str]:
    return {world: say.title(document[world]["title"]) for world in "ab"}


def _divisions(document: dict[str, Any], say: Words) -> Chart:
    steps = division_steps(document)
    names = [say(f"ledgers.division_{step.key}") for step in steps]
    told_of = dict(zip((step.key for step in steps), ladders.figures(steps, [""] * len(steps), say), strict=True))
    amounts = {key: text.removeprefix(": ") for key, text in told_of.items()}
    return Chart(
        name="divisions",
        question=say("plot_worlds.divisions", **_titles(document, say)),
        answer=say("plot_worlds.divisions_answer", **{key: amounts[key] for key in ("store", "ec", "company")}),
        caption=paragraph(say, say("ledgers.waterfall_what"), basis(document, say)),
        figures=ladders.figures(steps, names, say),
        height_in=ladders.height_in(steps) + 0.3,
        draw=lambda figure: ladders.draw(figure.add_subplot(), steps, names, say),
    )


def _measures(document: dict[str, Any], say: Words) -> Chart:
    """Paired differences of all measures, one panel for each unit."""
    plots = [plot for unit in UNITS for plot in _of_unit(document, unit, say)]
    settled = sum(value.settled for plot in plots for value in plot.series[0].values)

    def draw(figure: Figure) -> None:
        heights = [len(plot.labels) + 1.6 for plot in plots]
        grid = figure.subplots(len(plots), 1, height_ratios=heights, squeeze=False)
        for axes, plot in zip(grid[:, 0], plots, strict=True):
            dots.draw(axes, plot, say)

    rows = sum(len(plot.labels) for plot in plots)
    known = sum(name in document["measures"] for name in BY_NAME)
    return Chart(
        name="measures",
        question=say("plot_worlds.measures", **_titles(document, say)),
        answer=say("plot_worlds.measures_answer", settled=settled, all=known),
        caption=paragraph(say, say("plot_worlds.measures_caption"), basis(document, say), say("plot.filled")),
        figures=[line for plot in plots for line in dots.figures(plot, say)],
        height_in=0.27 * rows + 0.55 * len(plots),
        draw=draw,
    )


def _of_unit(document: dict[str, Any], unit: str, say: Words) -> list[Dots]:
    """Measures that changed: large differences in one plot, small ones in another, so that both can be seen."""
    found = [
        (say.label(measure.name), value_of(document["measures"][measure.name]["difference"]))
        for measure in MEASURES
        if measure.unit == unit and measure.name in document["measures"]
    ]
    sizes = [max(abs(end or 0.0) for end in (value.mean, value.low, value.high)) for _, value in found]
    edge = _SMALL * max(sizes, default=0.0)
    large = [row for row, size in zip(found, sizes, strict=True) if size >= edge > 0]
    small = [row for row, size in zip(found, sizes, strict=True) if 0 < size < edge]
    parts = [large, small] if len(small) > 1 else [[*large, *small]]
    return [
        Dots([label for label, _ in rows], [Series("", [value for _, value in rows])], unit, signed=True)
        for rows in parts
        if rows
    ]


def _cannibalisation(document: dict[str, Any], say: Words) -> Chart:
    """B's online sales by where they come from."""
    found, n = document["cannibalisation"]["yen"], document["replications"]
    steps = [Step("from_stores", found["from_stores"] / n), Step("online_before", found["online_before"] / n)]
    steps += [Step(name, yen / n) for name, yen in sorted(found["incremental"].items(), key=lambda item: -item[1])]
    steps.append(Step("online", found["online"] / n, is_total=True))
    names = [_source(step.key, say) for step in steps]
    rates = {name: told(value_of(found[name]), "share", say) for name in ("cannibalisation_rate", "incremental_share")}
    return Chart(
        name="cannibalisation",
        question=say("plot_worlds.cannibalisation", **_titles(document, say)),
        answer=say("plot_worlds.cannibalisation_answer", **rates),
        caption=paragraph(say, say("plot_worlds.cannibalisation_caption"), basis(document, say)),
        figures=ladders.figures(steps, names, say),
        height_in=ladders.height_in(steps),
        draw=lambda figure: ladders.draw(figure.add_subplot(), steps, names, say),
    )


def _source(key: str, say: Words) -> str:
    if key in ("from_stores", "online_before", "online", "ours"):
        return say(f"plot_worlds.{key}")
    return say("plot_worlds.incremental", outcome=say(f"outcome.{key}"))
