"""Charts of `omo.sweep/1` and `omo.search/1`: a curve with its optimum, two parameters as a table, trials."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import Scale, figure, scale_of
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import PAPER, Dots, Series, Value, above, number_axis, told, unit_name, value_of
from dashboard.charts.grids import Grid, draw_grid
from dashboard.charts.palette import EC, NEUTRAL, STORE
from dashboard.charts.spoken import basis, paragraph, parameter, short
from dashboard.words import Words
from sim.evaluation.statistics import t_interval

_LABELLED: Final = 9
"""Points that are few enough for a figure at each."""
_TRIALS: Final = 15


def sweep_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """The curve, or the table of two parameters; and the optimum of each part where it was asked for."""
    found = [_curve(document, say) if len(document["parameters"]) == 1 else _table(document, say)]
    if document["by"]:
        found.append(_parts(document, say))
    return found


def _curve(document: dict[str, Any], say: Words) -> Chart:
    """Differences from the low end, paired; the fitted curve with its band, the optimum with its interval."""
    name = document["parameters"][0]["name"]
    points = sorted(document["points"], key=lambda point: float(point["values"][name]))
    places = [float(point["values"][name]) for point in points]
    rises = [rise_of(point, points[0]) for point in points]
    unit, optimum = document["unit"], document["optimum"]
    ends = [end for rise in rises for end in (rise.mean, rise.low, rise.high) if end is not None]
    scale = scale_of(ends, unit, say.language)

    def draw(sheet: Figure) -> None:
        axes = sheet.add_subplot()
        if optimum is not None:
            _draw_optimum(axes, optimum, scale, say)
        axes.axhline(0, color=NEUTRAL, linewidth=1, linestyle="--")
        axes.axvline(float(document["baseline"][name]), color=NEUTRAL, linestyle=":", label=say("plot_sweep.now"))
        for at, rise in zip(places, rises, strict=True):
            if rise.low is not None and rise.high is not None:
                axes.plot([at, at], [rise.low / scale.divisor, rise.high / scale.divisor], color=EC, linewidth=1.8)
            y = (rise.mean or 0.0) / scale.divisor
            axes.plot(at, y, "o", color=EC, markersize=6, zorder=4)
            if len(places) <= _LABELLED:
                text = figure(rise.mean, unit, say.language, signed=True)
                where: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8, "bbox": PAPER, "zorder": 5}
                axes.annotate(text, (at, y), (7, 6), **where)
        axes.set_xlabel(parameter(name, say))
        axes.set_ylabel(unit_name(unit, scale, True, say))
        axes.margins(x=0.09, y=0.12)
        number_axis(axes.xaxis)
        number_axis(axes.yaxis)
        above(axes, 3)

    lines = [f"{name} {at:g}: {told(rise, unit, say, signed=True)}" for at, rise in zip(places, rises, strict=True)]
    return Chart(
        name="curve",
        question=say("plot_sweep.curve", parameter=parameter(name, say), measure=say.label(document["measure"])),
        answer=_optimum_answer(document, parameter(name, say), say),
        caption=paragraph(say, say("plot_sweep.curve_caption", low=f"{places[0]:g}"), basis(document, say)),
        figures=lines,
        height_in=3.3,
        draw=draw,
    )


def rise_of(point: dict[str, Any], first: dict[str, Any]) -> Value:
    """A point's outcome above the low end's, replication by replication."""
    pairs = zip(point["outcome_by_replication"], first["outcome_by_replication"], strict=True)
    found = t_interval([own - other for own, other in pairs])
    half_width = found.half_width if found.half_width == found.half_width else None
    return value_of({"mean": found.mean, "half_width": half_width})


def _draw_optimum(axes: Axes, optimum: dict[str, Any], scale: Scale, say: Words) -> None:
    curve = optimum["curve"]
    x, y = ([row[key] for row in curve] for key in ("at", "mean"))
    axes.plot(x, np.array(y) / scale.divisor, color=EC, linewidth=1.4, label=say("plot_sweep.fitted"))
    if all(row["half_width"] is not None for row in curve):
        width = np.array([row["half_width"] for row in curve])
        low, high = (np.array(y) - width) / scale.divisor, (np.array(y) + width) / scale.divisor
        axes.fill_between(x, low, high, color=EC, alpha=0.16, linewidth=0)
    if optimum["low"] is not None:
        axes.axvspan(optimum["low"], optimum["high"], facecolor="none", edgecolor=STORE, hatch="..", alpha=0.45)
    axes.axvline(optimum["at"], color=STORE, linewidth=1.8, label=say("plot_sweep.optimum"))


def _optimum_answer(document: dict[str, Any], name: str, say: Words) -> str:
    optimum = document["optimum"]
    if optimum is None:
        return say("plot_sweep.nothing", parameter=name)
    ends = {end: f"{optimum[end]:.2f}" for end in ("at", "low", "high") if optimum[end] is not None}
    if "low" not in ends:
        return say("plot_sweep.at", parameter=name, at=ends["at"])
    gain = told(value_of(optimum["gain"]["low"]), document["unit"], say, signed=True)
    return say("plot_sweep.between", parameter=name, gain=gain, **ends)


def _table(document: dict[str, Any], say: Words) -> Chart:
    """Difference from the scenario as it is, by two parameters."""
    first, second = (parameter["name"] for parameter in document["parameters"])
    unit, measure = document["unit"], document["measure"]
    means = {
        (float(p["values"][first]), float(p["values"][second])): p["measures"][measure]["difference"]["mean"]
        for p in document["points"]
    }
    columns, rows = sorted({x for x, _ in means}), sorted({y for _, y in means})
    best = document["best"]["values"]
    grid = Grid(
        rows=[f"{short(second)} {y:g}" for y in rows],
        columns=[f"{x:g}" for x in columns],
        values=[[means.get((x, y)) for x in columns] for y in rows],
        unit=unit,
        signed=True,
    )

    def draw(sheet: Figure) -> None:
        axes = sheet.add_subplot()
        draw_grid(axes, grid, say)
        at = columns.index(float(best[first])), rows.index(float(best[second]))
        axes.plot(at[0], at[1] + 0.3, "*", color=STORE, markersize=9)
        axes.set_xlabel(short(first))
        axes.xaxis.set_label_position("top")

    close = len(document["best"]["not_worse"])
    return Chart(
        name="table",
        question=say("plot_sweep.table", first=short(first), second=short(second), measure=say.label(measure)),
        answer=say(
            "plot_sweep.table_answer",
            place=", ".join(f"{short(key)} {value:g}" for key, value in best.items()),
            close=close,
            points=len(means),
        ),
        caption=paragraph(say, say("plot_sweep.table_caption"), basis(document, say)),
        figures=grid.figures(say),
        height_in=0.42 * len(rows) + 0.8,
        draw=draw,
        grid=grid,
    )


def _parts(document: dict[str, Any], say: Words) -> Chart:
    """The optimum of each part with its interval."""
    name, by = document["parameters"][0]["name"], document["by"]
    found = [(part["part"], part["optimum"]) for part in by["parts"]]
    values = [Value(o["at"], o["low"], o["high"]) if o else Value(None) for _, o in found]
    common = document["optimum"]["at"] if document["optimum"] else None
    labels = [say.of_code("category", part, part) for part, _ in found]
    plot = Dots(labels, [Series("", values)], "number", nothing=common, axis=parameter(name, say))
    gain = by["own_instead_of_common_yen"]
    answer = say("plot_sweep.parts_between")
    if gain is not None:
        answer = say("plot_sweep.parts_answer", gain=told(value_of(gain), "yen", say, signed=True))
    caption = paragraph(say, say("plot_sweep.parts_caption", parameter=parameter(name, say)), basis(document, say))
    kind = by["kind"]
    question = say("plot_sweep.parts", parameter=parameter(name, say), kind=say(f"plot_sweep.kind_{kind}"))
    return dot_chart("parts", plot, say, question, answer, caption)


def search_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """The best trials by their paired gain, and the best one on fresh seeds."""
    known = [trial for trial in document["trials"] if trial["gain_yen"] is not None]
    known.sort(key=lambda trial: -trial["gain_yen"]["mean"])
    shown = known[:_TRIALS]
    labels = [_settings(trial["values"]) for trial in shown]
    marks = {"complete": "o", "given_up": "X"}
    values = [value_of(trial["gain_yen"], marks.get(trial["state"])) for trial in shown]
    best, confirmation = document["best"], document["confirmation"]
    answer = say("plot_sweep.search_none")
    if confirmation is not None:
        labels.append(say("plot_sweep.fresh"))
        values.append(value_of(confirmation["gain"], "D"))
        gain = told(values[-1], "yen", say, signed=True)
        answer = say("plot_sweep.search_answer", place=_settings(best["values"]).replace("\n", ", "), gain=gain)
    caption = paragraph(
        say,
        say("plot_sweep.search_caption", shown=len(shown), trials=len(document["trials"])),
        basis(document, say, document["replications"]),
        say("plot.filled"),
    )
    plot = Dots(labels, [Series("", values)], "yen", signed=True)
    question = say("plot_sweep.search", title=say.title(document["title"]))
    return [dot_chart("trials", plot, say, question, answer, caption)]


def _settings(values: dict[str, float]) -> str:
    return "\n".join(f"{short(key).rpartition('.')[2]} {value:.4g}" for key, value in values.items())
