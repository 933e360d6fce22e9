"""One guided exercise on the page: the situation, how things stand, decision and prediction, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from dashboard import jobs, page
from dashboard.amounts import figure, interval, roughly, yen
from dashboard.jobs import UNDER_WAY, Job
from dashboard.learn import sessions
from dashboard.learn.chart import BETWEEN, choices
from dashboard.learn.exercises import SEED, Exercise, command, exercises
from dashboard.learn.outcomes import CONTRIBUTION, Outcome, missing, outcome
from dashboard.learn.score import score
from dashboard.learn.sessions import Answer, Session
from dashboard.learn.sheets import printable, sheet
from dashboard.words import Words
from sim.evaluation.measures import BY_NAME

_SECONDS_PER_REPLICATION = 2.0
"""A world of an exercise and replication on one core, about."""


def draw(exercise: Exercise, mine: Session, say: Words) -> None:
    """The exercise and its facilitator's sheet."""
    page.heading(say(f"exercise.{exercise.id}_title"))
    doing, facilitating = st.tabs([say("learn.tab_exercise"), say("learn.tab_sheet")])
    with doing:
        _exercise(exercise, mine, say)
    with facilitating:
        facilitators_sheet(exercise.id, say(f"exercise.{exercise.id}_title"), say)


def facilitators_sheet(name: str, title: str, say: Words) -> None:
    """The sheet, and a file of it for the printer."""
    with st.container(key=f"sheet_{name}", width=760):
        st.markdown(sheet(name, say.language))
    st.download_button(
        say("learn.print"), printable(name, title, say.language), f"omotwin-{name}-{say.language}.html", "text/html",
        key=f"print_{name}", icon=":material/print:", on_click="ignore",
    )  # fmt: skip


def prepare(exercise: Exercise, root: Path, say: Words) -> Job:
    """Start running the worlds that are missing, and those that are there are taken as they are."""
    runs = tuple(exercise.run_name(world) for world in exercise.worlds)
    shows = {"page": "learn", "exercise": exercise.id}
    return jobs.start(root, [command(exercise, root)], say(f"exercise.{exercise.id}_title"), runs, shows)


def job_of(exercise: Exercise, root: Path) -> Job | None:
    """The newest job that makes this exercise's worlds."""
    return next((job for job in jobs.jobs(root) if job.shows.get("exercise") == exercise.id), None)


def option_name(exercise: Exercise, world: str, say: Words) -> str:
    """The options of a world, in words."""
    chosen = exercise.options_of(world).items()
    return BETWEEN.join(say(f"exercise.{exercise.id}_{decision}_{option}") for decision, option in chosen)


def _exercise(exercise: Exercise, mine: Session, say: Words) -> None:
    root = page.root()
    with st.container(width=760):
        st.markdown(say(f"exercise.{exercise.id}_situation"))
    if missing(exercise, root):
        _preparing(exercise, root, say)
        return
    found = _outcome(exercise.id, str(root), tuple(exercise.run_name(world) for world in exercise.worlds))
    _standing(exercise, found, say)
    answer = mine.answers.get(exercise.id)
    if answer is None or answer.world not in exercise.worlds:
        _form(exercise, found, mine, say)
    else:
        _reveal(exercise, found, answer, mine, say)


@st.cache_data(show_spinner=False, max_entries=30)
def _outcome(name: str, root: str, runs: tuple[str, ...]) -> Outcome:  # noqa: ARG001  part of the cache key
    return outcome(exercises()[name], Path(root))


def _preparing(exercise: Exercise, root: Path, say: Words) -> None:
    job = job_of(exercise, root)
    if job is not None and jobs.state(root, job) in UNDER_WAY:
        _progress(exercise, say)
        return
    worlds = len(exercise.worlds)
    seconds = worlds * exercise.replications * _SECONDS_PER_REPLICATION / 2
    with st.container(border=True):
        st.markdown(say("learn.not_prepared", n=worlds, time=roughly(seconds, say.language)))
        if job is not None and jobs.state(root, job) in ("failed", "lost"):
            st.code(jobs.output(root, job) or "–", language=None, wrap_lines=True)
        if st.button(say("learn.prepare"), type="primary", key="prepare", icon=":material/play_arrow:"):
            if job is not None:
                jobs.dismiss(root, job)
            prepare(exercise, root, say)
            st.rerun()


@st.fragment(run_every=1.0)
def _progress(exercise: Exercise, say: Words) -> None:
    root = page.root()
    job = job_of(exercise, root)
    if job is None or jobs.state(root, job) not in UNDER_WAY:
        st.rerun()
    days = jobs.progress(root, job)
    part = min(days[0] / max(days[1], 1), 1.0) if days else 0.0
    with st.container(border=True):
        st.progress(part, text=say("learn.preparing"))
        if st.button(say("jobs.cancel"), key="cancel_preparing", icon=":material/stop:"):
            jobs.cancel(root, job)
            st.rerun(scope="fragment")


def _standing(exercise: Exercise, found: Outcome, say: Words) -> None:
    page.section(say("learn.standing"), say("learn.standing_what", days=found.days))
    levels, asked = found.levels[exercise.worlds[0]], exercise.prediction
    hidden = "" if asked.against else asked.measure  # it is what has to be predicted
    items = [
        (say.label(name), figure(value, BY_NAME[name].unit, say.language), "")
        for name, value in levels.items()
        if value == value and name != hidden
    ]
    if found.naive_ratio is not None:
        items.insert(0, (say("learn.naive"), f"{found.naive_ratio:.2f} ×", say("learn.naive_what")))
    page.cards(items)


def _form(exercise: Exercise, found: Outcome, mine: Session, say: Words) -> None:
    asked = exercise.prediction
    with st.form(key=f"decide_{exercise.id}", border=True):
        chosen = []
        for decision, options in exercise.decisions.items():
            names = list(options)
            chosen.append(
                st.radio(
                    say(f"exercise.{exercise.id}_{decision}"),
                    names,
                    index=None,
                    format_func=lambda option, decision=decision: say(f"exercise.{exercise.id}_{decision}_{option}"),  # type: ignore[misc]
                    key=f"{exercise.id}_{decision}",
                )
            )
        predicted = st.number_input(
            say(f"exercise.{exercise.id}_prediction"), asked.low, asked.high, None, asked.step,
            key=f"{exercise.id}_prediction", placeholder=say(f"learn.unit_{asked.unit}"),
            help=say(f"learn.unit_{asked.unit}"),
        )  # fmt: skip
        sent = st.form_submit_button(say("learn.reveal"), type="primary", icon=":material/visibility:")
    if not sent:
        return
    if None in chosen or predicted is None:
        st.warning(say("learn.answer_all"), icon=":material/warning:")
        return
    world = "+".join(option for option in chosen if option is not None)
    points = score(exercise, found, world, predicted)
    answer = Answer(world, float(predicted), points.prediction, points.decision)
    sessions.keep(page.root(), replace(mine, answers={**mine.answers, exercise.id: answer}))
    st.rerun()


def _reveal(exercise: Exercise, found: Outcome, answer: Answer, mine: Session, say: Words) -> None:
    page.section(say("learn.outcome"))
    asked = exercise.prediction
    told = {"predicted": _amount(answer.predicted, asked.unit, say), "truth": _amount(found.truth, asked.unit, say)}
    best, mean = found.best, found.differences[answer.world][CONTRIBUTION].mean
    page.cards(
        [
            (say("learn.points"), f"{answer.points} / 100", say("learn.points_what")),
            (say("learn.predicted"), told["truth"], say("learn.predicted_what", **told, n=answer.prediction_points)),
            (
                say("learn.decided"),
                yen(mean, say.language, signed=True),
                say("learn.decided_what", n=answer.decision_points),
            ),
        ]
    )
    chosen = option_name(exercise, answer.world, say)
    st.markdown(say("learn.you_chose", chosen=chosen, best=option_name(exercise, best, say)))
    with st.container(width=760):
        st.markdown(say(f"exercise.{exercise.id}_why"))
    _chart(exercise, found, answer, say)
    _table(exercise, found, answer, say)
    _onward(exercise, answer, mine, say)


def _chart(exercise: Exercise, found: Outcome, answer: Answer, say: Words) -> None:
    titles = [_marked(exercise, world, answer, say) for world in exercise.worlds]
    differences = [_bounds(found, world) for world in exercise.worlds]
    page.figure(
        f"learn_{exercise.id}",
        choices(titles, differences, exercise.worlds.index(answer.world), say.language),
        say,
        finding=say("learn.chart", option=option_name(exercise, found.best, say)),
        definition=say("learn.chart_what", base=option_name(exercise, exercise.worlds[0], say)),
        basis=say("figure.basis", days=found.days, replications=found.replications, seed=SEED),
        head=[say("learn.option"), say.label(CONTRIBUTION)],
        rows=[
            [title, interval(_bounds(found, world), "yen", say.language, signed=True)]
            for world, title in zip(exercise.worlds, titles, strict=True)
        ],
        csv_head=["option", "contribution_yen", "half_width"],
        csv_rows=[[world, *_bounds(found, world).values()] for world in exercise.worlds],
    )


def _table(exercise: Exercise, found: Outcome, answer: Answer, say: Words) -> None:
    st.markdown(f"##### {say('learn.all_options')}")
    st.caption(say("learn.all_options_what"))
    head = [say("learn.option"), *(say.label(name) for name in exercise.measures)]
    rows = []
    for number, world in enumerate(exercise.worlds):
        cells = []
        for name in exercise.measures:
            value = found.levels[world][name] if number == 0 else found.differences[world][name].mean
            known = value if value == value else None
            cells.append(figure(known, BY_NAME[name].unit, say.language, signed=number > 0))
        rows.append([_marked(exercise, world, answer, say), *cells])
    page.table(head, rows, css="several")


def _onward(exercise: Exercise, answer: Answer, mine: Session, say: Words) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(say("learn.again"), key=f"again_{exercise.id}", icon=":material/replay:"):
            rest = {name: kept for name, kept in mine.answers.items() if name != exercise.id}
            sessions.keep(page.root(), replace(mine, answers=rest))
            st.rerun()
        if answer.world != exercise.worlds[0]:
            runs = {"a": exercise.run_name(exercise.worlds[0]), "b": exercise.run_name(answer.world)}
            page.link("ledgers", say("learn.to_ledgers"), say, **runs)


def _bounds(found: Outcome, world: str) -> dict[str, float | None]:
    difference = found.differences[world][CONTRIBUTION]
    known = difference.half_width if difference.half_width == difference.half_width else None
    return {"mean": difference.mean, "half_width": known}


def _marked(exercise: Exercise, world: str, answer: Answer, say: Words) -> str:
    name = option_name(exercise, world, say)
    return say("learn.yours", option=name) if world == answer.world else name


def _amount(value: float, unit: str, say: Words) -> str:
    if unit == "thousand_yen":
        return yen(value * 1000, say.language, signed=True)
    return f"{value:+.1f} %" if unit == "percent" else f"{value:,.0f}"
