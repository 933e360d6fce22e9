"""The questions: each has an answer that can be asked for, in both languages."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import omo
from dashboard.questions.asked import Question, markdown, question, questions
from scenarios.errors import OmoError, UsageError
from scenarios.loader import load
from sim.evaluation.measures import BY_NAME

ASKED = questions()


def test_numbers_are_in_order_and_stand_for_one_question_each() -> None:
    numbers = [each.number for each in ASKED]
    assert numbers == sorted(set(numbers))
    assert question(numbers[-1]) == ASKED[-1]
    with pytest.raises(UsageError, match="no such question"):
        question(999)


@pytest.mark.parametrize("each", ASKED, ids=lambda each: str(each.number))
def test_a_question_has_words_in_both_languages_and_commands_that_exist(each: Question) -> None:
    assert all(each.asked.values())
    assert all(each.look.values())
    commands = typer.main.get_command(omo.app).commands  # type: ignore[attr-defined]
    for command in each.commands:
        program, name, *arguments = shlex.split(command)
        assert program == "omo"
        options = {option for parameter in commands[name].params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= options, command
        if "--measures" in arguments:
            assert set(arguments[arguments.index("--measures") + 1].split(",")) <= set(BY_NAME)
        for scenario in (word for word in arguments if word.startswith("ward-")):
            load(scenario)


def test_the_page_holds_what_the_command_prints_now(tmp_path: Path) -> None:
    runs = Question(1, "Somebody", {"en": "Which runs are there?", "ja": "実行は?"}, {"en": "", "ja": ""}, ["omo runs"])
    text = "".join(markdown([runs], tmp_path))
    assert "## 1. Which runs are there?" in text
    assert "$ omo runs\nno runs in runs/ yet" in text  # as whoever types the command sees it
    broken = Question(2, "Somebody", runs.asked, runs.look, ["omo run no-such-town"])
    with pytest.raises(OmoError, match=r"omo run no-such-town: ended with exit code 2"):
        list(markdown([broken], tmp_path))


def test_without_a_number_the_command_lists_every_question() -> None:
    said = CliRunner().invoke(omo.app, ["questions"]).stdout
    assert all(each.asked["en"] in said for each in ASKED)


def test_the_file_holds_only_keys_that_are_read() -> None:
    text = (Path(omo.__file__).parent / "dashboard" / "questions" / "questions.toml").read_text(encoding="utf-8")
    keys = {key for table in tomllib.loads(text)["question"] for key in table}
    assert keys == {"number", "who", "en", "ja", "look_en", "look_ja", "commands"}
