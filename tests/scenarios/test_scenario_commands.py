"""`omo validate | schema | show | diff | new`: through the command line, as a user meets them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scenarios.commands import register
from scenarios.errors import OmoError
from scenarios.loader import load, preset_names

ROOT = Path(__file__).parents[2]
WHOLE_PRESETS = [name for name in preset_names() if not name.startswith("pos-")]
START = 'extends = "ward-base"\ntitle = "t"\n'
NO_HOURS = ", ".join(["0"] * 24)


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and all that the user sees. An error that is not for users fails the test."""
    app = typer.Typer(pretty_exceptions_enable=False)
    register(app)
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, OmoError):
        return result.exception.exit_code, result.output + str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


BROKEN = {
    "misspelt key": ("[population]\nshopers = 5  # HERE", "shopers: no such key (did you mean shoppers?)"),
    "misspelt table": ("[populatoin]  # HERE\nshoppers = 5", "populatoin: no such key (did you mean population?)"),
    "text for a number": (
        '[population]\nshoppers = "many"  # HERE',
        "population.shoppers: input should be a valid int",
    ),
    "negative count": ("[population]\nshoppers = -5  # HERE", "greater than 0 (got -5)"),
    "share above one": ("[payments]\ncash_share = 1.5  # HERE", "less than or equal to 1 (got 1.5)"),
    "23 hours": (f"[traffic]\nec_hours = [{NO_HOURS[3:]}]  # HERE", "at least 24 items"),
    "NaN": ("[choice]\nper_km = nan  # HERE", "choice.per_km: input should be"),
    "infinite": ("[population]\nneeds_per_week = inf  # HERE", "finite number"),
    "no date": ('[horizon]\nstart = "soon"  # HERE', "horizon.start: input should be a valid date"),
    "value for a table": ("horizon = 3  # HERE", "horizon: wanted a table, [horizon] (got 3)"),
    "half a store": ("[stores.new]  # HERE\nx_km = 0.0", "stores.new.staffed_tills: required, and not given"),
    "unknown category": (
        "[missions.daily]\ncategories = { foot = 1.0 }  # HERE",
        "missions.daily.categories: no category foot in [categories] (did you mean food?)",
    ),
    "no mission": (
        "[missions.daily]\nshare = 0  # HERE\n[missions.considered]\nshare = 0",
        "missions.daily.share: the shares of all missions are zero",
    ),
    "wave of an unknown store": (
        '[rollout.first]\nday = 7\nstores = ["statoin"]  # HERE',
        "rollout.first.stores: no store statoin (did you mean station?)",
    ),
    "wave of an unknown capability": (
        "[rollout.first]\nday = 7\n[rollout.first.set]\nscan_an_pay = true  # HERE",
        "rollout.first.set.scan_an_pay: no such capability (did you mean scan_and_pay?)",
    ),
    "event of an unknown kind": (
        '[events.wet]\nkind = "rein"  # HERE\nday = 3',
        "events.wet.kind: no such kind of event (did you mean rain?)",
    ),
    "store never opens": (
        f"[stores.mall]\nstaffed_tills = [{NO_HOURS}]  # HERE",
        "stores.mall.staffed_tills: no hour has an open till",
    ),
    "no till at noon": (
        f"[stores.mall]\nstaffed_tills = [{NO_HOURS[: 3 * 10]}1, 1, 0, 1, {NO_HOURS[: 3 * 10 - 2]}]  # HERE",
        "stores.mall.staffed_tills: no open till at 12:00",
    ),
    "no traffic": (f"[traffic]\nstore_weekday_hours = [{NO_HOURS}]  # HERE", "all hours are zero"),
    "cash online": (
        '[payments.tenders.coins]\nchannel = "online"  # HERE\nbrand = "cash"\nweight = 1',
        "payments.tenders.coins.channel: cash cannot be paid online",
    ),
    "nothing but cash": (
        '[payments]\ncash_share = 0.5  # HERE\n[payments.tenders.c]\nchannel = "store"\nbrand = "cash"\nweight = 1',
        "payments.cash_share: 0.5 of till payments are not cash",
    ),
    "unknown channel": (
        '[payments.tenders.c]\nchannel = "stor"  # HERE\nbrand = "cash"\nweight = 1',
        '(got "stor"; did you mean store?)',
    ),
    "not TOML": ("[population  # HERE", "not TOML: "),
    "key twice": ("[population]\nshoppers = 5\nshoppers = 6  # HERE", "not TOML: "),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_scenario_is_told_with_file_line_and_reason(case: str, tmp_path: Path) -> None:
    body, message = BROKEN[case]
    path = tmp_path / "town.toml"
    path.write_text(START + body, encoding="utf-8")
    code, seen = run("validate", str(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = next(number for number, line in enumerate(lines, start=1) if line.endswith("# HERE"))
    assert code == 3
    assert message in seen
    assert any(line.startswith(f"{path}:{marked}: ") for line in seen.splitlines()), seen


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ('"ward-bse"', "did you mean ward-base?"),
        ("3", "wanted the name of a preset or file, or a list of these (got 3)"),
        ("[1]", "wanted the name of a preset or file"),
        ('"town.toml"', "goes round in a circle"),
        ('["ward-base", "other.toml"]', "goes round in a circle"),
    ],
)
def test_a_wrong_extends_is_told_at_its_line(extends: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('extends = "town.toml"\n', encoding="utf-8")
    path = tmp_path / "town.toml"
    path.write_text(f'title = "t"\nextends = {extends}\n', encoding="utf-8")
    code, seen = run("validate", str(path))
    assert code == 3
    assert message in seen
    assert re.search(r"(town\.toml:2|other\.toml:1): extends: ", seen)


def test_problems_of_single_keys_and_between_keys_come_in_one_go_ordered_by_line(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_text(
        START + '[rollout.late]\nday = 4\nstores = ["no"]\n[missions.daily]\nurgency = 2\n'
        "categories = { foot = 1 }\n[population]\nshoppers = 0\nshopers = 1\n",
        encoding="utf-8",
    )
    code, seen = run("validate", str(path))
    assert code == 3
    assert [int(line.split(":")[1]) for line in seen.splitlines()] == [5, 7, 8, 10, 11]


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_bytes(START.encode() + "description = '店'".encode("shift_jis"))
    code, seen = run("validate", str(path))
    assert (code, "UTF-8" in seen) == (3, True)


def test_validating_several_files_tells_the_problems_of_all_and_the_missing_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(START + "seed = -1\n", encoding="utf-8")
    code, seen = run("validate", str(tmp_path / "a.toml"), str(tmp_path / "b.toml"), "ward-omo", "no-such")
    assert code == 3
    assert "a.toml:3: seed" in seen
    assert "b.toml:3: seed" in seen
    assert "ok  ward-omo" in seen
    assert "no-such: no such scenario file or preset" in seen


def test_a_missing_file_is_a_usage_error_with_a_guess() -> None:
    code, seen = run("validate", "ward-om")
    assert (code, "did you mean ward-omo?" in seen) == (2, True)


@pytest.mark.parametrize("name", WHOLE_PRESETS)
def test_shipped_presets_are_valid(name: str) -> None:
    assert run("validate", name)[0] == 0


def test_a_piece_of_a_scenario_says_what_it_needs() -> None:
    code, seen = run("validate", "pos-store1")
    assert (code, "needs a whole one before it" in seen) == (3, True)


def test_resolved_output_is_a_scenario_without_difference_to_the_original(tmp_path: Path) -> None:
    path = tmp_path / "resolved.toml"
    path.write_text(run("show", "launch-day", "--resolved")[1], encoding="utf-8")
    assert "extends" not in tomllib.loads(path.read_text(encoding="utf-8"))
    assert run("diff", "launch-day", str(path)) == (0, "no difference\n")


def test_diff_lists_exactly_the_keys_that_were_changed(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_text('extends = "ward-omo"\n[horizon]\ndays = 9\n[stores.mall]\nself_checkouts = 7\n', encoding="utf-8")
    mall = load("ward-omo").scenario.stores["mall"]
    document = json.loads(run("diff", "ward-omo", str(path), "--json")[1])
    assert {row["key"]: (row["a"], row["b"]) for row in document["differences"]} == {
        "horizon.days": (56, 9),
        "stores.mall.self_checkouts": (mall.self_checkouts, 7),
    }
    text = run("diff", "ward-omo", str(path))[1]
    assert re.search(r"^horizon\.days +56 +9$", text, re.MULTILINE)


def test_show_names_the_place_of_a_key_and_the_source_of_a_default(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_text(START + "[payments]  # own till\ncash_share = 0.2\n", encoding="utf-8")
    text = run("show", str(path), "--sources", "--set", "seed=5")[1]
    assert re.search(r"^payments\.cash_share +0\.2 +own till \(town\.toml:4\)$", text, re.MULTILINE)
    assert re.search(r"^payments\.time_out_s +15\.0 +S48$", text, re.MULTILINE)
    assert re.search(r"^seed +5 +set on the command line$", text, re.MULTILINE)
    given = run("show", str(path))[1]
    assert re.search(r"^payments\.cash_share +0\.2 +town\.toml:4$", given, re.MULTILINE)
    assert "payments.time_out_s" not in given


def test_show_json_holds_every_key_with_its_source() -> None:
    document = json.loads(run("show", "ward-omo", "--json", "--sources", "--set", "horizon.days=7")[1])
    assert document["schema"] == "omo.scenario/1"
    assert document["values"]["horizon"]["days"] == 7
    assert document["sources"]["tills.staffed_log_mean"] == "POS"


def test_schema_is_json_and_says_the_source_of_defaults() -> None:
    document = json.loads(run("schema")[1])
    assert document["$defs"]["Payments"]["properties"]["cash_share"]["source"] == "S45"
    assert set(document["required"]) >= {"title", "horizon", "stores"}


@pytest.mark.parametrize("extends", [["ward-omo"], ["ward-base", "pos-store1"], ["launch-day"]])
def test_a_new_scenario_is_valid_and_equals_its_parents(extends: list[str], tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    options = [word for parent in extends for word in ("--extends", parent)]
    assert run("new", 'A "town" \\ 町', "--out", str(path), *options)[0] == 0
    assert run("validate", str(path))[0] == 0
    scenario = load(path).scenario
    assert scenario.title == 'A "town" \\ 町'
    assert scenario.horizon == load(extends[0]).scenario.horizon
    uncommented = re.sub(r"^# (?=[\[a-z_.]+( =|\]))", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(uncommented, encoding="utf-8")
    assert load(path).scenario.events["opening"].demand_factor == 2.0


def test_new_never_overwrites_and_leaves_nothing_broken_behind(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    path.write_text("mine", encoding="utf-8")
    code, seen = run("new", "t", "--out", str(path))
    assert (code, "exists already" in seen, path.read_text(encoding="utf-8")) == (2, True, "mine")
    code, seen = run("new", "t", "--out", str(tmp_path / "b.toml"), "--extends", "pos-store1")
    assert (code, "--extends ward-base --extends pos-store1" in seen) == (3, True)
    assert run("new", "t", "--out", str(tmp_path / "no" / "c.toml"))[0] == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["new.toml"]


def test_the_installed_command_exits_with_the_code_and_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    path.write_text(START + "seed = -1\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "omo", "validate", str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3
    assert f"{path}:3: seed: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
