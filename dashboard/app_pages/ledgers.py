"""Two ledgers: the divisions' books beside the company's, for two worlds with the same shoppers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import difference_figures, findings, ledger_figures, page, side_by_side
from dashboard.amounts import NOTHING, interval, whole
from dashboard.run_list import RunEntry, entries, newest_pair
from dashboard.statement import GROUPS, Line, owners, paired_lines, shown_accounts, sums_among
from dashboard.words import Words
from scenarios.errors import OmoError
from sim.evaluation.comparison import comparison
from sim.evaluation.statistics import Interval

VIEWS: Final = ("two", "several")


def draw() -> None:
    """The page."""
    say, root = page.say(), page.root()
    page.heading(say("page.ledgers"), say("ledgers.lead"))
    found = {run.name: run for run in entries(root) if run.readable}
    if len(found) < 2:
        page.notice(
            "empty", say("ledgers.need_two"), say("ledgers.need_two_what", n=len(found)), say,
            commands=[f"omo compare ward-siloed ward-omo --reps 5 --set horizon.days=14 --out {root}"],
            to=[("run", say("page.run"), {"kind": "compare"})],
        )  # fmt: skip
        return
    if _several(list(found.values()), say):
        side_by_side.draw(list(found.values()), say)
        return
    a, b = _pair(found, say)
    problem = _problem(a, b, say)
    if problem:
        page.notice(
            "invalid", say("ledgers.cannot_compare"), problem, say,
            to=[("compare", say("ledgers.compare_anyway"), {"a": a.name, "b": b.name})] if a.name != b.name else [],
        )  # fmt: skip
        return
    try:
        document = _document(str(a.path), str(b.path), str(root), _version(a, b))
        lines = _lines(str(a.path), str(b.path), _version(a, b))
    except (OmoError, OSError, ValueError) as error:
        page.notice("failed", say("ledgers.failed_read"), str(error), say, to=[("runs", say("page.runs"), {})])
        return
    _incomplete(document, (a, b), say)
    _show(document, lines, say)
    page.section(say("ledgers.report"))
    st.code(say("ledgers.report_command", a=a.name, b=b.name, root=root), language="bash", wrap_lines=True)


def _show(document: dict[str, Any], lines: list[Line], say: Words) -> None:
    titles = _titles(document, say)
    _finding(document, say)
    page.section(say("ledgers.books"))
    ledger_figures.books(document, say)
    page.section(say("ledgers.waterfall"))
    ledger_figures.divisions(document, say)
    ledger_figures.accounts(document, lines, say)
    _statement(lines, titles, say)
    page.section(say("ledgers.shift"))
    ledger_figures.shift(document, say)
    page.section(say("ledgers.recommend"))
    ledger_figures.recommendation(document, titles, say)
    page.section(say("ledgers.forest"))
    difference_figures.draw(document, page.basis_of(document, say), say)
    difference_figures.table(document, [titles["a"], titles["b"]], say)


def _incomplete(document: dict[str, Any], runs: tuple[RunEntry, RunEntry], say: Words) -> None:
    """What is missing: replications of a run that was cut short, or the second one that an interval needs."""
    short = [
        say("report.partial", run=run.name, state=say(f"state.{run.state}"), n=len(run.finished))
        for run in runs
        if run.state != "complete"
    ]
    if short:
        page.notice("partial", say("ledgers.partial"), "\n".join(short), say)
    if document["replications"] < 2:
        page.notice("partial", say("ledgers.one"), say("ledgers.one_replication"), say)


def _several(runs: list[RunEntry], say: Words) -> bool:
    """Whether more than two worlds are to be shown; asked only where there are as many with the same shoppers."""
    if not side_by_side.several(runs):
        return False
    return page.choose("view", say("several.view"), VIEWS, lambda view: say(f"several.view_{view}")) == "several"


def _pair(found: dict[str, RunEntry], say: Words) -> tuple[RunEntry, RunEntry]:
    names = list(found)
    first, second = newest_pair(list(found.values())) or (1, 0)

    def label(name: str) -> str:
        run = found[name]
        return f"{say.title(run.title)} · {name} · {say(f'state.{run.state}')}"

    left, right = st.columns(2)
    with left:
        a = page.pick("a", say("ledgers.a"), names, label, first)
    with right:
        b = page.pick("b", say("ledgers.b"), names, label, second)
    return found[a], found[b]


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


def _finding(document: dict[str, Any], say: Words) -> None:
    st.markdown(f"#### {whole(findings.headline(document, say))}")
    st.markdown(whole(findings.ledgers_sentence(document, say)))
    st.caption(say("ledgers.basis", n=document["replications"], days=document["days"], seed=document["seed"]))


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


def _cell(value: Interval | None, say: Words, signed: bool) -> str:
    if value is None or (not value.mean and not value.half_width):
        return NOTHING
    half_width = None if value.half_width != value.half_width else value.half_width
    return interval({"mean": value.mean, "half_width": half_width}, "yen", say.language, signed)


def _numbers(line: Line) -> list[Any]:
    parts = [part for side in (line.a, line.b, line.difference) if side for part in (side.mean, side.half_width)]
    return [line.owner, line.account, *parts]


draw()
