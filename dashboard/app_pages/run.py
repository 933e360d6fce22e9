"""Run: start simulations, watch them, stop them; what was started goes on when the page is closed."""

from __future__ import annotations

import shlex
from typing import Final

import streamlit as st

from dashboard import job_cards, launch, page
from dashboard.amounts import number_of, roughly
from dashboard.words import Words
from scenarios.errors import OmoError

KINDS: Final = ("compare", "modes", "run")
DEFAULTS: Final = {"a": "ward-siloed", "b": "ward-omo", "scenario": "ward-omo"}


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.run"), say("run.lead"))
    _form(say)
    job_cards.draw()


def _form(say: Words) -> None:
    with st.container(border=True):
        kind = page.choose("kind", say("run.kind"), KINDS, lambda kind: say(f"run.kind_{kind}"))
        scenarios = _scenarios(kind, say)
        columns = st.columns(3)
        with columns[0]:
            replications = page.number("reps", say("run.replications"), 1, 100, 5, say("run.replications_help"))
        with columns[1]:
            days = page.number("days", say("run.days"), 0, 3660, 14, say("run.days_help"))
        with columns[2]:
            seed = page.number("seed", say("run.seed"), 0, 2**31, 1, say("run.seed_help"))
        sets = [f"horizon.days={days}"] if days else []
        try:
            plan = launch.simulation(page.root(), scenarios, sets, seed, replications, say)
        except OmoError as error:
            page.notice("invalid", say("run.invalid"), str(error), say)
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            start = st.button(say("run.launch"), type="primary", key="launch", icon=":material/play_arrow:")
            st.markdown(_cost(plan, len(scenarios) * replications, say))
        st.caption(say("figure.on_terminal"))
        told = shlex.join(["omo", *launch.arguments_of(scenarios, sets, seed, replications)])
        st.code(told, language="bash", wrap_lines=True)
        if start:
            launch.begin(page.root(), plan)
            st.rerun()


def _cost(plan: launch.Plan, worlds: int, say: Words) -> str:
    duration = roughly(launch.seconds_for(page.root(), plan.visits), say.language)
    return say("run.cost", visits=number_of(round(plan.visits), say.language), worlds=worlds, time=duration)


def _scenarios(kind: str, say: Words) -> list[str]:
    if kind == "modes":
        st.caption(" · ".join(launch.name_of(name, say) for name in launch.MODES))
        return list(launch.MODES)
    keys = ("a", "b") if kind == "compare" else ("scenario",)
    names = launch.scenarios_in(page.root())
    found = []
    for column, key in zip(st.columns(len(keys)), keys, strict=True):
        with column:
            text = say("run.scenario") if key == "scenario" else say(f"run.scenario_{key}")
            default = names.index(DEFAULTS[key])
            found.append(page.pick(f"s_{key}", text, names, lambda name: launch.name_of(name, say), default))
    return found


draw()
