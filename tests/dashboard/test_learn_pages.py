"""Learn as it is used: each exercise from question to points, a steered day, and all of that after a reload.

The worlds are those of the exercises with a tenth of the shoppers, kept under the names that the page looks for: what
the page does with worlds is looked at here, what comes out of the real ones in `test_learn_worlds.py`.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from test_dashboard_browser import CHROMIUM, FLAGS, Visit, _until_healthy

import dashboard
from dashboard import jobs
from dashboard.learn import sessions, steering
from dashboard.learn.exercises import SEED, Exercise, exercises
from dashboard.learn.outcomes import CONTRIBUTION, missing, outcome
from dashboard.learn.sessions import Session, Steered
from dashboard.words import words
from scenarios.loader import load
from sim.experiment import run
from sim.log.run_directory import Request

APP = Path(dashboard.__file__).with_name("app.py")
TRAINEE = "0123abcd"
SMALL = ("population.shoppers=300", "horizon.days=1")
DAY: tuple[steering.Hour, ...] = ((0, 0, "own_judgement"), *[(1, 0, "never")] * 11)


@pytest.fixture(scope="module")
def learn_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the worlds of all exercises, and a steered day, have been prepared."""
    root = tmp_path_factory.mktemp("learn")
    wanted = {one.run_name(world): one.scenario(world) for one in exercises().values() for world in one.worlds}
    wanted |= {steering.run_name("siloed_pl", hours): steering.scenario("siloed_pl", hours) for hours in ((), DAY)}
    requests = [Request(load("+".join((scenario, *SMALL))), SEED, 1) for scenario in wanted.values()]
    for name, made in zip(wanted, run(requests, root, jobs=2), strict=True):
        made.rename(root / name)
    return root


@pytest.fixture
def prepared(learn_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(learn_root))
    for kept in (learn_root / ".learn").glob("*.json"):
        kept.unlink()
    return learn_root


def opened(language: str = "en", **query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    told = {"lang": language, "trainee": TRAINEE, **query}
    for key, value in told.items():
        app.query_params[key] = value
    app.run()
    for key, value in told.items():
        app.query_params[key] = value
    app.switch_page("app_pages/learn.py").run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    assert not app.exception, app.exception
    kinds = ("title", "subheader", "markdown", "caption", "warning", "html")
    text = "\n".join(str(element.proto.body if kind == "html" else element.value) for kind in kinds
                     for element in app.get(kind))  # fmt: skip
    return text.replace("\u00a0", " ").replace("\u2060", "")


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception, app.exception
    return app


def answered(exercise: Exercise, world: str, predicted: int, language: str = "en") -> AppTest:
    say = words("ja" if language == "ja" else "en")
    app = opened(language, exercise=exercise.id)
    for decision, option in exercise.options_of(world).items():
        app.radio(key=f"{exercise.id}_{decision}").set_value(option)
    app.number_input(key=f"{exercise.id}_prediction").set_value(predicted)
    return press(app, say("learn.reveal"))


@pytest.mark.parametrize("name", list(exercises()))
def test_an_exercise_can_be_done_to_the_end_and_is_there_after_a_reload(prepared: Path, name: str) -> None:
    exercise, say = exercises()[name], words("en")
    world = exercise.worlds[-1]
    app = answered(exercise, world, exercise.prediction.high)
    found = outcome(exercise, prepared)
    answer = sessions.session(prepared, TRAINEE).answers[name]
    assert (answer.world, answer.predicted) == (world, exercise.prediction.high)
    for text in (shown(app), shown(opened(exercise=name))):
        assert f"{answer.points} / 100" in text
        assert say(f"exercise.{name}_why").split(".", maxsplit=1)[0] in text
    assert f"{found.levels[exercise.worlds[0]][CONTRIBUTION]:.0f}"[:2] in shown(app)
    assert say("learn.progress", done=1, all=6, points=answer.points) in {
        bar.proto.text for bar in opened().get("progress")
    }
    press(app, say("learn.again"))
    assert sessions.session(prepared, TRAINEE).answers == {}
    assert app.radio(key=f"{name}_{next(iter(exercise.decisions))}").value is None


@pytest.mark.usefixtures("prepared")
def test_nothing_is_revealed_before_everything_is_answered() -> None:
    app = opened(exercise="lunch_outage")
    assert words("en").label("double_captures") not in shown(app)
    press(app, words("en")("learn.reveal"))
    assert words("en")("learn.answer_all") in shown(app)
    assert "/ 100" not in shown(app)


def test_worlds_that_are_missing_are_run_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    begun: list[Any] = []
    monkeypatch.setattr(jobs, "start", lambda *told: begun.append(told))
    exercise = exercises()["two_ledgers"]
    press(opened(exercise="two_ledgers"), words("en")("learn.prepare"))
    ((root, commands, _, runs, _),) = begun
    assert root == tmp_path
    assert set(runs) == {exercise.run_name(world) for world in exercise.worlds}
    assert commands[0][0] == "compare"
    assert set(commands[0][1:5]) == {exercise.scenario(world) for world in exercise.worlds}
    assert missing(exercise, tmp_path) == exercise.worlds


def test_the_class_is_listed_by_points(prepared: Path) -> None:
    answered(exercises()["till_or_app"], "till", 0)
    points = sessions.session(prepared, TRAINEE).points
    sessions.keep(prepared, Session("4567abcd", "Group <B>", {}, Steered("siloed_pl")))
    text = shown(opened())
    assert "Group &lt;B&gt;" in text
    assert text.index(f">{points}<") < text.index("Group &lt;B&gt;")


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_day_is_steered_hour_by_hour_and_back(prepared: Path, language: str) -> None:
    say = words("ja" if language == "ja" else "en")
    app = press(opened(language, exercise="steering"), say("steer.open"))
    assert say("steer.orders_for", hour=10, until=11) in shown(app)
    app.radio(key="steer_tills_10").set_value("1")
    press(app, say("steer.go_on", hour=11))
    assert sessions.session(prepared, TRAINEE).steered == Steered("siloed_pl", ((1, 0, "own_judgement"),))
    assert app.radio(key="steer_tills_11").value == "1"
    press(app, say("steer.back"))
    assert sessions.session(prepared, TRAINEE).steered == Steered("siloed_pl")
    press(app, say("steer.restart"))
    assert sessions.session(prepared, TRAINEE).steered is None


def test_a_steered_day_ends_with_what_it_was_worth_and_what_others_did(prepared: Path) -> None:
    other = Session("4567abcd", "Others", {}, Steered("siloed_pl", DAY, -1e6, 0.0))
    paid_otherwise = Session("89ababab", "Elsewhere", {}, Steered("company_ltv", DAY, 0.0, 0.0))
    mine = Session(TRAINEE, "Us", {}, Steered("siloed_pl", DAY))
    for one in (other, paid_otherwise, mine):
        sessions.keep(prepared, one)
    text = shown(opened(exercise="steering"))
    kept = sessions.session(prepared, TRAINEE).steered
    assert kept is not None
    base, ours = (steering.result(prepared / steering.run_name("siloed_pl", hours)) for hours in ((), DAY))
    assert (kept.contribution_yen, kept.bonus_yen) == (ours[0] - base[0], ours[1] - base[1])
    assert text.index("Us (yours)") < text.index("Others")
    assert "Elsewhere" not in text


@pytest.fixture
def address(learn_root: Path, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "omo", "dashboard", "--out", str(learn_root), "--port", str(port), "--no-browser"]
    with (tmp_path / "log").open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _until_healthy(f"http://127.0.0.1:{port}/_stcore/health", server, tmp_path / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.is_file(), reason=f"no Chromium at {CHROMIUM}: apt-get install chromium")
def test_an_exercise_is_finished_by_keyboard_on_a_telephone(address: str, learn_root: Path) -> None:
    sync_api, say = pytest.importorskip("playwright.sync_api"), words("en")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=FLAGS)
        visit = Visit(chromium, address, viewport={"width": 390, "height": 844}, color_scheme="dark")
        page = visit.open("/learn?lang=en&trainee=feedbeef&exercise=two_ledgers")
        for option in ("store_silent", "ec_share"):
            page.get_by_role("radio", name=say(f"exercise.two_ledgers_{option}")).focus()
            page.keyboard.press("Space")
        page.get_by_role("spinbutton").focus()
        page.keyboard.type("-120")
        page.keyboard.press("Tab")
        page.get_by_role("button", name=say("learn.reveal")).focus()
        page.keyboard.press("Enter")
        page.get_by_text(say("learn.points_what")).wait_for()
        page.wait_for_selector("[data-testid=stVegaLiteChart] svg")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        answer = sessions.session(learn_root, "feedbeef").answers["two_ledgers"]
        assert (answer.world, answer.predicted) == ("silent+share", -120.0)
        page.reload()
        page.get_by_text(f"{answer.points} / 100").wait_for()
        visit.clean()
        chromium.close()
