"""What a retailer's own files say, as the pages show it: the charts of `omo ltv` and `omo attribution` in frames."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from dashboard import document_figures, page
from dashboard.amounts import NOTHING, count, scale_of, share
from dashboard.charts import attribution, lifetime, page_lifetime, panels
from dashboard.charts.chart import Chart
from dashboard.charts.dots import Dots, Series, Value, told, value_of
from dashboard.charts.grids import Grid
from dashboard.words import Words
from sim.evaluation.attribution.every_rule import LABELS

_RATES: Final = ("purchases_per_week_while_there", "drop_out_per_purchase")
_PARAMETERS: Final[dict[str, tuple[str, ...]]] = {
    "bg_nbd": (*_RATES, "r", "alpha", "a", "b"),
    "gamma_gamma": ("mean_spend", "p", "q", "gamma"),
}


def lifetime_figures(document: dict[str, Any], say: Words) -> None:
    """`omo.ltv/1`: value to come, hold-out, frequencies, who is still there, and the fitted models."""
    charts = {chart.name: chart for chart in lifetime.charts(document, say)}
    _worth(document, say)
    if document["holdout"] is None:
        page.notice("partial", say("own.no_holdout"), say("own.no_holdout_what"), say)
    else:
        _held_out(document, charts["holdout"], say)
        _by_frequency(document, charts["by-frequency"], say)
    _frequency(document, charts["frequency"], say)
    _alive(document, charts["alive"], say)
    _models(document, say)
    _download(document, say)


def attribution_figures(document: dict[str, Any], say: Words) -> None:
    """`omo.attribution/1`: each rule's shares and values by channel, what the Markov chain makes of removing one."""
    (shares,) = attribution.file_charts(document, say)
    channels, rules = document["channels"], document["rules"]
    page.cards(_counts(document, say))
    for missing in _missing(document):
        page.notice("partial", say(f"own.no_{missing}"), say(f"own.no_{missing}_what"), say)
    names = [say.of_code("rule", rule, LABELS[rule]) for rule in rules]
    grid = Grid(channels, names, [[rules[rule][channel]["share"] for rule in rules] for channel in channels], "share")
    document_figures.show_grid("shares", grid, say, corner=say("own.channel"), **_about(shares))
    if document["value"] is not None:
        values = [[rules[rule][channel]["value"] for rule in rules] for channel in channels]
        credit = Grid(channels, names, values, "count")
        scale = scale_of([value or 0.0 for row in values for value in row], "count", say.language)
        document_figures.show_grid(
            "values", credit, say, corner=say("own.channel"), basis=shares.caption,
            finding=say("own.values_finding", value=count(document["value"])),
            definition=say("own.values_what", unit=scale.unit or "1"),
        )  # fmt: skip
    _removals(document, shares.caption, say)
    _download(document, say)


def _worth(document: Mapping[str, Any], say: Words) -> None:
    alive, value = document["alive"], document["residual"]
    purchases = told(value_of(value["discounted_purchases"]), "count", say)
    best = say("own.best_fifth", share=share(value["share_of_the_best_fifth"]))
    items = [
        (say("own.customers"), count(alive["customers"]), say("own.span", a=document["first_day"],
                                                              b=document["last_day"])),
        (say("own.still_there"), count(round(alive["expected_alive"])), share(alive["mean"])),
        (say("own.purchases_to_come"), purchases, _horizon(value, say)),
        (say("own.amount_to_come"), count(round(value["amount"])), best),
        (say("own.amount_each"), count(round(value["amount_per_customer"])), say("own.unit")),
    ]  # fmt: skip
    page.cards(items)


def _horizon(value: Mapping[str, Any], say: Words) -> str:
    return say("own.horizon", years=f"{value['years']:g}", discount=share(value["discount_per_year"]))


def _held_out(document: Mapping[str, Any], chart: Chart, say: Words) -> None:
    rows = page_lifetime.held_out_rows(document)
    page.figure(
        "holdout", page_lifetime.held_out(document, say, page.ink()), say,
        finding=chart.answer, definition=chart.question, basis=_basis(document, document["holdout"], say),
        head=[say("plot_ltv.weeks_after"), say("plot_ltv.came"), say("plot_ltv.expected")],
        rows=[[f"{row['week']:.1f}", count(row["actual"]),
               told(Value(row["expected"], row["low"], row["high"]), "count", say)] for row in rows],
        csv_head=list(rows[0]), csv_rows=[list(row.values()) for row in rows],
    )  # fmt: skip


def _by_frequency(document: Mapping[str, Any], chart: Chart, say: Words) -> None:
    rows = document["holdout"]["by_frequency"]
    series = [
        Series(say(f"plot_ltv.per_customer_{key}"), [Value(row[key]) for row in rows]) for key in ("actual", "expected")
    ]
    labels = [f"{lifetime.times(row)} ({count(row['customers'])})" for row in rows]
    plot = Dots(labels, series, "number", axis=say("plot_ltv.per_customer"))
    document_figures.show_dots("by-frequency", plot, say, **_about(chart))


def _frequency(document: Mapping[str, Any], chart: Chart, say: Words) -> None:
    rows = document["frequency"]
    series = [
        Series(say(f"plot_ltv.{key}"), [Value(row[key]) for row in rows]) for key in ("customers", "expected_customers")
    ]
    plot = Dots([lifetime.times(row) for row in rows], series, "count", axis=say("plot_ltv.customers_axis"))
    about = _about(chart) | {"basis": _basis(document, None, say)}
    document_figures.show_dots("frequency", plot, say, **about)


def _alive(document: Mapping[str, Any], chart: Chart, say: Words) -> None:
    found = document["alive"]["histogram"]
    tenths = [
        (100 * low, 100 * high, customers, count(customers))
        for low, high, customers in zip(found["edges"][:-1], found["edges"][1:], found["customers"], strict=True)
    ]
    drawn = panels.columns(tenths, say("plot_ltv.said"), say("plot_ltv.customers_axis"), page.ink(), {})
    about = _about(chart) | {"basis": _basis(document, None, say)}
    page.figure(
        "alive", drawn, say, **about,
        head=[say("plot_ltv.said"), say("plot_ltv.customers_axis")],
        rows=[[f"{low:.0f}–{high:.0f} %", text] for low, high, _, text in tenths],
        csv_head=["from", "to", "customers"], csv_rows=[tenth[:3] for tenth in tenths],
    )  # fmt: skip


def _about(chart: Chart) -> dict[str, Any]:
    return {"finding": chart.answer, "definition": chart.question, "basis": chart.caption}


def _basis(document: Mapping[str, Any], held_out: Mapping[str, Any] | None, say: Words) -> str:
    """What the models have seen."""
    span = {"a": document["first_day"], "b": document["last_day"]}
    if held_out is None:
        return say("own.basis", n=count(document["fit"]["customers"]), **span)
    return say("own.basis_held_out", n=count(held_out["fit"]["customers"]), until=held_out["calibration_until"], **span)


def _models(document: Mapping[str, Any], say: Words) -> None:
    """Parameters with their intervals, of all the time and of the part that the forecast was made from."""
    page.section(say("own.models"), say("own.models_what"))
    fits = [document["fit"]]
    head = [say("own.parameter"), say("own.all_time")]
    if document["holdout"] is not None:
        fits.append(document["holdout"]["fit"])
        head.append(say("own.until", date=document["holdout"]["calibration_until"]))
    rows = [
        [say(f"own.fit_{name}") if len(name) > 5 else f"{say(f'own.{model}')} {name}",
         *(_parameter(fit[model][name], say) for fit in fits)]
        for model, names in _PARAMETERS.items()
        for name in names
    ]  # fmt: skip
    together = [fit["correlation_of_frequency_and_spend"] for fit in fits]
    rows.append([say("own.correlation"), *(NOTHING if one is None else f"{one:.2f}" for one in together)])
    page.table(head, rows)


def _parameter(found: Any, say: Words) -> str:
    """A parameter with its interval; one without is said to lie at the edge of what can be."""
    if not isinstance(found, Mapping):
        return NOTHING if found is None else _digits(found)
    if found["low"] is None or found["high"] is None:
        return say("own.at_the_edge", value=_digits(found["value"]))
    return f"{_digits(found['value'])} ({_digits(found['low'])} – {_digits(found['high'])})"


def _digits(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _counts(document: Mapping[str, Any], say: Words) -> list[tuple[str, str, str]]:
    items = [(say("own.conversions"), count(document["conversions"]), say("own.rows", n=count(document["rows"])))]
    if document["nulls"] is not None:
        items.append(
            (say("own.without"), count(document["nulls"]), say("own.rate", share=share(document["conversion_rate"])))
        )
    if document["value"] is not None:
        items.append((say("own.value"), count(document["value"]), say("own.unit")))
    return items


def _missing(document: Mapping[str, Any]) -> list[str]:
    """What the file lacks for rules that it would allow."""
    rules = {"times": "time_decay", "nulls": "shapley_rate"}
    return [name for name, rule in rules.items() if rule not in document["rules"]]


def _removals(document: Mapping[str, Any], caption: str, say: Words) -> None:
    """By how much conversions would fall without a channel, if people went on as the chain says."""
    found = document["markov"]["removal_effects"]
    ordered = sorted(found, key=lambda channel: -found[channel])
    plot = Dots(ordered, [Series("", [Value(found[channel]) for channel in ordered])], "share")
    finding = say("own.removal_finding", channel=ordered[0], effect=share(found[ordered[0]]))
    what = say("own.removal_what", order=document["markov"]["order"])
    document_figures.show_dots("removal", plot, say, finding=finding, definition=what, basis=caption)


def _download(document: Mapping[str, Any], say: Words) -> None:
    st.download_button(
        say("own.json"), lambda: json.dumps(document, indent=2), f"{document['schema'][4:-2]}.json",
        "application/json", key="download_document", type="tertiary", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
    st.caption(say("own.json_what"))
