"""Runs: everything in the folder with its state, one run in detail, and the way to compare and to repeat it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import page
from dashboard.amounts import interval
from dashboard.run_list import RunEntry, comparable, differ, entries, progress, when
from dashboard.words import Words
from sim.evaluation.comparison import describe_run
from sim.evaluation.measures import MEASURES
from sim.log.run_directory import read_manifest


def draw() -> None:
    """The page."""
    say, root = page.say(), page.root()
    page.heading(say("page.runs"), say("runs.lead", root=f"`{root}`"))
    found = {run.name: run for run in entries(root)}
    if not found:
        page.notice(
            "empty", say("runs.none"), say("runs.none_what", root=root), say,
            commands=[f"omo run ward-omo --reps 5 --set horizon.days=14 --out {root}"],
            to=[("start", say("page.start"), {}), ("run", say("page.run"), {})],
        )  # fmt: skip
        return
    _overview(list(found.values()), say)

    def label(name: str) -> str:
        return f"{say.title(found[name].title)} · {name} · {say(f'state.{found[name].state}')}"

    run = found[page.pick("run", say("runs.choose"), list(found), label)]
    _state(run, say)
    _place(run, say)
    if run.readable:
        _compare(run, list(found.values()), say)
        _measures(run, say)
    if run.replications:
        _scenario(run, say)


def _overview(runs: list[RunEntry], say: Words) -> None:
    columns = ("scenario", "run", "state", "created", "days", "replications", "seed")
    marks = {"complete": "✓", "interrupted": "◐", "failed": "✕", "running": "…", "abandoned": "✕", "unreadable": "?"}
    rows = [
        [
            say.title(run.title),
            run.name,
            f"{marks[run.state]} {say(f'state.{run.state}')}",
            when(run.created),
            f"{run.days or ''}",
            f"{len(run.finished)}/{run.replications}" if run.replications else "",
            f"{run.seed}" if run.replications else "",
        ]
        for run in runs
    ]
    page.table([say(f"runs.{name}") for name in columns], rows, words=4)


def _state(run: RunEntry, say: Words) -> None:
    """What became of a run that is not complete, and what to do about it."""
    again = [run.reproduce] if run.replications else []
    if run.state == "running":
        found = progress(run.path)
        far = say("jobs.progress", done=f"{found[0]:,}", total=f"{found[1]:,}") if found else ""
        page.notice(
            "loading",
            say("state.running"),
            f"{say('runs.running_what')} {far}".strip(),
            say,
            to=[("run", say("page.run"), {})],
        )
    elif run.state == "interrupted":
        nothing = "" if run.readable else f" {say('runs.nothing_finished')}"
        page.notice("partial", say("state.interrupted"), say("runs.interrupted_what") + nothing, say, commands=again)
    elif run.state != "complete":
        what = f"{say(f'runs.{run.state}_what')}\n{run.note}".strip()
        page.notice("failed", say(f"state.{run.state}"), what, say, commands=again)


def _place(run: RunEntry, say: Words) -> None:
    st.caption(say("runs.where"))
    st.code(str(run.path), language=None, wrap_lines=True)
    if run.replications:
        st.caption(say("runs.reproduce"))
        st.code(run.reproduce, language=None, wrap_lines=True)


def _compare(run: RunEntry, runs: list[RunEntry], say: Words) -> None:
    others = [other for other in runs if other.name != run.name and other.readable]
    if not others:
        st.caption(say("runs.compare_none"))
        return
    others.sort(key=lambda other: (not comparable(other, run), not differ(other, run)))
    names = {other.name: other for other in others}

    def label(name: str) -> str:
        paired = say("runs.paired") if comparable(names[name], run) else say("runs.not_paired")
        return f"{say.title(names[name].title)} · {name} · {paired}"

    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(say("runs.compare_with"), list(names), key="compare_with", format_func=label)
        page.link("compare", say("runs.compare"), say, a=chosen, b=run.name)


def _measures(run: RunEntry, say: Words) -> None:
    page.section(say("runs.measures"))
    document = _described(str(run.path), f"{run.inputs_hash}{run.finished}")
    basis = say("runs.basis", n=document["replications"], days=document["days"], seed=document["seed"])
    st.caption(basis)
    measures = [(m.name, document["measures"][m.name]) for m in MEASURES if m.name in document["measures"]]
    rows = [
        [say.label(name), say.definition(name), interval(found, found["unit"], say.language)]
        for name, found in measures
    ]
    page.table([say("ledgers.measure"), say("ledgers.definition"), say("runs.value")], rows, words=2, css="wide")
    numbers = [[name, found["unit"], found["mean"], found["half_width"]] for name, found in measures]
    page.download("run-measures", ["measure", "unit", "mean", "half_width"], numbers, say)
    st.caption(say("runs.report"))
    st.code(f"omo report {run.path}", language=None, wrap_lines=True)


@st.cache_data(show_spinner=False, max_entries=50)
def _described(path: str, version: str) -> dict[str, Any]:  # noqa: ARG001  part of the cache key
    return describe_run(Path(path))


def _scenario(run: RunEntry, say: Words) -> None:
    file = run.path / "scenario.toml"
    if file.is_file():
        with st.expander(say("runs.scenario_file")):
            st.code(file.read_text(encoding="utf-8"), language="toml")
    with st.expander(say("runs.files")):
        files = read_manifest(run.path)["files"]
        rows = [[name, f"{found['rows']:,}"] for name, found in files.items()]
        page.table([say("runs.file"), say("runs.rows")], rows)


draw()
