"""The pages: language, navigation, look. Run by Streamlit, started by `omo dashboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import page

PAGES: Final = {
    "": {"start": ":material/home:"},
    "build": {
        "scenario": ":material/tune:",
        "run": ":material/play_circle:",
        "runs": ":material/table_rows:",
        "compare": ":material/compare_arrows:",
    },
    "understand": {
        "ledgers": ":material/balance:",
        "policies": ":material/how_to_vote:",
        "customers": ":material/group:",
        "own_data": ":material/upload_file:",
        "floor": ":material/storefront:",
        "stock": ":material/inventory_2:",
        "payments": ":material/payments:",
    },
    "size": {
        "demand": ":material/query_stats:",
        "load": ":material/speed:",
        "audit": ":material/verified:",
    },
    "train": {
        "learn": ":material/school:",
    },
}
"""Sections in the order of the navigation, and the pages of each: file in `app_pages/` and icon."""

LOCALE: Final = """<style>
:root {{ -webkit-locale: "{language}"; }}"""
"""Streamlit says that every page is English, and a browser breaks Japanese at phrases only where it knows of it."""

DARK_TEXT: Final = "<style>:is(button[kind^=primary], [data-baseweb=tag]) :is(p, span, svg) { color: #0B1714; }</style>"
"""White on the light green of the dark theme has a contrast of 2.2:1, this has 8:1."""


def main() -> None:
    """Draw the page that the URL names."""
    say = page.say()
    st.set_page_config(page_title=say("app.name"), page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
    style = Path(__file__).with_name("app.css").read_text(encoding="utf-8")
    st.html(style.replace("<style>", LOCALE.format(language=say.language), 1))
    if st.context.theme.type == "dark":
        st.html(DARK_TEXT)
    sections = {
        say(f"section.{section}") if section else "": [
            st.Page(
                f"app_pages/{name}.py", title=say(f"page.{name}"), icon=icon, url_path=name, default=name == "start"
            )
            for name, icon in pages.items()
        ]
        for section, pages in PAGES.items()
    }
    chosen = st.navigation(sections, position="top")
    page.language_switch(say)
    page.keep_in_url(lang=say.language)
    chosen.run()


main()
