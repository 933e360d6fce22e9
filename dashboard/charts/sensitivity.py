"""Charts of `omo.sensitivity/1`: which assumptions matter, and which of them decide the sign."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.figure import Figure

from dashboard.amounts import figure, scale_of
from dashboard.charts import dots
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import PAPER, Dots, Series, Value, number_axis, told, unit_name, value_of
from dashboard.charts.palette import EC, NEUTRAL, STORE
from dashboard.charts.spoken import basis, paragraph, short
from dashboard.words import Words

_DECIDERS: Final = 6
_TITLE_LETTERS: Final = 26
_PLANE_IN: Final = 2.6


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Morris: mu* against sigma, and the outcome by level; Sobol: shares of variance."""
    if document["method"] == "sobol":
        return [_shares(document, say)]
    found = [_screening(document, say)]
    if any(factor.get("by_level") for factor in document["factors"]):
        found.append(_levels(document, say))
    return found


def _screening(document: dict[str, Any], say: Words) -> Chart:
    factors, unit = document["factors"], document["unit"]
    labels = [f"{at}  {short(factor['name'])}" for at, factor in enumerate(factors, 1)]
    plot = Dots(labels, [Series("", [value_of(factor["mu_star"]) for factor in factors])], unit)
    scale = dots.scale_for(plot, say)

    def draw(sheet: Figure) -> None:
        over, below = sheet.subplots(2, 1, height_ratios=[plot.height_in, _PLANE_IN])
        dots.draw(over, plot, say)
        over.set_xlabel(f"μ* ({unit_name(unit, scale, False, say)})")
        for at, factor in enumerate(factors):
            if factor.get("noise") is not None:
                over.plot(factor["noise"] / scale.divisor, at, "|", color=STORE, markersize=11, markeredgewidth=2)
        for at, factor in enumerate(factors, 1):
            where = factor["mu_star"]["value"] / scale.divisor, factor["sigma"]["value"] / scale.divisor
            below.plot(*where, "o", color=EC, markersize=5)
            below.annotate(str(at), where, (4, 3), textcoords="offset points", fontsize=8.5, bbox=PAPER)
        below.axline((0, 0), slope=1, color=NEUTRAL, linewidth=1, linestyle="--")
        below.set_xlabel(f"μ* ({unit_name(unit, scale, False, say)})")
        below.set_ylabel(f"σ ({unit_name(unit, scale, False, say)})")
        below.set_xlim(left=0)
        below.set_ylim(bottom=0)
        below.margins(0.1)
        number_axis(below.xaxis)
        number_axis(below.yaxis)

    top = factors[0]
    answer = say("plot_sens.screening_answer", name=short(top["name"]), size=told(value_of(top["mu_star"]), unit, say))
    lines = dots.figures(plot, say)
    lines += [f"{short(factor['name'])}, σ: {told(value_of(factor['sigma']), unit, say)}" for factor in factors]
    return Chart(
        name="screening",
        question=say("plot_sens.screening"),
        answer=paragraph(say, answer, _signs(document, say)),
        caption=paragraph(say, say("plot_sens.screening_caption"), _basis(document, say)),
        figures=lines,
        height_in=plot.height_in + _PLANE_IN,
        draw=draw,
    )


def _levels(document: dict[str, Any], say: Words) -> Chart:
    """Mean outcome by level of the weightiest factors: does a line cross zero?"""
    factors = [factor for factor in document["factors"] if factor.get("by_level")]
    factors.sort(key=lambda factor: -factor["sign_changes"])
    shown, unit = factors[:_DECIDERS], document["unit"]
    scale = scale_of([level["mean"] for factor in shown for level in factor["by_level"]], unit, say.language)
    rows = -(-len(shown) // 3)
    changes = [say("plot_sens.changes", changes=factor["sign_changes"], steps=factor["steps"]) for factor in shown]
    titles = [f"{short(factor['name'], _TITLE_LETTERS)}\n{text}" for factor, text in zip(shown, changes, strict=True)]

    def draw(sheet: Figure) -> None:
        grid = sheet.subplots(rows, 3, sharey=True, squeeze=False)
        for at, axes in enumerate(grid.flat):
            if at >= len(shown):
                axes.set_visible(False)
                continue
            levels = shown[at]["by_level"]
            places = [level["value"] for level in levels]
            axes.plot(places, [level["mean"] / scale.divisor for level in levels], "o-", color=EC)
            axes.axhline(0, color=NEUTRAL, linestyle="--", linewidth=1)
            axes.set_title(titles[at], fontsize=8.5, loc="left")
            axes.margins(0.12)
            axes.set_xticks(places, [f"{place:.3g}" for place in places])
            number_axis(axes.yaxis, 4)
            if at % 3 == 0:
                axes.set_ylabel(unit_name(unit, scale, True, say))

    deciders = [short(factor["name"]) for factor in factors if factor["sign_changes"]]
    answer = say("plot_sens.no_decider")
    if deciders:
        answer = say("plot_sens.deciders", names=", ".join(deciders[:3]), count=len(deciders))
    return Chart(
        name="signs",
        question=say("plot_sens.signs"),
        answer=answer,
        caption=paragraph(say, say("plot_sens.signs_caption"), _basis(document, say)),
        figures=[
            f"{' '.join(title.split())}: "
            + ", ".join(f"{x['value']:.3g} → {figure(x['mean'], unit, say.language, True)}" for x in factor["by_level"])
            for title, factor in zip(titles, shown, strict=True)
        ],
        height_in=1.9 * rows,
        draw=draw,
    )


def _shares(document: dict[str, Any], say: Words) -> Chart:
    factors = document["factors"]
    series = [
        Series(say(f"plot_sens.{kind}"), [_clear(value_of(factor[kind])) for factor in factors])
        for kind in ("first", "total")
    ]
    plot = Dots([short(factor["name"]) for factor in factors], series, "share")
    size = told(series[1].values[0], "share", say)
    answer = paragraph(
        say, say("plot_sens.shares_answer", name=short(factors[0]["name"]), size=size), _signs(document, say)
    )
    caption = paragraph(say, say("plot_sens.shares_caption"), _basis(document, say))
    return dot_chart("shares", plot, say, say("plot_sens.screening"), answer, caption)


def _clear(value: Value) -> Value:
    return value if value.mean is not None and value.mean == value.mean else Value(None)


def _signs(document: dict[str, Any], say: Words) -> str:
    return say("plot_sens.sign_counts", **document["signs"])


def _basis(document: dict[str, Any], say: Words) -> str:
    measure = say.label(document["measure"])
    what = say("plot_sens.measure", measure=measure, scenario=document["scenario"])
    if document["against"]:
        what = say("plot_sens.difference", measure=measure, a=document["against"], b=document["scenario"])
    worlds = say("plot_sens.worlds", size=document["size"], worlds=document["worlds"])
    return paragraph(say, what, worlds, basis(document, say))
