"""Policies, customers and the store floor: what they show is what the tables and documents hold."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from test_dashboard_pages import begun, opened, shown

from dashboard import page
from dashboard.amounts import figure, interval, yen
from dashboard.charts import page_curves, page_dots
from dashboard.charts.dots import Dots, Series, Value
from dashboard.charts.grids import Grid
from dashboard.customer_queries import customer_queries, lost_curve, satisfaction_curve
from dashboard.floor_queries import floor_queries
from dashboard.launch import Plan, visits_of
from dashboard.run_tables import answers
from dashboard.words import Language, words
from scenarios.loader import load
from sim.evaluation.comparison import compare_measures

__all__ = ["begun"]
DOCUMENTS = Path(__file__).with_name("documents")
DAYS = 3


def sql(run: Path, query: str, replication: int = 0) -> list[tuple[Any, ...]]:
    with duckdb.connect() as db:
        for path in (run / f"rep-{replication:03d}").glob("*.parquet"):
            db.execute(f"create view {path.stem} as select * from read_parquet('{path}')")
        return db.execute(query).fetchall()


def summaries(run: Path, name: str) -> list[float]:
    return [json.loads(path.read_text())[name] for path in sorted(run.glob("rep-*/summary.json"))]


@pytest.fixture
def with_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one kept document of each kind, and no run."""
    for name in ("best", "sweep", "congruence"):
        shutil.copy(DOCUMENTS / f"{name}.json", tmp_path / f"{name}-0123456789ab.json")
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    return tmp_path


def test_what_staff_did_is_told_where_the_document_has_it(with_documents: Path) -> None:
    path = with_documents / "best-0123456789ab.json"
    document = json.loads(path.read_text())
    for at, entry in enumerate(document["policies"]):
        rate = {"unit": "share", "mean": 0.1 + at / 100, "half_width": 0.01}
        entry["measures"] |= {"recommendation_rate": rate, "deflect_rate": rate | {"mean": 0.02}}
    path.write_text(json.dumps(document))
    text = shown(opened("policies"))
    least, most = (document["policies"][at]["policy"] for at in (0, -1))
    rates = {"most_rate": f"{9 + len(document['policies']):.1f} %", "least_rate": "10.0 %"}
    assert words("en")("policies.staff_answer", most=most, least=least, **rates) in text
    assert words("en")("policies.did_deflect_rate") in text


@pytest.mark.usefixtures("with_documents")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_policies_show_the_gains_the_curve_and_what_staff_did(language: Language) -> None:
    say = words(language)
    app = opened("policies", lang=language)
    text = shown(app)
    document = json.loads((DOCUMENTS / "best.json").read_text())
    for entry in document["policies"]:
        gain = entry["measures"]["contribution_yen"]["difference"]
        if gain["half_width"]:
            assert interval(gain, "yen", language, signed=True) in text
    optimum = json.loads((DOCUMENTS / "sweep.json").read_text())["optimum"]
    assert f"{optimum['at']:.2f}" in text
    board = document["board"]["differences"]["contribution_yen"]["mean"]
    assert yen(board, language, signed=True) in text
    shares = [
        one["paid"]["agree"]["value"] for one in json.loads((DOCUMENTS / "congruence.json").read_text())["policies"]
    ]
    assert f"{100 * max(shares):.1f} %" in text
    assert say("policies.congruence") in text


def test_an_interrupted_document_is_marked_and_a_broken_one_is_named(with_documents: Path) -> None:
    path = with_documents / "best-0123456789ab.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": "interrupted"}))
    (with_documents / "best-ffffffffffff.json").write_text("{")
    text = shown(opened("policies"))
    say = words("en")
    assert say("documents.partial") in text
    assert "best-ffffffffffff.json" in text


def test_the_document_that_the_url_names_is_shown(with_documents: Path) -> None:
    other = json.loads((DOCUMENTS / "best.json").read_text()) | {"days": 77}
    (with_documents / "best-aaaaaaaaaaaa.json").write_text(json.dumps(other))
    for name, days in (("best-0123456789ab.json", 14), ("best-aaaaaaaaaaaa.json", 77)):
        app = opened("policies", best=name)
        assert app.query_params["best"] == name
        assert f"in {days} days" in shown(app)


@pytest.mark.parametrize(("kind", "worlds"), [("best", 6 * 10 + 3 * 5), ("sweep", 6 * 6), ("congruence", 6 * 5 * 2)])
def test_each_empty_part_starts_our_own_command(begun: list[Plan], kind: str, worlds: int) -> None:
    app = opened("policies")
    app.button(key=f"start_{kind}").click().run()
    (plan,) = begun
    assert plan.commands[0][:2] == (kind, "ward-omo")
    assert plan.commands[0][-4:-2] == ("--set", "horizon.days=14")
    one = visits_of(load("ward-omo", ["horizon.days=14"]).scenario)
    assert plan.visits == pytest.approx(worlds * one)
    assert plan.runs


def test_the_queues_of_the_floor_are_those_of_the_table(pages_root: Path, pair: tuple[Path, Path]) -> None:
    run = pair[1]
    found = answers(run, (0,), DAYS, floor_queries(run, DAYS, None))
    expected = sql(
        run,
        f"""select store::varchar, hour, sum(joined + balked) / {DAYS}.0, sum(wait_s) from queues
            where place in ('staffed_till', 'self_checkout') and day < {DAYS} group by 1, 2 order by 1, 2""",
    )
    assert [(*row.key, row.means[0], row.means[2]) for row in found["tills_by_hour"]] == [
        (store, hour, pytest.approx(came), pytest.approx(wait)) for store, hour, came, wait in expected
    ]
    both = answers(run, (0, 1), DAYS, floor_queries(run, DAYS, None))
    by_day = [answers(run, (0,), DAYS, floor_queries(run, DAYS, day))["tills_by_hour"] for day in range(DAYS)]
    came = sum(row.means[0] for row in found["tills_by_hour"])
    assert sum(row.means[0] for rows in by_day for row in rows) == pytest.approx(came * DAYS)
    text = shown(opened("floor", run=run.name))
    total = sum(row.means[0] for row in both["tills_by_hour"])
    assert figure(total, "count", "en") in text
    assert page.root() == pages_root


def test_staff_time_is_what_the_log_holds(pair: tuple[Path, Path]) -> None:
    run = pair[1]
    found = answers(run, (0,), DAYS, floor_queries(run, DAYS, None))
    hours = {task: sum(row.means[0] for row in found["times"] if row.key[1] == task) for _, task in
             {row.key for row in found["times"]}}  # fmt: skip
    ((tills,),) = sql(run, f"select sum(service_s) from queues where place = 'staffed_till' and day < {DAYS}")
    ((picked,),) = sql(run, "select count(*) from events where kind = 'picked' and place = 'floor'")
    ((contacts, advised),) = sql(
        run, "select count(*), count(*) filter (action::varchar like 'recommend%') from staff_contacts"
    )
    rules = load(str(run / "scenario.toml")).scenario
    mean_s = rules.staff.contact_median_s * 2.718281828459045 ** (rules.staff.contact_sigma**2 / 2)
    assert hours["tills"] == pytest.approx(tills / 3600 / DAYS)
    assert hours.get("picking", 0.0) == pytest.approx(picked * rules.fulfilment.store_pick_minutes / 60 / DAYS)
    talked = contacts * mean_s + advised * rules.staff.recommending_s
    assert hours["contacts"] == pytest.approx(talked / 3600 / DAYS)


@pytest.mark.usefixtures("pages_root")
@pytest.mark.parametrize(("language", "show"), [("en", "wait"), ("ja", "came"), ("en", "lost")])
def test_the_floor_shows_each_kind_of_heat_map(pair: tuple[Path, Path], language: Language, show: str) -> None:
    app = opened("floor", lang=language, run=pair[1].name, show=show, day="1")
    say, text = words(language), shown(app)
    assert say(f"floor.heat_{show}_what") in text
    assert say("floor.one_day") in text
    assert app.query_params["show"] == show


@pytest.mark.usefixtures("pages_root")
def test_the_player_is_on_the_floor_when_the_url_asks_for_it(pair: tuple[Path, Path]) -> None:
    assert not opened("floor", run=pair[1].name).get("iframe")
    app = opened("floor", run=pair[1].name, player="on", day="1")
    shown(app)
    assert len(app.get("iframe")) == 1


@pytest.mark.usefixtures("pages_root")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_customers_show_the_paired_measures_and_where_needs_went(pair: tuple[Path, Path], language: Language) -> None:
    app = opened("customers", lang=language, run=pair[1].name, against=pair[0].name)
    text = shown(app)
    measures = compare_measures(*pair, [0, 1])
    for name in ("ltv_yen", "satisfaction_mean", "identified_sales"):
        assert interval(measures[name]["difference"], measures[name]["unit"], language, signed=True) in text
    flows = sql_flows(*pair)
    largest = max(flows.values()) / 2
    say = words(language)
    assert say("customers.premium") in text
    assert len(app.get("plotly_chart")) == 1
    assert f"{largest:,.0f}" in text or f"{largest:,.1f}" in text


def sql_flows(a: Path, b: Path) -> dict[tuple[str, str], int]:
    """Needs that ended differently, over both replications, by another way than the page's."""
    found: dict[tuple[str, str], int] = {}
    for replication in (0, 1):
        ends = [dict(sql(run, "select need, outcome::varchar from needs", replication)) for run in (a, b)]
        for need in ends[0].keys() | ends[1].keys():
            key = (ends[0].get(need, "no_need"), ends[1].get(need, "no_need"))
            if key[0] != key[1]:
                found[key] = found.get(key, 0) + 1
    return found


def test_cohorts_satisfaction_and_known_buyers_agree_with_the_summary(pair: tuple[Path, Path]) -> None:
    run = pair[1]
    found = answers(run, (0, 1), DAYS, customer_queries(DAYS))
    curve = satisfaction_curve(found["satisfaction"])
    assert sum(y for _, y in curve) == pytest.approx(100)
    means = sum(summaries(run, "satisfaction_mean")) / 2
    assert sum(x * y / 100 for x, y in curve) == pytest.approx(means, abs=0.1)
    lost = lost_curve(found["lost"], DAYS)
    assert lost[-1][1] == pytest.approx(100 * sum(summaries(run, "dropped_out_share")) / 2, abs=0.7)
    one = answers(run, (0,), DAYS, customer_queries(DAYS))["identified"]
    sales = sum(row.means[1] for row in one)
    known = sum(row.means[0] * row.means[1] for row in one)
    assert known / sales == pytest.approx(summaries(run, "identified_sales")[0])
    ((buyers,),) = sql(run, f"""select count(distinct shopper) from orders where state = 'completed' and identified
                                and placed_s < {DAYS} * 86400""")  # fmt: skip
    cohorts = answers(run, (0,), DAYS, customer_queries(DAYS))["cohorts"]
    assert sum(row.means[0] for row in cohorts if row.key[1] == 0) == buyers


def test_a_run_without_relatives_shows_what_it_has(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    (tmp_path / pair[1].name).symlink_to(pair[1])
    text = shown(opened("customers"))
    say = words("en")
    assert say("customers.alone") in text
    assert say("customers.cohorts") in text
    assert "omo run ward-siloed --seed 1 --reps 2" in text


def test_a_run_without_its_tables_says_so(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    shutil.copytree(pair[1], tmp_path / pair[1].name)
    for path in tmp_path.glob("*/rep-*/queues.parquet"):
        path.unlink()
    for path in tmp_path.glob("*/rep-*/orders.parquet"):
        path.unlink()
    for name in ("floor", "customers"):
        assert words("en")("ledgers.failed_read") in shown(opened(name)), name


def test_dots_say_without_colour_what_is_settled_and_which_series_they_are() -> None:
    say = words("en")
    values = [[Value(5e3, 4e3, 6e3), Value(-1e3, -3e3, 1e3)], [Value(2e3, 1e3, 3e3), Value(None)]]
    plot = Dots(["one", "other"], [Series("after", values[0]), Series("before", values[1])], "yen", signed=True)
    spec = page_dots.dots(plot, say, "#000").to_dict()
    data = rows_of(spec, "series")
    assert [(row["series"], row["settled"]) for row in data if row["row"] == "one"] == [
        ("after", True),
        ("before", True),
    ]
    assert [row["settled"] for row in data if row["row"] == "other"] == [False]
    assert any("shape" in layer.get("encoding", {}) for layer in spec["layer"])
    assert {row["text"] for row in data} == {"+¥5.00k ± ¥1.00k", "−¥1.00k ± ¥2.00k", "+¥2.00k ± ¥1.00k"}


def test_a_shaded_table_says_every_figure_and_marks_the_chosen_cell() -> None:
    grid = Grid(["north", "south"], ["9", "10"], [[1.0, 40.0], [None, 0.0]], "s")
    spec = page_dots.grid(grid, words("en"), "#000", marked=(0, 1)).to_dict()
    data = rows_of(spec, "short")
    assert [row["short"] for row in data] == ["1.0", "40", "–", "0"]
    assert [row["frame"] for row in data] == [False, True, False, False]
    assert max(row["shade"] for row in data) == 0.5


def test_the_credit_curve_has_its_points_band_and_optimum() -> None:
    document = json.loads((DOCUMENTS / "sweep.json").read_text())
    rows = page_curves.curve_rows(document)
    points = sorted(document["points"], key=lambda point: point["values"]["credit"])
    first = points[0]["outcome_by_replication"]
    for row, point in zip(rows, points, strict=True):
        rise = [own - other for own, other in zip(point["outcome_by_replication"], first, strict=True)]
        assert row["mean"] == pytest.approx(sum(rise) / len(rise))
    spec = json.dumps(page_curves.curve(document, words("en"), "#000").to_dict(), ensure_ascii=False)
    assert f"{document['optimum']['at']:.2f}" in spec
    assert '"area"' in spec


def test_shares_of_the_stakes_sum_to_all_of_the_value() -> None:
    document = json.loads((DOCUMENTS / "congruence.json").read_text())
    data = rows_of(page_curves.stakes(document, words("en"), "#000").to_dict(), "kind")
    for label in {row["row"] for row in data}:
        ends = [(row["start"], row["end"]) for row in data if row["row"] == label]
        assert ends[0][0] == 0
        assert all(one[1] == other[0] for one, other in pairwise(ends))
    assert {row["told"][0] for row in data} == {"✓", "✕", "–"}


def test_a_table_of_figures_is_saved_as_it_is() -> None:
    text = page.as_csv(["row", "mean"], [["a", 1.5], ["b", None]]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [["row", "mean"], ["a", "1.5"], ["b", ""]]


def rows_of(spec: dict[str, Any], having: str) -> list[dict[str, Any]]:
    """The rows of the data set in which every row has the field."""
    sets: list[Sequence[dict[str, Any]]] = list(spec.get("datasets", {}).values())
    sets += [part["data"]["values"] for part in [spec, *spec.get("layer", [])] if "values" in part.get("data", {})]
    return next(list(rows) for rows in sets if rows and all(having in row for row in rows))
