"""Each page, run by Streamlit's own test harness: what it says for good, partial, failed and missing data."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import jobs
from dashboard.amounts import interval, yen
from dashboard.charts.steps import difference_parts
from dashboard.jobs import Shows
from dashboard.launch import Plan
from dashboard.report.build import render
from dashboard.words import words
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.evaluation.comparison import compare_runs
from sim.evaluation.measures import MODE_OUTCOMES

Pair = tuple[Path, Path]
Commands = Sequence[Sequence[str]]
APP = Path(dashboard.__file__).with_name("app.py")
PAGES = sorted(path.stem for path in APP.parent.glob("app_pages/*.py"))
ASKS = ("start", "run", "scenario")
"""Pages that need no run: they start one."""
REPLAY = ["run", "trace", "load", "audit"]


def opened(page: str, **query: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=60)
    for key, value in {"lang": "en", **query}.items():
        app.query_params[key] = value
    app.run()
    if page != "start":
        for key, value in {"lang": "en", **query}.items():
            app.query_params[key] = value
        app.switch_page(f"app_pages/{page}.py").run()
    return app


def shown(app: AppTest) -> str:
    """Everything that a page says, tables and cards included; as if lines could end anywhere."""
    assert not app.exception, app.exception
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success", "code", "html")
    text = "\n".join(str(element.proto.body if kind == "html" else element.value) for kind in kinds
                     for element in app.get(kind))  # fmt: skip
    return text.replace("\u00a0", " ").replace("\u2060", "")


@pytest.mark.usefixtures("pages_root")
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_in_both_languages(page: str, language: str) -> None:
    app = opened(page, lang=language)
    say = words("ja" if language == "ja" else "en")
    assert say("start.title" if page == "start" else f"page.{page}") in shown(app)
    assert app.query_params["lang"] == language


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_to_do_in_an_empty_folder(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    text = shown(opened(page))
    assert "omo " in text or page in ASKS
    assert str(tmp_path) in text or page in ASKS


@pytest.mark.usefixtures("pages_root")
def test_two_ledgers_show_the_totals_of_the_runs_in_the_url(pair: Pair) -> None:
    app = opened("ledgers", a=pair[0].name, b=pair[1].name)
    document, text = compare_runs(*pair), shown(app)
    for name in ("contribution_yen", "store_pl_yen", "ec_pl_yen"):
        assert yen(document["measures"][name]["difference"]["mean"], "en", signed=True) in text
    assert f"{document['shift']['total_yen']:+,}".replace("-", "−") in text
    assert len(app.get("plotly_chart")) == 3
    assert app.query_params["a"] == pair[0].name


@pytest.mark.parametrize("language", ["en", "ja"])
def test_several_worlds_stand_side_by_side_against_the_first(pages_root: Path, language: str) -> None:
    app = opened("ledgers", lang=language, view="several")
    runs = [next(pages_root.glob(f"{name}-*")) for name in ("ward-siloed", "ward-omnichannel")]
    runs.append(
        next(p for p in pages_root.glob("ward-omo-*") if json.loads((p / "manifest.json").read_text())["seed"] == 1)
    )
    say, text = words("ja" if language == "ja" else "en"), shown(app)
    assert app.query_params["base"] == runs[0].name
    for run in runs[1:]:
        difference = compare_runs(runs[0], run)["measures"]["contribution_yen"]["difference"]
        assert interval(difference, "yen", say.language, signed=True) in text
    assert [label for name in MODE_OUTCOMES if (label := say.label(name)) not in text] == []
    assert len(app.get("vega_lite_chart")) == 1
    app.multiselect(key="several_with").set_value([]).run()
    assert say("several.choose") in shown(app)


def test_runs_of_an_earlier_version_are_compared_on_what_they_have(
    pages_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    for run in pages_root.glob("ward-*"):
        shutil.copytree(run, tmp_path / run.name)
    older = next(tmp_path.glob("ward-omnichannel-*"))
    for path in older.glob("rep-*/summary.json"):
        found = json.loads(path.read_text())
        path.write_text(json.dumps({name: value for name, value in found.items() if name != "satisfaction_mean"}))
    say = words("en")
    for query in ({"view": "several"}, {"a": older.name}):
        text = shown(opened("ledgers", **query))
        assert say.label("contribution_yen") in text
        assert f"{say.label('satisfaction_mean')}</th>" not in text
    assert say.label("contribution_yen") in shown(opened("runs", run=older.name))


def test_two_runs_are_not_offered_as_several(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    for run in pair:
        (tmp_path / run.name).symlink_to(run)
    app = opened("ledgers", view="several")
    assert words("en")("ledgers.books") in shown(app)
    assert "base" not in app.query_params


@pytest.mark.usefixtures("pages_root")
def test_choosing_another_run_changes_the_url(pair: Pair) -> None:
    app = opened("ledgers", a=pair[0].name, b=pair[1].name)
    app.selectbox(key="select_a").set_value(pair[1].name).run()
    assert app.query_params["a"] == pair[1].name
    assert words("en")("ledgers.same_run") in shown(app)


@pytest.mark.usefixtures("pages_root")
def test_differences_are_drawn_for_the_unit_in_the_url_alone(pair: Pair) -> None:
    document, say = compare_runs(*pair), words("en")
    for page in ("compare", "ledgers"):
        charts = {}
        for unit in ("yen", "share"):
            app = opened(page, a=pair[0].name, b=pair[1].name, unit=unit)
            names = [name for part in difference_parts(document["measures"], unit) for name in part]
            charts[unit] = "".join(str(chart.proto) for chart in app.get("vega_lite_chart"))
            assert names
            assert all(say.label(name) in charts[unit] for name in names)
            assert app.query_params["unit"] == unit
        assert say.label("net_revenue_yen") not in charts["share"]


@pytest.mark.usefixtures("pages_root")
def test_every_figure_of_two_ledgers_and_load_says_its_basis_to_everybody(pair: Pair) -> None:
    say, manifest = words("en"), json.loads((pair[0] / "manifest.json").read_text())
    basis = say("figure.basis", days=manifest["days"], replications=2, seed=1)
    for query, said in (
        ({"page": "ledgers", "a": pair[0].name, "b": pair[1].name}, basis.split("\u00b1")[0]),
        ({"page": "load", "load": "load-valid"}, "core (own, embedded)"),
    ):
        app = opened(**query)
        bases = re.findall(r'class="basis">([^<]*)', shown(app))
        assert len(bases) == len([*app.get("vega_lite_chart"), *app.get("plotly_chart")]) >= 4
        assert all(said in text for text in bases)
        assert all(chart.proto.alt for chart in [*app.get("vega_lite_chart"), *app.get("plotly_chart")])


def test_runs_with_different_seeds_are_not_compared(pages_root: Path, pair: Pair) -> None:
    other = next(p for p in pages_root.glob("ward-omo-*") if p != pair[1])
    text = shown(opened("ledgers", a=pair[0].name, b=other.name))
    assert words("en")("ledgers.different_seeds", a=1, b=2) in text


def test_runs_of_different_length_are_not_compared(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    for run in pair:
        shutil.copytree(run, tmp_path / run.name)
    manifest = tmp_path / pair[1].name / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"days": 30}))
    assert words("en")("ledgers.different_days", a=3, b=30) in shown(opened("ledgers", a=pair[0].name, b=pair[1].name))
    with pytest.raises(UsageError, match="same days"):
        render(tmp_path / pair[1].name, tmp_path / pair[0].name, None, words("en"))


def test_an_invalid_load_run_shows_reasons_and_no_latency(pages_root: Path) -> None:
    late = json.loads((pages_root / "load-late" / "load.json").read_text())
    text = shown(opened("load", load="load-late"))
    assert all(escape(reason) in text for reason in late["reasons"])
    assert words("en")("load.latency") not in text
    assert f"{late['latency_ms']['all']['p99']:,.1f}" not in text
    assert words("en")("load.latency") in shown(opened("load", load="load-valid"))


def test_audit_findings_name_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from load_sample import write_load

    write_load(tmp_path / "load-broken", lag_s=0.001, broken=2)
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    text = shown(opened("load"))
    assert words("en")("load.audit_broken", broken="2", laws=1) in text
    assert "order 1: charged twice" in text
    (tmp_path / "load-broken" / "audit.json").unlink()
    assert f"omo audit {tmp_path / 'load-broken'}" in shown(opened("load"))


def test_runs_in_every_state_are_listed_and_explained(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    manifest = json.loads((pair[1] / "manifest.json").read_text())
    for state, finished in (("interrupted", [0]), ("failed", [])):
        shutil.copytree(pair[1], tmp_path / f"run.{state}")
        changed = manifest | {"state": state, "replications_finished": finished, "note": "law broken: stock"}
        (tmp_path / f"run.{state}" / "manifest.json").write_text(json.dumps(changed))
    (tmp_path / "garbled").mkdir()
    (tmp_path / "garbled" / "manifest.json").write_text("{")
    for name, age in ((".going-1.partial", 0), (".gone-1.partial", 600)):
        (tmp_path / name).mkdir()
        progress = tmp_path / name / "progress.json"
        progress.write_text(json.dumps({"done": 3, "total": 9}))
        then = progress.stat().st_mtime - age
        os.utime(progress, (then, then))
    say = words("en")
    expected = {
        "run.interrupted": say("runs.interrupted_what"),
        "run.failed": "law broken: stock",
        "garbled": say("runs.unreadable_what"),
        ".going-1.partial": say("jobs.progress", done=3, total=9),
        ".gone-1.partial": say("runs.abandoned_what"),
    }
    for name, text in expected.items():
        found = shown(opened("runs", run=name))
        assert text in found, name
        assert all(f">{other}</td>" in found for other in expected)


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """An empty folder, in which whatever a page starts is noted and taken for lost at once."""
    plans: list[Plan] = []

    def start(root: Path, commands: Commands, title: str, runs: list[str], shows: Shows, visits: float) -> None:
        plans.append(Plan(title, tuple(tuple(c) for c in commands), tuple(runs), shows, visits))
        (root / ".jobs").mkdir(exist_ok=True)
        job: dict[str, object] = {"id": "1-a", "title": title, "commands": [list(c) for c in commands]}
        job |= {"runs": list(runs), "shows": shows, "visits": visits, "pid": 2**22 + 1, "started": 0.0}
        (root / ".jobs" / "1-a.json").write_text(json.dumps(job))

    monkeypatch.setattr(jobs, "start", start)
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    return plans


def test_the_form_starts_our_own_command_and_the_page_shows_it(begun: list[Plan]) -> None:
    app = opened("run")
    app.selectbox(key="select_s_b").set_value("launch-day").run()
    app.number_input(key="number_days").set_value(2).run()
    assert "omo compare ward-siloed launch-day --seed 1 --reps 5 --set horizon.days=2" in shown(app)
    app.button(key="launch").click().run()
    (plan,) = begun
    assert plan.commands[0][:7] == ("compare", "ward-siloed", "launch-day", "--seed", "1", "--reps", "5")
    assert plan.runs[0].startswith("ward-siloed-")
    assert words("en")("jobs.lost") in shown(app)
    app.button(key="again_1-a").click().run()
    assert begun[1] == plan
    app.button(key="dismiss_1-a").click().run()
    assert words("en")("jobs.lost") not in shown(app)


def test_a_link_fills_the_form_in_and_the_four_modes_are_compared(begun: list[Plan]) -> None:
    app = opened("run", kind="modes", reps="2", days="3", seed="7")
    app.button(key="launch").click().run()
    arguments = begun[0].commands[0]
    assert arguments[:5] == ("compare", "ward-siloed", "ward-o2o", "ward-omnichannel", "ward-omo")
    assert arguments[5:11] == ("--seed", "7", "--reps", "2", "--set", "horizon.days=3")
    assert begun[0].shows == {"page": "ledgers", "view": "several", "base": begun[0].runs[0]}


@pytest.mark.parametrize(("question", "commands"), [("incentives", ["compare"]), ("size", REPLAY), ("test", REPLAY)])
def test_each_question_is_answered_from_an_empty_folder(begun: list[Plan], question: str, commands: list[str]) -> None:
    app = opened("start")
    app.button(key=f"find_{question}").click().run()
    assert [arguments[0] for arguments in begun[0].commands] == commands
    assert words("en")("jobs.lost") in shown(app)


def test_start_tells_the_latest_answers(pages_root: Path, pair: Pair) -> None:
    text = shown(opened("start"))
    difference = compare_runs(*pair)["measures"]["contribution_yen"]["difference"]
    assert interval(difference, "yen", "en", signed=True) in text
    assert words("en")("start.clean") in text
    found = json.loads((pages_root / "load-valid" / "load.json").read_text())
    assert f"{found['offered_per_s']:,.0f}" in text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_form_tells_what_was_changed_and_its_link_says_the_same(begun: list[Plan], language: str) -> None:
    changes = ["population.shoppers=700", 'evaluation.policy="commission"']
    app = opened("scenario", lang=language, parent="ward-siloed", set=changes)
    text = shown(app)
    assert "● population.shoppers" in text
    assert 'extends = "ward-siloed"' in text
    shoppers = app.number_input(key="key_0_ward-siloed_population.shoppers").help
    assert ("people who shop for themselves" in shoppers) == (language == "en")
    assert ("この街で" in shoppers) == (language == "ja")
    app.number_input(key="key_0_ward-siloed_horizon.days").set_value(3).run()
    assert app.query_params["set"] == [*changes, "horizon.days=3"]
    app.number_input(key="key_0_ward-siloed_population.shoppers").set_value(10000).run()
    assert app.query_params["set"] == [changes[1], "horizon.days=3"]
    app.button(key="scenario.compare").click().run()
    assert begun[0].commands[0][1:3] == ("ward-siloed", 'ward-siloed+evaluation.policy="commission"')
    assert begun[0].commands[0][-4:-2] == ("--set", "horizon.days=3")


def test_a_scenario_is_saved_as_a_file_that_says_the_same(begun: list[Plan], tmp_path: Path) -> None:
    app = opened("scenario", parent="ward-omo", set=["stores.station.self_checkouts=9"])
    app.button(key="save").click().run()
    (path,) = (tmp_path / "scenarios").glob("*.toml")
    assert load(path).scenario.stores["station"].self_checkouts == 9
    assert str(path) in shown(app)
    assert begun == []
    app.button(key="save").click().run()
    assert "exists already" in shown(app)
    assert str(path) in opened("run", kind="run", s_scenario=str(path)).query_params["s_scenario"]


@pytest.mark.usefixtures("begun")
def test_mistakes_stand_at_their_key_and_nothing_can_be_started() -> None:
    app = opened("scenario", parent="ward-omo", set=["population.shoppers=-4", "horizon.dayz=3"])
    text = shown(app)
    assert ":red[✕ input should be greater than 0 (got -4)]" in text
    assert "horizon.dayz: no such key (did you mean days?)" in text
    assert "scenario.run" not in [button.key for button in app.button]


def test_runs_with_other_seeds_and_days_are_compared_unpaired_and_told_so(pages_root: Path, pair: Pair) -> None:
    say = words("en")
    other = next(p for p in pages_root.glob("ward-omo-*") if p != pair[1])
    text = shown(opened("compare", a=pair[0].name, b=other.name))
    assert say("compare.unpaired") in text
    assert say("compare.reason_seeds", a=1, b=2) in text
    app = opened("compare", a=pair[0].name, b=pair[1].name)
    difference = compare_runs(*pair)["measures"]["contribution_yen"]["difference"]
    assert interval(difference, "yen", "en", signed=True) in shown(app)
    assert say("compare.paired") in shown(app)
    assert say("compare.same") in shown(opened("compare", a=pair[0].name, b=pair[0].name))


def test_a_scenario_with_mistakes_is_refused_with_its_lines(begun: list[Plan], tmp_path: Path) -> None:
    wrong = tmp_path / "scenarios" / "wrong.toml"
    wrong.parent.mkdir()
    wrong.write_text('extends = "ward-omo"\ntitle = "x"\n[horizon]\ndayz = 3\n')
    app = opened("run", s_b=str(wrong))
    assert "wrong.toml:4" in shown(app)
    assert begun == []
