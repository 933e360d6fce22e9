"""Start: what do you want to know, what is running, the latest runs, and a form for a new simulation."""

from __future__ import annotations

import shlex
from typing import Final

import streamlit as st

from dashboard import jobs, page
from dashboard.jobs import Job
from dashboard.run_list import entries, when
from dashboard.words import Words
from scenarios.errors import OmoError
from scenarios.loader import load, preset_names
from sim.log.run_directory import Request

QUESTIONS: Final = {
    "size": ("load", "omo trace ward-omo --from 11:45 --to 12:15 --out lunch && omo load lunch --out runs/load-1"),
    "incentives": ("ledgers", "omo compare ward-siloed ward-omo --reps 10"),
    "test": ("load", "omo load lunch --out runs/load-2 && omo audit runs/load-2"),
    "train": ("runs", "omo run ward-omo --set evaluation.commission_percent=5"),
}  # each question: the page that answers it, and the command that does

MODES: Final = ("ward-siloed", "ward-o2o", "ward-omnichannel", "ward-omo")
ENDED: Final = ("done", "cancelled", "failed", "lost")
LATEST: Final = 5


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("start.title"), say("start.lead"))
    _questions(say)
    if jobs.jobs(page.root()):
        _jobs()
    _latest(say)
    _form(say)


def _questions(say: Words) -> None:
    for column, (name, (target, command)) in zip(st.columns(len(QUESTIONS)), QUESTIONS.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"#### {say(f'start.{name}_title')}")
            st.markdown(say(f"start.{name}_text"))
            page.link(target, say(f"start.{name}_link"), say)
            st.caption(say("start.on_terminal"))
            st.code(command, language=None, wrap_lines=True)


def _latest(say: Words) -> None:
    page.section(say("start.latest"))
    found = entries(page.root())[:LATEST]
    if not found:
        st.info(say("start.no_runs"), icon=":material/info:")
        return
    head = [say(f"runs.{name}") for name in ("scenario", "run", "state", "created", "days", "replications")]
    page.table(
        head,
        [
            [
                say.title(run.title),
                run.name,
                say(f"state.{run.state}"),
                when(run.created),
                f"{run.days or ''}",
                f"{len(run.finished)}/{run.replications}" if run.replications else "",
            ]
            for run in found
        ],
        words=4,
    )
    page.link("runs", say("start.train_link"), say)


@st.fragment(run_every=1.0)
def _jobs() -> None:
    say, root = page.say(), page.root()
    page.section(say("jobs.title"))
    before = st.session_state.setdefault("job_states", {})
    for job in jobs.jobs(root):
        state = jobs.state(root, job)
        if before.get(job.id, state) != state and state in ENDED:
            before[job.id] = state
            st.rerun()
        before[job.id] = state
        _job(job, state, say)


def _job(job: Job, state: jobs.State, say: Words) -> None:
    root = page.root()
    with st.container(border=True):
        st.markdown(f"**{job.title}** · {say(f'jobs.{state}')}")
        if state in ("running", "cancelling"):
            found = jobs.progress(root, job)
            done, total = found or (0, 1)
            text = say("jobs.progress", done=f"{done:,}", total=f"{total:,}") if found else say("jobs.waiting")
            st.progress(min(done / max(total, 1), 1.0), text=text)
            if st.button(say("jobs.cancel"), key=f"cancel_{job.id}", help=say("jobs.cancel_help"),
                         disabled=state == "cancelling", icon=":material/stop:"):  # fmt: skip
                jobs.cancel(root, job)
                st.rerun(scope="fragment")
            return
        if state in ("failed", "lost"):
            st.caption(say("jobs.why"))
            st.code(jobs.output(root, job) or "–", language=None, wrap_lines=True)
        with st.container(horizontal=True):
            if state == "done":
                _result_link(job, say)
            if st.button(say("jobs.dismiss"), key=f"dismiss_{job.id}", type="tertiary"):
                jobs.dismiss(root, job)
                st.rerun()


def _result_link(job: Job, say: Words) -> None:
    if len(job.runs) > 2:
        page.link("ledgers", say("jobs.show"), say, view="several", base=job.runs[0])
    elif len(job.runs) == 2:
        page.link("ledgers", say("jobs.show"), say, a=job.runs[0], b=job.runs[1])
    else:
        page.link("runs", say("jobs.show"), say, run=job.runs[0])


def _form(say: Words) -> None:
    page.section(say("start.new"))
    kinds = ("compare", "modes", "run")
    names = [name for name in preset_names() if not name.startswith(("pos-", "ward-base"))]
    with st.container(border=True):
        kind = st.segmented_control(
            say("start.kind"), kinds, default="compare", format_func=lambda k: say(f"start.kind_{k}"), key="kind",
            required=True,
        )  # fmt: skip
        scenarios = _scenarios(kind or "compare", names, say)
        columns = st.columns(3)
        replications = columns[0].number_input(
            say("start.replications"), 1, 100, 3, key="replications", help=say("start.replications_help")
        )
        days = columns[1].number_input(say("start.days"), 0, 3660, 14, key="days", help=say("start.days_help"))
        seed = columns[2].number_input(say("start.seed"), 0, 2**31, 1, key="seed", help=say("start.seed_help"))
        arguments = [
            "run" if kind == "run" else "compare",
            *scenarios,
            "--seed",
            str(seed),
            "--reps",
            str(replications),
        ]
        sets = [f"horizon.days={days}"] if days else []
        arguments += [part for text in sets for part in ("--set", text)]
        st.caption(say("start.command"))
        st.code(shlex.join(["omo", *arguments]), language=None, wrap_lines=True)
        if st.button(say("start.launch"), type="primary", key="launch", icon=":material/play_arrow:"):
            _launch(arguments, scenarios, sets, int(seed), int(replications), say)


def _scenarios(kind: str, names: list[str], say: Words) -> list[str]:
    if kind == "modes":
        return list(MODES)
    labels = ("a", "b") if kind == "compare" else ("run",)
    found = []
    for column, label in zip(st.columns(len(labels)), labels, strict=True):
        default = {"a": "ward-siloed", "b": "ward-omo", "run": "ward-omo"}[label]
        text = say("start.scenario") if label == "run" else say(f"start.scenario_{label}")
        chosen = column.selectbox(
            text, names, index=names.index(default), key=f"scenario_{label}", accept_new_options=True,
            help=say("start.scenario_help"),
        )  # fmt: skip
        found.append(chosen or default)
    return found


def _launch(
    arguments: list[str], scenarios: list[str], sets: list[str], seed: int, replications: int, say: Words
) -> None:
    root = page.root()
    if len(set(scenarios)) < len(scenarios):
        st.warning(say("start.same"), icon=":material/warning:")
        return
    try:
        loaded = [load(name, sets) for name in scenarios]
    except OmoError as error:
        st.error(str(error), icon=":material/error:")
        return
    title = " → ".join(say.title(one.scenario.title) for one in loaded)
    runs = [Request(one, seed, replications).name for one in loaded]
    jobs.start(root, [*arguments, "--out", str(root)], title, runs)
    st.rerun()


draw()
