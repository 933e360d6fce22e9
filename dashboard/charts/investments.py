"""Charts of `omo.investment/1` and `omo.stores/1`: cash over the months by order, value, stores to convert or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dashboard.amounts import scale_of
from dashboard.charts.chart import Chart, dot_chart
from dashboard.charts.dots import PAPER, Dots, Series, Value, number_axis, told, value_of
from dashboard.charts.palette import EC, LOST, NEUTRAL, STORE
from dashboard.charts.spoken import basis, named, paragraph
from dashboard.words import Words

_COLUMNS: Final = 2
_GAINS: Final = ("company", "at_the_store", "at_other_stores", "ec_and_shared")


def investment_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """Cumulative cash of each order, and what the orders are worth."""
    return [_cash(document, say), _worth(document, say)]


def store_charts(document: dict[str, Any], say: Words) -> list[Chart]:
    """What converting each store brings, where it comes from, and lighter sets instead."""
    return [_gain(document, say), _light(document, say)]


def _cash(document: dict[str, Any], say: Words) -> Chart:
    orders = document["orders"]
    titles = [_order(order, document, say) for order in orders]
    ends = [end for order in orders for end in order["months"]["standing_yen"]]
    scale = scale_of(ends, "yen", say.language)
    rows = -(-len(orders) // _COLUMNS)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
        for at, axes in enumerate(grid.flat):
            if at >= len(orders):
                axes.set_visible(False)
                continue
            _draw_cash(axes, orders[at], document["simulated_months"], scale.divisor, say)
            axes.set_title(titles[at], fontsize=9, loc="left")
            if at % _COLUMNS == 0:
                axes.set_ylabel(scale.unit)
            if at + _COLUMNS >= len(orders):
                axes.set_xlabel(say("plot_inv.month"))
                axes.tick_params(labelbottom=True)

    best = max(range(len(orders)), key=lambda at: float(orders[at]["npv_yen"]["mean"]))
    return Chart(
        name="cash",
        question=say("plot_inv.cash"),
        answer=say("plot_inv.cash_answer", order=titles[best], payback=_payback(orders[best], say)),
        caption=paragraph(say, _terms("cash_caption", document, say), basis(document, say)),
        figures=[
            f"{title}: {say('plot_inv.dip')} {told(value_of(order['dip']['depth_yen']), 'yen', say)}; "
            f"{_payback(order, say)}"
            for title, order in zip(titles, orders, strict=True)
        ],
        height_in=1.75 * rows + 0.5,
        draw=draw,
        legend=True,
    )


def _draw_cash(axes: Axes, order: Mapping[str, Any], simulated: float, divisor: float, say: Words) -> None:
    standing = np.array(order["months"]["standing_yen"]) / divisor
    months = np.arange(len(standing))
    width = order["months"]["half_width_yen"]
    if all(half is not None for half in width):
        half = np.array(width) / divisor
        axes.fill_between(months, standing - half, standing + half, color=EC, alpha=0.2, linewidth=0)
    axes.plot(months, standing, color=EC, linewidth=1.8, label=say("plot_inv.standing"))
    axes.axhline(0, color=NEUTRAL, linewidth=0.9)
    axes.axvline(simulated, color=NEUTRAL, linewidth=1.2, linestyle=":", label=say("plot_inv.simulated"))
    lowest = int(standing.argmin())
    axes.plot(lowest, standing[lowest], "v", color=LOST, markersize=7, ls="", label=say("plot_inv.dip"))
    back = order["payback_months"]["of_mean_curve"]
    if back is not None:
        axes.plot(back, 0, "D", color=STORE, markersize=6, zorder=5)
    where: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "top", "fontsize": 8, "bbox": PAPER}
    axes.text(0.99, 0.98, _payback(order, say), **where)
    number_axis(axes.xaxis)
    number_axis(axes.yaxis, 4)


def _payback(order: Mapping[str, Any], say: Words) -> str:
    found = order["payback_months"]
    if found["of_mean_curve"] is None:
        return say("plot_inv.never")
    return say("plot_inv.payback", months=f"{found['of_mean_curve']:.1f}", never=f"{100 * found['never_share']:.0f} %")


def _worth(document: dict[str, Any], say: Words) -> Chart:
    orders = sorted(document["orders"], key=lambda order: -float(order["npv_yen"]["mean"]))
    labels = [_order(order, document, say).replace(" (", "\n(") for order in orders]
    depth = [value_of(order["dip"]["depth_yen"]) for order in orders]
    series = [
        Series(say("plot_inv.npv"), [value_of(order["npv_yen"]) for order in orders]),
        Series(say("plot_inv.dip"), [_below(value) for value in depth]),
    ]
    best = told(series[0].values[0], "yen", say, signed=True)
    needed = orders[0]["wards_needed"]
    wards = "" if needed is None else say("plot_inv.wards", wards=f"{needed['value']:.1f}")
    answer = paragraph(say, say("plot_inv.worth_answer", order=labels[0].replace("\n", " "), npv=best), wards)
    caption = paragraph(say, _terms("worth_caption", document, say), basis(document, say), say("plot.filled"))
    plot = Dots(labels, series, "yen", signed=True)
    return dot_chart("worth", plot, say, say("plot_inv.worth"), answer, caption)


def _below(depth: Value) -> Value:
    """A depth as cash below zero."""
    low, high = (None if end is None else -end for end in (depth.high, depth.low))
    return Value(None if depth.mean is None else -depth.mean, low, high)


def _terms(key: str, document: dict[str, Any], say: Words) -> str:
    terms = {"years": f"{document['years']:g}", "discount": f"{document['discount_percent']:g} %"}
    return say(f"plot_inv.{key}", wards=document["wards"], **terms)


def _order(order: Mapping[str, Any], document: Mapping[str, Any], say: Words) -> str:
    name = say.of_code("order", order["name"], order["name"])
    several = len({one["training"] for one in document["orders"]}) > 1
    training = order["training"]
    return f"{name} ({say(f'plot_inv.{training}')})" if several else name


def _gain(document: dict[str, Any], say: Words) -> Chart:
    rows = document["stores"]
    verdicts = {"convert": "convert", "do not": "do_not", "cannot say": "cannot_say"}
    judged = [say(f"plot_stores.{verdict}") for verdict in (verdicts[row["verdict"]] for row in rows)]
    labels = [f"{row['store']}\n({verdict})" for row, verdict in zip(rows, judged, strict=True)]
    series = [Series(say(f"plot_stores.{kind}"), [value_of(row["gain"][kind]) for row in rows]) for kind in _GAINS]
    count = {key: sum(row["verdict"] == verdict for row in rows) for verdict, key in verdicts.items()}
    answer = say("plot_stores.gain_answer", stores=len(rows), **count)
    return _store_chart("gain", Dots(labels, series, "yen", signed=True), answer, document, say)


def _light(document: dict[str, Any], say: Words) -> Chart:
    rows, sets = document["stores"], list(document["sets"])
    full = Series(say("plot_stores.full"), [value_of(row["gain"]["company"]) for row in rows])
    series = [full]
    series += [Series(_set(name, say), [value_of(row["light"][name]["less_base"]) for row in rows]) for name in sets]
    names = {"base": say("plot_stores.base"), "full": say("plot_stores.full")}
    best = [f"{row['store']}: {names.get(row['best']) or _set(row['best'], say)}" for row in rows]
    answer = say("plot_stores.light_answer", best=", ".join(best))
    plot = Dots([row["store"] for row in rows], series, "yen", signed=True)
    return _store_chart("light", plot, answer, document, say)


def _set(name: str, say: Words) -> str:
    return named("capability", name, say)


def _store_chart(name: str, plot: Dots, answer: str, document: dict[str, Any], say: Words) -> Chart:
    caption = paragraph(say, say(f"plot_stores.{name}_caption"), basis(document, say), say("plot.filled"))
    question = say(f"plot_stores.{name}", title=say.title(document["title"]))
    return dot_chart(name, plot, say, question, answer, caption)
