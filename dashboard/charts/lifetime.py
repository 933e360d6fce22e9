"""Charts of `omo.ltv/1`: forecast against what came, how often customers come, who is still there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from dashboard.amounts import count, share
from dashboard.charts.chart import Chart
from dashboard.charts.dots import above, number_axis, told, value_of
from dashboard.charts.palette import APP, EC, INK_ON_LIGHT, LIGHT_BACKGROUND, NEUTRAL, STORE
from dashboard.charts.spoken import paragraph
from dashboard.words import Words

_LEVELS: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
_LARGEST_POINTS: Final = 140
_PALE: Final = "#D3E2F5"


def charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """All charts that the document has figures for."""
    found = []
    if document["holdout"] is not None:
        found += [_holdout(document, say), _by_frequency(document, say)]
    found += [_frequency(document, say), _alive(document, say)]
    if "twin" in document:
        found.append(_really_alive(document, say))
    return found


def _holdout(document: dict[str, Any], say: Words) -> Chart:
    held, twin = document["holdout"], document.get("twin")
    tracked = held["tracking"]
    seen = tracked["weeks"][-1] - held["weeks"][-1]

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        _curves(left, tracked["weeks"], tracked["actual_cumulative"], tracked["expected_cumulative"], say)
        left.axvline(seen, color=NEUTRAL, linestyle=":", linewidth=1.3)
        left.set_title(say("plot_ltv.tracking"), fontsize=9.5, loc="left")
        expected = [one["value"] for one in held["expected_cumulative"]]
        _curves(right, held["weeks"], held["actual_cumulative"], expected, say)
        band = [(one["low"], one["high"]) for one in held["expected_cumulative"]]
        if all(low is not None and high is not None for low, high in band):
            right.fill_between(held["weeks"], *zip(*band, strict=True), color=EC, alpha=0.2, linewidth=0)
        if twin is not None:
            right.plot(held["weeks"], twin["holdout_really_came"], ":", color=APP, linewidth=2)
            left.plot([], [], ":", color=APP, linewidth=2, label=say("plot_ltv.all"))
            right.set_ylim(top=1.06 * max(*twin["holdout_really_came"], *expected, *held["actual_cumulative"]))
        right.set_title(say("plot_ltv.held_out"), fontsize=9.5, loc="left")
        right.set_xlabel(say("plot_ltv.weeks_after"))

    expected = told(value_of(held["expected"]), "count", say)
    ends = {"actual": count(held["actual"]), "expected": expected, "weeks": f"{held['weeks'][-1]:.0f}"}
    error = held["relative_error"]
    missed = "" if error is None else say("plot_ltv.holdout_error", error=share(error, signed=True))
    figures = [say("plot_ltv.holdout_answer", **ends), missed]
    if twin is not None:
        figures.append(f"{say('plot_ltv.all')}: {count(twin['holdout_really_came'][-1])}")
    caption = say("plot_ltv.holdout_caption", until=held["calibration_until"])
    return Chart(
        name="holdout",
        question=say("plot_ltv.holdout"),
        answer=paragraph(say, *figures[:2]),
        caption=_caption(document, say, caption),
        figures=figures,
        height_in=2.9,
        draw=draw,
        legend=True,
    )


def _curves(axes: Axes, weeks: Sequence[float], came: Sequence[float], expected: Sequence[float], say: Words) -> None:
    axes.plot(weeks, came, "-", color=INK_ON_LIGHT, linewidth=1.8, label=say("plot_ltv.came"))
    axes.plot(weeks, expected, "--", color=EC, linewidth=1.8, label=say("plot_ltv.expected"))
    axes.set_xlabel(say("plot_ltv.weeks"))
    axes.set_ylabel(say("plot_ltv.purchases"))
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    number_axis(axes.xaxis)
    number_axis(axes.yaxis)
    axes.grid(axis="y", color=NEUTRAL, linewidth=0.5, alpha=0.3)


def _by_frequency(document: dict[str, Any], say: Words) -> Chart:
    """Purchases per customer in the hold-out, by how often they had come back before."""
    rows = document["holdout"]["by_frequency"]
    labels = [times(row) for row in rows]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for key, look in (("actual", ("o-", INK_ON_LIGHT)), ("expected", ("D--", EC))):
            values = [row[key] for row in rows]
            axes.plot(range(len(rows)), values, look[0], color=look[1], label=say(f"plot_ltv.per_customer_{key}"))
        names = [f"{label}\n({row['customers']:,})" for label, row in zip(labels, rows, strict=True)]
        axes.set_xticks(range(len(rows)), names)
        axes.set_xlabel(say("plot_ltv.earlier"))
        axes.set_ylabel(say("plot_ltv.per_customer"))
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=NEUTRAL, linewidth=0.5, alpha=0.3)
        above(axes, 2)

    largest = max(rows, key=lambda row: abs(row["expected"] - row["actual"]))
    answer = say(
        "plot_ltv.by_frequency_answer",
        times=times(largest),
        expected=f"{largest['expected']:.2f}",
        actual=f"{largest['actual']:.2f}",
    )
    return Chart(
        name="by-frequency",
        question=say("plot_ltv.by_frequency"),
        answer=answer,
        caption=_caption(document, say, say("plot_ltv.by_frequency_caption")),
        figures=[
            f"{label}: {say('plot_ltv.per_customer_actual')} {row['actual']:.2f}, "
            f"{say('plot_ltv.per_customer_expected')} {row['expected']:.2f}"
            for label, row in zip(labels, rows, strict=True)
        ],
        height_in=2.8,
        draw=draw,
    )


def _frequency(document: dict[str, Any], say: Words) -> Chart:
    rows = document["frequency"]
    labels = [times(row) for row in rows]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for key, offset, look in (
            ("customers", -0.2, {"color": INK_ON_LIGHT}),
            ("expected_customers", 0.2, {"facecolor": "none", "edgecolor": EC, "hatch": "////", "linewidth": 1.2}),
        ):
            for at, row in enumerate(rows):
                label = say(f"plot_ltv.{key}") if at == 0 else None
                axes.bar(at + offset, row[key], 0.38, label=label, **look)
        for at, row in enumerate(rows):
            both = f"{row['customers']:,.0f}\n{row['expected_customers']:,.0f}"
            top = max(row["customers"], row["expected_customers"])
            axes.text(at, top, both, ha="center", va="bottom", fontsize=7.5)
        axes.margins(y=0.14)
        axes.set_xticks(range(len(rows)), labels)
        axes.set_xlabel(say("plot_ltv.repeat_purchases"))
        axes.set_ylabel(say("plot_ltv.customers_axis"))
        number_axis(axes.yaxis)
        above(axes, 2)

    off = sum(abs(row["expected_customers"] - row["customers"]) for row in rows) / 2
    customers = document["fit"]["customers"]
    answer = say("plot_ltv.frequency_answer", off=share(off / customers), customers=count(customers))
    return Chart(
        name="frequency",
        question=say("plot_ltv.frequency"),
        answer=answer,
        caption=_caption(document, say, say("plot_ltv.frequency_caption")),
        figures=[
            f"{label}: {say('plot_ltv.customers')} {count(row['customers'])}, "
            f"{say('plot_ltv.expected_customers')} {count(row['expected_customers'])}"
            for label, row in zip(labels, rows, strict=True)
        ],
        height_in=2.8,
        draw=draw,
    )


def _alive(document: dict[str, Any], say: Words) -> Chart:
    """Probability by recency and frequency: labelled contours; circles are the customers."""
    found, grid = document["alive"], document["alive"]["grid"]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        x, y = np.asarray(grid["repeat_purchases"], float), np.asarray(grid["recency_weeks"])
        chance, people = np.asarray(grid["probability"]), np.asarray(grid["customers"])
        pale = LinearSegmentedColormap.from_list("pale", [LIGHT_BACKGROUND, _PALE])
        axes.contourf(x, y, chance, levels=np.linspace(0, 1, 11), cmap=pale)
        if chance.min() < _LEVELS[-1] and chance.max() > _LEVELS[0]:
            lines = axes.contour(x, y, chance, levels=_LEVELS, colors=EC, linewidths=1)
            axes.clabel(lines, fmt=lambda level: f"{100 * level:.0f} %", fontsize=8)
        row, column = np.nonzero(people)
        size = _LARGEST_POINTS * np.sqrt(people[row, column] / people.max()) + 3
        axes.scatter(x[column], y[row], s=size, facecolors="none", edgecolors=STORE, linewidths=1)
        axes.set_xlabel(say("plot_ltv.repeat_purchases"))
        axes.set_ylabel(say("plot_ltv.recency"))
        axes.set_xlim(-0.04 * x[-1], 1.04 * x[-1])
        axes.set_ylim(-0.05 * y[-1], 1.05 * y[-1])

    answer = say(
        "plot_ltv.alive_answer",
        alive=count(round(found["expected_alive"])),
        customers=count(found["customers"]),
        share=share(found["mean"]),
    )
    edges = found["histogram"]["edges"]
    figures = [
        f"{100 * low:.0f}–{100 * high:.0f} %: {count(n)}"
        for low, high, n in zip(edges[:-1], edges[1:], found["histogram"]["customers"], strict=True)
    ]
    caption = say("plot_ltv.alive_caption", weeks=f"{grid['observed_weeks']:.0f}")
    return Chart(
        name="alive",
        question=say("plot_ltv.alive"),
        answer=answer,
        caption=_caption(document, say, caption),
        figures=figures,
        height_in=3.4,
        draw=draw,
    )


def _really_alive(document: dict[str, Any], say: Words) -> Chart:
    """P(alive) by tenths beside the share that is really there; only a twin knows."""
    rows = document["twin"]["alive"]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.plot([0, 100], [0, 100], "--", color=NEUTRAL, linewidth=1, label=say("plot_ltv.agreeing"))
        x, y = ([100 * row[key] for row in rows] for key in ("mean_p_alive", "really_alive"))
        axes.plot(x, y, "o", color=STORE, markersize=7, label=say("plot_ltv.tenths"))
        for at, row in enumerate(rows):
            axes.annotate(f"{row['customers']:,}", (x[at], y[at]), (6, -11), textcoords="offset points", fontsize=8)
        axes.set_xlabel(say("plot_ltv.said"))
        axes.set_ylabel(say("plot_ltv.really"))
        axes.set_xlim(-3, 106)
        axes.set_ylim(-8, 106)
        above(axes, 2)

    figures = document["twin"]["figures"]
    answer = say(
        "plot_ltv.really_alive_answer",
        said=told(value_of(figures["mean_p_alive"]), "share", say),
        really=told(value_of(figures["really_alive"]), "share", say),
    )
    return Chart(
        name="really-alive",
        question=say("plot_ltv.really_alive"),
        answer=answer,
        caption=_caption(document, say, say("plot_ltv.really_alive_caption", n=document["twin"]["replications"])),
        figures=[
            f"{100 * row['from']:.0f}–{100 * row['to']:.0f} %: {share(row['mean_p_alive'])}, "
            f"{say('plot_ltv.really')} {share(row['really_alive'])}, {count(row['customers'])}"
            for row in rows
        ],
        height_in=3.0,
        draw=draw,
    )


def times(row: Mapping[str, Any]) -> str:
    """How often a group of customers has come back; the last group is open above."""
    return f"{row['repeat_purchases']}+" if row["or_more"] else str(row["repeat_purchases"])


def _caption(document: dict[str, Any], say: Words, what: str) -> str:
    span = {"first": document["first_day"], "last": document["last_day"]}
    seed = say("plot_ltv.seed", seed=document["seed"]) if "seed" in document else ""
    return paragraph(say, what, say("plot_ltv.basis", n=count(document["fit"]["customers"]), **span), seed)
