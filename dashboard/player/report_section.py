"""The player inside the report: a frame of its own, so that the report itself stays readable without JavaScript."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

from dashboard.player.page import hours_table, player_page
from dashboard.player.scene import read_scene
from dashboard.report import markup
from dashboard.words import Words

_STYLE: Final = "width: 100%; height: 720px; border: 1px solid #d9dee3; border-radius: 10px"


def player_section(run: Path, say: Words) -> str:
    """A section of the report with the player of the run's busiest day, and that day as a table for paper."""
    scene = read_scene(run)
    page = escape(player_page(scene, say, "light"))
    frame = f'<iframe title="{escape(say("player.frame"))}" style="{_STYLE}" srcdoc="{page}"></iframe>'
    return markup.section(
        say("player.in_report"), markup.element("p", say("player.in_report_what")), frame, hours_table(scene, say)
    )
