"""Scenario: change what a retailer is like, see the difference to its parent and what a run costs, save it, run it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from dashboard import launch, page, scenario_form
from dashboard.amounts import number_of, roughly
from dashboard.charts.spoken import named
from dashboard.scenario_form import FAVOURITES, Draft, Key
from dashboard.words import Words
from scenarios.errors import OmoError
from scenarios.loader import load

SETS: Final = "set"
"""The changes in the URL, each `dotted.key=value` with a TOML value."""
_SHOWN: Final = 60
_LONGEST: Final = 56


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.scenario"), say("scenario.lead"))
    names = launch.scenarios_in(page.root())
    parent = page.pick(
        "parent", say("scenario.parent"), names, lambda name: launch.name_of(name, say), names.index("ward-omo")
    )
    sets = _sets(parent)
    try:
        found = scenario_form.draft(parent, sets)
    except OmoError as error:
        page.notice("invalid", say("scenario.parent_invalid"), str(error), say)
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _keys(parent, found, sets, say)
    with right, st.container(key="summary"):
        _differences(found, sets, say)
        if found.problems:
            page.notice("invalid", say("scenario.invalid"), "\n".join(found.problems), say)
        else:
            _try(parent, sets, say)
        _save(parent, found, sets, say)


def _sets(parent: str) -> dict[str, str]:
    """The changes that the URL holds; those made to another parent are not carried over."""
    of = st.session_state.setdefault("sets_of", parent)
    if of != parent:
        st.session_state["sets_of"] = parent
        st.query_params.pop(SETS, None)
    pairs = (text.partition("=") for text in st.query_params.get_all(SETS))
    return {key: value for key, equals, value in pairs if equals}


def _keys(parent: str, found: Draft, sets: Mapping[str, str], say: Words) -> None:
    favourites = {name for names in FAVOURITES.values() for name in names}
    for group, names in FAVOURITES.items():
        st.markdown(f"##### {say(f'scenario.group_{group}')}")
        for pair in (names[at : at + 2] for at in range(0, len(names), 2)):
            for column, name in zip(st.columns(2, vertical_alignment="bottom"), pair, strict=False):
                field = name.replace(".", "_")
                label = say(f"scenario.key_{field}")
                with column:
                    _widget(parent, scenario_form.key_of(name, found.values.get(name)), label, found, sets, say)
    st.markdown(f"##### {say('scenario.others')}")
    others = [name for name in found.values if name not in favourites and name not in ("title", "description")]
    chosen = st.selectbox(
        say("scenario.search"), others, index=None, placeholder=say("scenario.search_what", n=len(others)), key="other"
    )
    shown = [name for name in sets if name not in favourites]
    for name in dict.fromkeys([*([chosen] if chosen else []), *shown]):
        _widget(parent, scenario_form.key_of(name, found.values.get(name)), f"`{name}`", found, sets, say)


def _widget(parent: str, key: Key, label: str, found: Draft, sets: Mapping[str, str], say: Words) -> None:
    """One key: its control, what it means, whether it was changed, what is wrong with it."""
    place = f"key_{st.session_state.get('form', 0)}_{parent}_{key.name}"

    def changed() -> None:
        _change(key.name, st.session_state[place], found.parent.get(key.name), sets)

    mark = " ●" if key.name in sets else ""
    meaning = key.description and say.of_code("key", key.in_schema, key.description)
    shared: dict[str, Any] = {"key": place, "on_change": changed, "help": meaning or None}
    if key.kind == "bool":
        st.toggle(label + mark, bool(key.value), **shared)
    elif key.kind == "choice":
        at = key.choices.index(key.value) if key.value in key.choices else None
        name = key.name.rsplit(".", 1)[1]
        st.selectbox(label + mark, key.choices, at, format_func=lambda choice: named(name, choice, say), **shared)
    elif key.kind == "integer" and isinstance(key.value, int):
        st.number_input(label + mark, value=key.value, step=1, **shared)
    elif key.kind == "number" and isinstance(key.value, int | float):
        st.number_input(label + mark, value=float(key.value), step=_step(float(key.value)), format="%g", **shared)
    else:
        st.text_input(label + mark, "" if key.value is None else scenario_form.as_text(key.value), **shared)
    problem = scenario_form.problem_of(key.name, found.problems)
    if problem:
        st.markdown(f":red[✕ {problem}]")


def _step(value: float) -> float:
    """About a tenth of the value, as a round number."""
    return 10.0 ** (len(f"{abs(value):.0f}") - 2) if abs(value) >= 1 else 0.01


def _change(name: str, value: Any, before: Any, sets: Mapping[str, str]) -> None:
    """Put a change into the URL; the parent's own value is none."""
    typed = isinstance(value, str) and not isinstance(before, str)
    new = scenario_form.value_of(value) if typed else value
    if isinstance(before, str) and isinstance(value, str) and value[:1] in "\"'":
        new = scenario_form.value_of(value)
    kept = {key: text for key, text in sets.items() if key != name}
    if new is not None and new != before:
        kept[name] = scenario_form.as_text(new)
    st.query_params[SETS] = [f"{key}={text}" for key, text in kept.items()]


def _differences(found: Draft, sets: Mapping[str, str], say: Words) -> None:
    page.section(say("scenario.difference"))
    rows = scenario_form.differences(found)
    if not rows:
        st.caption(say("scenario.no_difference"))
        return
    st.caption(say("scenario.changed", mine=len(sets), all=len(rows)))
    rows.sort(key=lambda row: row[0] not in sets)
    texts = [[("● " if key in sets else "") + key, _short(a), _short(b)] for key, a, b in rows[:_SHOWN]]
    page.table([say("scenario.key"), say("scenario.there"), say("scenario.here")], texts, words=3, css="keys")
    if st.button(say("scenario.reset"), key="reset", icon=":material/undo:", type="tertiary"):
        st.session_state["form"] = st.session_state.get("form", 0) + 1
        st.query_params.pop(SETS, None)
        st.rerun()


def _try(parent: str, sets: Mapping[str, str], say: Words) -> None:
    """What it costs to run, and the buttons that do it."""
    page.section(say("scenario.try"))
    root = page.root()
    replications = page.number("reps", say("run.replications"), 1, 100, 5, say("run.replications_help"))
    reference, shared = scenario_form.variant(parent, sets)
    one = launch.visits_of(load(reference, shared).scenario) * replications
    for names, label in (((parent, reference), "scenario.compare"), ((reference,), "scenario.run")):
        if len(set(names)) < len(names):
            continue
        visits = one * len(names)
        time = roughly(launch.seconds_for(root, visits), say.language)
        worlds = replications * len(names)
        cost = say("scenario.cost", visits=number_of(round(visits), say.language), worlds=worlds, time=time)
        if st.button(
            say(label),
            key=label,
            icon=":material/play_arrow:",
            type="primary" if len(names) > 1 or not sets else "secondary",
        ):
            launch.begin(
                root, launch.simulation(root, names, shared, load(reference, shared).scenario.seed, replications, say)
            )
            st.switch_page("app_pages/run.py", query_params={"lang": say.language})
        st.caption(cost)


def _save(parent: str, found: Draft, sets: Mapping[str, str], say: Words) -> None:
    page.section(say("scenario.save"), say("scenario.save_what", folder=launch.folder_of_scenarios(page.root())))
    start = say.title(found.parent.get("title", parent))
    title = st.text_input(say("scenario.title"), say("scenario.changed_title", title=start))
    text = scenario_form.as_toml(parent, title, sets)
    st.code(text, language="toml", wrap_lines=True)
    with st.container(horizontal=True):
        if st.button(say("scenario.save_button"), key="save", icon=":material/save:", disabled=bool(found.problems)):
            try:
                path = scenario_form.save(launch.folder_of_scenarios(page.root()), parent, title, sets)
            except OmoError as error:
                st.error(str(error))
            else:
                st.session_state["saved"] = str(path)
        st.download_button(
            say("scenario.download"), text, "scenario.toml", "application/toml", key="download_scenario",
            icon=":material/download:", type="tertiary", on_click="ignore",
        )  # fmt: skip
    saved = st.session_state.get("saved")
    if saved:
        st.success(say("scenario.saved", path=saved))
        page.link("run", say("scenario.run_saved"), say, kind="compare", s_a=parent, s_b=saved)


def _short(value: Any) -> str:
    text = "–" if value is None else value if isinstance(value, str) else scenario_form.as_text(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


draw()
