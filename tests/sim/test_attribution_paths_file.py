"""`omo attribution PATHS.csv`: what is read, what is refused with its line, and what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from omo import app
from scenarios.errors import DataInvalid, UsageError
from sim.evaluation.attribution.paths_file import TouchPath, read_paths

HEADER = "path,total_conversions,total_conversion_value,total_null"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "paths.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows_become_paths_and_missing_columns_count_as_zero(tmp_path: Path) -> None:
    file = read_paths(write(tmp_path, "path,total_conversions", "mail > app>store,2", "store,1.5"))
    assert file.paths == [TouchPath(("mail", "app", "store"), 2.0), TouchPath(("store",), 1.5)]
    assert (file.has_value, file.has_nulls, file.has_times) == (False, False, False)


def test_times_are_read_where_a_path_converts(tmp_path: Path) -> None:
    lines = ("path,total_conversions,total_null,times", "mail > store,2,1,48 > 0.5", "mail,0,7,")
    file = read_paths(write(tmp_path, *lines))
    assert [path.hours_before for path in file.paths] == [(48.0, 0.5), None]
    assert [path.nulls for path in file.paths] == [1.0, 7.0]


@pytest.mark.parametrize(
    ("header", "row", "complaint"),
    [
        (HEADER, "a >  > b,1,10,0", "path: wanted touches"),
        (HEADER, "a,many,10,0", "total_conversions: wanted a number (got 'many')"),
        (HEADER, "a,-1,10,0", "total_conversions: must be zero or more"),
        (HEADER, "a,1,10,nan", "total_null: must be zero or more"),
        (HEADER, "a,0,0,0", "write in total_null how many"),
        (HEADER, "a,0,10,2", "total_conversion_value: 10 without a conversion"),
        (HEADER, "a,1,10", "wanted 4 fields"),
        ("path,total_conversions,times", "a > b,1,3", "times: wanted one for each of the 2 touches (got 1)"),
        ("path,total_conversions,times", "a > b,1,3 > x", "times: wanted hours before the conversion"),
        ("path,total_conversions,times", "a > b,1,3 > 5", "times: hours before the conversion must fall"),
        ("path,total_conversions,times", "a > b,1,3 > -1", "times: hours before the conversion must fall"),
        ("path,total_conversions,times", "a,1,", "times: wanted hours before the conversion"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_column(tmp_path: Path, header: str, row: str, complaint: str) -> None:
    good = "fine,1" + ",0" * (header.count(",") - 1)
    with pytest.raises(DataInvalid) as error:
        read_paths(write(tmp_path, header, good, row))
    assert all(problem.startswith(f"{tmp_path / 'paths.csv'}:3: ") for problem in error.value.problems)
    assert complaint in error.value.problems[0]


def test_all_bad_rows_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid) as error:
        read_paths(write(tmp_path, HEADER, "a,x,0,0", "b,1,1,1", ",1,1,1"))
    assert [problem.removeprefix(f"{tmp_path / 'paths.csv'}:")[0] for problem in error.value.problems] == ["2", "4"]


def test_a_file_without_the_columns_or_without_any_conversion_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="header lacks total_conversions"):
        read_paths(write(tmp_path, "path,conversions", "a,1"))
    with pytest.raises(DataInvalid, match="is 0 in every row"):
        read_paths(write(tmp_path, HEADER, "a,0,0,3"))
    with pytest.raises(UsageError, match="no such file"):
        read_paths(tmp_path / "none.csv")


THREE = (HEADER, "C1 > C2 > C3,1,300,0", "C1,0,0,1", "C2 > C3,0,0,1")


def test_the_command_prints_one_document_with_every_rule_the_file_allows(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["attribution", str(write(tmp_path, *THREE)), "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["schema"] == "omo.attribution/1"
    assert list(document["rules"]) == ["last", "first", "linear", "position", "markov", "shapley_count", "shapley_rate"]
    assert document["markov"]["removal_effects"] == pytest.approx({"C1": 0.5, "C2": 1.0, "C3": 1.0})
    assert document["markov"]["global_shares"] == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})
    assert {c: d["value"] for c, d in document["rules"]["last"].items()} == {"C1": 0.0, "C2": 0.0, "C3": 300.0}
    assert document["conversion_rate"] == pytest.approx(1 / 3)
    assert any(note.startswith("time decay") for note in document["notes"])


def test_time_decay_follows_the_half_life_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "path,total_conversions,times", "mail > store,3,24 > 0")
    arguments = ["attribution", str(path), "--half-life-hours", "24", "--json"]
    document = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    shares = {channel: credit["share"] for channel, credit in document["rules"]["time_decay"].items()}
    assert shares == pytest.approx({"mail": 1 / 3, "store": 2 / 3})


def test_the_table_names_rules_and_channels(tmp_path: Path) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["attribution", str(write(tmp_path, *THREE)), "--order", "2"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("C1", "C3", "Markov", "Shapley, rates", "order 2", "time decay"))
