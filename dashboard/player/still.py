"""A picture of one moment of the player, taken by a browser that is on this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from dashboard.chromium import find_browser, made_by

_HEIGHT_OF_WIDTH: Final = 0.535
_LEAST_HEIGHT: Final = 790
_PAINTING_MS: Final = 2500
"""How long, by the page's own clock, it may read its columns and draw."""


def write_still(page: str, moment_s: int, width: int, out: Path) -> None:
    """Write a PNG of `page` (HTML of the player) at second `moment_s` of the run, `width` wide.

    Raises UsageError where no Chromium or Chrome is installed, or it takes no picture.
    """
    browser = find_browser("--still")
    out.parent.mkdir(parents=True, exist_ok=True)
    height = max(_LEAST_HEIGHT, round(width * _HEIGHT_OF_WIDTH))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "player.html"
        file.write_text(page, encoding="utf-8")
        size = (f"--window-size={width},{height}", f"--virtual-time-budget={_PAINTING_MS}")
        made_by(browser, [*size, f"--screenshot={out.resolve()}", f"{file.as_uri()}#t={moment_s}&still=1"], out)
