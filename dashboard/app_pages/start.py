"""Start: what do you want to know; each question with its latest answer, or with the button that finds it out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard import findings, job_cards, launch, page
from dashboard.amounts import interval, roughly, whole
from dashboard.load_runs import LoadRun, load_runs
from dashboard.report.load_sections import audit_summary
from dashboard.run_list import RunEntry, comparable, differ, entries, when
from dashboard.words import Words
from scenarios.errors import OmoError
from sim.evaluation.comparison import compare_measures

QUESTIONS: Final = {"incentives": ":material/balance:", "size": ":material/speed:", "test": ":material/verified:",
                    "train": ":material/school:"}  # fmt: skip
LATEST: Final = 5
SILOED: Final = "ward-siloed-"
_REPLAY_S: Final = 75.0
"""What the replay takes beside its simulation: cutting the trace, starting the core, 45 seconds of lunch, the audit."""


@dataclass(frozen=True)
class Answer:
    """A figure with what it is, a sentence, and the page that shows more with the choices in its URL."""

    value: str
    label: str
    sentence: str
    page: str
    choices: dict[str, str]


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("start.title"), say("start.lead"))
    runs, loads = entries(page.root()), load_runs(page.root())
    answers = {
        "incentives": _incentives(runs, say),
        "size": _size(loads, say),
        "test": _test(loads, say),
    }
    names = list(QUESTIONS)
    for row in (names[:2], names[2:]):
        for column, name in zip(st.columns(2), row, strict=True):
            with column.container(border=True, height="stretch", key=f"question_{name}"):
                _question(name, answers.get(name), say)
    job_cards.draw()
    _latest(runs, say)


def _question(name: str, answer: Answer | None, say: Words) -> None:
    st.markdown(f"#### {QUESTIONS[name]} {say(f'start.{name}_title')}")
    st.markdown(say(f"start.{name}_text"))
    if name == "train":
        page.link("learn", say("start.train_exercises"), say)
        page.link("run", say("start.train_link"), say, kind="run")
        return
    if answer is not None:
        page.big(answer.label, answer.value)
        st.markdown(whole(answer.sentence))
        page.link(answer.page, say("start.more"), say, **answer.choices)
    label = say("start.find_out") if answer is None else say("start.again")
    plan = _plan(name, say)
    took = launch.seconds_for(page.root(), plan.visits) + (0 if name == "incentives" else _REPLAY_S)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            label, key=f"find_{name}", type="primary" if answer is None else "tertiary", icon=":material/play_arrow:"
        ):
            launch.begin(page.root(), plan)
            st.rerun()
        st.caption(say("start.takes", time=roughly(took, say.language)))


def _plan(name: str, say: Words) -> launch.Plan:
    if name == "incentives":
        return launch.simulation(page.root(), ("ward-siloed", "ward-omo"), ["horizon.days=14"], 1, 5, say)
    return launch.replay(page.root(), say)


def _incentives(runs: list[RunEntry], say: Words) -> Answer | None:
    """What the newest two scenarios that can be compared say; the siloed world is what others are compared with."""
    for b in runs:
        others = [a for a in runs if a.created <= b.created and comparable(a, b) and differ(a, b)]
        if not others or b.name.startswith(SILOED):
            continue
        a = next((other for other in others if other.name.startswith(SILOED)), others[0])
        try:
            document = _measured(str(a.path), str(b.path), f"{a.inputs_hash}{b.inputs_hash}{a.finished}{b.finished}")
        except (OmoError, OSError, ValueError):
            continue
        document |= {"a": {"title": a.title}, "b": {"title": b.title}}
        gain = interval(document["measures"]["contribution_yen"]["difference"], "yen", say.language, signed=True)
        choices = {"view": "two", "a": a.name, "b": b.name}
        return Answer(gain, say.label("contribution_yen"), findings.headline(document, say), "ledgers", choices)
    return None


@st.cache_data(show_spinner=False, max_entries=50)
def _measured(a: str, b: str, version: str) -> dict[str, Any]:  # noqa: ARG001  part of the cache key
    from sim.evaluation.comparison import common_replications
    from sim.log.run_directory import read_manifest

    replications = common_replications([Path(a), Path(b)])
    measures = compare_measures(Path(a), Path(b), replications)
    return {"measures": measures, "replications": len(replications), "days": read_manifest(Path(a))["days"]}


def _size(loads: list[LoadRun], say: Words) -> Answer | None:
    if not loads:
        return None
    result, name = loads[0].result, loads[0].name
    found = {"offered": f"{result['offered_per_s']:,.0f}", "payments": f"{result['payments_per_s']:,.0f}"}
    everything = result["latency_ms"].get("all")
    value, label = say("load.per_s", value=found["offered"]), say("load.offered")
    if not result["valid"] or not everything:
        return Answer(value, label, say("start.size_invalid", **found), "load", {"load": name})
    sentence = say("start.size_answer", p99=f"{everything['p99']:,.0f}", **found)
    return Answer(value, label, sentence, "load", {"load": name})


def _test(loads: list[LoadRun], say: Words) -> Answer | None:
    for run in loads:
        if run.audit is not None:
            value = say("start.clean") if run.audit["clean"] else say("start.broken")
            return Answer(value, say("load.audit"), audit_summary(run.audit, say), "load", {"load": run.name})
    return None


def _latest(runs: list[RunEntry], say: Words) -> None:
    page.section(say("start.latest"))
    if not runs:
        page.notice("empty", say("start.no_runs"), say("start.no_runs_what", root=page.root()), say)
        return
    head = [say(f"runs.{name}") for name in ("scenario", "run", "state", "created", "days", "replications")]
    rows = [
        [
            say.title(run.title),
            run.name,
            say(f"state.{run.state}"),
            when(run.created),
            f"{run.days or ''}",
            f"{len(run.finished)}/{run.replications}" if run.replications else "",
        ]
        for run in runs[:LATEST]
    ]
    page.table(head, rows, words=4)
    page.link("runs", say("start.all_runs"), say)


draw()
