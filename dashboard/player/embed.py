"""The player on a page of the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.player.page import Theme, player_page
from dashboard.player.scene import read_scene
from dashboard.words import Language, words

_CACHED_PAGES: Final = 8


def show_player(run: Path, language: Language, day: int | None = None, shopper: int | None = None) -> None:
    """Show the player of `run` in the visitor's theme, as wide as there is room.

    It opens on `day` (the busiest when left out) and follows `shopper`. The page is one frame that holds everything: no
    request leaves it. Raises UsageError as `read_scene` does.
    """
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    st.iframe(_page(str(run), language, day, shopper, theme), height="content", alt=words(language)("player.frame"))


@st.cache_data(max_entries=_CACHED_PAGES, show_spinner=False)
def _page(run: str, language: Language, day: int | None, shopper: int | None, theme: Theme) -> str:
    scene = read_scene(Path(run), day, shopper=shopper)
    return player_page(scene, words(language), theme, follow=shopper)
