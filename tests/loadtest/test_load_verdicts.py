"""Thresholds, JUnit XML and Locust's CSV of a load run."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from loadtest.audit.law import Finding, Law, Verdict
from loadtest.audit.verdict import Audit
from loadtest.result import Setting, measure
from loadtest.spool import Row, Spool, to_parquet
from loadtest.verdicts import audit_cases, judged, load_cases, missed, thresholds, with_verdicts, write_junit
from scenarios.errors import UsageError

CALLS = 500


def measured(directory: Path) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """A run of 10 s: orders and payments in turn, 5 of them failed; and the latencies in ms."""
    rng = np.random.default_rng(5)
    latency_s = rng.exponential(0.02, CALLS)
    spool = Spool(directory / "spool" / "000.jsonl")
    for number in range(CALLS):
        due, action = 0.02 * number, "pay" if number % 2 else "order"
        row = Row(number // 2, 0, number % 2, action, f"k{number}", due, due, due, due + float(latency_s[number]))
        row.status, row.outcome, row.attempts = (200, "ok", 1) if number % 100 != 1 else (500, "unknown", 1)
        spool.add(row)
    spool.close()
    (directory / "spool" / "000.done.json").write_text(json.dumps({"share": 0, "cpu_share": 0.2}))
    (directory / "started.json").write_text(json.dumps({"start_at": 1_800_000_000.0}))
    to_parquet([directory / "spool" / "000.jsonl"], directory / "client_history.parquet")
    return measure(directory, Setting(CALLS, 0.0, 1, interrupted=False, disturbed=True)), 1000.0 * latency_s


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_thresholds_are_for_all_calls_or_for_one_action(tmp_path: Path) -> None:
    result, latency_ms = measured(tmp_path)
    p99 = float(np.quantile(latency_ms, 0.99, method="inverted_cdf"))
    asked = thresholds("p99_ms", "--max-p99-ms", [f"{p99 + 1:.3f}", f"pay={p99 / 100:.3f}", "refund=9"])
    asked += thresholds("error_share", "--max-error-share", ["0.01", "pay=0.01", "order=0"])
    found = judged(result, asked)
    assert [verdict["met"] for verdict in found] == [True, False, False, True, False, True]
    assert [verdict["value"] for verdict in found[3:]] == [0.01, 0.02, 0.0]
    assert found[0]["value"] == pytest.approx(p99, abs=1e-3)
    assert missed(found)[1] == "p99_ms of refund <= 9: no such call was measured"


def test_thresholds_of_an_invalid_run_are_not_judged(tmp_path: Path) -> None:
    result, _ = measured(tmp_path)
    invalid = {**result, "valid": False, "reasons": ["generator late"]}
    assert [verdict["met"] for verdict in judged(invalid, thresholds("p99_ms", "--max-p99-ms", ["1"]))] == [None]


@pytest.mark.parametrize(("text", "why"), [("pai=3", "did you mean pay"), ("x", "wanted a number"), ("-1", "wanted")])
def test_a_threshold_that_makes_no_sense_is_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        thresholds("p99_ms", "--max-p99-ms", [text])


def test_junit_has_a_case_for_validity_and_each_threshold(tmp_path: Path) -> None:
    result, _ = measured(tmp_path)
    asked = thresholds("error_share", "--max-error-share", ["0.5", "pay=0.001"])
    whole = with_verdicts(result, tmp_path, asked, None)
    assert json.loads((tmp_path / "load.json").read_text())["thresholds"] == whole["thresholds"]
    write_junit(tmp_path / "out" / "load.xml", "omo load", list(load_cases(whole)))
    suite = ElementTree.parse(tmp_path / "out" / "load.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "0")
    failed = {case.get("name"): case[0].get("message") for case in suite if len(case)}
    assert failed == {"error_share of pay <= 0.001": "error_share of pay <= 0.001: it is 0.02"}


def test_junit_of_an_audit_has_a_case_for_each_law(tmp_path: Path) -> None:
    law = [Law(name, f"about {name} & <co>", "", "") for name in ("held", "broken", "idle", "foreign")]
    finding = Finding("broken", "order 7 was paid twice", {})
    verdicts = (Verdict(law[0], 5, 0, ()), Verdict(law[1], 5, 3, (finding,)), Verdict(law[2], 0, 0, ()))
    audit = Audit((*verdicts, Verdict(law[3], 0, 0, (), "ledger")), ("generator late",))
    write_junit(tmp_path / "audit.xml", "omo audit", list(audit_cases(audit)))
    cases = {case.get("name"): case for case in ElementTree.parse(tmp_path / "audit.xml").iter("testcase")}
    assert {name: [part.tag for part in case] for name, case in cases.items()} == {
        "valid": ["failure"],
        "held": [],
        "broken": ["failure"],
        "idle": ["skipped"],
        "foreign": ["skipped"],
    }
    assert cases["broken"][0].get("message") == "about broken & <co>: 3 breaches"
    assert cases["broken"][0].text == "order 7 was paid twice"


def test_csv_has_the_columns_of_locust_and_exact_percentiles(tmp_path: Path) -> None:
    _, latency_ms = measured(tmp_path)
    code = """
import json
from locust.env import Environment
from locust.stats import PERCENTILES_TO_REPORT, StatsCSVFileWriter
writer = StatsCSVFileWriter(Environment(), PERCENTILES_TO_REPORT, "x")
print(json.dumps([writer.requests_csv_columns, writer.stats_history_csv_columns, writer.failures_columns]))
"""
    columns = json.loads(subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True).stdout)
    tables = [table(tmp_path / f"locust_{name}.csv") for name in ("stats", "stats_history", "failures")]
    assert [list(rows[0]) for rows in tables] == columns
    stats, history, failures = tables
    whole = stats[-1]
    assert [row["Name"] for row in stats] == ["order", "pay", "Aggregated"]
    assert (whole["Request Count"], whole["Failure Count"]) == ("500", "5")
    for name, q in (("50%", 0.5), ("99%", 0.99), ("99.9%", 0.999), ("100%", 1.0)):
        assert float(whole[name]) == pytest.approx(np.quantile(latency_ms, q, method="inverted_cdf"), abs=1e-3)
    assert [int(row["Timestamp"]) for row in history] == list(range(1_800_000_000, 1_800_000_010))
    assert sum(float(row["Requests/s"]) for row in history) == CALLS
    assert float(history[-1]["Total Request Count"]) == CALLS
    assert [int(row["User Count"]) >= 25 for row in history] == [True] * 10
    assert [(row["Name"], row["Occurrences"]) for row in failures] == [("pay", "5")]


def test_locusts_own_statistics_have_true_percentiles_in_batches() -> None:
    code = """
import json, sys
import numpy as np
from locust.stats import RequestStats
from loadtest.tally import Tally
stats = RequestStats()
tally = Tally(stats)
latency_s = np.random.default_rng(3).exponential(0.04, 20_000)
for number, each in enumerate(latency_s):
    tally.report("POST", "pay", float(each), 10, "no answer" if number % 1000 == 0 else None)
    if number % 1500 == 0:
        tally.flush()
tally.flush()
total, pay = stats.total, stats.get("pay", "POST")
out = [[entry.get_response_time_percentile(q) for q in (0.5, 0.9, 0.99, 0.999)] for entry in (total, pay)]
facts = [pay.num_requests, pay.num_failures, total.total_content_length, pay.max_response_time, total.total_rps > 0]
exact = np.quantile(1000 * latency_s, (0.5, 0.9, 0.99, 0.999), method="higher").tolist()
print(json.dumps([out, facts, exact, 1000 * latency_s.max()]))
"""
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)
    found, facts, exact, longest = json.loads(done.stdout)
    assert found[0] == found[1] == pytest.approx(exact, rel=0.006)
    assert facts[:3] == [20_000, 20, 200_000]
    assert facts[3] == pytest.approx(longest)
    assert facts[4]
