"""The pages about stock, payments, demand and the audit: their figures are those of the tables, in every state."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import duckdb
import pytest
from load_sample import write_load
from test_dashboard_pages import opened, shown

from dashboard import jobs, kept, payment_queries, run_tables, stock_queries
from dashboard.amounts import count, seconds, share, yen
from dashboard.charts.drills import promise_texts
from dashboard.run_tables import Query
from dashboard.words import Words, words
from loadtest.audit.verdict import LAWS

DOCUMENTS = Path(__file__).parent / "documents"
DAYS, REPLICATIONS = 3, 2


@pytest.fixture
def run(pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the OMO world alone."""
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    copy = tmp_path / pair[1].name
    shutil.copytree(pair[1], copy)
    return copy


def one(run: Path, sql: str) -> tuple[Any, ...]:
    """A row of SQL over all replications together; `{table}` stands for the rows of a table."""
    names = ("events", "orders", "payments", "stock_closing", "settlements", "points", "stock_moves", "catalogue")
    with duckdb.connect() as db:
        for name in names:
            db.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{run}/rep-*/{name}.parquet', filename=true)")
        return db.execute(sql).fetchall()[0]


def say_in(language: str) -> Words:
    return words("ja" if language == "ja" else "en")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_stock_says_what_the_tables_say(run: Path, language: str) -> None:
    say, text = say_in(language), shown(opened("stock", lang=language))
    wrong, all_, more, less = one(
        run,
        "SELECT count_if(recorded != on_hand), count(*), sum(if(recorded > on_hand, recorded - on_hand, 0)),"
        " sum(if(recorded < on_hand, on_hand - recorded, 0)) FROM stock_closing"
        " SEMI JOIN (SELECT * FROM stock_moves WHERE reason = 'opening') AS carried USING (location, sku)",
    )
    told = {"share": share(wrong / all_), "more": count(more / REPLICATIONS), "less": count(less / REPLICATIONS)}
    assert say("stock.records_finding", **told) in text
    lost, elsewhere = one(
        run,
        "SELECT sum(if(kind = 'lost_sale', amount_yen, 0)), sum(if(kind = 'lost_in_network', amount_yen, 0))"
        " FROM events",
    )
    assert say("stock.lost_finding", yen=yen(lost / REPLICATIONS, say.language), share=share(elsewhere / lost)) in text
    missed, ended = one(
        run,
        "SELECT count_if(state = 'no_show'), count(*) FROM orders"
        " WHERE fulfilment = 'collect' AND state != 'cancelled'",
    )
    told = {"share": share(missed / ended), "n": count(missed / REPLICATIONS)}
    assert say("stock.no_shows_finding", **told) in text


def test_stock_at_cost_ends_as_the_closing_stock_does(run: Path) -> None:
    """The last day's value is that of the moves to its end, for which the closing table is not needed."""
    found = run_tables.answers(run, range(REPLICATIONS), DAYS, stock_queries.QUERIES)["value"]
    last = sum(row.means[0] for row in found if row.key[1] == DAYS - 1)
    (value,) = one(
        run,
        f"SELECT sum(on_hand_change * cost_yen) FROM stock_moves m JOIN catalogue c ON m.sku = c.sku AND"
        f" parse_path(m.filename)[-2] = parse_path(c.filename)[-2] WHERE time_s < {DAYS * 86400}",
    )
    assert last == pytest.approx(value / REPLICATIONS)


def test_every_missing_line_has_one_reaction(run: Path) -> None:
    for row in run_tables.answers(run, range(REPLICATIONS), DAYS, stock_queries.QUERIES)["reactions"]:
        assert sum(row.means[:-1]) == pytest.approx(row.means[-1])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_payments_say_what_the_tables_say(run: Path, language: str) -> None:
    say, text = say_in(language), shown(opened("payments", lang=language))
    total, cash, fees = one(
        run,
        "SELECT sum(amount_yen), sum(if(brand = 'cash', amount_yen, 0)), sum(fee_yen) FROM payments"
        " WHERE outcome = 'captured'",
    )
    amount = yen(total / REPLICATIONS, say.language)
    assert say("payments.mix_finding", share=share(1 - cash / total), yen=amount) in text
    told = {"yen": yen(fees / REPLICATIONS, say.language), "share": share(fees / total)}
    assert say("payments.fees_finding", **told) in text
    paid_out, later, last = one(
        run,
        f"SELECT sum(net_yen), sum(if(payout_day >= {DAYS}, net_yen, 0)), max(payout_day) FROM settlements",
    )
    told = {"share": share(later / paid_out), "yen": yen(paid_out / REPLICATIONS, say.language)}
    assert say("payments.calendar_finding", last=last + 1, days=DAYS, **told) in text
    assert say("payments.points_owed") in text
    (owed,) = one(run, f"SELECT sum(points) FROM points WHERE time_s < {DAYS * 86400}")
    assert yen(owed / REPLICATIONS, say.language) in text


def test_the_hours_of_one_tender_are_those_of_its_link(run: Path) -> None:
    say, text = words("en"), shown(opened("payments", tender="card_online"))
    attempts, failed = one(
        run,
        f"SELECT count(*), count_if(outcome != 'captured') FROM payments WHERE brand = 'card_online' AND"
        f" outcome != 'refunded' AND time_s < {DAYS * 86400}",
    )
    finding = say("payments.hours_finding", share=share(failed / attempts), at="|", worst="|", n="|").split("|")[0]
    none = say("payments.hours_none", n=count(attempts / REPLICATIONS))
    assert (finding if failed else none) in text


@pytest.mark.parametrize("page", ["stock", "payments"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_runs_cut_short_failed_or_without_tables_are_explained(run: Path, page: str, language: str) -> None:
    say, manifest = say_in(language), json.loads((run / "manifest.json").read_text())

    def become(**changes: object) -> str:
        (run / "manifest.json").write_text(json.dumps(manifest | changes))
        return shown(opened(page, lang=language))

    text = become(state="interrupted", replications_finished=[0], inputs_hash="cut")
    assert say("one_run.partial", done=1, all=REPLICATIONS) in text
    assert say("one_run.basis_one", days=DAYS, seed=1, n=1) in text
    text = become(state="failed", replications_finished=[], note="law broken: stock")
    assert "law broken: stock" in text
    for table in ("stock_closing", "settlements"):
        (run / "rep-000" / f"{table}.parquet").unlink()
    assert say("ledgers.failed_read") in become(inputs_hash="older")


def test_intervals_are_over_replications_and_missing_rows_are_nothing(run: Path) -> None:
    query = {"n": Query("SELECT brand, count(*) FROM payments GROUP BY 1", 1)}
    both = {row.key: row.values[0] for row in run_tables.answers(run, (0, 1), DAYS, query)["n"]}
    alone = [
        {row.key: row.means[0] for row in run_tables.answers(run, (at,), DAYS, query)["n"]}
        for at in range(REPLICATIONS)
    ]
    for key, value in both.items():
        first, second = (found.get(key, 0.0) for found in alone)
        assert value["mean"] == pytest.approx((first + second) / 2)
        # Student's quantile at 0.975 of one degree of freedom is tan(0.475 pi); the spread of two is |a - b| / sqrt 2.
        assert value["half_width"] == pytest.approx(12.706205 * abs(first - second) / 2, rel=1e-6)


def documents(root: Path, *names: str) -> dict[str, dict[str, Any]]:
    for name in names:
        shutil.copy(DOCUMENTS / f"{name}.json", root / f"{name}.json")
    return {name: json.loads((root / f"{name}.json").read_text()) for name in names}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_demand_capacity_and_sizing_are_shown_from_their_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    say, found = say_in(language), documents(tmp_path, "demand", "capacity", "size")
    app = opened("demand", lang=language)
    text = shown(app)
    assert f"{found['demand']['scales'][0]['requests']['per_s']:.1f}" in text
    (moment,) = found["capacity"]["moments"]
    assert f"{moment['edge']['carried_per_s']:,.0f}" in text
    invalid = [point for point in moment["points"] if point["verdict"] == "invalid"]
    assert invalid
    assert all(f"{point['p99_ms']:,.1f}" not in text for point in invalid)
    cheapest = next(one for one in found["size"]["levels"] if one["pods"] == found["size"]["cheapest_pods"])
    assert yen(cheapest["cost_yen_per_year"]["total"], say.language) in text
    assert len(app.get("vega_lite_chart")) == 5


def test_a_search_whose_steps_are_all_invalid_shows_no_latency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    document = documents(tmp_path, "capacity")["capacity"]
    for point in document["moments"][0]["points"]:
        point |= {"verdict": "invalid", "invalid_because": ["generator late: lag p99 14.0 ms > 10 ms"]}
    (tmp_path / "capacity.json").write_text(json.dumps(document | {"state": "interrupted"}))
    app = opened("demand")
    assert words("en")("demand.all_invalid") in shown(app)
    assert words("en")("demand.interrupted_what") in shown(app)
    assert not app.get("vega_lite_chart")


def test_the_newest_run_is_counted_by_our_own_command(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Sequence[Sequence[str]]] = []
    monkeypatch.setattr(jobs, "start", lambda _root, commands, *_: begun.append(commands))
    app = opened("demand")
    assert f"omo capacity {run}" in shown(app)
    app.button(key="count").click().run()
    ((command,),) = begun
    assert command[:2] == ("demand", str(run))
    assert command[-2:] == ("--out", str(run.parent / f"demand-{run.name}.json"))


def test_a_counted_day_is_kept_where_the_page_finds_it(run: Path) -> None:
    from typer.testing import CliRunner

    from omo import app

    out = run.parent / f"demand-{run.name}.json"
    done = CliRunner().invoke(app, ["demand", str(run), "--stores", "50", "--json", "--out", str(out)])
    assert done.exit_code == 0
    (one_,) = kept.documents(run.parent, "omo.demand/1")
    assert one_.document == json.loads(done.stdout)
    assert one_.name == out.name


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_audit_shows_every_law_and_what_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    say = say_in(language)
    write_load(tmp_path / "load-1", lag_s=0.001, broken=2)
    text = shown(opened("audit", lang=language))
    assert [law.name for law in LAWS if escape(say.law(law.name, law.about)) not in text] == []
    assert "order 1: charged twice" in text
    assert say("audit.laws_finding", n=len(LAWS), checked=len(LAWS), broken=1, rows=f"{10 * len(LAWS):,}") in text
    assert f"{say.of_code('row', 'order', 'order')} 1" in text
    (tmp_path / "load-1" / "audit.json").unlink()
    assert f"omo audit {tmp_path / 'load-1'}" in shown(opened("audit", lang=language))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_faults_drills_and_conformance_stand_beside_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    say = say_in(language)
    write_load(tmp_path / "drill" / "load", lag_s=0.4)
    fault = {"action": "kill_core", "settings": {"seconds": 0.3}, "planned_s": 1.0, "began_s": 1.0, "ended_s": 3.25}
    ended = [fault | {"outcome": "over", "why": ""}]
    done = {"schema": "omo.faults-done/1", "survived": {"kill_core": 1}, "faults": ended}
    (tmp_path / "drill" / "load" / "faults.json").write_text(json.dumps(done))
    found = documents(tmp_path, "drill", "conformance")
    text = shown(opened("audit", lang=language))
    assert say("audit.invalid_what") in text
    assert f"1 × {say.of_code('fault', 'kill_core', 'kill core')}" in text
    assert all(
        said in text for promise in found["drill"]["promises"] for said in map(escape, promise_texts(promise, say))
    )
    assert ("well up to 2,000/s" in text) == (language == "en")
    assert "2,000" in text
    assert say("audit.conforms", n=f"{sum(found['conformance']['compared'].values()):,}") in text
    row = {"book": "stock", "where": "mall/17", "what": "on hand", "expected": 7, "found": 6}
    changed = found["conformance"] | {"conforms": False, "differences": [row], "differences_in_all": 1}
    (tmp_path / "conformance.json").write_text(json.dumps(changed))
    text = shown(opened("audit", lang=language))
    assert "mall/17" in text
    assert say("audit.books_differ") in text


def test_promises_are_said_in_japanese_with_the_figures_of_the_drill() -> None:
    """As drills have said them; those of earlier versions, without figures by name, stay as they are."""
    limits = {"p99_ms": 1500.0, "answered": 0.99}
    sold, push = "the hot item sells out", "a push leaves checkout alone"
    for name, kind, english, figures in (
        (sold, "seen", "100 units, 7 left", {"units": 100, "left": 7}),
        (push, "promised", "checkout is well (p99 <= 1500 ms, 99.0% answered) up to 5,000/s",
         limits | {"pace_per_s": 5000.0}),
        (push, "seen", "well up to 2,000/s", {"pace_per_s": 2000.0}),
        ("checkout recovers", "promised", "well (p99 <= 1500 ms, 99.0% answered) within 8 s of the last fault",
         limits | {"within_s": 8.0}),
        ("checkout recovers", "seen", "0.5 s", {"after_s": 0.5}),
        ("checkout holds throughout", "seen", "p99 412 ms, 98.7% answered", {"p99_ms": 412.0, "answered": 0.987}),
    ):  # fmt: skip
        promise = {"promise": name, "promised": english, "seen": english, f"{kind}_figures": figures}
        said = promise_texts(promise, words("ja"))[kind == "seen"]
        assert said != english
        assert sorted(re.findall(r"[\d,.]*\d", said)) == sorted(re.findall(r"[\d,.]*\d", english)), said
        assert promise_texts(promise, words("en")) == (english, english)
        earlier = {"promise": name, "promised": english, "seen": english}
        assert promise_texts(earlier, words("ja")) == (english, english)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_soak_stands_beside_its_load_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setenv("OMO_DASHBOARD_RUNS", str(tmp_path))
    say = say_in(language)
    write_load(tmp_path / "load-1", lag_s=0.001)
    assert say("soak.title") not in shown(opened("load", lang=language))
    soak = documents(tmp_path, "soak")["soak"]
    app = opened("load", lang=language)
    text = shown(app)
    assert say("soak.clean") in text
    assert count(soak["captured"]) in text
    for fault in soak["faults"]:
        assert seconds(fault["ended_s"] - fault["began_s"], say.language) in text
    (tmp_path / "soak.json").write_text(
        json.dumps(soak | {"clean": False, "broken": ["not_oversold"], "state": "partial"})
    )
    text = shown(opened("load", lang=language))
    assert say("soak.not_clean", laws="not_oversold") in text
    own = json.loads((tmp_path / "load-1" / "load.json").read_text())
    absent = ("trace", "speed", "workers", "faults", "faults_survived", "versions", "machine")
    ran = {key: value for key, value in own.items() if key not in absent}
    closed = "a closed loop: its latencies and rates say nothing"
    (tmp_path / "load-1" / "load.json").write_text(json.dumps(ran | {"valid": False, "reasons": [closed]}))
    text = shown(opened("load", lang=language))
    assert say.reason(closed) in text
    assert say("load.setting") in text
    assert say("load.lag") not in text
    assert "omo soak --payments 3000 --kills 2" in text


def test_queries_name_tables_alone_and_have_keys_that_tell_their_rows_apart(run: Path) -> None:
    for queries in (stock_queries.QUERIES, payment_queries.QUERIES):
        for name, rows in run_tables.answers(run, (0,), DAYS, queries).items():
            assert len({row.key for row in rows}) == len(rows), name
