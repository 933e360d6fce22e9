"""Customers: who comes back, the premium that both-channel customers seem to have, journeys, and who is lost."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import customer_queries, document_figures, one_run, page
from dashboard.amounts import count, figure, interval, share, yen
from dashboard.charts import customers as cross_channel
from dashboard.charts import flows, page_curves
from dashboard.charts.dots import Dots, Series, Value, value_of
from dashboard.charts.grids import Grid
from dashboard.charts.palette import APP, NEUTRAL
from dashboard.charts.steps import moves, stayed
from dashboard.customer_queries import lost_curve, period_days, satisfaction_curve
from dashboard.run_list import RunEntry, comparable, differ, entries
from dashboard.run_tables import Answers
from dashboard.typeface import STACK
from dashboard.words import Words
from scenarios.errors import OmoError
from sim.evaluation.comparison import common_replications, compare_measures, comparison, describe_run
from sim.evaluation.lifetime_value.cross_channel import cross_channel_document
from sim.log.run_directory import read_manifest

_CARDS: Final = ("ltv_yen", "customer_equity_yen", "satisfaction_mean", "dropped_out_share", "identified_sales")
_KINDS: Final = ("active", "yen")
_CHANNELS: Final = ("store", "app", "ec")
_FLOWS: Final = 12
_NONE: Final = "none"
_KEYED: Final[dict[str | type[Any], Callable[[Any], Any]]] = {
    RunEntry: lambda run: (run.path, run.inputs_hash, run.finished)
}


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.customers"), say("customers.lead"))
    _default()
    run = one_run.chosen(say)
    if run is None:
        return
    against = _against(run, say)
    found = one_run.read(run, customer_queries.customer_queries(run.days), say)
    if found is None:
        return
    before = one_run.read(against, customer_queries.customer_queries(run.days), say) if against else None
    try:
        _cards(run, against, say)
    except (OmoError, OSError, ValueError, KeyError) as error:
        page.notice("failed", say("ledgers.failed_read"), str(error), say, commands=[run.reproduce])
        return
    _cohorts(run, found, say)
    _feeling(run, found, against, before, say)
    _identified(run, found, against, before, say)
    if against is None:
        _alone(run, say)
        return
    for part in (_journeys, _premium):
        try:
            part(against, run, say)
        except (OmoError, OSError, ValueError, KeyError) as error:
            page.notice("failed", say("ledgers.failed_read"), str(error), say)


def _default() -> None:
    """Where nobody has chosen a run: the newest that is not the world without links, best with one to compare with."""
    if st.query_params.get("run") or st.session_state.get("picked_run"):
        return
    everything = entries(page.root())
    linked = [run for run in everything if run.readable and not _siloed(run)]
    telling = (run for run in linked if any(comparable(one, run) and differ(one, run) for one in everything))
    found = next(telling, linked[0] if linked else None)
    if found is not None:
        page.keep_in_url(run=found.name)


def _siloed(run: RunEntry) -> bool:
    """Whether a run is a world without links, by its name."""
    return run.name.startswith("ward-siloed")


def _against(run: RunEntry, say: Words) -> RunEntry | None:
    """The world without the change: the oldest of another scenario with the same shoppers, or none."""
    others = {one.name: one for one in entries(page.root()) if one.name != run.name and comparable(one, run)}
    if not others:
        return None
    names = sorted(others, key=lambda name: (not differ(others[name], run), not _siloed(others[name]),
                                             others[name].created))  # fmt: skip
    names.insert(sum(differ(other, run) for other in others.values()), _NONE)

    def label(name: str) -> str:
        return say("customers.against_none") if name == _NONE else f"{say.title(others[name].title)} · {name}"

    chosen = page.pick("against", say("customers.against"), names, label)
    return others.get(chosen)


def _cards(run: RunEntry, against: RunEntry | None, say: Words) -> None:
    if against is None:
        measures = _described(run)["measures"]
        page.cards([(say.label(name), interval(measures[name], measures[name]["unit"], say.language), "")
                    for name in _CARDS if name in measures])  # fmt: skip
        return
    measures = _compared(against, run)
    items = []
    for name in _CARDS:
        if name in measures:
            one = measures[name]
            levels = [figure(one[world]["mean"], one["unit"], say.language) for world in "ab"]
            change = interval(one["difference"], one["unit"], say.language, signed=True)
            items.append((say.label(name), change, f"{levels[0]} → {levels[1]}"))
    page.cards(items)
    titles = _titles(against, run, say)
    st.caption(say("customers.cards", a=titles[0], b=titles[1]) + say("finding.join") + one_run.basis(run, say))


def _titles(a: RunEntry, b: RunEntry, say: Words) -> tuple[str, str]:
    first, second = say.title(a.title), say.title(b.title)
    return (f"{first} ({a.name[-6:]})", f"{second} ({b.name[-6:]})") if first == second else (first, second)


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs=_KEYED)
def _described(run: RunEntry) -> dict[str, Any]:
    return describe_run(run.path)


@st.cache_data(show_spinner=False, max_entries=50, hash_funcs=_KEYED)
def _compared(a: RunEntry, b: RunEntry) -> dict[str, Any]:
    return compare_measures(a.path, b.path, common_replications([a.path, b.path]))


def _cohorts(run: RunEntry, found: Answers, say: Words) -> None:
    page.section(say("customers.cohorts"), say("customers.cohorts_what"))
    if not found["cohorts"]:
        page.notice("empty", say("customers.nobody_known"), say("customers.nobody_known_what"), say)
        return
    kind = page.choose("cohort", say("customers.show"), _KINDS, lambda one: say(f"customers.kind_{one}"))
    grid = _cohort_grid(run, found, kind, say)
    period = say(f"customers.period_{period_days(run.days)}")
    if len(grid.rows) < 2:
        finding = say("customers.cohort_short", days=run.days)
    else:
        after = [row[1] for row in grid.values if len(row) > 1 and row[1] is not None]
        low, high = (figure(end(after), grid.unit, say.language) for end in (min, max))
        span = low if low == high else say("customers.from_to", low=low, high=high)
        finding = say(f"customers.cohort_{kind}", span=span, period=period)
    document_figures.show_grid(
        f"cohorts-{kind}", grid, say, corner=say("customers.cohort"), finding=finding,
        definition=say(f"customers.cohort_{kind}_what", period=period), basis=one_run.basis(run, say),
    )  # fmt: skip


def _cohort_grid(run: RunEntry, found: Answers, kind: str, say: Words) -> Grid:
    """Rows are first purchases by period, columns the periods since; per customer of the cohort."""
    period = period_days(run.days)
    first = dt.date.fromisoformat(read_manifest(run.path)["first_day"])
    cells = {row.key: row.means for row in found["cohorts"]}
    periods = (run.days - 1) // period + 1
    cohorts = [number for number in range(periods) if (number, 0) in cells]
    rows, values = [], []
    for cohort in cohorts:
        size = cells[cohort, 0][0]
        rows.append(say("customers.cohort_row", date=(first + dt.timedelta(days=cohort * period)).isoformat(),
                        n=count(round(size))))  # fmt: skip
        at = 0 if kind == "active" else 1
        values.append([
            cells.get((cohort, age), (0.0, 0.0))[at] / size if cohort + age < periods else None
            for age in range(periods)
        ])  # fmt: skip
    return Grid(rows, [str(age) for age in range(periods)], values, "share" if kind == "active" else "yen")


def _feeling(run: RunEntry, found: Answers, against: RunEntry | None, before: Answers | None, say: Words) -> None:
    """Satisfaction at the end, and who was lost for good, day by day."""
    page.section(say("customers.feeling"))
    sides = [(against, before), (run, found)] if against and before else [(run, found)]
    names = [say.title(run.title)] if len(sides) == 1 else list(_titles(sides[0][0] or run, run, say))
    curves = {
        "satisfaction": [satisfaction_curve(answers["satisfaction"]) for _, answers in sides if answers],
        "lost": [lost_curve(answers["lost"], run.days) for _, answers in sides if answers],
    }
    for kind, found_curves in curves.items():
        series = dict(zip(names, found_curves, strict=True))
        last = found_curves[-1]
        if kind == "satisfaction":
            told = {"unhappy": share(sum(y for x, y in last if x < 0) / 100), "world": names[-1]}
        else:
            told = {"lost": share(last[-1][1] / 100), "world": names[-1], "days": f"{run.days}"}
        xs = [x for x, _ in last]
        columns = list(zip(*([y for _, y in one] for one in found_curves), strict=True))
        page.figure(
            kind,
            page_curves.lines(series, say(f"customers.{kind}_x"), say(f"customers.{kind}_y")),
            say, finding=say(f"customers.{kind}_finding", **told), definition=say(f"customers.{kind}_what"),
            basis=one_run.basis(run, say), head=[say(f"customers.{kind}_x"), *names],
            rows=[[f"{x:g}", *(share(y / 100) for y in ys)] for x, ys in zip(xs, columns, strict=True)],
            csv_rows=[[x, *ys] for x, ys in zip(xs, columns, strict=True)],
        )  # fmt: skip


def _identified(run: RunEntry, found: Answers, against: RunEntry | None, before: Answers | None, say: Words) -> None:
    page.section(say("customers.identified"))
    sides = [(against, before), (run, found)] if against and before else [(run, found)]
    names = list(_titles(against, run, say)) if against and before else [say.title(run.title)]
    by_channel = [{row.key[0]: row for row in answers["identified"]} for _, answers in sides if answers]
    channels = [channel for channel in _CHANNELS if any(channel in side for side in by_channel)]
    if not channels:
        return
    series = [
        Series(name, [value_of(side[c].values[0]) if c in side else Value(None) for c in channels])
        for name, side in zip(names, by_channel, strict=True)
    ]
    labels = [say(f"customers.channel_{channel}") for channel in channels]
    sales = sum(row.means[1] for row in by_channel[-1].values())
    known = sum(row.means[0] * row.means[1] for row in by_channel[-1].values())
    document_figures.show_dots(
        "identified", Dots(labels, series, "share"), say, colours=[NEUTRAL, APP][-len(series) :],
        finding=say("customers.identified_finding", share=share(known / sales if sales else 0.0), world=names[-1]),
        definition=say.definition("identified_sales"), basis=one_run.basis(run, say),
    )  # fmt: skip


def _alone(run: RunEntry, say: Words) -> None:
    command = f"omo run ward-siloed --seed {run.seed} --reps {len(run.finished)} --set horizon.days={run.days}"
    page.notice(
        "partial", say("customers.alone"), say("customers.alone_what"), say,
        commands=[f"{command} --out {page.root()}"], to=[("run", say("page.run"), {"kind": "compare"})],
    )  # fmt: skip


def _journeys(a: RunEntry, b: RunEntry, say: Words) -> None:
    """Where the same needs went in one world and in the other."""
    titles = _titles(a, b, say)
    page.section(say("customers.journeys"), say("customers.journeys_what", a=titles[0], b=titles[1]))
    document = _shift(a, b, str(page.root()))
    found, (alike, everything) = moves(document), stayed(document)
    if not found:
        page.notice("empty", say("customers.nothing_moved"), say("customers.nothing_moved_what"), say)
        return
    largest, changed = found[0], everything - alike
    names = [(say(f"outcome.{move.source}"), say(f"outcome.{move.target}")) for move in found]
    rows = [[*pair, count(move.needs), yen(move.contribution_yen, say.language, signed=True)]
            for pair, move in zip(names, found, strict=True)]  # fmt: skip
    page.figure(
        "journeys", flows.sankey(found[:_FLOWS], say, STACK, page.ink()), say,
        finding=say("customers.journeys_finding", share=share(changed / everything), source=names[0][0],
                    target=names[0][1], needs=count(round(largest.needs))),
        definition=say("customers.journeys_definition", n=min(_FLOWS, len(found)), all=len(found)),
        basis=page.basis_of(document, say),
        head=[say("ledgers.shift_from"), say("customers.to"), say("customers.needs"), say("customers.change")],
        rows=rows, words=2, csv_head=["source", "target", "needs", "contribution_difference_yen"],
        csv_rows=[[move.source, move.target, move.needs, move.contribution_yen] for move in found],
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=20, hash_funcs=_KEYED)
def _shift(a: RunEntry, b: RunEntry, root: str) -> dict[str, Any]:
    return comparison(a.path, b.path, Path(root))


def _premium(a: RunEntry, b: RunEntry, say: Words) -> None:
    """What customers of both channels seem to be worth, beside what linking the channels causes."""
    page.section(say("customers.premium"), say("customers.premium_what"))
    off, on = (b, a) if _siloed(b) and not _siloed(a) else (a, b)
    with st.spinner(say("customers.premium_loading")):
        document = _crossed(off, on, str(page.root()))
    premium, cohorts = cross_channel.charts(document, say)
    document_figures.show(premium.name, premium, say)
    for number, (title, plot) in enumerate(cohorts.panels):
        document_figures.show_dots(
            f"groups-{number}", plot, say, finding=title, definition=cohorts.question, basis=cohorts.caption
        )
    lifetime = [row for group in ("age_band", "digital_affinity") for row in document["cohorts"][group]]
    if "lifetime_yen_per_shopper" in document["causal"]["intention_to_treat"]:  # not in those of earlier versions
        _lifetime(document, lifetime, say)


def _lifetime(document: dict[str, Any], rows: list[dict[str, Any]], say: Words) -> None:
    from dashboard.charts.spoken import basis, cohort

    values = [value_of(document["causal"]["intention_to_treat"]["lifetime_yen_per_shopper"])]
    values += [value_of(row["lifetime_yen_per_shopper"]) for row in rows]
    labels = [say("customers.everybody"), *(cohort(row["cohort"], say) for row in rows)]
    everybody = interval(
        document["causal"]["intention_to_treat"]["lifetime_yen_per_shopper"], "yen", say.language, True
    )
    document_figures.show_dots(
        "lifetime", Dots(labels, [Series("", values)], "yen", signed=True), say,
        finding=say("customers.lifetime_finding", change=everybody), definition=say("customers.lifetime_what"),
        basis=basis(document, say),
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=20, hash_funcs=_KEYED)
def _crossed(off: RunEntry, on: RunEntry, root: str) -> dict[str, Any]:
    """The kept document of the two runs, or a new one."""
    hashes = [read_manifest(run.path)["inputs_hash"][:12] for run in (off, on)]
    path = Path(root) / f"cross-channel-{'-'.join(hashes)}.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return cross_channel_document(off.path, on.path)
    return found


draw()
