"""The measures of a load run come from its history, and a bad generator makes it invalid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from loadtest.result import Setting, measure
from loadtest.spool import Row, Spool, to_parquet

CALLS = 200


def rows(**changes: Any) -> list[Row]:
    """One call each 50 ms, sent 1 ms late, answered 5 ms after that; call 100 has `changes`."""
    made = []
    for number in range(CALLS):
        due = 0.05 * number
        row = Row(number, 0, 0, "order", f"k{number}", due, due, due + 0.001, due + 0.006, 201, "ok", attempts=1)
        for name, value in changes.items() if number == 100 else ():
            setattr(row, name, value)
        made.append(row)
    return made


def result_of(history: list[Row], tmp_path: Path, **setting: Any) -> dict[str, Any]:
    spool = Spool(tmp_path / "spool" / "000.jsonl")
    for row in history:
        spool.add(row)
    spool.close()
    note = {"share": 0, "journeys": CALLS, "wall_s": 10.0, "cpu_share": setting.pop("cpu_share", 0.3)}
    (tmp_path / "spool" / "000.done.json").write_text(json.dumps(note))
    to_parquet([tmp_path / "spool" / "000.jsonl"], tmp_path / "client_history.parquet")
    defaults = {"steps": CALLS, "warm_up_s": 0.0, "shares": 1, "interrupted": False}
    return measure(tmp_path, Setting(**{**defaults, **setting}))


def test_punctual_run_is_valid_and_its_figures_are_those_of_the_history(tmp_path: Path) -> None:
    result = result_of(rows(), tmp_path)
    assert (result["valid"], result["reasons"]) == (True, [])
    assert result["latency_ms"]["order"] == {"calls": CALLS, "p50": 6.0, "p90": 6.0, "p99": 6.0, "max": 6.0}
    assert result["lag_ms"] == {"p50": 1.0, "p99": 1.0, "max": 1.0}
    assert result["offered_per_s"] == pytest.approx(CALLS / (0.05 * (CALLS - 1)))
    assert result["achieved_per_s"] == result["offered_per_s"]


def test_quantiles_agree_with_numpy(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    history = rows()
    for row, latency in zip(history, rng.exponential(0.02, CALLS), strict=True):
        row.answered_s = row.due_s + 0.001 + float(latency)
    result = result_of(history, tmp_path)
    exact = np.array([(row.answered_s or 0.0) - row.due_s for row in history])
    expected = np.quantile(exact, [0.5, 0.9, 0.99, 1.0], method="inverted_cdf") * 1000
    found = [result["latency_ms"]["all"][name] for name in ("p50", "p90", "p99", "max")]
    assert found == pytest.approx(expected.tolist(), abs=1e-3)


def test_slow_target_shows_in_latency_and_blocking_but_not_in_lag(tmp_path: Path) -> None:
    history = rows(answered_s=7.006)
    history[101].ready_s, history[101].sent_s, history[101].answered_s = 7.006, 7.007, 7.012
    result = result_of(history, tmp_path)
    assert result["latency_ms"]["all"]["max"] == pytest.approx(2006.0)
    assert result["blocking_ms"]["max"] == pytest.approx(1956.0)
    assert result["lag_ms"]["max"] == pytest.approx(1.0)
    assert result["valid"]


def test_late_generator_makes_the_run_invalid(tmp_path: Path) -> None:
    history = rows()
    for row in history[:5]:
        row.sent_s = row.due_s + 0.05
    result = result_of(history, tmp_path)
    assert not result["valid"]
    assert "lag p99 50.0 ms" in result["reasons"][0]


@pytest.mark.parametrize(
    ("changes", "setting", "reason"),
    [
        ({"sent_s": 5.4}, {}, "generator froze"),
        ({}, {"steps": CALLS + 3}, "3 steps of the trace were never started"),
        ({}, {"shares": 2}, "1 of 2 generators did not finish"),
        ({}, {"interrupted": True}, "interrupted"),
        ({}, {"cpu_share": 0.99}, "of a CPU"),
        ({}, {"warm_up_s": 60.0}, "no call was measured"),
    ],
)
def test_each_defect_of_the_generator_is_named(
    changes: dict[str, Any], setting: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    result = result_of(rows(**changes), tmp_path, **setting)
    assert not result["valid"]
    assert any(reason in text for text in result["reasons"])


def test_unanswered_calls_lower_what_was_achieved(tmp_path: Path) -> None:
    history = rows()
    for row in history[:10]:
        row.outcome, row.answered_s, row.status = "unknown", None, 0
    result = result_of(history, tmp_path)
    assert result["achieved_per_s"] == pytest.approx(0.95 * result["offered_per_s"])
    assert not result["valid"]
    assert result["outcomes"] == {"order": {"ok": 190, "unknown": 10}}


def test_warm_up_is_replayed_but_not_measured(tmp_path: Path) -> None:
    history = rows()
    for row in history[:20]:
        row.answered_s = row.due_s + 3.0
    result = result_of(history, tmp_path, warm_up_s=1.0)
    assert result["calls"] == CALLS - 20
    assert result["latency_ms"]["all"]["max"] == 6.0
    assert result["valid"]


def test_requests_per_second_add_up_to_the_history(tmp_path: Path) -> None:
    result_of(rows(outcome="unknown", status=0, answered_s=None), tmp_path)
    table = pq.read_table(tmp_path / "requests.parquet").to_pylist()
    assert sum(row["offered"] for row in table) == CALLS
    assert sum(row["answered"] for row in table) == CALLS - 1
    assert [row["offered"] for row in table] == [20] * 10


def test_spool_cut_off_in_the_middle_of_a_line_keeps_the_whole_ones(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "000.jsonl")
    for row in rows():
        spool.add(row)
    spool.close()
    text = (tmp_path / "000.jsonl").read_bytes()
    (tmp_path / "000.jsonl").write_bytes(text[:-20])
    assert to_parquet([tmp_path / "000.jsonl"], tmp_path / "history.parquet") == CALLS - 1
    assert pq.read_table(tmp_path / "history.parquet")["journey"].to_pylist() == list(range(CALLS - 1))
