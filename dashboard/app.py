"""The pages: language, navigation, look. Run by Streamlit, started by `omo dashboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import page

PAGES: Final = {
    "start": ":material/home:",
    "ledgers": ":material/balance:",
    "load": ":material/speed:",
    "runs": ":material/table_rows:",
}


def main() -> None:
    """Draw the page that the URL names."""
    say = page.say()
    st.set_page_config(page_title=say("app.name"), page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
    st.html(Path(__file__).with_name("app.css").read_text(encoding="utf-8"))
    pages = [
        st.Page(f"app_pages/{name}.py", title=say(f"page.{name}"), icon=icon, url_path=name, default=name == "start")
        for name, icon in PAGES.items()
    ]
    chosen = st.navigation(pages, position="top")
    page.language_switch(say)
    page.keep_in_url(lang=say.language)
    chosen.run()


main()
