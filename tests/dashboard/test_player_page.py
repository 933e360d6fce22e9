"""The player in a real browser: it plays, listens to the keyboard, counts as the log does, asks nobody for anything."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fontTools.ttLib import TTFont
from typer.testing import CliRunner

import dashboard
import omo
from dashboard.player.codes import CHANNELS, PAYMENT_KINDS, TELLING
from dashboard.player.page import player_page
from dashboard.player.scene import DAY_S, read_scene
from dashboard.report.build import render
from dashboard.words import words
from scenarios.errors import UsageError

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
NEEDS_CHROMIUM = pytest.mark.skipif(
    not CHROMIUM.is_file(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium"
)
SCRIPTS = Path(dashboard.__file__).parent / "player" / "js"
UNTOLD = {"ready", "refunded", "proposal_taken"}
"""What happens behind a shopper's back, or is said by another step of the story."""

Pair = tuple[Path, Path]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=FLAGS)
        yield chromium
        chromium.close()


class Open:
    """A page of the player, with what went wrong on it."""

    def __init__(self, browser: Any, file: Path, fragment: str = "", **context: Any) -> None:
        self.wrong: list[str] = []
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **context})
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", lambda message: message.type == "error" and self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._request)
        self.page.goto(f"{file.as_uri()}{fragment}")
        self.page.wait_for_function("window.omoPlayer && omoPlayer.stage.drawn")

    def state(self, name: str) -> Any:
        return self.page.evaluate(f"omoPlayer.state.{name}")

    def clean(self) -> None:
        assert self.wrong == []
        self.context.close()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.wrong.append(request.url)


@pytest.fixture
def file(pair: Pair, tmp_path: Path) -> Path:
    """The player of the OMO world, in English, on day 1."""
    path = tmp_path / "player.html"
    path.write_text(player_page(read_scene(pair[1], 1), words("en")), encoding="utf-8")
    return path


@pytest.mark.browser
@NEEDS_CHROMIUM
def test_it_plays_and_rests_by_the_keyboard_and_the_button(browser: Any, file: Path) -> None:
    player = Open(browser, file)
    before = player.state("t")
    player.page.keyboard.press("Space")
    player.page.wait_for_function(f"omoPlayer.state.t > {before} + 20")
    player.page.keyboard.press("Space")
    resting = player.state("t")
    player.page.wait_for_timeout(150)
    assert player.state("t") == resting
    player.page.keyboard.press("ArrowRight")
    assert player.state("t") == pytest.approx(resting + 300)
    player.page.keyboard.press("Shift+ArrowLeft")
    assert player.state("t") == pytest.approx(resting - 1500)
    player.page.keyboard.press("+")
    assert player.state("speed") == 300
    player.page.keyboard.press("?")
    assert player.page.locator("dialog").is_visible()
    player.page.keyboard.press("Escape")
    player.page.get_by_role("button", name="Play").click()
    player.page.get_by_role("button", name="Pause").click()
    assert player.state("playing") is False
    player.page.locator("[data-ui=scrub]").fill(str(15 * 3600))
    player.page.wait_for_function("document.querySelector('[data-ui=clock]').textContent === '15:00'")
    player.clean()


@pytest.mark.browser
@NEEDS_CHROMIUM
def test_what_stands_beside_the_picture_is_what_the_log_says(browser: Any, file: Path, pair: Pair) -> None:
    moment = DAY_S + 14 * 3600
    events, payments = (f"'{pair[1]}/rep-000/{name}.parquet'" for name in ("events", "payments"))
    (paid,) = duckdb.sql(f"""select coalesce(sum(amount_yen), 0) from {payments} where outcome = 'captured'
        and channel = 'store' and ceil(time_s) >= {DAY_S} and ceil(time_s) <= {moment}""").fetchall()[0]
    (lost,) = duckdb.sql(f"""select coalesce(sum(amount_yen), 0) from {events} where kind = 'lost_sale'
        and ceil(time_s) >= {DAY_S} and ceil(time_s) <= {moment}""").fetchall()[0]
    (inside,) = duckdb.sql(f"""select count(*) filter (kind = 'arrive') - count(*) filter (kind = 'leave') from {events}
        where time_s <= {moment}""").fetchall()[0]
    player = Open(browser, file, f"#t={moment}&still=1")
    assert player.page.evaluate(f"omoPlayer.scene.sofar('captured store', 'yen', {DAY_S}, {moment})") == paid > 0
    assert player.page.evaluate(f"omoPlayer.scene.sofar('lost_sale', 'yen', {DAY_S}, {moment})") == lost
    shown = player.page.evaluate("""(() => {
        const { stage, scene } = omoPlayer;
        const away = new Set(["pickup_counter", "locker", "online", "rival"].map((name) => scene.SPOT[name]));
        return stage.drawn.filter(([, stay, doing]) => doing === "at" && !away.has(scene.stays.spot[stay])).length;
    })()""")
    assert shown == inside
    player.clean()


@pytest.mark.browser
@NEEDS_CHROMIUM
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_shopper_is_followed_and_each_step_can_be_jumped_to(
    browser: Any, pair: Pair, tmp_path: Path, language: str
) -> None:
    say = words("ja" if language == "ja" else "en")
    scene = read_scene(pair[1], 1)
    path = tmp_path / "player.html"
    path.write_text(player_page(scene, say), encoding="utf-8")
    player = Open(browser, path)
    player.page.keyboard.press("f")
    assert player.state("shopper") == scene.stories[0]
    steps = player.page.locator("[data-ui=story] button:enabled")
    assert steps.count() > 4
    steps.last.click()
    after = player.state("t")
    steps.first.click()
    assert player.state("t") < after
    player.page.keyboard.press("ArrowDown")
    player.page.wait_for_selector("[data-ui=story] [aria-current=step]")
    assert player.page.locator("[data-ui=story] [aria-current=step]").count() == 1
    player.page.keyboard.press("Escape")
    assert player.state("shopper") is None
    player.page.locator("[data-ui=search]").fill("99999999")
    player.page.keyboard.press("Enter")
    assert player.page.get_by_text(say("player.unknown")).is_visible()
    player.clean()


@pytest.mark.browser
@NEEDS_CHROMIUM
def test_it_goes_in_steps_for_those_who_want_no_motion(browser: Any, file: Path) -> None:
    player = Open(browser, file, reduced_motion="reduce")
    before = player.state("t")
    player.page.keyboard.press("Space")
    player.page.wait_for_function(f"omoPlayer.state.t > {before}")
    assert (player.state("t") - before) % 300 == 0
    player.clean()


@pytest.mark.browser
@NEEDS_CHROMIUM
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_takes_the_readers_theme(browser: Any, file: Path, scheme: str) -> None:
    player = Open(browser, file, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 390
    ground = player.page.evaluate("omoPlayer.stage.look.ground")
    assert (int(ground[1:3], 16) < 60) == (scheme == "dark")
    player.clean()


@pytest.mark.browser
@NEEDS_CHROMIUM
def test_without_scripts_the_day_can_be_read_as_a_table(browser: Any, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.get_by_text(words("en")("player.no_script")).is_visible()
    page.get_by_text(words("en")("player.table_title")).click()
    assert page.get_by_role("columnheader", name=words("en")("player.column_came")).is_visible()
    context.close()


@pytest.mark.browser
@NEEDS_CHROMIUM
def test_it_plays_inside_the_report(browser: Any, pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(pair[1], None, None, words("en"), play=True), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".player.ready").wait_for()
    frame.get_by_role("button", name="Play").click()
    frame.get_by_role("button", name="Pause").wait_for()
    context.close()


@pytest.mark.browser
@NEEDS_CHROMIUM
def test_a_still_is_a_picture_of_the_width_asked_for(pair: Pair, tmp_path: Path) -> None:
    from PIL import Image

    out = tmp_path / "still.png"
    arguments = ["player", str(pair[1]), "--still", "13:00", "--width", "800", "--out", str(out)]
    result = CliRunner().invoke(omo.app, arguments)
    assert result.exit_code == 0, result.output
    picture = Image.open(out).convert("RGB")
    assert picture.width == 800
    assert len(set(picture.resize((200, 200)).get_flattened_data())) > 50


def test_equal_scenes_give_equal_bytes_and_ask_for_nothing(pair: Pair) -> None:
    first, second = (player_page(read_scene(pair[1], 1), words("ja"), "dark") for _ in range(2))
    assert first == second
    assert not re.search(r"https?:|<link|@import|\ssrc=", first)


def test_the_japanese_page_carries_every_japanese_letter_that_it_uses(pair: Pair) -> None:
    html = player_page(read_scene(pair[1], 1), words("ja"))
    match = re.search(r"font/woff;base64,([^)]+)\)", html)
    assert match
    glyphs = TTFont(io.BytesIO(base64.b64decode(match[1]))).getBestCmap()
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", html, flags=re.DOTALL)
    assert {ord(letter) for letter in text if ord(letter) >= 0x2E80} <= glyphs.keys()


def test_titles_from_files_cannot_break_the_page(pair: Pair) -> None:
    html = player_page(replace(read_scene(pair[1], 1), title="</script><script>alert(1)</script>"), words("en"))
    assert "<script>alert" not in html


def test_the_command_writes_beside_the_run_and_names_a_wrong_time(pair: Pair, tmp_path: Path) -> None:
    out = tmp_path / "day.html"
    result = CliRunner().invoke(omo.app, ["player", str(pair[1]), "--from", "11:30", "--to", "14", "--out", str(out)])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(out)
    assert '"from_s":' in out.read_text(encoding="utf-8")
    wrong = CliRunner().invoke(omo.app, ["player", str(pair[1]), "--from", "noon"])
    assert isinstance(wrong.exception, UsageError)
    assert "write it as 12:45" in str(wrong.exception)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_text_that_the_page_names_exists(language: str) -> None:
    texts = words("ja" if language == "ja" else "en").texts
    script = "".join(path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.glob("*.js")))
    named = set(re.findall(r"\btexts\.([a-z_]+)", script)) - {"replace"}
    (brief,) = re.findall(r"const BRIEF = \[([^\]]*)\]", script)
    named |= {f"brief_{kind.replace(' ', '_')}" for kind in re.findall(r'"([^"]+)"', brief)}
    assert len(named) > 25
    assert {f"player.{name}" for name in named} <= texts.keys()
    told = {*TELLING, *PAYMENT_KINDS, *(f"captured_{channel}" for channel in CHANNELS)} - {"captured", *UNTOLD}
    assert {f"player_story.{kind}" for kind in told} <= texts.keys()
