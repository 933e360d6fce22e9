"""Demand and sizing: what a day asks for, how much is carried, whether that was forecast, and what pays for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from dashboard import document_figures, job_cards, jobs, kept, page
from dashboard.amounts import NOTHING, interval, scale_of, yen
from dashboard.charts import capacities, demands, loads, page_dots, panels, sizings
from dashboard.charts.dots import told
from dashboard.charts.palette import APP, EC, LOST, STORE
from dashboard.charts.panels import Part, Ridge
from dashboard.run_list import RunEntry, entries
from dashboard.words import Words

_COSTS: Final = {"pods": EC, "database": APP, "storage": STORE}
_STORES: Final = ("50", "500")
"""Stores that a count started here is told for, beside the run's own."""


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.demand"), say("demand.lead"))
    for name, schema, part in (
        ("demand", "omo.demand/1", _demand),
        ("capacity", "omo.capacity/1", _capacity),
        ("size", "omo.size/1", _size),
    ):
        page.section(say(f"demand.{name}_title"))
        found = document_figures.chosen(name, kept.documents(page.root(), schema), say("demand.which"), say)
        if found is None:
            _missing(name, say)
        else:
            part(found.document, say)
    job_cards.draw()


def _missing(name: str, say: Words) -> None:
    """Why there is nothing, the commands, and for the count, which takes seconds, a button."""
    root = page.root()
    readable = [run for run in entries(root) if run.readable]
    run = readable[0].path if readable else "launch-day"
    commands = {
        "demand": [f"omo demand {run} --stores 50 --stores 500 --json > {root}/demand.json"],
        "capacity": [f"omo capacity {run} --stores 500 --out {root}/capacity"],
        "size": [f"omo size launch-day --profile {root}/capacity/latency-profile.json --stores 500 --out {root}"],
    }[name]
    if not readable and name != "size":
        commands.insert(0, f"omo run launch-day --reps 3 --out {root}")
    page.notice("empty", say(f"demand.no_{name}"), say(f"demand.no_{name}_what"), say, commands=commands)
    if name == "demand" and readable:
        _count(readable[0], say)


def _count(run: RunEntry, say: Words) -> None:
    """The button that counts a run's requests in a process of its own."""
    root = page.root()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(say("demand.count"), key="count", type="primary", icon=":material/play_arrow:"):
            stores = [part for n in _STORES for part in ("--stores", n)]
            command = ("demand", str(run.path), *stores, "--out", str(root / f"demand-{run.name}.json"))
            jobs.start(root, [command], say("demand.count_title", run=run.name), [], {"page": "demand"})
            st.rerun()
        st.caption(say("demand.count_takes", title=say.title(run.title)))


def _demand(document: dict[str, Any], say: Words) -> None:
    found = demands.endpoints(document)
    minutes, rates = demands.charts(document, say)
    ridges = [
        Ridge(demands.said(name, values, say), values, LOST if name == "push" else EC) for name, values in found.items()
    ]
    day = panels.ridges(ridges, demands.STEP_MIN, say("demand.clock_axis"), page.ink(), clock=True,
                        mark=float(document["busiest_minute"]))  # fmt: skip
    at = {name: max(range(len(values)), key=values.__getitem__) for name, values in found.items()}
    page.figure(
        "minutes", day, say, finding=minutes.answer,
        definition=say("plot_demand.minutes_caption", minutes=demands.STEP_MIN), basis=demands.basis(document, say),
        head=[say("load.action"), say("demand.most"), say("demand.at")],
        rows=[[name, demands.rate(values[at[name]]), demands.clock(at[name] * demands.STEP_MIN)]
              for name, values in found.items()],
        csv_head=["minute", *found],
        csv_rows=[[m * demands.STEP_MIN, *row] for m, row in enumerate(zip(*found.values(), strict=True))],
    )  # fmt: skip
    cells = [("all", [scale["requests"] for scale in document["scales"]])]
    cells += [(name, [scale["endpoints"][name] for scale in document["scales"]]) for name in found
              if name in document["scales"][0]["endpoints"]]  # fmt: skip
    heads = [say("plot_demand.of_stores", n=f"{scale['stores']:,g}") for scale in document["scales"]]
    page.section(rates.question, say("plot_demand.rates_caption"))
    rows = [[say("plot_demand.all") if name == "all" else name, *map(_rate, found_)] for name, found_ in cells]
    hundredth = [demands.rate(scale["requests"]["one_minute_in_a_hundred"]) for scale in document["scales"]]
    rows.insert(1, [say("demand.hundredth"), *hundredth])
    page.table([say("load.action"), *heads], rows, caption=rates.answer, sums=(0,))
    numbers = [[name, *(cell[key] for cell in found_ for key in ("per_s", "half_width"))] for name, found_ in cells]
    ends = [f"{scale['stores']:g}_stores_{key}" for scale in document["scales"] for key in ("per_s", "half_width")]
    page.download("demand", ["endpoint", *ends], numbers, say)


def _rate(cell: Mapping[str, Any]) -> str:
    width = cell["half_width"]
    return demands.rate(cell["per_s"]) + ("" if width is None else f" ± {demands.rate(width)}")


def _capacity(document: dict[str, Any], say: Words) -> None:
    if document["state"] != "complete":
        page.notice("partial", say("demand.interrupted"), say("demand.interrupted_what"), say)
    moments = {moment["moment"]: moment for moment in document["moments"]}
    if not moments:
        page.notice("partial", say("demand.no_moment"), say("demand.interrupted_what"), say)
        return
    at = page.choose("moment", say("demand.moment"), list(moments), str) if len(moments) > 1 else next(iter(moments))
    moment = moments[at]
    if not loads.counting(moment):
        reasons = dict.fromkeys(reason for point in moment["points"] for reason in point["invalid_because"])
        page.notice("invalid", say("demand.all_invalid"), "\n".join(map(say.reason, reasons)), say)
        return
    _knee(document, moment, say)
    if moment["usl"] is not None:
        _law(document, moment, say)
    if capacities.scored(moment):
        _forecast(document, moment, say)
    _saturation(moment, say)


def _knee(document: dict[str, Any], moment: dict[str, Any], say: Words) -> None:
    keys = ("offered_per_s", "achieved_per_s", "payments_per_s", "in_flight", "p50_ms", "p99_ms")
    points = loads.counting(moment)
    page.figure(
        "knee", loads.knee(moment, document["limits"]["p99_ms"], say, page.ink()), say,
        finding=capacities.knee_finding(document, moment, say),
        definition=capacities.knee_definition(document, moment, say), basis=capacities.basis(document, moment, say),
        head=[say("demand.offered"), say("load.achieved"), say("load.payments"), say("demand.in_flight"), "p50 ms",
              "p99 ms", say("load.verdict")],
        rows=[[*(f"{point[key]:,.1f}" for key in keys), _verdict(point, say)] for point in points],
        csv_head=[*keys, "verdict"], csv_rows=[[*(point[key] for key in keys), point["verdict"]] for point in points],
    )  # fmt: skip


def _law(document: dict[str, Any], moment: dict[str, Any], say: Words) -> None:
    law = moment["usl"]
    names = ("contention", "coherence", "rate_per_s", "most_per_s")
    curve = ("in_flight", "per_s", "low", "high", "beyond_trust")
    page.figure(
        "law", loads.scalability(moment, say), say, finding=capacities.law_finding(moment, say),
        definition=say("demand.law_what"), basis=capacities.basis(document, moment, say),
        head=[say("demand.parameter"), say("demand.value"), say("demand.low"), say("demand.high")],
        rows=[[say(f"demand.{name}"), *("∞" if x is None else f"{x if abs(x) > 1e-12 else 0:,.4g}"
                                        for x in (law[name]["value"], law[name]["low"], law[name]["high"]))]
              for name in names],
        csv_head=curve, csv_rows=[[row[key] for key in curve] for row in law["curve"]],
    )  # fmt: skip


def _forecast(document: dict[str, Any], moment: dict[str, Any], say: Words) -> None:
    plot = capacities.forecast_plot(moment, say)
    page.figure(
        "forecast", page_dots.dots(plot, say, page.ink()), say, finding=capacities.forecast_finding(moment, say),
        definition=say("demand.forecast_what"), basis=capacities.basis(document, moment, say),
        head=[say("demand.load"), *(series.name for series in plot.series)],
        rows=[[label, *(told(series.values[at], "number", say) for series in plot.series)]
              for at, label in enumerate(plot.labels)],
        csv_head=["offered_per_s", "measured_p99_ms", *capacities.METHODS],
        csv_rows=[[row["offered_per_s"], row["measured"]["p99_ms"],
                   *(row["forecast"].get(name, {}).get("p99_ms") for name in capacities.METHODS)]
                  for row in capacities.scored(moment)],
    )  # fmt: skip


def _verdict(point: Mapping[str, Any], say: Words) -> str:
    verdict = point["verdict"]
    return say(f"demand.{verdict}")


def _part(part: Mapping[str, Any], say: Words) -> str:
    name = part["part"]
    return say(f"demand.part_{name}")


def _saturation(moment: dict[str, Any], say: Words) -> None:
    if not moment["saturation"]:
        return
    first = _part(moment["saturation"][0], say)
    page.section(say("demand.saturation", part=first), say("demand.saturation_what"))
    rows = [
        [
            _part(part, say),
            f"{part['cpu_ms_per_call']:.3f}",
            f"{part['limit_cores']:g}",
            NOTHING if part["saturates_at_per_s"] is None else f"{part['saturates_at_per_s']:,.0f}",
        ]
        for part in moment["saturation"]
    ]
    page.table([say(f"demand.{name}") for name in ("part", "cpu_ms", "cores", "saturates")], rows)


def _size(document: dict[str, Any], say: Words) -> None:
    if document["measured"]["limited_by"] == "generator":
        page.notice("partial", say("demand.generator_title"), say("demand.generator_was_limit"), say)
    levels = document["levels"]
    scale = scale_of([level["total_yen_per_year"]["mean"] for level in levels], "yen", say.language)
    lost, parts, totals = say("demand.lost_at_tills"), [], {}
    for level in levels:
        name = say("demand.pods_n", n=level["pods"])
        for kind in _COSTS:
            value = level["cost_yen_per_year"][kind]
            parts.append(Part(name, say(f"demand.cost_{kind}"), value / scale.divisor, yen(value, say.language)))
        value = level["lost_yen_per_year"]["mean"]
        parts.append(Part(name, lost, value / scale.divisor, yen(value, say.language)))
        totals[name] = interval(level["total_yen_per_year"], "yen", say.language)
    colours = {**{say(f"demand.cost_{kind}"): colour for kind, colour in _COSTS.items()}, lost: LOST}
    page.figure(
        "size", panels.stacked(parts, colours, scale.unit, page.ink(), totals), say,
        finding=sizings.finding(document, say), definition=say("demand.size_what"),
        basis=sizings.size_basis(document, say),
        head=[say("demand.pods"), say("demand.machine_cost"), lost, say("demand.in_all"), say("demand.dearer")],
        rows=[[f"{level['pods']}", yen(level["cost_yen_per_year"]["total"], say.language),
               *(interval(level[key], "yen", say.language)
                 for key in ("lost_yen_per_year", "total_yen_per_year", "dearer_than_cheapest_yen"))]
              for level in levels],
        csv_head=["pods", "cost_yen", *(f"{key}{end}" for key in ("lost_yen", "total_yen", "dearer_yen")
                                        for end in ("", "_half_width"))],
        csv_rows=[[level["pods"], level["cost_yen_per_year"]["total"],
                   *(level[key][end] for key in ("lost_yen_per_year", "total_yen_per_year", "dearer_than_cheapest_yen")
                     for end in ("mean", "half_width"))] for level in levels],
    )  # fmt: skip
    _levels(document, say)


def _levels(document: dict[str, Any], say: Words) -> None:
    """The sizing table: what each level is, whether it is within the limits, and what shoppers feel."""
    page.section(say("demand.levels"), say("demand.levels_what"))
    heads = ("pods", "calls", "headroom", "in_flight", "connections", "commits", "storage", "wait", "double", "limits")
    rows = [
        [
            f"{level['pods']}",
            f"{level['calls_per_s']:,.0f}",
            f"{level['headroom']:.2f}",
            f"{level['calls_in_flight']:,.1f}",
            f"{level['connections']}/{level['connections_at_most']}",
            f"{level['commit_budget_used']:.0%}",
            f"{level['storage_gb']:,.0f}",
            f"{level['felt']['till_wait_s']['mean']:.1f}",
            f"{level['felt']['double_captures']['mean']:,.0f}",
            _limits(level, document["prices"], say),
        ]
        for level in document["levels"]
    ]
    page.table([say(f"demand.{name}") for name in heads], rows)


def _limits(level: Mapping[str, Any], prices: Mapping[str, Any], say: Words) -> str:
    """What speaks against a level, however it is priced."""
    most = level["connections_at_most"]
    found = [
        (level["headroom"] < prices["plan"]["headroom"], say("demand.too_tight", least=prices["plan"]["headroom"])),
        (level["connections"] > most, say("demand.too_many_connections", most=most)),
        (level["commit_budget_used"] > 1, say("demand.too_many_commits")),
    ]
    told = [why for holds, why in found if holds]
    return f"✕ {say('player.between').join(told)}" if told else say("demand.within")


draw()
