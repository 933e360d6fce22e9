"""Charts of `omo.attribution/1` and `omo.attribution-judged/1`: what rules credit, beside what touches really bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import figure, scale_of
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import PAPER, Dots, Series, Value, number_axis, told, value_of
from dashboard.charts.palette import EC, NEUTRAL, STORE
from dashboard.charts.spoken import basis, named, paragraph
from dashboard.words import Words

_COLUMNS: Final = 3
_KEEPS: Final = ("1", "2", "3", "4", "credited")


@dataclass(frozen=True)
class _Panel:
    """Credit of one rule by touch, and the truth where it is known."""

    title: str
    credit: Sequence[float]
    truth: Sequence[Value] | None
    unit: str


def file_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Shares of every rule by channel, from a file of paths; nobody knows the truth."""
    channels = document["channels"]
    panels = [
        _Panel(named("rule", rule, say), [found[channel]["share"] or 0.0 for channel in channels], None, "share")
        for rule, found in document["rules"].items()
        if found
    ]
    firsts = {channels[panel.credit.index(max(panel.credit))] for panel in panels}
    key = "shares_agree" if len(firsts) == 1 else "shares_differ"
    answer = say(f"plot_attr.{key}", channels=say("plot.and").join(sorted(firsts)), rules=len(panels))
    caption = say("plot_attr.shares_caption", file=document["file"], conversions=f"{document['conversions']:,.0f}")
    return [_panels("shares", panels, channels, say("plot_attr.shares"), answer, caption, say)]


def judged_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Credit beside the truth, rule by rule, and what following a rule costs."""
    return [_credit(document, say), _decisions(document, say)]


def _credit(document: dict[str, Any], say: Words) -> Chart:
    truth = document["truth"]["net_revenue_yen"]["touches"]
    touches = list(truth)
    labels = [_touch(touch, document, say) for touch in touches]
    real = [value_of(truth[touch]["shapley"]) for touch in touches]
    panels = [
        _Panel(named("rule", rule, say), [found["credit_yen"][touch]["mean"] for touch in touches], real, "yen")
        for rule, found in document["rules"].items()
    ]
    scored = {
        rule: error
        for rule, found in document["rules"].items()
        if (error := found["scores"]["net_revenue_yen"]["shapley"]["share_error"]) is not None
    }
    answer = say("plot_attr.credit_unscored")
    if scored:
        closest = min(scored, key=lambda rule: scored[rule])
        error = told(Value(scored[closest]), "share", say)
        answer = say("plot_attr.credit_answer", rule=named("rule", closest, say), error=error)
    caption = paragraph(say, say("plot_attr.credit_caption"), basis(document, say))
    return _panels("credit", panels, labels, say("plot_attr.credit"), answer, caption, say)


def _decisions(document: dict[str, Any], say: Words) -> Chart:
    rules = document["rules"]
    found = {rule: {str(one["keep"]): one for one in entry["decisions"]} for rule, entry in rules.items()}
    keeps = [keep for keep in _KEEPS if any(keep in decisions for decisions in found.values())]
    series = [
        Series(
            say("plot_attr.keep_credited") if keep == "credited" else say("plot_attr.keep_first", n=keep),
            [value_of(found[rule][keep]["regret_yen"] if keep in found[rule] else None) for rule in rules],
        )
        for keep in keeps
    ]
    labels = [named("rule", rule, say) for rule in rules]
    last = [value.mean or 0.0 for value in series[-1].values]
    low, high = (figure(end, "yen", say.language) for end in (min(last), max(last)))
    answer = say("plot_attr.decisions_answer", low=low, high=high)
    caption = paragraph(say, say("plot_attr.decisions_caption"), basis(document, say))
    return dot_chart("decisions", Dots(labels, series, "yen"), say, say("plot_attr.decisions"), answer, caption)


def _touch(touch: str, document: dict[str, Any], say: Words) -> str:
    return say.of_code("touch", touch, document["touches"][touch]["label"])


def _panels(
    name: str, panels: Sequence[_Panel], labels: Sequence[str], question: str, answer: str, caption: str, say: Words
) -> Chart:
    rows = ceil(len(panels) / _COLUMNS)
    ends = [end for panel in panels for end in panel.credit]
    ends += [end for panel in panels for v in panel.truth or () for end in (v.mean, v.low, v.high) if end is not None]
    scale = scale_of(ends, panels[0].unit, say.language)

    def draw(sheet: Figure) -> None:
        grid = sheet.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
        for at, axes in enumerate(grid.flat):
            if at >= len(panels):
                axes.set_visible(False)
                continue
            _draw_panel(axes, panels[at], scale.divisor, say)
            axes.margins(x=0.35 if min(ends) < 0 else 0.25)
            axes.set_title(panels[at].title, fontsize=9.5, loc="left")
            axes.tick_params(labelbottom=at + _COLUMNS >= len(panels), labelleft=at % _COLUMNS == 0)
            if at + _COLUMNS >= len(panels):
                axes.set_xlabel(scale.unit)
        grid[0, 0].set_yticks(range(len(labels)), list(labels))
        grid[0, 0].set_ylim(len(labels) - 0.5, -0.5)

    return Chart(
        name=name,
        question=question,
        answer=answer,
        caption=caption,
        figures=[line for panel in panels for line in _figures(panel, labels, say)],
        height_in=rows * (0.31 * len(labels) + 0.42) + 0.6,
        draw=draw,
        legend=panels[0].truth is not None,
    )


def _draw_panel(axes: Axes, panel: _Panel, divisor: float, say: Words) -> None:
    for row, credit in enumerate(panel.credit):
        axes.barh(row, credit / divisor, height=0.6, color=EC, label=say("plot_attr.credited") if row == 0 else None)
        text = figure(credit, panel.unit, say.language)
        side = 1 if credit >= 0 else -1
        where: dict[str, Any] = {"ha": "left" if credit >= 0 else "right", "va": "center", "fontsize": 8, "zorder": 5}
        axes.annotate(text, (credit / divisor, row), (4 * side, 0), textcoords="offset points", bbox=PAPER, **where)
    for row, value in enumerate(panel.truth or ()):
        if value.mean is None:
            continue
        low, high = (value.mean if end is None else end for end in (value.low, value.high))
        axes.plot([low / divisor, high / divisor], [row + 0.3] * 2, color=STORE, linewidth=1.6, zorder=6)
        label = say("plot_attr.truth") if row == 0 else None
        axes.plot(value.mean / divisor, row + 0.3, "D", color=STORE, markersize=4.5, zorder=7, label=label, ls="")
    axes.axvline(0, color=NEUTRAL, linewidth=0.9)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    number_axis(axes.xaxis, 4)


def _figures(panel: _Panel, labels: Sequence[str], say: Words) -> list[str]:
    lines = []
    for row, (label, credit) in enumerate(zip(labels, panel.credit, strict=True)):
        line = f"{panel.title}, {label}: {figure(credit, panel.unit, say.language)}"
        if panel.truth is not None:
            line += f", {say('plot_attr.truth')} {told(panel.truth[row], panel.unit, say)}"
        lines.append(line)
    return lines
