"""The file of faults is read strictly: every problem at once, with its line and what mends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.faults.timetable import KillCore, PspSlow, lane, read_timetable
from scenarios.errors import DataInvalid, UsageError

GOOD = """
schema = "omo.faults/1"

[[faults]]
at_s = 12
action = "kill_core"

[[faults]]
at_s = 3.5
action = "psp_slow"
brand = "qr"
factor = 10
seconds = 20
"""


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "faults.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataInvalid) as caught:
        read_timetable(path)
    return [problem.removeprefix(str(path)) for problem in caught.value.problems]


def test_faults_come_in_the_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(GOOD)
    slow, kill = read_timetable(path)
    assert isinstance(slow, PspSlow)
    assert (slow.at_s, slow.brand, slow.factor, slow.seconds) == (3.5, "qr", 10, 20)
    assert isinstance(kill, KillCore)
    assert kill.seconds == 0  # back as soon as possible


def test_each_problem_names_its_line_and_what_was_meant(tmp_path: Path) -> None:
    text = GOOD.replace('"kill_core"', '"kil_core"').replace("factor = 10", "faktor = 10\nbrand2 = 1")
    found = problems(tmp_path, text)
    assert found[0] == ":6: faults.0.action: no such action (did you mean kill_core?)"
    assert ":8: faults.1.factor: required, and not given" in found
    assert ":12: faults.1.faktor: no such key (did you mean factor?)" in found
    assert any(problem.startswith(":13: faults.1.brand2: no such key") for problem in found)


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (("at_s = 12", "at_s = -1"), ":5:", "faults.0.at_s"),
        (("seconds = 20", "seconds = 0"), ":13:", "faults.1.seconds"),
        (('brand = "qr"', 'brand = "paypay"'), ":11:", "faults.1.brand"),
        (('"omo.faults/1"', '"omo.faults/2"'), ":2:", "schema"),
        (('action = "kill_core"', "seconds = 1"), ":4:", "faults.0.action"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_at_its_line(
    tmp_path: Path, change: tuple[str, str], line: str, what: str
) -> None:
    assert any(found.startswith(line) and what in found for found in problems(tmp_path, GOOD.replace(*change)))


def test_two_faults_of_one_process_must_not_overlap(tmp_path: Path) -> None:
    text = GOOD + '\n[[faults]]\nat_s = 11\naction = "pause_core"\nseconds = 2\n'
    assert problems(tmp_path, text) == [
        ":5: faults.0.at_s: pause_core of second 11 lasts until 13; begin later, or shorten that one"
    ]


def test_a_file_that_is_missing_or_empty_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_timetable(tmp_path / "none.toml")
    assert "not TOML" in problems(tmp_path, "schema = ")[0]
    assert problems(tmp_path, 'schema = "omo.faults/1"\nfaults = []') != []


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),
            st.integers(1, 10),
            st.sampled_from(["kill_core", "pause_core", "kill_postgres", "psp_outage"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_timetable_is_taken_exactly_if_no_process_has_two_faults_at_once(
    tmp_path_factory: pytest.TempPathFactory, faults: list[tuple[int, int, str]]
) -> None:
    lines = ['schema = "omo.faults/1"']
    for at_s, seconds, action in faults:
        lines += ["[[faults]]", f"at_s = {at_s}", f'action = "{action}"', f"seconds = {seconds}"]
    path = tmp_path_factory.mktemp("t") / "faults.toml"
    path.write_text("\n".join(lines))
    process = {"kill_core": "core", "pause_core": "core"}
    busy = [(process.get(action, action), second) for at, length, action in faults for second in range(at, at + length)]
    if len(busy) == len(set(busy)):
        assert {lane(fault) for fault in read_timetable(path)} <= {"core", "postgres", "psp_outage"}
    else:
        with pytest.raises(DataInvalid):
            read_timetable(path)
