"""A page about one run: which one, in what state it is, and the figures of its tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import duckdb
import streamlit as st

from dashboard import page, run_tables
from dashboard.run_list import RunEntry, entries
from dashboard.run_tables import Answers, Query
from dashboard.words import Words

Part = Callable[[Answers, RunEntry, Words], None]
"""A figure of the page, drawn from the answers to its queries."""


def draw(
    queries: Mapping[str, Query],
    sections: Mapping[str, Sequence[Part]],
    say: Words,
    needs: str | None = None,
    none: tuple[str, str] = ("", ""),
) -> None:
    """The figures of the chosen run below the title of their section.

    `none`, title and text, is told instead where the query `needs` has found nothing.
    """
    run = chosen(say)
    found = read(run, queries, say) if run else None
    if run is None or found is None:
        return
    if needs is not None and not found[needs]:
        page.notice("empty", *none, say)
        return
    for title, parts in sections.items():
        page.section(title)
        for part in parts:
            part(found, run, say)


def chosen(say: Words) -> RunEntry | None:
    """The run that the URL names under `run`, else the newest that can be shown; a notice and None without one."""
    root = page.root()
    found = {run.name: run for run in entries(root)}
    if not found:
        page.notice(
            "empty", say("runs.none"), say("runs.none_what", root=root), say,
            commands=[f"omo run ward-omo --reps 5 --set horizon.days=14 --out {root}"],
            to=[("run", say("page.run"), {})],
        )  # fmt: skip
        return None

    def label(name: str) -> str:
        return f"{say.title(found[name].title)} · {name} · {say(f'state.{found[name].state}')}"

    names = sorted(found, key=lambda name: not found[name].readable)
    run = found[page.pick("run", say("runs.choose"), names, label)]
    if not run.readable:
        nothing = say(f"runs.{run.state}_what") if run.state != "complete" else say("runs.nothing_finished")
        commands = [run.reproduce] if run.replications else []
        page.notice(
            "loading" if run.state == "running" else "failed", say(f"state.{run.state}"), f"{nothing}\n{run.note}", say,
            commands=commands, to=[("runs", say("page.runs"), {"run": run.name})],
        )  # fmt: skip
        return None
    if run.state != "complete":
        what = say("one_run.partial", done=len(run.finished), all=run.replications)
        page.notice("partial", say(f"state.{run.state}"), what, say, to=[("runs", say("page.runs"), {"run": run.name})])
    return run


def read(run: RunEntry, queries: Mapping[str, Query], say: Words) -> Answers | None:
    """The figures of a run; a notice and None where its tables cannot be read, as those of an earlier version."""
    try:
        return _answers(run, queries)
    except (duckdb.Error, OSError) as error:
        what = say("one_run.unreadable", error=str(error).splitlines()[0])
        page.notice("failed", say("ledgers.failed_read"), what, say, commands=[run.reproduce])
        return None


@st.cache_data(
    show_spinner=False, max_entries=60, hash_funcs={RunEntry: lambda run: (run.path, run.inputs_hash, run.finished)}
)
def _answers(run: RunEntry, queries: Mapping[str, Query]) -> Answers:
    return run_tables.answers(run.path, run.finished, run.days, queries)


def basis(run: RunEntry, say: Words) -> str:
    """How sure the figures of a run are."""
    key = "one_run.basis" if len(run.finished) > 1 else "one_run.basis_one"
    return say(key, days=run.days, seed=run.seed, n=len(run.finished))
