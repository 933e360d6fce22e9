"""Charts of documents: every documented schema has one, its figures are in it, equal documents give equal bytes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from dashboard.amounts import figure
from dashboard.charts.chart import Chart
from dashboard.charts.documents import DRAWN, charts_of
from dashboard.charts.dots import Dots, Series, Value, figures, told, value_of
from dashboard.charts.paper import as_png, as_svg, wrapped
from dashboard.plotting import write_charts
from dashboard.words import Language, words
from omo import app
from scenarios.errors import UsageError
from sim.evaluation.attribution.every_rule import file_document
from sim.evaluation.attribution.paths_file import read_paths
from sim.evaluation.comparison import compare_runs
from sim.evaluation.ledgers.document import ledgers
from sim.evaluation.ledgers.points_document import points
from sim.evaluation.lifetime_value.cross_channel import cross_channel_document
from sim.evaluation.modes import compare_many

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts.md"
KEPT = sorted((Path(__file__).parent / "documents").glob("*.json"))
"""Documents of small towns as the commands have kept them, without what no chart reads."""
PATHS = "path,total_conversions,total_null\nsearch > mail > shop,40,300\nmail,25,500\nsearch,60,900\nshop,80,100\n"
LANGUAGES: tuple[Language, ...] = ("en", "ja")
SVG = "{http://www.w3.org/2000/svg}"


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def fresh(runs_root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Documents that cost no more than the runs that there are."""
    (siloed,), (omnichannel,) = runs_root.glob("ward-siloed-*"), runs_root.glob("ward-omnichannel-*")
    csv = tmp_path_factory.mktemp("paths") / "paths.csv"
    csv.write_text(PATHS, encoding="utf-8")
    return [
        compare_runs(siloed, omnichannel),
        compare_many([siloed, omnichannel]),
        ledgers(omnichannel, siloed),
        ledgers(omnichannel),
        points(omnichannel, siloed),
        cross_channel_document(siloed, omnichannel),
        file_document(csv, read_paths(csv), 1, 168.0),
    ]


def texts_of(svg: str) -> tuple[str, str]:
    """Title and description of an SVG file, which must be well-formed."""
    root = ElementTree.fromstring(svg)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    return title.text or "", description.text or ""


def test_every_document_of_the_evaluation_in_the_contracts_is_drawn() -> None:
    _, _, text = CONTRACTS.read_text(encoding="utf-8").partition("## Documents of the evaluation")
    documented = set(re.findall(r"`(omo\.[a-z-]+/1)`", text))
    assert len(documented) > 12
    assert documented - DRAWN.keys() == {"omo.export/1"}, "a list of files that were written has nothing to draw"


def test_every_schema_that_is_drawn_is_drawn_here(fresh: list[dict[str, Any]]) -> None:
    assert {document["schema"] for document in (*fresh, *map(read, KEPT))} == DRAWN.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_documents_of_today_are_drawn_with_their_figures(fresh: list[dict[str, Any]], language: Language) -> None:
    for document in fresh:
        for chart in charts_of(document, words(language)):
            check(chart, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_documents_are_drawn_with_their_figures(path: Path, language: Language) -> None:
    found = charts_of(read(path), words(language))
    assert len({chart.name for chart in found}) == len(found)
    for chart in found:
        check(chart, language)


def variants() -> dict[str, dict[str, Any]]:
    """Documents with parts that the kept ones lack: states of nature, two parameters, Sobol, a twin, payback."""
    kept = {path.stem: path for path in KEPT}
    best, sweep, sobol, ltv, paid = (read(kept[name]) for name in ("best", "sweep", "sensitivity", "ltv", "investment"))
    policies = [{"policy": p["policy"], "regret_yen": {"here": at * 1e4, "there": at * 2e4}} for at, p in
                enumerate(best["policies"])]  # fmt: skip
    policies = [p | {"largest_regret_yen": p["regret_yen"]["there"], "resamples_won": 0.5} for p in policies]
    best["states"] = {"names": ["here", "there"], "n": 9, "policies": policies, "minimax_regret": best["best"]}
    sweep |= {"by": None, "optimum": None, "parameters": [{"name": "credit"}, {"name": "fee"}]}
    sweep["points"] = [p | {"values": p["values"] | {"fee": fee}} for p in sweep["points"] for fee in (0.0, 2.0)]
    sweep["best"]["values"] = {"credit": 0.8, "fee": 0.0}
    share = {"value": 0.5, "low": 0.4, "high": 0.7}
    sobol |= {"method": "sobol", "factors": [f | {"first": share, "total": share} for f in sobol["factors"]]}
    level = {"mean": 0.8, "half_width": 0.1}
    tenth = {"from": 0.7, "to": 0.8, "customers": 12, "mean_p_alive": 0.75, "really_alive": 0.7}
    ltv |= {"seed": 1, "twin": {"replications": 4, "alive": [tenth], "figures": {}, "holdout_really_came": [9] * 39}}
    ltv["twin"]["figures"] = {"mean_p_alive": level, "really_alive": level}
    paid["orders"][0]["payback_months"] |= {"of_mean_curve": 22.3, "never_share": 0.0}
    return {"states": best, "two parameters": sweep, "sobol": sobol, "twin": ltv, "paid": paid}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_only_some_documents_have_is_drawn_too(language: Language) -> None:
    drawn = {name: charts_of(document, words(language)) for name, document in variants().items()}
    for chart in (chart for found in drawn.values() for chart in found):
        check(chart, language)
    assert "really-alive" in {chart.name for chart in drawn["twin"]}
    assert [chart.name for chart in drawn["two parameters"]] == ["table"]
    assert [chart.name for chart in drawn["sobol"]] == ["shares"]
    assert "22.3" in "".join(drawn["paid"][0].figures)


def check(chart: Chart, language: Language) -> None:
    """A chart says what it shows, how sure it is, and every figure; it fits the sheet."""
    title, description = texts_of(as_svg(chart, language))
    assert title == chart.question
    assert chart.figures
    assert all(line in description for line in chart.figures)
    assert chart.answer in description
    assert chart.caption in description
    assert "{" not in title + description
    assert re.search(r"\d", description)
    if language == "ja":
        assert re.search(r"[ぁ-んァ-ヶ一-龥]", title)


def test_gains_are_those_of_the_document() -> None:
    document = read(next(path for path in KEPT if path.stem == "best"))
    gains = next(chart for chart in charts_of(document, words("en")) if chart.name == "gains")
    text = "\n".join(gains.figures)
    for entry in document["policies"]:
        for name in ("contribution_yen", "contribution_before_bonus_yen"):
            assert figure(entry["measures"][name]["difference"]["mean"], "yen", "en", signed=True) in text


def test_a_rollouts_truth_and_every_lead_are_in_the_event_study() -> None:
    document = read(next(path for path in KEPT if path.stem == "rollout"))
    study = next(chart for chart in charts_of(document, words("en")) if chart.name == "event-study")
    found = document["levels"]["store"]["sales_yen"]["event_studies"]["two_way_event"]
    lines = [line for line in study.figures if line.startswith("by store, two-way")]
    assert len(lines) == sum("estimate" in point for point in found)
    for point in (point for point in found if "estimate" in point):
        assert any(figure(point["truth"]["mean"], "yen", "en", signed=True) in line for line in lines)


def test_a_sweeps_points_are_the_paired_differences_from_its_low_end() -> None:
    document = read(next(path for path in KEPT if path.stem == "sweep"))
    curve = next(chart for chart in charts_of(document, words("en")) if chart.name == "curve")
    first, *_, last = document["points"]
    pairs = zip(last["outcome_by_replication"], first["outcome_by_replication"], strict=True)
    rises = [own - other for own, other in pairs]
    assert figure(sum(rises) / len(rises), "yen", "en", signed=True) in curve.figures[-1]


def test_equal_documents_give_equal_bytes_in_another_process(tmp_path: Path) -> None:
    document = next(path for path in KEPT if path.stem == "capabilities")
    here = write_charts(document, tmp_path / "here", "ja", png=True)
    command = [sys.executable, "-m", "omo", "plot", str(document), "--lang", "ja", "--png"]
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    there = tmp_path / "there"
    subprocess.run([*command, "--out", str(there)], check=True, env=environment, timeout=120, capture_output=True)
    assert len(here) >= 4
    assert {path.suffix for path in here} == {".svg", ".png"}
    for path in here:
        assert path.read_bytes() == (there / path.name).read_bytes(), path.name


def test_the_command_prints_the_paths_that_it_wrote(tmp_path: Path) -> None:
    document = tmp_path / "congruence-0123.json"
    document.write_bytes(next(path for path in KEPT if path.stem == "congruence").read_bytes())
    done = CliRunner().invoke(app, ["plot", str(document)])
    assert done.exit_code == 0
    assert done.stdout.split() == [str(tmp_path / "congruence-0123-congruence.svg")]
    assert (tmp_path / "congruence-0123-congruence.svg").is_file()


@pytest.mark.parametrize("text", ['{"schema": "omo.load/1"}', "{}", "[]", "not json"])
def test_what_cannot_be_drawn_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        write_charts(path, None, "en", png=False)
    if text.startswith("{"):
        assert all(schema in str(refused.value) for schema in DRAWN)
    else:
        assert str(path) in str(refused.value)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.json"):
        write_charts(tmp_path / "nowhere.json", None, "en", png=False)


def test_figures_say_their_intervals() -> None:
    say = words("en")
    assert told(Value(1.5e6, 1.0e6, 2.0e6), "yen", say, signed=True) == "+¥1.50M ± ¥500.0k"
    assert told(Value(0.5, 0.4, 0.9), "share", say) == "50.0 % (40.0 % – 90.0 %)"
    assert told(Value(2.0), "ratio", say) == "2.00"
    assert told(Value(None), "yen", say) == "–"
    assert value_of({"mean": 3.0, "half_width": None}) == Value(3.0)
    assert not value_of({"mean": 3.0, "half_width": 3.0}).settled
    assert value_of({"mean": -3.0, "half_width": 2.0}).settled
    plot = Dots(["a\nb"], [Series("x", [Value(1.0)]), Series("y", [Value(None)])], "count")
    assert figures(plot, say) == ["a b, x: 1", "a b, y: –"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_are_broken_where_the_language_breaks_them(language: Language) -> None:
    text = {"en": "it is +2.6 ± 0.69 pp. " * 12, "ja": "増加は +2.6 ± 0.69ポイント、です。" * 12}[language].strip()
    lines = wrapped(text, 12, language).split("\n")
    assert len(lines) > 2
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert not any(line[0] in "、。±% " or line.startswith("pp") for line in lines)


def test_a_picture_is_820_pixels_wide_and_a_png_twice_that() -> None:
    chart = charts_of(read(next(path for path in KEPT if path.stem == "stores")), words("en"))[0]
    assert ElementTree.fromstring(as_svg(chart, "en")).get("width") == "820"
    png = as_png(chart, "en")
    assert int.from_bytes(png[16:20], "big") == 1640
