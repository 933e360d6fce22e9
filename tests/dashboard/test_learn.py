"""Exercises: their worlds can be run, points are as they are said to be, answers survive, sheets are complete."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from dashboard.learn import sessions, steering
from dashboard.learn.exercises import Exercise, exercises, world_file
from dashboard.learn.outcomes import CONTRIBUTION, Outcome
from dashboard.learn.score import score
from dashboard.learn.sessions import Answer, Session, Steered
from dashboard.learn.sheets import printable, sheet
from dashboard.words import Language, words
from scenarios.loader import load
from sim.evaluation.measures import BY_NAME
from sim.evaluation.statistics import Interval
from sim.steering.pause import Standing

SOURCES = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
SHEETS = [*exercises(), "steering"]


@pytest.fixture(params=list(exercises()))
def exercise(request: pytest.FixtureRequest) -> Exercise:
    return exercises()[request.param]


def outcome(contributions: dict[str, float], truth: float) -> Outcome:
    levels = {world: {CONTRIBUTION: yen} for world, yen in contributions.items()}
    none = {world: {CONTRIBUTION: Interval(0.0, 0.0, 2)} for world in contributions}
    return Outcome(levels, none, truth, None, 2, 1)


def test_there_are_six_and_every_choice_is_another_world(exercise: Exercise) -> None:
    assert len(exercises()) == 6
    names = [exercise.run_name(world) for world in exercise.worlds]
    assert len(set(names)) == len(names) > 1
    seeds = {load(exercise.scenario(world)).scenario.horizon.days for world in exercise.worlds}
    assert len(seeds) == 1


def test_what_is_predicted_lies_within_what_can_be_said(exercise: Exercise) -> None:
    asked = exercise.prediction
    assert asked.of in exercise.worlds
    assert asked.against in ("", *exercise.worlds)
    assert asked.low < asked.high
    assert set(exercise.measures) <= BY_NAME.keys()
    assert CONTRIBUTION in exercise.measures


def test_a_perfect_answer_has_all_points_and_the_worst_none(exercise: Exercise) -> None:
    contributions = {world: 100.0 * number for number, world in enumerate(exercise.worlds)}
    found = outcome(contributions, truth=10.0)
    best, worst = exercise.worlds[-1], exercise.worlds[0]
    assert score(exercise, found, best, 10.0).total == 100
    assert score(exercise, found, worst, 10.0 + 2 * exercise.prediction.no_points_at).total == 0
    assert score(exercise, found, worst, 10.0 - exercise.prediction.no_points_at / 2).prediction == 25


def test_points_for_the_decision_are_the_share_of_what_could_be_gained() -> None:
    exercise = exercises()["till_or_app"]
    contributions = dict.fromkeys(exercise.worlds, 1000.0) | {"leave": 0.0, "orders": 300.0}
    found = outcome(contributions, truth=0.0)
    assert score(exercise, found, "orders", 0.0).decision == 15
    level = outcome(dict.fromkeys(exercise.worlds, 1000.0), truth=0.0)
    assert score(exercise, level, "orders", 0.0).decision == 50


def test_answers_survive_and_damaged_files_do_no_harm(tmp_path: Path) -> None:
    mine = Session(
        "0123abcd", "組", {"two_ledgers": Answer("a+b", -3.5, 20, 30)}, Steered("siloed_pl", ((1, 0, "never"),))
    )
    sessions.keep(tmp_path, mine)
    assert sessions.session(tmp_path, "0123abcd") == mine
    assert mine.points == 50
    other = replace(mine, id="4567abcd", answers={"two_ledgers": Answer("a+b", 0.0, 50, 50)})
    sessions.keep(tmp_path, other)
    (tmp_path / ".learn" / "89abcdef.json").write_text('{"id": 3', encoding="utf-8")
    assert sessions.sessions(tmp_path) == [other, mine]
    assert sessions.session(tmp_path, "89abcdef") == Session("89abcdef")


def test_a_session_in_the_url_cannot_name_another_file() -> None:
    assert sessions.is_id(sessions.new_id())
    assert not any(sessions.is_id(text) for text in ("../../etc", "0123abcd/..", "0123ABCD", "", None, "0123abcd\n"))


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("name", SHEETS)
def test_each_sheet_has_its_parts_and_cites_what_is_listed(name: str, language: Language) -> None:
    text = sheet(name, language)
    assert text.count("\n## ") == 5
    cited = set(re.findall(r"\bS\d+\b", text))
    assert cited
    assert {source for source in cited if f"| {source} |" not in SOURCES} == set()
    assert cited == set(re.findall(r"\bS\d+\b", sheet(name, "en")))
    page = printable(name, words(language)("app.name"), language).decode()
    assert f'lang="{language}"' in page
    assert not re.search(r"(src|href)=", page)
    assert page.count("<h2>") == 5


def test_hours_with_equal_orders_are_one_instruction_and_hours_without_are_none() -> None:
    as_it_is, till = steering.AS_IT_IS, (1, 0, "never")
    scenario = load(steering.scenario("siloed_pl", (as_it_is, till, till, as_it_is, till))).scenario
    found = [(one.from_hour, one.hours, one.to_tills, one.advising) for one in scenario.instructions.values()]
    assert found == [(11, 2, 1, "never"), (14, 1, 1, "never")]
    assert load(steering.scenario("siloed_pl", (as_it_is,) * 12)).scenario.instructions == {}


def test_the_steered_past_stays_and_the_next_hour_obeys() -> None:
    quiet = (steering.AS_IT_IS,) * 2
    before = steering.standing("siloed_pl", quiet)
    opened, pushed = (
        steering.standing("siloed_pl", (*quiet, orders)) for orders in ((1, 0, "never"), (0, 0, "always"))
    )
    assert seen_until_noon(opened) == seen_until_noon(pushed)
    assert before.at_s == 12 * 3600
    assert opened.tills == before.tills + 1
    assert opened.floor_staff == before.floor_staff - 1
    assert pushed.advised - before.advised == pushed.contacts - before.contacts > 0
    assert opened.hours[3].mean_wait_s < pushed.hours[3].mean_wait_s


def seen_until_noon(standing: Standing) -> list[object]:
    return [hour for hour in standing.hours if hour.hour < 11]


def test_pay_by_the_company_counts_what_the_company_earns() -> None:
    hours = (steering.AS_IT_IS,) * 3
    tills, company = (steering.standing(policy, hours) for policy in steering.POLICIES)
    assert tills.bonus_yen == pytest.approx(0.005 * tills.store_sales_yen, rel=1e-6)
    everybody = sum(max(store.floor_staff) for store in load(str(world_file("steering"))).scenario.stores.values())
    mall = max(load(str(world_file("steering"))).scenario.stores["mall"].floor_staff)
    assert company.bonus_yen > 0
    assert company.bonus_yen == pytest.approx(0.01 * company.contribution_yen * mall / everybody, rel=0.35)
