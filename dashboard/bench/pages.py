"""How long somebody waits for a page: first content after opening it, and its answer to a click, in Chromium."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from dashboard.words import words
from scenarios.errors import TargetUnreachable, UsageError

CHROMIUM: Final = Path("/usr/bin/chromium")
FIRST_CONTENT_S: Final = 2.0
INTERACTION_S: Final = 1.0
_PATIENCE_S: Final = 30.0
_START_S: Final = 90.0
Found = dict[str, float]
"""Seconds by what was waited for."""
_QUIET: Final = "[data-testid=stApp][data-test-script-state=notRunning]"
_SETTLED: Final = """async ([still_ms, limit_ms]) => {
  const begun = performance.now();
  let changed = begun;
  const watch = new MutationObserver(() => { changed = performance.now(); });
  watch.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true });
  while (performance.now() - changed < still_ms && performance.now() - begun < limit_ms) {
    await new Promise((done) => setTimeout(done, 20));
  }
  watch.disconnect();
  return performance.now() - changed;
}"""
"""Waits until nothing on the page has changed for a while: charts are drawn after the script that asks for them has
ended. Answers how many ms ago the last change was."""
_STILL_MS: Final = 300


def page_names() -> list[str]:
    """All pages, by their files."""
    return sorted(path.stem for path in (Path(__file__).parents[1] / "app_pages").glob("*.py"))


def measure_pages(
    root: Path, rounds: int, within_s: float, tell: Callable[[str, Found | None], None]
) -> dict[str, Any]:
    """Seconds until each page shows its title (`first_content_s`), is complete with its last chart (`complete_s`), and,
    once it is, has changed its language after a click (`interaction_s`): medians over `rounds`, after one visit that
    fills the server's caches.

    Each round is a browser without anything in its cache. Each page is told as soon as it is measured. After `within_s`
    no visit is begun: the pages that are left are None and the document's `state` is `partial`, as it is after Ctrl-C.
    `TargetUnreachable` when the pages do not come up.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise UsageError("playwright is missing: pip install omotwin[test]") from None
    if not CHROMIUM.is_file():
        raise UsageError(f"no Chromium at {CHROMIUM}: apt-get install chromium")
    end = time.monotonic() + within_s
    pages: dict[str, Found | None] = dict.fromkeys(page_names())
    interrupted = False
    with served(root) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        try:
            for name in pages:
                pages[name] = _measured(chromium, address, name, rounds, end)
                tell(name, pages[name])
        except KeyboardInterrupt:
            interrupted = True
        chromium.close()
    targets = {"first_content_s": FIRST_CONTENT_S, "interaction_s": INTERACTION_S}
    state = "partial" if interrupted or None in pages.values() else "complete"
    return {"schema": "omo.bench-dashboard/1", "state": state, "rounds": rounds, "targets": targets, "pages": pages}


def _measured(chromium: Any, address: str, name: str, rounds: int, end: float) -> Found | None:
    """Medians of as many of the rounds as there is time for; None where there is none, or the page never came."""
    found: list[Found] = []
    for visit in range(rounds + 1):
        left_s = end - time.monotonic()
        if left_s <= 0:
            break
        try:
            one = _visit(chromium, address, name, min(left_s + 1, _PATIENCE_S))
        except _timed_out():
            break
        if visit:
            found.append(one)
    return {key: median(one[key] for one in found) for key in found[0]} if found else None


def _timed_out() -> type[Exception]:
    from playwright.sync_api import TimeoutError as TimedOut

    return TimedOut


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The pages for `root` on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "omo", "dashboard", "--out", str(root), "--port", str(port), "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _until_healthy(address, server)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _visit(chromium: Any, address: str, name: str, patience_s: float) -> Found:
    """Open a page, change its language, and tell how long each took."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * patience_s)
        begun = time.perf_counter()
        page.goto(f"{address}/{'' if name == 'start' else name}?lang=en", wait_until="commit")
        page.wait_for_selector("h1")
        first = time.perf_counter() - begun
        page.wait_for_selector(_QUIET)
        still_ms = page.evaluate(_SETTLED, [_STILL_MS, 1000 * patience_s])
        complete = time.perf_counter() - begun - still_ms / 1000
        title = words("ja")("start.title" if name == "start" else f"page.{name}")
        clicked = time.perf_counter()
        page.get_by_text(words("ja")("app.language_name"), exact=True).click()
        page.wait_for_function("title => document.querySelector('h1')?.innerText.trim() === title", arg=title)
        return {
            "first_content_s": first,
            "complete_s": complete,
            "interaction_s": time.perf_counter() - clicked,
        }
    finally:
        context.close()


def _until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TargetUnreachable("omo dashboard did not start; try it by hand: omo dashboard --no-browser")
