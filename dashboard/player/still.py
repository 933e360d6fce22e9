"""A picture of one moment of the player, taken by a browser that is on this machine."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from scenarios.errors import UsageError

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
_HEIGHT_OF_WIDTH: Final = 0.535
_LEAST_HEIGHT: Final = 790
_PATIENCE_S: Final = 60
_PAINTING_MS: Final = 2500
"""How long, by the page's own clock, it may read its columns and draw."""


def write_still(page: str, moment_s: int, width: int, out: Path) -> None:
    """Write a PNG of `page` (HTML of the player) at second `moment_s` of the run, `width` wide.

    Raises UsageError where no Chromium or Chrome is installed, or it takes no picture.
    """
    browser = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise UsageError("--still needs Chromium or Chrome; none is on the PATH (apt-get install chromium)")
    out.parent.mkdir(parents=True, exist_ok=True)
    height = max(_LEAST_HEIGHT, round(width * _HEIGHT_OF_WIDTH))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "player.html"
        file.write_text(page, encoding="utf-8")
        command = [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={folder}/profile", f"--window-size={width},{height}"),
            *(f"--virtual-time-budget={_PAINTING_MS}", f"--screenshot={out.resolve()}"),
            f"{file.as_uri()}#t={moment_s}&still=1",
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=False)
        except subprocess.TimeoutExpired:
            raise UsageError(f"{browser} took no picture within {_PATIENCE_S} s") from None
    if done.returncode or not out.is_file():
        raise UsageError(f"{browser} took no picture (exit code {done.returncode})")
