"""Charts of `omo.rollout/1`: event studies beside the truth, estimates, what they would tell the board, error parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import scale_of
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, number_axis, told, value_of
from dashboard.charts.palette import EC, INK_ON_LIGHT, LIGHT_BACKGROUND, NEUTRAL
from dashboard.charts.spoken import basis, paragraph
from dashboard.words import Words

_OUTCOME: Final = "sales_yen"
_LEVELS: Final = ("store", "catchment")
_STUDIES: Final = ("two_way_event", "callaway_santanna_event")
_PARTS: Final = ("trends_and_chance", "wrong_weights", "spill_over", "unknown_homes")


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Of weekly sales: event study, estimates, the board's figure, and what the errors are made of."""
    found = [_event_study(document, say), _estimates(document, say), _board(document, say)]
    return [*found, _errors(document, say)]


def _event_study(document: dict[str, Any], say: Words) -> Chart:
    studies = [
        (level, study, document["levels"][level][_OUTCOME]["event_studies"][study])
        for level in _LEVELS
        for study in _STUDIES
    ]
    ends = [
        end
        for _, _, points in studies
        for point in points
        if "estimate" in point
        for value in (value_of(point["estimate"]), value_of(point["truth"]))
        for end in (value.mean, value.low, value.high)
        if end is not None
    ]
    scale = scale_of(ends, "yen", say.language)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(len(_LEVELS), len(_STUDIES), sharex=True, sharey=True)
        for axes, (level, study, points) in zip(grid.flat, studies, strict=True):
            _draw_study(axes, points, scale.divisor, say)
            axes.set_title(f"{say(f'plot_roll.{level}')}: {say(f'plot_roll.{study}')}", fontsize=9, loc="left")
        for axes in grid[-1]:
            axes.set_xlabel(say("plot_roll.week"))
        for axes in grid[:, 0]:
            axes.set_ylabel(scale.unit)

    leads = [p for _, _, points in studies for p in points if "estimate" in p and p["week"] < 0]
    away = sum(value_of(point["estimate"]).settled for point in leads)
    return Chart(
        name="event-study",
        question=say("plot_roll.event_study"),
        answer=say("plot_roll.event_study_answer", away=away, leads=len(leads)),
        caption=paragraph(say, say("plot_roll.event_study_caption"), basis(document, say)),
        figures=[
            f"{say(f'plot_roll.{level}')}, {say(f'plot_roll.{study}')}, {point['week']}: "
            f"{told(value_of(point['estimate']), 'yen', say, True)}, "
            f"{say('plot_roll.truth')} {told(value_of(point['truth']), 'yen', say, True)}"
            for level, study, points in studies
            for point in points
            if "estimate" in point
        ],
        height_in=4.6,
        draw=draw,
        legend=True,
    )


def _draw_study(axes: Axes, points: Sequence[Mapping[str, Any]], divisor: float, say: Words) -> None:
    axes.axhline(0, color=NEUTRAL, linewidth=0.9)
    axes.axvline(-0.5, color=NEUTRAL, linewidth=1.2, linestyle=":")
    known = [point for point in points if "estimate" in point]
    truth = [point["truth"]["mean"] / divisor for point in known]
    axes.step([p["week"] for p in known], truth, "k-", where="mid", linewidth=1.8, label=say("plot_roll.truth"))
    for at, point in enumerate(known):
        value = value_of(point["estimate"])
        if value.low is not None and value.high is not None:
            axes.plot([point["week"]] * 2, [value.low / divisor, value.high / divisor], color=EC, linewidth=1.5)
        face = EC if value.settled else LIGHT_BACKGROUND
        label = say("plot_roll.estimate") if at == 0 else None
        look: dict[str, Any] = {"color": EC, "markerfacecolor": face, "markersize": 5, "zorder": 4, "ls": ""}
        axes.plot(point["week"], (value.mean or 0.0) / divisor, "o", label=label, **look)
    for point in points:
        if point.get("reference"):
            axes.plot(point["week"], 0, "s", color=INK_ON_LIGHT, markersize=5, ls="", label=say("plot_roll.reference"))
    number_axis(axes.xaxis)
    number_axis(axes.yaxis)


def _estimates(document: dict[str, Any], say: Words) -> Chart:
    rows = _rows(document)
    labels = [_label(level, name, one, say) for level, name, one in rows]
    series = [
        Series(say("plot_roll.estimate"), [value_of(one["estimate"]) for _, _, one in rows]),
        Series(say("plot_roll.truth"), [value_of(one["truth"]) for _, _, one in rows]),
    ]
    closest = min(rows, key=lambda row: float(row[2]["rmse"]))
    rmse = told(value_of({"mean": closest[2]["rmse"], "half_width": None}), "yen", say)
    answer = say("plot_roll.estimates_answer", name=_label(*closest, say).replace("\n", " "), rmse=rmse)
    plot = Dots(labels, series, "yen", signed=True)
    caption = _caption("estimates", document, say)
    return dot_chart("estimates", plot, say, say("plot_roll.estimates"), answer, caption)


def _board(document: dict[str, Any], say: Words) -> Chart:
    """Each estimate times all treated store-weeks, beside what the company really gained."""
    company, rows = document["company"][_OUTCOME], _rows(document)
    labels = [say("plot_roll.really"), *(_label(level, name, one, say) for level, name, one in rows)]
    values = [value_of(company["gain_yen"], "D")]
    values += [value_of(company["multiplied_out_yen"][level][name]) for level, name, _ in rows]
    means = [value.mean or 0.0 for value in values[1:]]
    ends = {"low": min(means), "high": max(means)}
    texts = {end: told(value_of({"mean": at, "half_width": None}), "yen", say, True) for end, at in ends.items()}
    answer = say("plot_roll.board_answer", gain=told(values[0], "yen", say, signed=True), **texts)
    plot = Dots(labels, [Series("", values)], "yen", signed=True)
    caption = _caption("board", document, say, cells=company["treated_store_weeks"])
    return dot_chart("board", plot, say, say("plot_roll.board"), answer, caption)


def _errors(document: dict[str, Any], say: Words) -> Chart:
    rows = _rows(document)
    labels = [_label(level, name, one, say) for level, name, one in rows]
    series = [
        Series(say(f"plot_roll.{part}"), [value_of(one["error_parts"][part]) for _, _, one in rows]) for part in _PARTS
    ]
    spill = {
        level: max(abs(one["error_parts"]["spill_over"]["mean"]) for where, _, one in rows if where == level)
        for level in _LEVELS
    }
    texts = {level: told(value_of({"mean": at, "half_width": None}), "yen", say) for level, at in spill.items()}
    plot = Dots(labels, series, "yen", signed=True)
    answer = say("plot_roll.errors_answer", **texts)
    return dot_chart("errors", plot, say, say("plot_roll.errors"), answer, _caption("errors", document, say))


def _rows(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Level, estimator, and what it found of weekly sales."""
    return [
        (level, name, one)
        for level in _LEVELS
        for name, one in document["levels"][level][_OUTCOME]["estimators"].items()
    ]


def _label(level: str, name: str, one: Mapping[str, Any], say: Words) -> str:
    return f"{say(f'plot_roll.{level}')}:\n{say.of_code('estimator', name, one['label'])}"


def _caption(name: str, document: dict[str, Any], say: Words, **values: object) -> str:
    return paragraph(say, say(f"plot_roll.{name}_caption", **values), basis(document, say), say("plot.filled"))
