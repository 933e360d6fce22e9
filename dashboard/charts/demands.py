"""Charts of `omo.demand/1`: requests by minute of the day, and what the busiest minute asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, Value
from dashboard.charts.palette import EC, INK_ON_LIGHT, NEUTRAL
from dashboard.charts.spoken import paragraph
from dashboard.words import Words

STEP_MIN: Final = 5
"""Minutes that are drawn as one."""
_MOST_SCALES: Final = 3


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """The day by minute, and the rates at the busiest minute."""
    return [_minutes(document, say), _rates(document, say)]


def clock(minute: int) -> str:
    """`HH:MM` of a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def rate(value: float) -> str:
    """Requests per second, with as many digits as say something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3f}" if value else "0"


def endpoints(document: Mapping[str, Any]) -> dict[str, list[float]]:
    """Each endpoint that is asked for, by its day's requests: its rates of the run's own stores, `STEP_MIN` apart."""
    found = {
        name: np.asarray(values).reshape(-1, STEP_MIN).mean(axis=1).tolist()
        for name, values in document["by_minute_per_s"].items()
        if any(values)
    }
    return dict(sorted(found.items(), key=lambda item: -sum(item[1])))


def basis(document: Mapping[str, Any], say: Words) -> str:
    """Day, stores, replications and seed."""
    names = ("day", "stores", "replications", "seed")
    return say("plot_demand.basis", **{name: document[name] for name in names})


def _minutes(document: dict[str, Any], say: Words) -> Chart:
    found = endpoints(document)
    lines = [said(name, values, say) for name, values in found.items()]

    def draw(sheet: Figure) -> None:
        grid = sheet.subplots(len(found), 1, sharex=True, squeeze=False)
        for axes, (values, line) in zip(grid[:, 0], zip(found.values(), lines, strict=True), strict=True):
            minutes = [at * STEP_MIN for at in range(len(values))]
            axes.fill_between(minutes, values, step="post", color=EC, alpha=0.35, linewidth=0)
            axes.plot(minutes, values, drawstyle="steps-post", color=EC, linewidth=1)
            axes.axvline(document["busiest_minute"], color=INK_ON_LIGHT, linewidth=0.9, linestyle="--")
            axes.set_title(line, fontsize=8.5, loc="left", pad=2)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.set_xlim(0, 1440)
            axes.set_xticks(range(0, 1441, 180), [clock(at) for at in range(0, 1441, 180)])
            axes.grid(axis="x", color=NEUTRAL, linewidth=0.5, alpha=0.3)

    first = document["scales"][0]
    return Chart(
        name="minutes",
        question=say("plot_demand.minutes", title=say.title(document["title"]), day=document["day"]),
        answer=say("plot_demand.minutes_answer", at=clock(document["busiest_minute"]), first=next(iter(found), "–"),
                   n=f"{first['stores']:,g}", per_s=rate(first["requests"]["per_s"])),
        caption=paragraph(say, say("plot_demand.minutes_caption", minutes=STEP_MIN), basis(document, say)),
        figures=lines,
        height_in=0.62 * len(found) + 0.3,
        draw=draw,
    )  # fmt: skip


def said(name: str, values: Sequence[float], say: Words) -> str:
    """An endpoint's day in a line."""
    most = max(range(len(values)), key=values.__getitem__)
    per_day = sum(values) * STEP_MIN * 60
    return say("plot_demand.line", name=name, most=rate(values[most]), at=clock(most * STEP_MIN), n=f"{per_day:,.0f}")


def _rates(document: dict[str, Any], say: Words) -> Chart:
    scales = document["scales"][:_MOST_SCALES]
    names = [name for name in endpoints(document) if name in scales[0]["endpoints"]]
    labels = [say("plot_demand.all"), *names]
    series = [
        Series(say("plot_demand.of_stores", n=f"{scale['stores']:,g}"),
               [_value(cell) for cell in (scale["requests"], *(scale["endpoints"][name] for name in names))])
        for scale in scales
    ]  # fmt: skip
    largest = scales[-1]
    answer = say("plot_demand.rates_answer", n=f"{largest['stores']:,g}", per_s=rate(largest["requests"]["per_s"]),
                 hundredth=rate(largest["requests"]["one_minute_in_a_hundred"]))  # fmt: skip
    plot = Dots(labels, series, "number", axis=say("plot_demand.per_s"))
    caption = paragraph(say, say("plot_demand.rates_caption"), basis(document, say))
    question = say("plot_demand.rates", at=clock(document["busiest_minute"]))
    return dot_chart("rates", plot, say, question, answer, caption)


def _value(cell: Mapping[str, Any]) -> Value:
    mean, half_width = cell["per_s"], cell["half_width"]
    return Value(mean) if half_width is None else Value(mean, mean - half_width, mean + half_width)
