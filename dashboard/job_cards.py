"""What is under way: each job with how far it is, how to stop it, and what to do when it has ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import streamlit as st

from dashboard import jobs, page
from dashboard.amounts import roughly
from dashboard.jobs import UNDER_WAY, Job
from dashboard.words import Words

_MARKS: Final[dict[jobs.State, str]] = {
    "queued": ":material/hourglass_empty:",
    "running": ":material/play_arrow:",
    "cancelling": ":material/stop:",
    "done": ":material/check_circle:",
    "cancelled": ":material/block:",
    "failed": ":material/error:",
    "lost": ":material/error:",
}
_TAIL: Final = 900
_TOLD_FROM: Final = 0.05
"""Share of a job from which what is left can be told from what is done."""


def draw() -> None:
    """The jobs, where there are any; drawn anew every second, the page itself when one ends."""
    if jobs.jobs(page.root()):
        _jobs()


@st.fragment(run_every=1.0)
def _jobs() -> None:
    say, root = page.say(), page.root()
    page.section(say("jobs.title"))
    before: dict[str, jobs.State] = st.session_state.setdefault("job_states", {})
    found = [(job, jobs.state(root, job)) for job in jobs.jobs(root)]
    ended = [job for job, state in found if before.get(job.id, state) in UNDER_WAY and state not in UNDER_WAY]
    st.session_state["job_states"] = {job.id: state for job, state in found}
    if ended and any(before.get(job.id) for job in ended):
        st.rerun()
    for job, state in found:
        _card(job, state, [other for other, its in found if its in UNDER_WAY and other.id < job.id], say)


def _card(job: Job, state: jobs.State, before: Sequence[Job], say: Words) -> None:
    root = page.root()
    with st.container(border=True, key=f"job_{job.id}"):
        st.markdown(f"{_MARKS[state]} **{job.title}** · {say(f'jobs.{state}')}")
        if state in UNDER_WAY:
            _progress(job, state, len(before), say)
        if state in ("failed", "lost"):
            st.caption(say(f"jobs.{state}_what"))
            st.code(jobs.output(root, job, _TAIL) or "–", language=None, wrap_lines=True)
        if state == "cancelled":
            st.caption(say("jobs.cancelled_what"))
        with st.container(horizontal=True, vertical_alignment="center"):
            _buttons(job, state, say)
        with st.expander(say("figure.on_terminal")):
            st.code("\n".join(job.told), language="bash", wrap_lines=True)


def _progress(job: Job, state: jobs.State, waiting: int, say: Words) -> None:
    root = page.root()
    if state == "queued":
        st.progress(0.0, text=say("jobs.waits", n=waiting))
        return
    step, steps = jobs.step(root, job), len(job.commands)
    days = jobs.progress(root, job)
    part = min(days[0] / max(days[1], 1), 1.0) if days else 0.0
    text = say("jobs.progress", done=f"{days[0]:,}", total=f"{days[1]:,}") if days else say("jobs.waiting")
    if steps > 1:
        told = text if step == 0 else ""
        text = " · ".join(filter(None, [say("jobs.step", n=step + 1, all=steps, command=job.commands[step][0]), told]))
        part = (step + (part if step == 0 else 0.5)) / steps
    elif part >= _TOLD_FROM and state == "running":
        left = (time.time() - job.started) * (1 - part) / part
        text += " · " + say("jobs.left", time=roughly(left, say.language))
    st.progress(part, text=text)


def _buttons(job: Job, state: jobs.State, say: Words) -> None:
    root = page.root()
    if state in UNDER_WAY:
        stopped = st.button(say("jobs.cancel"), key=f"cancel_{job.id}", help=say("jobs.cancel_help"),
                            disabled=state == "cancelling", icon=":material/stop:")  # fmt: skip
        if stopped:
            jobs.cancel(root, job)
            st.rerun(scope="fragment")
        return
    if state == "done":
        choices = {key: value for key, value in job.shows.items() if key != "page"}
        page.link(job.shows["page"], say("jobs.show"), say, **choices)
    elif st.button(say("jobs.again"), key=f"again_{job.id}", icon=":material/replay:"):
        jobs.dismiss(root, job)
        jobs.start(root, job.commands, job.title, job.runs, job.shows, job.visits)
        st.rerun()
    if st.button(say("jobs.dismiss"), key=f"dismiss_{job.id}", type="tertiary"):
        jobs.dismiss(root, job)
        st.rerun()
