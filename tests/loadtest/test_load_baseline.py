"""Two load runs compared: what differs by more than chance and matters is named, chance is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loadtest.baseline import check_baseline, compare
from loadtest.spool import HISTORY
from scenarios.errors import UsageError

CALLS = 6000


def run(
    directory: Path, seed: int, *, factor: float = 1.0, fail: float = 0.0, seconds: float = 60.0, **more: Any
) -> Path:
    """A load directory: calls of two actions with exponential latency of 10 ms; `pay` slower by `factor`."""
    rng = np.random.default_rng(seed)
    due_s = np.sort(rng.uniform(0.0, seconds, CALLS))
    action = np.where(np.arange(CALLS) % 2, "pay", "order")
    latency_s = 0.01 * rng.exponential(1.0, CALLS) * np.where(action == "pay", factor, 1.0)
    failed = (rng.random(CALLS) < fail) & (action == "pay")
    columns: dict[str, Any] = {name: [None] * CALLS for name in HISTORY.names}
    columns |= {"due_s": due_s, "answered_s": due_s + latency_s, "action": action, "status": np.where(failed, 500, 200)}
    columns["outcome"] = np.where(failed, "unknown", "ok")
    directory.mkdir()
    pq.write_table(pa.table(columns).cast(HISTORY), directory / "client_history.parquet")
    result = {"valid": True, "reasons": [], "warm_up_s": 0.0, "trace": {"run": "same"}, "speed": 1.0}
    result |= {"offered_per_s": 100.0, "achieved_per_s": 99.5, "payments_per_s": 50.0} | more
    (directory / "load.json").write_text(json.dumps(result))
    return directory


def rows(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["action"], row["measure"]): row for row in document["rows"]}


def test_two_runs_of_the_same_system_do_not_differ(tmp_path: Path) -> None:
    found = compare(run(tmp_path / "a", 1), run(tmp_path / "b", 2))
    verdicts = {row["verdict"] for row in found["rows"] if row["interval"]}
    assert verdicts == {"no difference"}
    assert found["differs_in"] == []


def test_slower_payments_are_worse_and_the_other_way_round_better(tmp_path: Path) -> None:
    fast, slow = run(tmp_path / "a", 1), run(tmp_path / "b", 2, factor=1.5)
    worse, better = rows(compare(fast, slow)), rows(compare(slow, fast))
    for measure in ("p50_ms", "p90_ms", "p99_ms"):
        assert worse["pay", measure]["verdict"] == "worse"
        assert better["pay", measure]["verdict"] == "better"
        assert worse["order", measure]["verdict"] == "no difference"
        low, high = worse["pay", measure]["interval"]
        quantile = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99}[measure]
        assert low < 0.5 * 10.0 * -np.log(1.0 - quantile) < high


def test_the_interval_is_as_wide_as_that_of_the_sample_quantile(tmp_path: Path) -> None:
    """For independent calls the median of an exponential has the standard error mean / sqrt(n), from 1 / (2 f n^.5)."""
    found = rows(compare(run(tmp_path / "a", 1), run(tmp_path / "b", 2)))
    low, high = found["pay", "p50_ms"]["interval"]
    standard_error = np.sqrt(2.0) * 10.0 / np.sqrt(CALLS / 2)
    widths = 2 * 2.87 * standard_error  # 12 intervals that hold together at 95 %: two-sided 0.05 / 12
    assert high - low == pytest.approx(widths, rel=0.35)


def test_errors_that_are_new_are_worse(tmp_path: Path) -> None:
    found = rows(compare(run(tmp_path / "a", 1), run(tmp_path / "b", 2, fail=0.02)))
    assert found["pay", "error_share"]["verdict"] == "worse"
    assert found["order", "error_share"]["verdict"] == "no difference"
    assert found["pay", "error_share"]["candidate"] == pytest.approx(0.02, abs=0.008)


def test_a_disturbance_of_one_second_is_not_taken_for_many_slow_calls(tmp_path: Path) -> None:
    steady, disturbed = run(tmp_path / "a", 1), run(tmp_path / "b", 1)
    table = pq.read_table(disturbed / "client_history.parquet")
    due_s, answered_s = table["due_s"].to_numpy(), table["answered_s"].to_numpy()
    slower = np.where((due_s > 30.0) & (due_s < 31.0), answered_s + 0.5, answered_s)
    at = table.schema.get_field_index("answered_s")
    pq.write_table(table.set_column(at, "answered_s", pa.array(slower)), disturbed / "client_history.parquet")
    found = rows(compare(steady, disturbed))["all", "p99_ms"]
    assert found["candidate"] > 2 * found["baseline"]
    assert found["verdict"] == "no difference"


def test_what_was_not_the_same_in_both_is_said(tmp_path: Path) -> None:
    found = compare(run(tmp_path / "a", 1), run(tmp_path / "b", 2, speed=2.0, trace={"run": "other"}))
    assert found["differs_in"] == ["speed: 1.0 and 2.0", "trace.run: same and other"]


def test_a_few_seconds_are_too_short_to_compare(tmp_path: Path) -> None:
    found = compare(run(tmp_path / "a", 1, seconds=5.0), run(tmp_path / "b", 2, seconds=5.0, factor=9.0))
    assert {row["verdict"] for row in found["rows"] if row["interval"]} == {"too short"}


def test_an_invalid_run_is_never_a_number(tmp_path: Path) -> None:
    bad = run(tmp_path / "bad", 1, valid=False, reasons=["generator late"])
    assert compare(run(tmp_path / "a", 1), bad)["rows"] == []
    with pytest.raises(UsageError, match="generator late"):
        check_baseline(bad)
    with pytest.raises(UsageError, match="no load run there"):
        check_baseline(tmp_path)
