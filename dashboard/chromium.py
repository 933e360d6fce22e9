"""A Chromium or Chrome of this machine, without a window: prints the report, photographs the player."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scenarios.errors import UsageError

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_FLAGS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_PATIENCE_S: Final = 120


def find_browser(what: str) -> str:
    """The browser's path; `what` needs it. Raises UsageError when none is on the PATH."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise UsageError(f"{what} needs Chromium or Chrome; none is on the PATH (apt-get install chromium)")
    return found


def write_pdf(browser: str, page: Path, out: Path) -> None:
    """Print the HTML file `page` to the PDF `out`. Raises UsageError when the browser does not within two minutes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    options = ("--no-pdf-header-footer", "--generate-pdf-document-outline", f"--print-to-pdf={out.resolve()}")
    made_by(browser, [*options, page.resolve().as_uri()], out)


def made_by(browser: str, options: Sequence[str], out: Path) -> None:
    """Run the browser with a profile of its own until it has written `out`; an older file of that name goes first."""
    out.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, *_FLAGS, f"--user-data-dir={profile}", *options]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=False)
        except subprocess.TimeoutExpired:
            raise UsageError(f"{browser} wrote no {out.name} within {_PATIENCE_S} s") from None
    if done.returncode or not out.is_file():
        raise UsageError(f"{browser} wrote no {out.name} (exit code {done.returncode})")
