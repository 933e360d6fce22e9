"""Two ledgers: the divisions' books beside the company's, for two worlds with the same shoppers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import findings, page, side_by_side
from dashboard.amounts import NOTHING, count, figure, interval, yen
from dashboard.charts import flows, measured
from dashboard.charts.steps import UNITS, division_steps, group_steps, matrix, moves, stayed
from dashboard.run_list import RunEntry, comparable, entries
from dashboard.statement import COMPANY, GROUPS, Line, owners, paired_lines, shown_accounts, sums_among
from dashboard.typeface import STACK
from dashboard.words import Words
from scenarios.errors import OmoError
from sim.evaluation.comparison import comparison
from sim.evaluation.measures import MEASURES
from sim.evaluation.statistics import Interval

SHOWN_FLOWS = 14


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.ledgers"), say("ledgers.lead"))
    found = {run.name: run for run in entries(page.root()) if run.readable}
    if len(found) < 2:
        st.info(say("ledgers.need_two"), icon=":material/info:")
        page.link("run", say("page.run"), say, kind="compare")
        return
    if _several(list(found.values()), say):
        side_by_side.draw(list(found.values()), say)
        return
    a, b = _pair(found, say)
    problem = _problem(a, b, say)
    if problem:
        st.warning(f"**{say('ledgers.cannot_compare')}.** {problem}", icon=":material/warning:")
        return
    try:
        document = _document(str(a.path), str(b.path), str(page.root()), _version(a, b))
        lines = _lines(str(a.path), str(b.path), _version(a, b))
    except (OmoError, OSError) as error:
        st.error(f"**{say('ledgers.failed_read')}.** {error}", icon=":material/error:")
        return
    titles = _titles(document, say)
    for part in (_finding, _books, _waterfalls):
        part(document, lines, say)
    _statement(lines, titles, say)
    for section in (_shift, _forest, _staff, _all_measures):
        section(document, titles, say)
    page.section(say("ledgers.report"))
    st.code(say("ledgers.report_command", a=a.name, b=b.name, root=page.root()), language=None, wrap_lines=True)


def _several(runs: list[RunEntry], say: Words) -> bool:
    """Whether more than two worlds are to be shown; asked only where there are as many with the same shoppers."""
    if not side_by_side.several(runs):
        return False
    views = ("two", "several")
    wanted = st.query_params.get("view")
    chosen = st.segmented_control(
        say("several.view"), views, default=wanted if wanted in views else "two", key="view", required=True,
        format_func=lambda view: say(f"several.view_{view}"), label_visibility="collapsed",
    )  # fmt: skip
    page.keep_in_url(view=chosen or "two")
    return chosen == "several"


def _pair(found: dict[str, RunEntry], say: Words) -> tuple[RunEntry, RunEntry]:
    names = list(found)
    first, second = _newest_pair(list(found.values()))

    def label(name: str) -> str:
        run = found[name]
        return f"{say.title(run.title)} · {name} · {say(f'state.{run.state}')}"

    left, right = st.columns(2)
    with left:
        a = page.pick("a", say("ledgers.a"), names, label, first)
    with right:
        b = page.pick("b", say("ledgers.b"), names, label, second)
    return found[a], found[b]


def _newest_pair(runs: list[RunEntry]) -> tuple[int, int]:
    """Places of the newest two runs that can be compared: A and B."""
    for second, b in enumerate(runs):
        for first, a in enumerate(runs[second + 1 :], second + 1):
            if comparable(a, b):
                return first, second
    return 1, 0


def _problem(a: RunEntry, b: RunEntry, say: Words) -> str:
    if a.name == b.name:
        return say("ledgers.same_run")
    if a.seed != b.seed:
        return say("ledgers.different_seeds", a=a.seed, b=b.seed)
    if a.days != b.days:
        return say("ledgers.different_days", a=a.days, b=b.days)
    return "" if set(a.finished) & set(b.finished) else say("ledgers.no_common")


def _version(a: RunEntry, b: RunEntry) -> str:
    """What the cached figures depend on beside the paths."""
    return f"{a.inputs_hash}{a.state}{a.finished}{b.inputs_hash}{b.state}{b.finished}"


@st.cache_data(show_spinner=False, max_entries=20)
def _document(a: str, b: str, root: str, version: str) -> dict[str, Any]:  # noqa: ARG001  part of the cache key
    return comparison(Path(a), Path(b), Path(root))


@st.cache_data(show_spinner=False, max_entries=20)
def _lines(a: str, b: str, version: str) -> list[Line]:  # noqa: ARG001  part of the cache key
    return paired_lines(Path(a), Path(b))


def _titles(document: dict[str, Any], say: Words) -> dict[str, str]:
    """Names of the worlds; their runs' names are added where the titles are the same."""
    titles = {world: say.title(document[world]["title"]) for world in "ab"}
    if titles["a"] == titles["b"]:
        return {world: f"{title} ({document[world]['run'][-12:]})" for world, title in titles.items()}
    return titles


def _finding(document: dict[str, Any], _lines: list[Line], say: Words) -> None:
    st.markdown(f"#### {findings.headline(document, say)}")
    st.markdown(findings.ledgers_sentence(document, say))
    basis = say("ledgers.basis", n=document["replications"], days=document["days"], seed=document["seed"])
    st.caption(basis)
    if document["replications"] < 2:
        st.info(say("ledgers.one_replication"), icon=":material/info:")


def _books(document: dict[str, Any], _lines: list[Line], say: Words) -> None:
    page.section(say("ledgers.books"))
    items = []
    for division, name in (("store", "store_pl_yen"), ("ec", "ec_pl_yen"), (COMPANY, "contribution_yen")):
        measure = document["measures"][name]
        levels = f"A {yen(measure['a']['mean'], say.language)} → B {yen(measure['b']['mean'], say.language)}"
        change = interval(measure["difference"], "yen", say.language, signed=True)
        items.append((say(f"ledgers.division_{division}"), change, levels))
    page.cards(items)


def _waterfalls(document: dict[str, Any], lines: list[Line], say: Words) -> None:
    page.section(say("ledgers.waterfall"))
    divisions, accounts = st.tabs([say("ledgers.tab_divisions"), say("ledgers.tab_accounts")])
    with divisions:
        steps = division_steps(document)
        names = [say(f"ledgers.division_{step.key}") for step in steps]
        chart = flows.waterfall(steps, names, say, STACK, page.ink())
        st.plotly_chart(chart, config=page.PLOTLY, key="waterfall_divisions")
        st.caption(say("ledgers.waterfall_what"))
    with accounts:
        steps = group_steps(lines)
        names = [say(f"account.{step.key}") for step in steps]
        chart = flows.waterfall(steps, names, say, STACK, page.ink())
        st.plotly_chart(chart, config=page.PLOTLY, key="waterfall_accounts")
        st.caption(say("ledgers.waterfall_accounts_what"))


def _statement(lines: list[Line], titles: dict[str, str], say: Words) -> None:
    page.section(say("ledgers.statement"), say("ledgers.statement_what"))
    accounts = shown_accounts(lines)
    by_key = {(line.owner, line.account): line for line in lines}
    head = [say("ledgers.account"), *(say(f"ledgers.division_{owner}") for owner in owners(lines))]
    sides: dict[str, tuple[str, Callable[[Line], Interval | None], bool]] = {
        "difference": (say("ledgers.difference"), lambda line: line.difference, True),
        "a": (say("ledgers.in_a", title=titles["a"]), lambda line: line.a, False),
        "b": (say("ledgers.in_b", title=titles["b"]), lambda line: line.b, False),
    }
    for tab, (_, value, signed) in zip(st.tabs([side[0] for side in sides.values()]), sides.values(), strict=True):
        with tab:
            rows = []
            for account in accounts:
                cells = [_cell(value(by_key[owner, account]), say, signed) for owner in owners(lines)]
                rows.append([say(f"account.{account}"), *cells])
            page.table(head, rows, last_is_total=True, sums=sums_among(accounts))
    columns = ["division", "account", "a_yen", "a_half_width", "b_yen", "b_half_width", "difference_yen", "half_width"]
    page.download("statement", columns, [_numbers(line) for line in lines if line.account not in GROUPS], say)


def _shift(document: dict[str, Any], _titles: dict[str, str], say: Words) -> None:
    alike, everything = stayed(document)
    what = say("ledgers.shift_what", stayed=count(round(alike)), all=count(round(everything)))
    page.section(say("ledgers.shift"), what)
    found = moves(document)[:SHOWN_FLOWS]
    if found:
        st.plotly_chart(flows.sankey(found, say, STACK, page.ink()), config=page.PLOTLY, key="sankey")
    st.markdown(f"##### {say('ledgers.shift_table')}")
    st.caption(say("ledgers.shift_table_what"))
    _matrix(document, say)
    shift = document["shift"]
    cells = sum(cell["contribution_difference_yen"] for cell in shift["cells"])
    amounts = {"cells": cells, "unallocated": shift["unallocated_yen"], "total": shift["total_yen"]}
    st.caption(say("ledgers.shift_exact", n=shift["replications"], **{k: f"{v:+,}" for k, v in amounts.items()}))
    keys = ("source", "target", "needs", "revenue_difference_yen", "contribution_difference_yen")
    rows = [[cell[key] for key in keys] for cell in shift["cells"]]
    page.download("channel-shift", keys, [*rows, ["", "", "", "", shift["unallocated_yen"]]], say)


def _matrix(document: dict[str, Any], say: Words) -> None:
    found = matrix(document)
    head = [say("ledgers.shift_from"), *(say(f"outcome.{name}") for name in found.columns), say("ledgers.total")]
    rows = []
    for source in found.rows:
        values = [found.cells.get((source, target)) for target in found.columns]
        rows.append([say(f"outcome.{source}"), *(_change(v, say) for v in [*values, sum(v or 0 for v in values)])])
    rows.append([say("ledgers.unallocated"), *[""] * len(found.columns), _change(found.unallocated_yen, say)])
    sums = [sum(found.cells.get((source, target), 0) for source in found.rows) for target in found.columns]
    rows.append([say("ledgers.total"), *(_change(value, say) for value in [*sums, found.total_yen])])
    page.table(head, rows, last_is_total=True, css="matrix")


def _forest(document: dict[str, Any], _titles: dict[str, str], say: Words) -> None:
    page.section(say("ledgers.forest"), say("ledgers.forest_what"))
    for unit in UNITS:
        chart = measured.forest(document, unit, say)
        if chart is not None:
            st.altair_chart(chart, key=f"forest_{unit}")


def _staff(document: dict[str, Any], titles: dict[str, str], say: Words) -> None:
    page.section(say("ledgers.recommend"), say("ledgers.recommend_what"))
    st.altair_chart(measured.recommendation(document, titles, say), key="recommendation")


def _all_measures(document: dict[str, Any], titles: dict[str, str], say: Words) -> None:
    page.section(say("ledgers.all_measures"))
    head = [say("ledgers.measure"), say("ledgers.definition"), titles["a"], titles["b"], say("ledgers.difference")]
    rows, numbers = [], []
    for name in [measure.name for measure in MEASURES if measure.name in document["measures"]]:
        found = document["measures"][name]
        levels = [figure(found[world]["mean"], found["unit"], say.language) for world in "ab"]
        difference = interval(found["difference"], found["unit"], say.language, signed=True)
        rows.append([say.label(name), say.definition(name), *levels, difference])
        parts = [found[side][key] for side in ("a", "b", "difference") for key in ("mean", "half_width")]
        numbers.append([name, found["unit"], *parts, found["variance_reduction"]])
    page.table(head, rows, words=2, css="wide")
    sides = [f"{side}_{key}" for side in ("a", "b", "difference") for key in ("mean", "half_width")]
    page.download("measures", ["measure", "unit", *sides, "variance_ratio"], numbers, say)


def _cell(value: Interval | None, say: Words, signed: bool) -> str:
    if value is None or (not value.mean and not value.half_width):
        return NOTHING
    half_width = None if value.half_width != value.half_width else value.half_width
    return interval({"mean": value.mean, "half_width": half_width}, "yen", say.language, signed)


def _numbers(line: Line) -> list[Any]:
    parts = [part for side in (line.a, line.b, line.difference) if side for part in (side.mean, side.half_width)]
    return [line.owner, line.account, *parts]


def _change(value: float | None, say: Words) -> str:
    return NOTHING if value is None else yen(value, say.language, signed=True)


draw()
