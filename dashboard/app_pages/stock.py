"""Stock and pickup: records that are wrong, shelves that are empty, what it costs, and how pickup keeps its word."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import one_run, page
from dashboard.amounts import count, interval, scale_of, share, yen
from dashboard.amounts import figure as told_as
from dashboard.charts import panels
from dashboard.charts.palette import APP, CHANNEL, COMPANY, EC, LOST, NEUTRAL, RIVAL, STORE
from dashboard.charts.panels import Part
from dashboard.run_list import RunEntry
from dashboard.run_tables import Answers, numbers
from dashboard.stock_queries import QUERIES, REACTIONS, READY_BIN_MIN, READY_BINS
from dashboard.words import Words

_REACTION_COLOURS: Final = (APP, EC, RIVAL, NEUTRAL, LOST)
_LINE_COLOURS: Final = (STORE, APP, RIVAL, LOST, COMPANY, "#2F8FB5", "#9A7D0A")


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.stock"), say("stock.lead"))
    sections = {
        say("stock.shelf"): (_reactions, _lost),
        say("stock.record"): (_records, _promises),
        say("stock.moved"): (_value, _transfers),
        say("stock.pickup"): (_ready, _no_shows),
    }
    one_run.draw(QUERIES, sections, say)


def _place(name: str, say: Words) -> str:
    return say("ledgers.division_ec") if name == "ec" else say.store(name)


def _nothing(key: str, say: Words) -> None:
    st.caption(f"○ {say(key)}")


def _reactions(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["reactions"]
    if not rows:
        _nothing("stock.no_stock_outs", say)
        return
    names = [say(f"stock.{name}") for name in REACTIONS]
    sums = [sum(row.means[i] for row in rows) for i in range(len(REACTIONS) + 1)]
    lines = [(say("stock.all_stores"), sums), *((_place(row.key[0], say), list(row.means)) for row in rows)]
    parts = [
        Part(name, reaction, 100 * values[i] / values[-1], f"{share(values[i] / values[-1])} ({count(values[i])})",
             f"{100 * values[i] / values[-1]:.0f} %")
        for name, values in lines for i, reaction in enumerate(names) if values[-1]
    ]  # fmt: skip
    chart = panels.stacked(parts, dict(zip(names, _REACTION_COLOURS, strict=True)), "%", page.ink())
    kept = share((sums[0] + sums[1]) / sums[-1])
    page.figure(
        "reactions", chart, say,
        finding=say("stock.reactions_finding", n=count(sums[-1]), kept=kept, away=share(sums[2] / sums[-1])),
        definition=say("stock.reactions_what"), basis=one_run.basis(run, say),
        head=[say("stock.place"), *names, say("stock.stock_outs")],
        rows=[[name, *map(count, values)] for name, values in lines],
        csv_head=["store", *REACTIONS, "stock_outs"], csv_rows=[[row.key[0], *row.means] for row in rows],
    )  # fmt: skip


def _lost(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["lost"]
    if not rows:
        _nothing("stock.no_lost", say)
        return
    total, elsewhere = (sum(row.means[i] for row in rows) for i in (0, 1))
    scale = scale_of([row.means[0] for row in rows], "yen", say.language)
    there, nowhere = say("stock.in_network"), say("stock.not_in_network")
    parts = []
    for row in rows:
        lost, held = row.means
        for series, value in ((there, held), (nowhere, max(lost - held, 0.0))):
            text = yen(value, say.language)
            parts.append(Part(_place(row.key[0], say), series, value / scale.divisor, text))
    totals = {_place(row.key[0], say): yen(row.means[0], say.language) for row in rows}
    page.figure(
        "lost", panels.stacked(parts, {there: LOST, nowhere: NEUTRAL}, scale.unit, page.ink(), totals), say,
        finding=say("stock.lost_finding", yen=yen(total, say.language), share=share(elsewhere / (total or 1))),
        definition=say("stock.lost_what"), basis=one_run.basis(run, say),
        head=[say("stock.place"), say("stock.lost"), there],
        rows=[[_place(row.key[0], say), *(interval(v, "yen", say.language) for v in row.values)] for row in rows],
        csv_head=["place", "lost_yen", "lost_half_width", "in_network_yen", "in_network_half_width"],
        csv_rows=numbers(rows),
    )  # fmt: skip


def _records(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["records"]
    if not rows:
        _nothing("stock.no_records", say)
        return
    more, less = say("stock.more"), say("stock.less")
    parts = []
    for row in rows:
        _, _, over, under = row.means
        parts += [Part(_place(row.key[0], say), more, over, count(over)),
                  Part(_place(row.key[0], say), less, -under, count(under))]  # fmt: skip
    all_, wrong, over, under = (sum(row.means[i] for row in rows) for i in range(4))
    page.figure(
        "records", panels.stacked(parts, {less: EC, more: STORE}, say("stock.units"), page.ink()), say,
        finding=say("stock.records_finding", share=share(wrong / (all_ or 1)), more=count(over), less=count(under)),
        definition=say("stock.records_what"), basis=one_run.basis(run, say),
        head=[say("stock.place"), say("stock.items"), say("stock.wrong"), more, less],
        rows=[[_place(row.key[0], say), *(interval(v, "count", say.language) for v in row.values)] for row in rows],
        csv_head=["place", *(f"{name}{end}" for name in ("items", "wrong", "more", "less")
                             for end in ("", "_half_width"))],
        csv_rows=numbers(rows),
    )  # fmt: skip


def _promises(found: Answers, _run: RunEntry, say: Words) -> None:
    """What the record promised online and no shelf held."""
    ((placed, refused, cancelled, back),) = (row.values for row in found["promises"])
    if not placed["mean"]:
        _nothing("stock.no_orders", say)
        return

    def of_orders(value: dict[str, float | None]) -> str:
        return say("stock.of_orders", share=share((value["mean"] or 0.0) / (placed["mean"] or 1.0)))

    page.cards(
        [
            (say("stock.placed"), interval(placed, "count", say.language), ""),
            (say("stock.refused"), interval(refused, "count", say.language), of_orders(refused)),
            (say("stock.oversold"), interval(cancelled, "count", say.language), of_orders(cancelled)),
            (say("stock.given_back"), interval(back, "yen", say.language), ""),
        ]
    )
    st.caption(say("stock.promises_what"))


def _value(found: Answers, run: RunEntry, say: Words) -> None:
    by_place: dict[str, list[tuple[float, float]]] = {}
    for row in found["value"]:
        by_place.setdefault(row.key[0], []).append((row.key[1] + 1, row.means[0]))
    if not by_place:
        _nothing("stock.no_records", say)
        return
    scale = scale_of([value for points in by_place.values() for _, value in points], "yen", say.language)
    series = {
        _place(name, say): [(day, value / scale.divisor) for day, value in points] for name, points in by_place.items()
    }
    first, last = (sum(points[end][1] for points in by_place.values()) for end in (0, -1))
    colours = [
        CHANNEL["ec"] if name == "ec" else _LINE_COLOURS[i % len(_LINE_COLOURS)] for i, name in enumerate(by_place)
    ]
    page.figure(
        "value", panels.lines(series, colours, say("stock.day"), scale.unit), say,
        finding=say("stock.value_finding", first=yen(first, say.language), last=yen(last, say.language),
                    change=share(last / (first or 1) - 1, signed=True)),
        definition=say("stock.value_what"), basis=one_run.basis(run, say),
        head=[say("stock.place"), say("stock.day"), say("stock.value")],
        rows=[[_place(name, say), f"{day:g}", yen(value, say.language)]
              for name, points in by_place.items() for day, value in points],
        csv_head=["place", "day", "yen"],
        csv_rows=[[name, day, value] for name, points in by_place.items() for day, value in points], words=2,
    )  # fmt: skip


def _transfers(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["transfers"]
    cost = found["transfer_cost"][0].values[0]
    if not rows:
        _nothing("stock.no_transfers", say)
        return
    into, out = say("stock.into"), say("stock.out")
    parts = []
    for row in rows:
        parts += [Part(_place(row.key[0], say), into, row.means[0], count(row.means[0])),
                  Part(_place(row.key[0], say), out, -row.means[1], count(row.means[1]))]  # fmt: skip
    moved = sum(row.means[1] for row in rows)
    page.figure(
        "transfers", panels.stacked(parts, {out: EC, into: STORE}, say("stock.units"), page.ink()), say,
        finding=say("stock.transfers_finding", units=count(moved), yen=interval(cost, "yen", say.language)),
        definition=say("stock.transfers_what"), basis=one_run.basis(run, say),
        head=[say("stock.place"), into, out],
        rows=[[_place(row.key[0], say), *(interval(v, "count", say.language) for v in row.values)] for row in rows],
        csv_head=["place", "into", "into_half_width", "out", "out_half_width"], csv_rows=numbers(rows),
    )  # fmt: skip


def _ready(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["ready"]
    if not rows:
        _nothing("stock.no_pickup", say)
        return
    orders, median, tenth = found["ready_all"][0].means
    values = []
    for row in rows:
        at, n = row.key[0] * READY_BIN_MIN / 60, row.means[0]
        values.append((at, at + READY_BIN_MIN / 60, 100 * n / orders, f"{share(n / orders)} ({count(n)})"))
    axis = say("stock.hours_to_ready")
    last = (READY_BINS - 1) * READY_BIN_MIN / 60
    if max(row.key[0] for row in rows) >= READY_BINS - 1:
        axis = say("stock.hours_after", last=f"{last:g}")
    times = [told_as(60 * minutes, "s", say.language) for minutes in (median, tenth)]
    marks = {
        say("stock.half", time=times[0]): min(median / 60, last),
        say("stock.nine", time=times[1]): min(tenth / 60, last),
    }
    by_store = [
        [
            say.store(row.key[0]),
            count(row.means[0]),
            *(told_as(60 * value, "s", say.language) for value in row.means[1:]),
        ]
        for row in found["ready_by_store"]
    ]
    page.figure(
        "ready", panels.columns(values, axis, "%", page.ink(), marks), say,
        finding=say("stock.ready_finding", half=times[0], nine=times[1]),
        definition=say("stock.ready_what", minutes=READY_BIN_MIN), basis=one_run.basis(run, say),
        head=[say("stock.place"), say("stock.orders"), say("stock.median"), say("stock.ninetieth")],
        rows=[*by_store, [say("stock.all_stores"), count(orders), *times]],
        csv_head=["store", "orders", "orders_half_width", "p50_minutes", "p50_half_width", "p90_minutes",
                  "p90_half_width"],
        csv_rows=numbers(found["ready_by_store"]),
    )  # fmt: skip


def _no_shows(found: Answers, run: RunEntry, say: Words) -> None:
    rows = found["no_shows"]
    if not rows:
        return
    series = say("stock.no_shows")
    parts = [Part(say.store(row.key[0]), series, 100 * row.means[2], share(row.means[2])) for row in rows]
    orders, missed = (sum(row.means[i] for row in rows) for i in (0, 1))
    totals = {say.store(row.key[0]): interval(row.values[2], "share", say.language) for row in rows}
    page.figure(
        "no-shows", panels.stacked(parts, {series: STORE}, "%", page.ink(), totals), say,
        finding=say("stock.no_shows_finding", share=share(missed / (orders or 1)), n=count(missed)),
        definition=say("stock.no_shows_what"), basis=one_run.basis(run, say),
        head=[say("stock.place"), say("stock.orders"), series, say("payments.share")],
        rows=[[name, *(interval(row.values[i], "count", say.language) for i in (0, 1)), told]
              for row, (name, told) in zip(rows, totals.items(), strict=True)],
        csv_head=["store", *(f"{name}{end}" for name in ("orders", "no_shows", "share")
                             for end in ("", "_half_width"))],
        csv_rows=numbers(rows),
    )  # fmt: skip


draw()
