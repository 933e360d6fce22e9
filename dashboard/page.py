"""What all pages share: language and choices in the URL, tables and cards, downloads, and errors in words."""

from __future__ import annotations

import csv
import io
import os
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.charts.palette import INK_ON_DARK, INK_ON_LIGHT
from dashboard.report import markup
from dashboard.run_list import RUNS_VARIABLE
from dashboard.words import LANGUAGES, Language, Words, as_language, words

PLOTLY = {"displayModeBar": False, "responsive": True}


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

    with st.container(horizontal=True, horizontal_alignment="right"):
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
    """A choice among stable ids, kept in the URL under `key` and remembered across pages."""
    wanted: str = st.query_params.get(key) or st.session_state.get(f"picked_{key}") or ""
    index = list(options).index(wanted) if wanted in options else min(default, len(options) - 1)
    chosen: str = st.selectbox(label, options, index=index, format_func=name, key=f"select_{key}")
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
    """A table of texts that can be read out, selected and printed; `look` as in `markup.table`."""
    st.html(f'<div class="omo {css}">{markup.table(head, rows, **look)}</div>')


def cards(items: Iterable[tuple[str, str, str]]) -> None:
    """Cards of (label, value, detail)."""
    st.html(f'<div class="omo cards">{"".join(markup.card(*item) for item in items)}</div>')


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]], texts: Words) -> None:
    """A button that saves figures as CSV: unrounded, with a byte order mark so that spreadsheets read Japanese."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    data = "\ufeff" + buffer.getvalue()
    st.download_button(
        texts("ledgers.download"), data.encode(), f"{name}.csv", "text/csv", key=f"download_{name}", type="tertiary",
        icon=":material/download:",
    )  # fmt: skip


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
