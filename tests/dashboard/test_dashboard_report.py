"""The report: whole, self-contained, in two languages, and the same bytes for the same runs."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from load_sample import write_load
from typer.testing import CliRunner

import omo
from dashboard.amounts import interval, yen
from dashboard.charts.printed import forests
from dashboard.load_runs import read_load
from dashboard.report.build import print_report, render, write_report
from dashboard.words import words
from loadtest.audit.verdict import LAWS
from scenarios.errors import UsageError
from sim.evaluation.comparison import compare_runs

Pair = tuple[Path, Path]
VOID = {"meta", "br", "hr", "img", "input", "link", "path", "use", "rect", "circle", "line"}


class Outline(HTMLParser):
    """Checks that elements are closed in order; gathers text, identifiers, headings and attribute values."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.ids: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    outline.close()
    assert outline.open == []
    return outline


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_comparison_is_whole_and_contains_the_totals(pair: Pair, language: str) -> None:
    say = words("ja" if language == "ja" else "en")
    html = render(pair[1], pair[0], None, say)
    outline = parsed(html)
    text = " ".join(outline.text)
    document = compare_runs(*pair)
    for name in ("contribution_yen", "store_pl_yen", "ec_pl_yen"):
        assert yen(document["measures"][name]["difference"]["mean"], say.language, signed=True) in text
    assert f"{document['shift']['total_yen']:+,}" in text
    assert document["a"]["run"] in text
    assert outline.scripts == 0
    assert len(outline.ids) == len(set(outline.ids))
    assert not re.search(r"https?:|src=|@import|<link", html)


def test_equal_inputs_give_equal_bytes_in_another_process(pair: Pair, tmp_path: Path) -> None:
    here = tmp_path / "here.html"
    write_report(pair[1], pair[0], None, "ja", here)
    there = tmp_path / "there.html"
    command = [sys.executable, "-m", "omo", "report", str(pair[1]), "--against", str(pair[0]), "--lang", "ja"]
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([*command, "--out", str(there)], check=True, env=environment, timeout=120, capture_output=True)
    assert here.read_bytes() == there.read_bytes()


def test_the_japanese_report_carries_every_japanese_letter_that_it_uses(pair: Pair) -> None:
    html = render(pair[1], pair[0], None, words("ja"))
    match = re.search(r"base64,([^)]+)\)", html)
    assert match
    glyphs = TTFont(io.BytesIO(base64.b64decode(match[1]))).getBestCmap()
    letters = {ord(letter) for letter in "".join(parsed(html).text) if ord(letter) >= 0x2E80}
    assert letters
    assert letters <= glyphs.keys()
    assert "base64" not in render(pair[1], pair[0], None, words("en"))


def test_a_load_run_and_its_audit_stand_in_the_report(pair: Pair, runs_root: Path, tmp_path: Path) -> None:
    valid = read_load(runs_root / "load-valid")
    text = " ".join(parsed(render(pair[1], None, valid, words("en"))).text)
    assert "13.3" in text, "latency from the intended start: 1 ms of lag and 12.3 ms of answering"
    assert words("en")("load.audit_clean", checked=f"{10 * len(LAWS)}") in text
    broken = read_load(write_load(tmp_path / "broken", lag_s=0.001, broken=3))
    text = " ".join(parsed(render(pair[1], None, broken, words("en"))).text)
    assert "charged twice" in text
    assert words("en")("load.audit_broken", broken="3", laws=1) in text


def test_an_invalid_load_run_shows_no_latency(pair: Pair, runs_root: Path) -> None:
    late = read_load(runs_root / "load-late")
    assert late is not None
    text = " ".join(parsed(render(pair[1], None, late, words("en"))).text)
    assert words("en")("load.invalid") in text
    assert all(reason in text for reason in late.result["reasons"])
    assert "p99 (" not in text
    assert f"{late.result['latency_ms']['all']['p99']:,.1f}" not in text


def test_texts_from_files_are_escaped_and_a_partial_run_is_marked(pair: Pair, tmp_path: Path) -> None:
    copy = tmp_path / "odd.interrupted"
    shutil.copytree(pair[1], copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest |= {"title": "<script>alert(1)</script>", "state": "interrupted", "replications_finished": [0]}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    outline = parsed(render(copy, None, None, words("en")))
    assert outline.scripts == 0
    assert "<script>alert(1)</script>" in " ".join(outline.text)
    assert words("en")("report.partial", run=copy.name, state="interrupted", n=1) in " ".join(outline.text)


def test_the_command_writes_beside_the_run_and_names_what_is_missing(pair: Pair, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(pair[1], copy)
    result = CliRunner().invoke(omo.app, ["report", str(copy)])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(copy / "report.html")
    with pytest.raises(UsageError, match=r"no load\.json"):
        write_report(copy, None, tmp_path, "en", tmp_path / "x.html")


def test_every_figure_and_table_of_the_report_says_what_it_is(pair: Pair, runs_root: Path) -> None:
    html = render(pair[1], pair[0], read_load(runs_root / "load-valid"), words("en"))
    figures = re.findall(r"<figure>(.*?)</figure>", html, re.DOTALL)
    assert len(figures) > 5
    assert all(
        re.search(r"<figcaption>[^<]{20,}", figure) and 'role="img" aria-label="' in figure for figure in figures
    )
    tables = re.findall(r"<table>(.*?)</table>", html, re.DOTALL)
    assert len(tables) > 5
    assert all("<caption>" in table for table in tables)


def test_pictures_of_differences_hold_every_measure_that_differs_once(pair: Pair) -> None:
    document, say = compare_runs(*pair), words("en")
    pictures = "".join(svg for _, svg in forests(document, say))
    for name, found in document["measures"].items():
        if found["difference"]["mean"]:
            told = interval(found["difference"], found["unit"], "en", signed=True)
            assert f"{escape(say.label(name))} {told}" in pictures, name


def test_without_a_browser_the_pdf_is_refused_before_anything_is_written(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(omo.app, ["report", str(pair[1]), "--out", str(tmp_path / "r.html"), "--pdf"])
    assert isinstance(result.exception, UsageError)
    assert "--pdf needs Chromium or Chrome" in str(result.exception)
    assert not (tmp_path / "r.html").exists()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium: apt-get install chromium")
def test_a_browser_prints_the_report_on_pages(pair: Pair, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    write_report(pair[1], pair[0], None, "ja", report)
    pdf = print_report(report)
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > 3
