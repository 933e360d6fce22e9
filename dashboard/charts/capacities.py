"""Charts of `omo.capacity/1`: latency over load with its knee, the scalability law, and the forecasts' score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.charts import dots
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import PAPER, Dots, Series, Value, number_axis
from dashboard.charts.loads import VERDICTS, counting
from dashboard.charts.palette import APP, EC, INK_ON_LIGHT, LOST, NEUTRAL
from dashboard.charts.spoken import paragraph
from dashboard.words import Words

METHODS: Final = ("interpolated", "queueing", "usl")
_LOOK: Final = {"passed": ("o", APP), "failed": ("X", LOST)}


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """For each moment the knee, the law where it was fitted, and the forecasts where they were scored."""
    found = []
    for moment in document["moments"]:
        if counting(moment):
            found.append(_knee(document, moment, say))
        if moment["usl"] is not None:
            found.append(_law(document, moment, say))
        if scored(moment):
            found.append(_forecast(document, moment, say))
    return found


def knee_finding(document: Mapping[str, Any], moment: Mapping[str, Any], say: Words) -> str:
    """How much is carried, against what is expected, and what ended the search."""
    edge, limit = moment["edge"], f"{document['limits']['p99_ms']:,.0f}"
    if edge["carried_per_s"] is None:
        return say("demand.carries_nothing", ms=limit)
    text = say("demand.carries", per_s=f"{edge['carried_per_s']:,.0f}", ms=limit, times=f"{moment['headroom']:.2g}")
    return paragraph(say, text, say("demand.generator_was_limit") if edge["limited_by"] == "generator" else "")


def knee_definition(document: Mapping[str, Any], moment: Mapping[str, Any], say: Words) -> str:
    """What a step is, and how many of them do not count."""
    invalid = sum(point["verdict"] not in VERDICTS for point in moment["points"])
    told = say("demand.invalid_steps", n=invalid) if invalid else ""
    return paragraph(say, say("demand.knee_what", s=f"{document['seconds']:g}"), told)


def basis(document: Mapping[str, Any], moment: Mapping[str, Any], say: Words) -> str:
    """What was loaded, on what machine, and whether it was left in peace."""
    told = say("demand.basis", name=document["source"]["name"], at=moment["moment"], target=document["target"],
               cores=document["machine"]["cores"], n=len(moment["points"]))  # fmt: skip
    others = moment["others_cores"]
    loud = others is not None and others > 0.1 * document["machine"]["cores"]
    return paragraph(say, told, say("demand.others", cores=f"{others:.1f}") if loud else "")


def law_finding(moment: Mapping[str, Any], say: Words) -> str:
    """The most that the law allows, with its interval."""
    most = moment["usl"]["most_per_s"]
    value, low, high = (say("demand.unbounded") if x is None else f"{x:,.0f}" for x in most.values())
    beyond = say("demand.beyond") if moment["usl"].get("most_beyond_trust") else ""
    return paragraph(say, say("demand.law_finding", value=value, low=low, high=high), beyond)


def scored(moment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Loads that were forecast from others and then measured, the one never measured before first; invalid ones not."""
    check = moment["forecast"]["never_measured_before"]
    found = [check] if check is not None and not check.get("invalid_because") else []
    return [*found, *(moment["forecast"]["left_out"] or ())]


def forecast_plot(moment: Mapping[str, Any], say: Words) -> Dots:
    """p99 by load: measured, and as each method had forecast it."""
    rows = scored(moment)
    fresh = moment["forecast"]["never_measured_before"]
    labels = [
        say("demand.fresh_load" if row is fresh else "demand.left_out", per_s=f"{row['offered_per_s']:,.1f}")
        for row in rows
    ]
    series = [Series(say("demand.measured"), [Value(row["measured"]["p99_ms"]) for row in rows])]
    series += [
        Series(say(f"demand.method_{name}"), [Value(row["forecast"][name]["p99_ms"]) for row in rows])
        for name in METHODS
        if name in rows[0]["forecast"]
    ]
    numbered = [f"{at + 1}. {label}" for at, label in enumerate(labels)]
    return Dots(numbered, series, "number", axis=say("demand.p99_axis"))


def forecast_finding(moment: Mapping[str, Any], say: Words) -> str:
    """How far the method that the simulation uses was off."""
    used = moment["forecast"]["used_by_the_world"]
    error = (moment["forecast"]["mean_absolute_error"] or {}).get(used, {}).get("p99_ms")
    told = "–" if error is None else f"{100 * error:.0f} %"
    return say("demand.forecast_finding", method=say(f"demand.method_{used}"), error=told, n=len(scored(moment)))


def _knee(document: dict[str, Any], moment: dict[str, Any], say: Words) -> Chart:
    points = counting(moment)

    def draw(sheet: Figure) -> None:
        axes = sheet.add_subplot()
        for verdict, (marker, colour) in _LOOK.items():
            rows = [point for point in points if point["verdict"] == verdict]
            for point in rows:
                ends = [point["p50_ms"], point["p99_ms"]]
                axes.plot([point["offered_per_s"]] * 2, ends, color=NEUTRAL, linewidth=1.2, zorder=1)
            xs, ys = ([row[key] for row in rows] for key in ("offered_per_s", "p99_ms"))
            axes.plot(xs, ys, marker, color=colour, markersize=6.5, ls="", label=say(f"demand.{verdict}"))
        axes.set_yscale("log")
        axes.axhline(document["limits"]["p99_ms"], color=LOST, linestyle="--", linewidth=1)
        _edge(axes, moment, say)
        axes.set_xlim(left=0)
        axes.set_xlabel(say("demand.offered_axis"))
        axes.set_ylabel(say("demand.ms_axis"))
        number_axis(axes.xaxis)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        dots.above(axes, 2)

    lines = [
        f"{point['offered_per_s']:,.1f}/s: p50 {point['p50_ms']:,.1f} ms, p99 {point['p99_ms']:,.1f} ms, "
        f"{say('demand.' + point['verdict'])}"
        for point in points
    ]
    return Chart(
        name=f"knee-{_key(moment)}",
        question=say("demand.knee", at=moment["moment"]),
        answer=knee_finding(document, moment, say),
        caption=paragraph(say, knee_definition(document, moment, say), basis(document, moment, say)),
        figures=lines,
        height_in=3.4,
        draw=draw,
    )


def _edge(axes: Axes, moment: Mapping[str, Any], say: Words) -> None:
    edge = moment["edge"]
    marks = (("carried", edge["carried_per_s"], "-"), ("refused", edge["refused_per_s"], "--"),
             ("expected", moment["expected_per_s"], ":"))  # fmt: skip
    for rank, (name, at, line) in enumerate(mark for mark in marks if mark[1] is not None):
        axes.axvline(at, color=INK_ON_LIGHT, linestyle=line, linewidth=1)
        text = say(f"demand.mark_{name}", per_s=f"{at:,.0f}")
        axes.text(at, 0.98 - 0.075 * rank, f" {text}", transform=axes.get_xaxis_transform(), va="top", fontsize=8.5,
                  bbox=PAPER)  # fmt: skip


def _law(document: dict[str, Any], moment: dict[str, Any], say: Words) -> Chart:
    curve = moment["usl"]["curve"]

    def draw(sheet: Figure) -> None:
        axes = sheet.add_subplot()
        x = [row["in_flight"] for row in curve]
        axes.fill_between(x, [r["low"] for r in curve], [r["high"] for r in curve], color=EC, alpha=0.16, linewidth=0)
        trusted = [row for row in curve if not row["beyond_trust"]]
        beyond = trusted[-1:] + [row for row in curve if row["beyond_trust"]]
        for rows, line in ((trusted, "-"), (beyond, ":")):
            axes.plot([r["in_flight"] for r in rows], [r["per_s"] for r in rows], line, color=EC, linewidth=1.6)
        steps = [point for point in counting(moment) if point["in_flight"] > 0]
        xs, ys = ([point[key] for point in steps] for key in ("in_flight", "achieved_per_s"))
        axes.plot(xs, ys, "D", color=APP, markersize=5.5)
        axes.set_xscale("log")
        axes.set_xlabel(say("demand.in_flight"))
        axes.set_ylabel(say("demand.answered_axis"))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        number_axis(axes.yaxis)

    law = moment["usl"]
    lines = [f"{say(f'demand.{name}')}: {_estimate(law[name])}" for name in ("contention", "coherence", "most_per_s")]
    return Chart(
        name=f"law-{_key(moment)}",
        question=say("demand.law", at=moment["moment"]),
        answer=law_finding(moment, say),
        caption=paragraph(say, say("demand.law_what"), basis(document, moment, say)),
        figures=lines,
        height_in=3.2,
        draw=draw,
    )


def _estimate(found: Mapping[str, float | None]) -> str:
    value, low, high = ("∞" if x is None else f"{x if abs(x) > 1e-12 else 0:,.3g}" for x in found.values())
    return f"{value} ({low} – {high})"


def _forecast(document: dict[str, Any], moment: dict[str, Any], say: Words) -> Chart:
    caption = paragraph(say, say("demand.forecast_what"), basis(document, moment, say))
    answer = forecast_finding(moment, say)
    question = say("demand.forecast", at=moment["moment"])
    return dot_chart(f"forecast-{_key(moment)}", forecast_plot(moment, say), say, question, answer, caption)


def _key(moment: Mapping[str, Any]) -> str:
    return str(moment["moment"]).replace(":", "")
