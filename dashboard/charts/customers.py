"""Charts of `omo.cross-channel/1`: the premium that a manager sees beside what linking the channels causes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.figure import Figure

from dashboard.charts import dots
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import Dots, Series, Value, told, value_of
from dashboard.charts.spoken import basis, cohort, paragraph
from dashboard.words import Words

_GROUPS: Final = ("age_band", "digital_affinity")


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Premium and uplift, over everybody and by group of shoppers."""
    return [_premium(document, say), _cohorts(document, say)]


def _premium(document: dict[str, Any], say: Words) -> Chart:
    naive, causal, published = document["naive"], document["causal"], document["published"]
    rows = {
        "published": Value(published["naive_spend_ratio"], published["band"][0], published["band"][1], "s"),
        "naive": value_of(naive["spend_ratio"]),
        "naive_without_links": value_of(naive["spend_ratio_without_links"]),
        "causal": _factor(causal["intention_to_treat"], "D"),
        "causal_of_both": _factor(causal["those_who_use_both_in_on"], "D"),
    }
    plot = Dots([say(f"plot_cross.{name}") for name in rows], [Series("", list(rows.values()))], "ratio", nothing=1.0)
    answer = say(
        "plot_cross.premium_answer",
        naive=told(rows["naive"], "ratio", say),
        uplift=told(value_of(causal["intention_to_treat"]["spend_uplift"]), "share", say, signed=True),
    )
    caption = paragraph(say, say("plot_cross.premium_caption", source=published["source"]), _basis(document, say))
    return dot_chart("premium", plot, say, say("plot_cross.premium"), answer, caption)


def _cohorts(document: dict[str, Any], say: Words) -> Chart:
    rows = [row for group in _GROUPS for row in document["cohorts"][group]]
    labels = [cohort(row["cohort"], say) for row in rows]
    naive = Dots(labels, [Series("", [value_of(row["naive_spend_ratio"]) for row in rows])], "ratio", nothing=1.0)
    uplift = Dots(labels, [Series("", [value_of(row["spend_uplift"]) for row in rows])], "share", signed=True)
    panels = [(say("plot_cross.cohorts_naive"), naive), (say("plot_cross.cohorts_uplift"), uplift)]

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, 2, sharey=True)
        for at, (axes, (title, plot)) in enumerate(zip(grid, panels, strict=True)):
            dots.draw(axes, plot, say)
            axes.set_title(title, fontsize=9.5, loc="left")
            axes.tick_params(labelleft=at == 0)

    return Chart(
        name="cohorts",
        question=say("plot_cross.cohorts"),
        answer=say("plot_cross.cohorts_answer"),
        caption=paragraph(say, _basis(document, say), say("plot.filled")),
        figures=[f"{title}, {line}" for title, plot in panels for line in dots.figures(plot, say)],
        height_in=0.3 * len(rows) + 0.9,
        draw=draw,
        panels=panels,
    )


def _factor(found: Mapping[str, Any], marker: str) -> Value:
    """An uplift as a multiple of what was spent without links."""
    uplift = value_of(found["spend_uplift"])
    mean, low, high = (None if end is None else 1 + end for end in (uplift.mean, uplift.low, uplift.high))
    return Value(mean, low, high, marker)


def _basis(document: Mapping[str, Any], say: Words) -> str:
    worlds = {world: say.title(document[world]["title"]) for world in ("on", "off")}
    return paragraph(say, say("plot_cross.worlds", **worlds), basis(document, say))
