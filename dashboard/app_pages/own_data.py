"""Your own data: receipts or paths of touches from a file, analysed as on the terminal; nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast, get_args

import streamlit as st

from dashboard import own_figures, page
from dashboard.own_files import COLUMNS, Kind, OwnFile, attribution_document, example, lifetime_document, sample
from dashboard.run_list import RunEntry, entries
from dashboard.words import Words
from scenarios.errors import DataInvalid, OmoError
from sim.evaluation.lifetime_value.document import Question

_SHOWN: Final = 12
"""Problems of a file that are listed."""
_SAMPLE_ROWS: Final = 5
_COMMANDS: Final[dict[Kind, str]] = {"receipts": "omo ltv", "paths": "omo attribution"}


def draw() -> None:
    """The page."""
    say = page.say()
    page.heading(say("page.own_data"), say("own.lead"))
    st.caption(f":material/lock: {say('own.stays')}")
    kind = cast(Kind, page.choose("own", say("own.kind"), get_args(Kind), lambda name: say(f"own.kind_{name}")))
    runs = [run for run in entries(page.root()) if run.readable]
    sources = ("file", "run") if runs else ("file",)
    source = page.choose("own_from", say("own.source"), sources, lambda name: say(f"own.source_{name}"))
    file = _of_run(kind, runs, say) if source == "run" else _uploaded(kind, say)
    if file is None:
        _wanted(kind, say)
        return
    options = _options(kind, say)
    try:
        with st.spinner(say("own.loading")):
            document = _document(kind, file, options)
    except OmoError as error:
        page.notice("invalid", say("own.invalid", file=file.name), _problems(error, say), say)
        _columns(kind, say)
        return
    if kind == "receipts":
        own_figures.lifetime_figures(document, say)
    else:
        own_figures.attribution_figures(document, say)


def _uploaded(kind: Kind, say: Words) -> OwnFile | None:
    """The visitor's file; it is remembered while other pages are looked at, until the tab is closed."""
    place, upload = f"own_file_{kind}", f"upload_{kind}"

    def taken() -> None:
        found = st.session_state[upload]
        st.session_state[place] = None if found is None else OwnFile(Path(found.name).name, found.getvalue())

    st.file_uploader(say(f"own.upload_{kind}"), "csv", key=upload, on_change=taken)
    file: OwnFile | None = st.session_state.get(place)
    if file is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(say("own.shown", file=f"`{file.name}`", kb=f"{len(file.content) / 1000:,.1f}"))
            if st.button(say("own.forget"), key="forget", icon=":material/delete:", type="tertiary"):
                st.session_state[place] = None
                st.rerun()
    return file


def _of_run(kind: Kind, runs: Sequence[RunEntry], say: Words) -> OwnFile:
    """What the company of a finished run would have in its own files."""
    found = {run.name: run for run in runs}
    name = page.pick("run", say("runs.choose"), list(found), lambda key: f"{say.title(found[key].title)} · {key}")
    with st.spinner(say("own.loading")):
        file = _example(kind, found[name])
    st.caption(say(f"own.of_run_{kind}"))
    _save(file, say("own.save_example"))
    return file


@st.cache_data(
    show_spinner=False, max_entries=6, hash_funcs={RunEntry: lambda run: (run.path, run.inputs_hash, run.finished)}
)
def _example(kind: Kind, run: RunEntry) -> OwnFile:
    return example(kind, run.path)


def _options(kind: Kind, say: Words) -> tuple[float, ...]:
    """What the commands take as options, in their order."""
    columns = st.columns(3, vertical_alignment="bottom")
    if kind == "paths":
        with columns[0]:
            order = page.number("order", say("own.order"), 1, 3, 1, say("own.order_help"))
        with columns[1]:
            hours = page.number("half_life", say("own.half_life"), 1, 8760, 168, say("own.half_life_help"))
        return order, hours
    with columns[0]:
        seen = page.number("seen", say("own.seen"), 1, 100, 50, say("own.seen_help"))
    with columns[1]:
        years = page.number("years", say("own.years"), 1, 30, 3)
    with columns[2]:
        discount = page.number("discount", say("own.discount"), 0, 100, 10)
    return seen / 100, years, discount / 100


@st.cache_data(show_spinner=False, max_entries=10, hash_funcs={OwnFile: lambda file: (file.name, file.content)})
def _document(kind: Kind, file: OwnFile, options: tuple[float, ...]) -> dict[str, Any]:
    if kind == "paths":
        return attribution_document(file, int(options[0]), options[1])
    return lifetime_document(file, Question(*options))


def _problems(error: OmoError, say: Words) -> str:
    """What the command would say, by its first lines."""
    problems = error.problems if isinstance(error, DataInvalid) else str(error).splitlines()
    more = [say("own.more", n=f"{len(problems) - _SHOWN:,}")] if len(problems) > _SHOWN else []
    return "\n".join([*problems[:_SHOWN], *more])


def _wanted(kind: Kind, say: Words) -> None:
    """No file yet: what one looks like, one to try, and the same on the terminal."""
    command, root = _COMMANDS[kind], page.root()
    page.notice(
        "empty", say(f"own.none_{kind}"), say("own.none_what", root=root), say,
        commands=[f"{command} {kind}.csv", f"omo run ward-omo --reps 1 --set horizon.days=90 --out {root}"],
        to=[("run", say("page.run"), {})],
    )  # fmt: skip
    _columns(kind, say)


def _columns(kind: Kind, say: Words) -> None:
    """The columns with their meanings, and the first lines of a sample that can be downloaded and taken at once."""
    page.section(say("own.columns"), say("own.columns_what"))
    needed = COLUMNS[kind][:3] if kind == "receipts" else COLUMNS[kind][:2]
    marks = {True: say("own.needed"), False: say("own.optional")}
    rows = [[name, marks[name in needed], say(f"own.column_{name}")] for name in COLUMNS[kind]]
    page.table([say("own.column"), "", say("own.meaning")], rows, css="keys", words=3)
    file = sample(kind)
    st.code("\n".join([*file.content.decode().splitlines()[: _SAMPLE_ROWS + 1], "…"]), language=None)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        _save(file, say("own.save_sample"))
        if st.button(say("own.try_sample"), key="try_sample", icon=":material/play_arrow:"):
            st.session_state[f"own_file_{kind}"] = file
            st.rerun()


def _save(file: OwnFile, label: str) -> None:
    st.download_button(
        label, file.content, file.name, "text/csv", key="save_file", type="tertiary", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip


draw()
