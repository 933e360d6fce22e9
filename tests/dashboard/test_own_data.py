"""The page about a retailer's own files: what the commands say of them, also where they are wrong."""

from __future__ import annotations

import csv
import json
from datetime import date
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import dashboard
from dashboard import own_files
from dashboard.amounts import count, share
from dashboard.own_files import Kind, OwnFile
from dashboard.words import Language, words
from omo import app as omo

APP = Path(dashboard.__file__).with_name("app.py")
COMMANDS: dict[Kind, str] = {"receipts": "ltv", "paths": "attribution"}
WRONG: dict[Kind, bytes] = {
    "receipts": b"customer,date,amount\nA,2026-04-01,100\nA,1 April,x\n,2026-04-02,-5\n",
    "paths": b"path,total_conversions\nshop,3\nmail > > shop,2\n",
}


def opened(kind: Kind, language: Language = "en", **query: str) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.query_params["lang"] = language
    page.run()
    for key, value in {"lang": language, "own": kind, **query}.items():
        page.query_params[key] = value
    return page.switch_page("app_pages/own_data.py").run()


def uploaded(kind: Kind, file: OwnFile, language: Language = "en") -> AppTest:
    page = opened(kind, language, own_from="file")
    page.file_uploader[0].upload(file.name, file.content, "text/csv")
    return page.run()


def shown(page: AppTest) -> str:
    assert not page.exception, page.exception
    kinds = ("title", "subheader", "markdown", "caption", "code", "html")
    found: list[Any] = [one for kind in kinds for one in page.get(kind)]
    text = unescape("\n".join(str(one.proto.body if one.type == "html" else one.value) for one in found))
    return text.replace("\u00a0", " ").replace("\u2060", "")


def said_by_command(kind: Kind, file: OwnFile, folder: Path) -> Any:
    """What the command prints for the same file."""
    path = folder / file.name
    path.write_bytes(file.content)
    return CliRunner().invoke(omo, [COMMANDS[kind], str(path), "--json"], env={"COLUMNS": "500"})


@pytest.mark.usefixtures("pages_root")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_receipts_of_ones_own_are_shown_as_the_command_counts_them(language: Language, tmp_path: Path) -> None:
    say, file = words(language), own_files.sample("receipts")
    document = json.loads(said_by_command("receipts", file, tmp_path).stdout)
    page = uploaded("receipts", file, language)
    text = shown(page)
    assert count(document["holdout"]["actual"]) in text
    assert count(round(document["alive"]["expected_alive"])) in text
    assert count(round(document["residual"]["amount"])) in text
    assert say("own.until", date=document["holdout"]["calibration_until"]) in text
    assert len(page.get("vega_lite_chart")) == 4


@pytest.mark.usefixtures("pages_root")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_paths_of_ones_own_are_shown_as_the_command_counts_them(language: Language, tmp_path: Path) -> None:
    file = own_files.sample("paths")
    document = json.loads(said_by_command("paths", file, tmp_path).stdout)
    page = uploaded("paths", file, language)
    text = shown(page)
    assert count(document["value"]) in text
    for credits in document["rules"].values():
        assert all(share(credit["share"]) in text for credit in credits.values())
    removal = document["markov"]["removal_effects"]
    assert share(max(removal.values())) in text
    assert all(channel in text for channel in document["channels"])


@pytest.mark.usefixtures("pages_root")
@pytest.mark.parametrize("kind", ["receipts", "paths"])
def test_a_wrong_file_is_refused_in_the_words_of_the_command(kind: Kind, tmp_path: Path) -> None:
    file = OwnFile("mine.csv", WRONG[kind])
    told = said_by_command(kind, file, tmp_path)
    assert told.exit_code != 0
    problems = [line.removeprefix(f"{tmp_path}/") for line in str(told.exception).splitlines()]
    assert problems[0].startswith("mine.csv:3: ")
    page = uploaded(kind, file)
    text = shown(page)
    assert all(problem in text for problem in problems)
    assert words("en")("own.invalid", file="mine.csv") in text
    assert words("en")(f"own.column_{own_files.COLUMNS[kind][0]}") in text
    assert not page.get("vega_lite_chart")


@pytest.mark.usefixtures("pages_root")
def test_what_a_file_lacks_for_a_rule_is_said_by_column() -> None:
    text = shown(uploaded("paths", OwnFile("bare.csv", b"path,total_conversions\nmail > shop,3\nshop,4\n"), "ja"))
    assert words("ja")("own.no_times_what") in text
    assert words("ja")("own.no_nulls_what") in text
    assert words("ja")("own.value") not in text


@pytest.mark.usefixtures("pages_root")
def test_without_a_file_a_sample_can_be_tried_and_forgotten() -> None:
    say, page = words("en"), opened("paths", own_from="file")
    assert escape(say("own.none_paths")) in shown(page)
    page.button(key="try_sample").click().run()
    assert "paths.csv" in shown(page)
    assert page.get("vega_lite_chart")
    page.switch_page("app_pages/runs.py").run()
    page.switch_page("app_pages/own_data.py").run()
    assert page.get("vega_lite_chart")
    page.button(key="forget").click().run()
    assert not page.get("vega_lite_chart")


def test_the_receipts_of_a_run_are_those_that_its_company_exports(pages_root: Path, tmp_path: Path) -> None:
    run = next(pages_root.glob("ward-omnichannel-*"))
    done = CliRunner().invoke(omo, ["export", run.name, "--company-view", "--csv", "--runs", str(pages_root), "--out",
                                    str(tmp_path)])  # fmt: skip
    assert done.exit_code == 0, done.output
    with (tmp_path / "receipts.csv").open(newline="") as lines:
        known = [row for row in csv.DictReader(lines) if row["customer"] and row["state"] == "completed"]
    rows = list(csv.DictReader(own_files.example("receipts", run).content.decode().splitlines()))
    assert len(rows) == len(known) > 20
    assert sum(int(row["amount"]) for row in rows) == sum(int(row["goods_yen"]) for row in known)
    assert {row["customer"] for row in rows} == {row["customer"] for row in known}
    assert min(date.fromisoformat(row["date"]) for row in rows).isoformat() == min(k["placed_at"] for k in known)[:10]


def test_the_paths_of_a_run_are_shown_as_an_example(pages_root: Path) -> None:
    run = next(pages_root.glob("ward-omnichannel-*"))
    page = opened("paths", own_from="run", run=run.name)
    assert words("en")("own.of_run_paths") in shown(page)
    assert len(page.get("vega_lite_chart")) == 3
    assert page.query_params["run"] == run.name
