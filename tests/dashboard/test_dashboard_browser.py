"""The pages in a real browser: no error, nothing asked of another host, Japanese readable, both themes, phones."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dashboard
from dashboard.words import words

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PATIENCE_MS = 30_000
PAGES = sorted(path.stem for path in Path(dashboard.__file__).parent.glob("app_pages/*.py"))

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.is_file(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def address(runs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`omo dashboard` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "omo", "dashboard", "--out", str(runs_root), "--port", str(port), "--no-browser"]
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """A page with what went wrong on it."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.address = address
        self.context = browser.new_context(**{"viewport": {"width": 1440, "height": 1000}, **context})
        self.page = self.context.new_page()
        self.foreign: list[str] = []
        self.wrong: list[str] = []
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("request", self._request)
        self.page.on("websocket", self._socket)
        self.page.on("response", self._response)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def open(self, path: str) -> Any:
        """Go to a path and wait until the page has been drawn."""
        self.page.goto(f"{self.address}{path}")
        self.page.wait_for_selector("h1")
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        return self.page

    def clean(self) -> None:
        """Nothing was asked of another host, nothing failed."""
        assert self.foreign == []
        assert self.wrong == []
        assert self.page.locator("[data-testid=stException]").count() == 0
        self.context.close()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def _socket(self, socket: Any) -> None:
        if not socket.url.startswith(self.address.replace("http", "ws", 1)):
            self.foreign.append(socket.url)

    def _response(self, response: Any) -> None:
        if response.status >= 400 and not _is_probe(response.url):
            self.wrong.append(f"{response.status} {response.url}")

    def _console(self, message: Any) -> None:
        if message.type == "error" and not _is_probe(message.location.get("url", "")):
            self.wrong.append(message.text)


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ja", "dark")])
def test_every_page_draws_without_an_error_or_a_foreign_request(
    browser: Any, address: str, language: str, scheme: str
) -> None:
    say = words("ja" if language == "ja" else "en")
    visit = Visit(browser, address, color_scheme=scheme)
    for name in PAGES:
        page = visit.open(f"/{'' if name == 'start' else name}?lang={language}")
        assert page.locator("h1").inner_text().strip() == say("start.title" if name == "start" else f"page.{name}")
        luminance = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
        assert (int(re.findall(r"\d+", luminance)[0]) < 60) == (scheme == "dark")
        assert page.locator("[data-testid=stException]").count() == 0, name
        assert visit.wrong == [], name
    visit.clean()


def test_charts_are_drawn_and_can_be_read_as_text(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    page = visit.open("/ledgers?lang=en")
    page.wait_for_selector(".js-plotly-plot .sankey")
    page.locator("[class*=st-key-figure_differences] svg.marks").first.wait_for()
    assert "Store division P/L" in "".join(page.locator("svg.marks").all_text_contents())
    visit.clean()


def test_japanese_is_drawn_with_a_font_that_has_its_letters(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    page = visit.open("/ledgers?lang=ja")
    page.wait_for_function("document.fonts.check('16px IPAexGothic', '帳簿')")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert any("IPAexGothic" in family for family in loaded)
    family = page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
    assert "IPAexGothic" in family
    visit.clean()


def test_a_page_without_japanese_letters_still_names_the_other_language(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    page = visit.open("/runs?lang=en")
    page.get_by_text("日本語", exact=True).click()
    page.wait_for_function(f"document.querySelector('h1')?.innerText.trim() === '{words('ja')('page.runs')}'")
    assert "lang=ja" in page.url
    page.get_by_text(words("ja")("section.understand"), exact=True).first.click()
    page.get_by_role("menuitem", name=words("ja")("page.ledgers")).first.click()
    page.wait_for_function(f"document.querySelector('h1')?.innerText.trim() === '{words('ja')('page.ledgers')}'")
    visit.clean()


def test_from_a_question_to_its_result_in_the_browser(browser: Any, address: str) -> None:
    """Start, a small run, its progress over a reload, its result, and the link that shows it again."""
    say = words("en")
    visit = Visit(browser, address)
    page = visit.open("/?lang=en")
    page.get_by_role("link", name=say("start.train_link")).click()
    page.wait_for_url("**/run?*")
    for field, value in ((say("run.replications"), "1"), (say("run.days"), "1"), (say("run.seed"), "9")):
        page.get_by_label(field, exact=True).fill(value)
        page.get_by_label(field, exact=True).press("Enter")
    page.wait_for_selector("text=--seed 9 --reps 1 --set horizon.days=1")
    page.get_by_role("button", name=say("run.launch"), exact=True).click()
    page.wait_for_selector("[data-testid=stProgress]")
    page.reload()
    page.get_by_role("link", name=say("jobs.show")).click(timeout=4 * PATIENCE_MS)
    page.wait_for_selector(f"text={say('runs.measures')}")
    shown = page.locator("[data-testid=stHtml] table").first.inner_text()
    again = Visit(browser, address)
    other = again.open(page.url.removeprefix(address).replace("lang=en", "lang=ja"))
    assert other.locator("h1").inner_text().strip() == words("ja")("page.runs")
    (made,) = re.findall(r"ward-omo-\w{12}", page.url)
    assert made in shown
    assert made in other.url
    again.clean()
    visit.clean()


def test_a_run_is_stopped_in_the_browser_and_kept_as_interrupted(browser: Any, address: str, runs_root: Path) -> None:
    say = words("en")
    visit = Visit(browser, address)
    page = visit.open("/run?lang=en&kind=run&reps=1&days=2000&seed=8")
    page.get_by_role("button", name=say("run.launch"), exact=True).click()
    page.wait_for_selector("text=of 2,000 simulated days", timeout=4 * PATIENCE_MS)
    page.get_by_role("button", name=say("jobs.cancel"), exact=True).click()
    page.wait_for_selector(f"text={say('jobs.cancelled_what')}", timeout=4 * PATIENCE_MS)
    (stopped,) = runs_root.glob("*.interrupted")
    page = visit.open(f"/runs?lang=en&run={stopped.name}")
    page.wait_for_selector(f"text={say('runs.interrupted_what').split('.')[0]}")
    visit.clean()
    shutil.rmtree(stopped)


def test_a_figure_can_be_had_as_a_picture_and_as_a_table(browser: Any, address: str, pair: tuple[Path, Path]) -> None:
    say = words("ja")
    visit = Visit(browser, address)
    page = visit.open(f"/compare?lang=ja&a={pair[0].name}&b={pair[1].name}")
    frame = page.locator("[class*=st-key-figure_]").first
    frame.locator("svg.marks").wait_for()
    with page.expect_download() as picture:
        frame.get_by_role("button", name=say("figure.png"), exact=True).click()
    content = Path(picture.value.path()).read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert width > 1000
    assert height > 300
    with page.expect_download() as figures:
        frame.get_by_role("button", name=say("figure.csv")).click()
    assert Path(figures.value.path()).read_text(encoding="utf-8-sig").startswith("measure,difference,half_width")
    frame.get_by_role("button", name=say("figure.table")).click()
    page.locator("[data-testid=stPopoverBody] table").wait_for()
    visit.clean()


@pytest.mark.parametrize("path", ["", "ledgers?view=several", *(name for name in PAGES if name != "start")])
def test_a_phone_needs_no_sideways_scrolling(browser: Any, address: str, path: str) -> None:
    visit = Visit(browser, address, viewport={"width": 390, "height": 844})
    page = visit.open(f"/{path}{'&' if '?' in path else '?'}lang=ja")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    visit.clean()


def test_a_broken_run_is_explained_without_a_traceback(browser: Any, address: str, pair: tuple[Path, Path]) -> None:
    broken = pair[0].with_name("broken-1")
    shutil.copytree(pair[0], broken)
    visit = Visit(browser, address)
    try:
        (broken / "rep-000" / "summary.json").write_text("not JSON")
        page = visit.open(f"/runs?lang=en&run={broken.name}")
        page.wait_for_selector(f"text={words('en')('error.title')}")
        assert page.get_by_text("Traceback").count() == 0
    finally:
        shutil.rmtree(broken)
        visit.context.close()


def _is_probe(url: str) -> bool:
    """Streamlit looks for itself beside a deep link first, and finds itself at the root."""
    return bool(re.search(rf"/({'|'.join(PAGES)})/_stcore/(health|host-config)$", url))


def _until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text())
