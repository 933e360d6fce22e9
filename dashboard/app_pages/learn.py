"""Learn: six guided exercises and a day to be steered, with what this trainee and the class have reached."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import jobs, page
from dashboard.jobs import UNDER_WAY
from dashboard.learn import exercise_view, sessions, steering_view
from dashboard.learn.exercises import exercises
from dashboard.learn.outcomes import missing
from dashboard.learn.sessions import Session
from dashboard.words import Words


def draw() -> None:
    """The page: an overview, or what the URL's `exercise` names."""
    say = page.say()
    mine = _mine()
    chosen = st.query_params.get("exercise")
    if chosen in exercises() or chosen == steering_view.EXERCISE:
        _back(say)
    if chosen in exercises():
        exercise_view.draw(exercises()[chosen], mine, say)
    elif chosen == steering_view.EXERCISE:
        steering_view.draw(mine, say)
    else:
        _overview(mine, say)


def _mine() -> Session:
    """The session that the URL names, else the one of this browser tab, else a new one."""
    named = st.query_params.get("trainee")
    if not sessions.is_id(named):
        named = st.session_state.get("trainee") or sessions.new_id()
    assert named is not None
    st.session_state["trainee"] = named
    page.keep_in_url(trainee=named)
    return sessions.session(page.root(), named)


def _back(say: Words) -> None:
    if st.button(say("learn.back"), key="learn_back", type="tertiary", icon=":material/arrow_back:"):
        _open("")


def _open(exercise: str) -> None:
    if exercise:
        st.query_params["exercise"] = exercise
    else:
        st.query_params.pop("exercise", None)
    st.rerun()


def _overview(mine: Session, say: Words) -> None:
    page.heading(say("page.learn"), say("learn.lead"))
    done = len(mine.answers)
    st.progress(
        done / len(exercises()), text=say("learn.progress", done=done, all=len(exercises()), points=mine.points)
    )
    for number, exercise in enumerate(exercises().values()):
        if number % 2 == 0:
            columns = st.columns(2)
        answer = mine.answers.get(exercise.id)
        mark = say("learn.minutes", n=exercise.minutes)
        if answer is not None:
            mark = say("learn.done", points=answer.points)
        with columns[number % 2]:
            _card(exercise.id, f"{number + 1}. {say(f'exercise.{exercise.id}_title')}",
                  say(f"exercise.{exercise.id}_lead"), mark, answer is not None, say)  # fmt: skip
    steered = mine.steered is not None and mine.steered.contribution_yen is not None
    mark = say("learn.steered") if steered else say("learn.minutes", n=30)
    _card(steering_view.EXERCISE, say("steer.title"), say("steer.lead"), mark, steered, say)
    _name(mine, say)
    with st.expander(say("learn.trainers"), icon=":material/groups:"):
        _class(say)


def _card(name: str, title: str, lead: str, mark: str, done: bool, say: Words) -> None:
    with st.container(border=True, height="stretch", key=f"card_{name}"):
        st.markdown(f"#### {title}")
        st.markdown(lead)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(f":material/check_circle: {mark}" if done else f":material/schedule: {mark}")
            label = say("learn.look") if done else say("learn.begin")
            if st.button(label, key=f"open_{name}", type="secondary" if done else "primary"):
                _open(name)


def _name(mine: Session, say: Words) -> None:
    name = st.text_input(say("learn.name"), mine.name, max_chars=40, key=f"name_{mine.id}", help=say("learn.name_help"))
    if name != mine.name:
        sessions.keep(page.root(), replace(mine, name=name))
        st.rerun()


def _class(say: Words) -> None:
    root = page.root()
    st.markdown(say("learn.trainers_what", root=root))
    waiting = [exercise for exercise in exercises().values() if missing(exercise, root)]
    running = any(jobs.state(root, job) in UNDER_WAY for job in jobs.jobs(root) if job.shows.get("page") == "learn")
    if running:
        st.caption(say("learn.preparing_all", n=len(waiting)))
    elif waiting and st.button(say("learn.prepare_all", n=len(waiting)), key="prepare_all"):
        for exercise in waiting:
            exercise_view.prepare(exercise, root, say)
        st.rerun()
    found = sessions.sessions(root)
    if found:
        head = [say("learn.group"), *(str(number + 1) for number in range(len(exercises()))), say("learn.points")]
        page.table(head, [_row(one) for one in found])


def _row(one: Session) -> list[str]:
    points = [str(one.answers[name].points) if name in one.answers else "–" for name in exercises()]
    return [one.name or one.id[:4], *points, str(one.points)]


draw()
