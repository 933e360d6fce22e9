"""What all pages share: language and choices in the URL, figures and their frames, tables, cards, notices, errors.

A page draws with `heading`, then `figure` for each chart: its title is the finding, below it stand definition and
basis (interval, replications, seed), and the figures can be had as a table, CSV and PNG. Where there is nothing to
draw a `notice` says why and what to do next. Choices are made with `pick`, `choose` and `pick_several`, which keep
ids in the URL: a link that is passed on shows the same, in either language.
"""

from __future__ import annotations

import csv
import io
import os
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import streamlit as st

from dashboard.amounts import whole
from dashboard.charts.palette import INK_ON_DARK, INK_ON_LIGHT
from dashboard.report import markup
from dashboard.run_list import RUNS_VARIABLE
from dashboard.words import LANGUAGES, Language, Words, as_language, words

_QUIET: Final = 0.85
"""Opacity of text at axes and in legends, beside figures and findings."""
PLOTLY: Final = {"displayModeBar": False, "responsive": True}

Rows = Sequence[Sequence[Any]]
_STACKED_WORDS: Final = 3
Kind = Literal["empty", "loading", "partial", "failed", "invalid", "good"]
_PARTS: Final = ("html", "css", "js")
_MARKS: Final[dict[Kind, str]] = {"empty": "○", "loading": "…", "partial": "◐", "failed": "✕", "invalid": "⊘",
                                  "good": "✓"}  # fmt: skip


def root() -> Path:
    """The folder that holds the runs."""
    return Path(os.environ.get(RUNS_VARIABLE, "runs"))


def say() -> Words:
    """The texts of the visitor's language: the URL's, else the one chosen before, else the browser's."""
    language = as_language(st.query_params.get("lang")) or as_language(st.session_state.get("lang"))
    if language is None:
        language = "ja" if (st.context.locale or "").startswith("ja") else "en"
    st.session_state["lang"] = language
    return words(language)


def ink() -> str:
    """The colour of text in the visitor's theme, for charts that do not take it from there."""
    return INK_ON_DARK if st.context.theme.type == "dark" else INK_ON_LIGHT


def keep_in_url(**values: str) -> None:
    """Put choices into the URL, so that it can be passed on; entries that are already so are left alone."""
    for key, value in values.items():
        if st.query_params.get(key) != value:
            st.query_params[key] = value


def language_switch(texts: Words) -> None:
    """The switch between the languages, each under its own name."""

    def switch() -> None:
        chosen = st.session_state["language_switch"]
        if chosen is not None:
            st.session_state["lang"] = st.query_params["lang"] = chosen

    with st.container(horizontal=True, horizontal_alignment="right", key="language"):
        st.segmented_control(
            texts("app.language"),
            LANGUAGES,
            default=texts.language,
            format_func=lambda language: words(language)("app.language_name"),
            key="language_switch",
            on_change=switch,
            label_visibility="collapsed",
            required=True,
        )


def pick(key: str, label: str, options: Sequence[str], name: Callable[[str], str], default: int = 0) -> str:
    """A choice among many stable ids, kept in the URL under `key` and remembered across pages."""
    wanted = _wanted(key)
    index = list(options).index(wanted) if wanted in options else min(default, len(options) - 1)
    chosen: str = st.selectbox(label, options, index=index, format_func=name, key=f"select_{key}")
    return _kept(key, chosen)


def choose(key: str, label: str, options: Sequence[str], name: Callable[[str], str], default: int = 0) -> str:
    """A choice among a few stable ids, side by side; kept as in `pick`."""
    wanted = _wanted(key)
    chosen = st.segmented_control(
        label, options, default=wanted if wanted in options else options[default], format_func=name,
        key=f"choose_{key}", required=True,
    )  # fmt: skip
    return _kept(key, chosen or options[default])


def pick_several(
    key: str, label: str, options: Sequence[str], name: Callable[[str], str], default: Sequence[str] = ()
) -> list[str]:
    """Any number of stable ids, kept as in `pick`, with commas between; none at all is kept as `-`."""
    wanted = _wanted(key)
    chosen = default if not wanted else [part for part in wanted.split(",") if part in options]
    found = st.multiselect(label, options, default=list(chosen), format_func=name, key=f"several_{key}")
    _kept(key, ",".join(found) or "-")
    return list(found)


def number(key: str, label: str, low: int, high: int, default: int, help_text: str = "") -> int:
    """A whole number, kept as in `pick`."""
    wanted = _wanted(key)
    value = min(max(int(wanted), low), high) if wanted.isdecimal() else default
    found = st.number_input(label, low, high, value, key=f"number_{key}", help=help_text or None)
    return int(_kept(key, str(found)))


def _wanted(key: str) -> str:
    return st.query_params.get(key) or st.session_state.get(f"picked_{key}") or ""


def _kept(key: str, chosen: str) -> str:
    st.session_state[f"picked_{key}"] = chosen
    keep_in_url(**{key: chosen})
    return chosen


def link(page: str, label: str, texts: Words, **choices: str) -> None:
    """A link to another page that takes the language and `choices` along."""
    st.page_link(
        f"app_pages/{page}.py",
        label=label,
        icon=":material/arrow_forward:",
        query_params={"lang": texts.language, **choices},
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, css: str = "", **look: Any) -> None:
    """A table of texts that can be read out, selected and printed; `look` as in `markup.table`.

    Every cell knows the name of its column: on a phone, rows of a table of words (three columns or more) become blocks,
    and so do those with the class `several` or `wide`.
    """
    kind = css or ("stacked" if look.get("words", 1) >= _STACKED_WORDS else "")
    cells = [[whole(cell) for cell in row] for row in rows]
    st.html(f'<div class="omo {kind}">{markup.table(head, cells, labelled=True, **look)}</div>')


def big(label: str, value: str) -> None:
    """One figure that stands out, with what it is."""
    st.html(f'<div class="omo big">{markup.element("p", value, "value")}{markup.element("p", label, "label")}</div>')


def cards(items: Iterable[tuple[str, str, str]]) -> None:
    """Cards of (label, value, detail)."""
    st.html(f'<div class="omo cards">{"".join(markup.card(*item) for item in items)}</div>')


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]], texts: Words) -> None:
    """A button that saves figures as CSV: unrounded, with a byte order mark so that spreadsheets read Japanese."""
    found = [list(row) for row in rows]
    st.download_button(
        texts("figure.csv"), lambda: as_csv(head, found), f"{name}.csv", "text/csv", key=f"download_{name}",
        type="tertiary", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def as_csv(head: Sequence[str], rows: Rows) -> bytes:
    """A CSV file; a cell that is None is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return ("\ufeff" + buffer.getvalue()).encode()


def figure(
    key: str,
    chart: Any,
    texts: Words,
    *,
    finding: str,
    definition: str,
    basis: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    csv_head: Sequence[str] = (),
    csv_rows: Rows = (),
    words: int = 1,
) -> None:
    """A chart of Altair or Plotly in its frame.

    `key` is unique on the page and the name of the downloads. `finding` is the title, a sentence; `definition` says
    what is counted, in which unit; `basis` how sure it is (see `basis_of`). `head` and `rows` are the same figures as
    texts, the first `words` columns of words, for whoever cannot see the chart; `csv_head` and `csv_rows` are them
    unrounded, the texts when left out.
    """
    with st.container(border=True, key=f"figure_{key}"):
        st.html(f'<div class="omo frame">{_element("h3", finding)}{_element("p", definition)}</div>')
        _chart(key, chart, f"{finding} {definition}")
        st.html(f'<div class="omo frame">{_element("p", basis, "basis")}</div>')
        with st.container(horizontal=True, vertical_alignment="center", gap="medium", key=f"tools_{key}"):
            with st.popover(texts("figure.table"), icon=":material/table_rows:", type="tertiary"):
                table(head, rows, caption=finding, words=words)
            download(key, csv_head or head, csv_rows or rows, texts)
            about = {"title": finding, "basis": basis, "name": key, "label": texts("figure.png")}
            _png_button()(key=f"png_{key}", data={"figure": f"st-key-figure_{key}", **about})


def _element(tag: str, text: str, css: str = "") -> str:
    return markup.element(tag, whole(text), css)


def _chart(key: str, chart: Any, alt: str) -> None:
    if hasattr(chart, "to_plotly_json"):
        st.plotly_chart(chart, config=PLOTLY, key=f"chart_{key}", alt=alt)
    else:
        # Altair checked the chart when it was made; checking it again takes longer than all the rest.
        spec = chart.to_dict(validate=False)
        spec["config"] = {**spec.get("config", {}), **_look(ink())}
        st.vega_lite_chart(spec=spec, key=f"chart_{key}", alt=alt)


def _look(ink: str) -> dict[str, Any]:
    """What charts of Altair have in common: text that can be read, and names of rows level with them."""
    return {
        "axis": {"labelColor": ink, "titleColor": ink, "labelOpacity": _QUIET, "titleOpacity": _QUIET},
        "axisY": {"labelFlush": False},
        "legend": {"labelColor": ink, "labelOpacity": _QUIET},
        "text": {"color": ink},
        "rule": {"color": ink},
    }


@cache
def _png_button() -> Any:
    """A button that saves the picture of a figure, made by the browser from what it shows."""
    from streamlit.components import v2

    html, css, js = (Path(__file__).with_name(f"png.{kind}").read_text(encoding="utf-8") for kind in _PARTS)
    return v2.component("omo_png", html=html, css=css, js=js)


def basis_of(document: Mapping[str, Any], texts: Words) -> str:
    """How sure a document's figures are: days, replications, seed and kind of interval."""
    return texts("figure.basis", **{name: document[name] for name in ("days", "replications", "seed")})


def notice(
    kind: Kind,
    title: str,
    what: str,
    texts: Words,
    *,
    commands: Sequence[str] = (),
    to: Sequence[tuple[str, str, Mapping[str, str]]] = (),
) -> None:
    """Why there is nothing, or not everything, to see, and what to do next; `good` is a verdict that all is well.

    `commands` are lines for a terminal, `to` are links: page, label, choices in its URL.
    """
    with st.container(border=True):
        mark = f'<span aria-hidden="true">{_MARKS[kind]}</span>'
        body = markup.element("strong", title) + (_element("p", what) if what else "")
        st.html(f'<div class="omo notice {kind}" role="status">{mark}<div>{body}</div></div>')
        if to:
            with st.container(horizontal=True, gap="medium"):
                for target, label, choices in to:
                    link(target, label, texts, **choices)
        if commands:
            st.caption(texts("figure.on_terminal"))
            st.code("\n".join(commands), language="bash", wrap_lines=True)


def heading(title: str, lead: str = "") -> None:
    """The title of a page."""
    st.title(title, anchor=False)
    if lead:
        st.markdown(lead)


def section(title: str, what: str = "") -> None:
    """The title of a part of a page, with what is shown there."""
    st.subheader(title, anchor=False)
    if what:
        st.caption(what)


def show_error(error: Exception) -> None:
    """Say in words that a page failed; the details are there for whoever mends it."""
    texts = words(_language_for_error())
    st.error(f"**{texts('error.title')}**\n\n{texts('error.what')}", icon=":material/error:")
    with st.expander(f"{type(error).__name__}: {error}"):
        st.code("".join(traceback.format_exception(error)[-3:]), language=None)


def _language_for_error() -> Language:
    return as_language(st.session_state.get("lang")) or "en"
