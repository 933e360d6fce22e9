"""Starts the pages: Streamlit on this machine only, with our themes, our font, and no word to anybody else."""

from __future__ import annotations

import importlib
import os
import threading
from pathlib import Path
from typing import Any, Final

from dashboard.run_list import RUNS_VARIABLE
from scenarios.errors import UsageError

_WARM: Final = (
    *("dashboard.page", "dashboard.launch", "dashboard.load_runs", "dashboard.any_two", "dashboard.one_run"),
    *("dashboard.ledger_figures", "dashboard.difference_figures", "dashboard.side_by_side", "dashboard.words"),
)
"""What the pages import that takes long: it is there before the first of them is opened."""

FONT_ROUTE: Final = "/fonts/ipaexg.ttf"


def serve(root: Path, port: int, browser: bool) -> None:
    """Serve the pages for the runs in `root` on 127.0.0.1:`port` until Ctrl-C."""
    import streamlit as st
    from starlette.routing import Route

    _check_free(port)
    os.environ[RUNS_VARIABLE] = str(root.resolve())
    app = st.App(
        Path(__file__).with_name("app.py"),
        routes=[Route(FONT_ROUTE, _font)],
        on_script_error=_show_error,
    )
    threading.Thread(target=_warm_up, daemon=True).start()
    app.run(config=settings(port, browser))


def settings(port: int, browser: bool) -> dict[str, Any]:
    """Streamlit's settings: server, privacy, and both themes."""
    from dashboard.typeface import CODE_STACK, FAMILY, RANGES, STACK

    common = {
        "theme.fontFaces": [{"family": FAMILY, "url": FONT_ROUTE, "unicodeRange": RANGES}],
        "theme.font": STACK,
        "theme.headingFont": STACK,
        "theme.codeFont": CODE_STACK,
        "theme.baseRadius": "0.5rem",
        "theme.showWidgetBorder": True,
        "theme.paddingTop": "2.5rem",
        "theme.headingFontSizes": ["2rem", "1.4rem", "1.15rem"],
    }
    light = {
        "primaryColor": "#15695B",
        "backgroundColor": "#FFFFFF",
        "secondaryBackgroundColor": "#F3F6F7",
        "textColor": "#1E252D",
        "linkColor": "#15695B",
        "borderColor": "#D5DBE0",
    }
    dark = {
        "primaryColor": "#4FBFA9",
        "backgroundColor": "#11161D",
        "secondaryBackgroundColor": "#1A212A",
        "textColor": "#E6EBF0",
        "linkColor": "#6FD3BF",
        "borderColor": "#333D49",
    }
    themes = {
        f"theme.{name}.{key}": value for name, t in (("light", light), ("dark", dark)) for key, value in t.items()
    }
    server = {
        "server.address": "127.0.0.1",
        "server.port": port,
        "server.headless": not browser,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "runner.magicEnabled": False,
    }
    return server | common | themes


async def _font(_request: Any) -> Any:
    from starlette.responses import FileResponse

    from dashboard.typeface import font_file

    return FileResponse(font_file(), media_type="font/ttf", headers={"Cache-Control": "public, max-age=604800"})


def _show_error(error: Exception) -> bool:
    """Show a page's error in words instead of a traceback."""
    from dashboard.page import show_error

    show_error(error)
    return True


def _warm_up() -> None:
    """Import what the pages need while the browser starts, so that the first visitor does not wait for it."""
    for name in _WARM:
        importlib.import_module(name)


def _check_free(port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise UsageError(
                f"port {port} is taken or not allowed; choose another: omo dashboard --port 8600"
            ) from None
