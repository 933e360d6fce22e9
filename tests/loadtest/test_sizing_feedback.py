"""Measured latency comes back into the world: below capacity by its quantiles, above it as a queue, and exactly so."""

from __future__ import annotations

import json
from math import exp
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from omo import app
from scenarios.errors import UsageError
from scenarios.loader import load
from scenarios.measured_latency import assignment, core_under_load, read_profile
from scenarios.payments import CoreUnderLoad
from sim.experiment import run_replication
from sim.payments.core import RATE_OVER_S, SharedCore

PROFILE: dict[str, Any] = {
    "schema": "omo.latency-profile/1",
    "quantiles": [0.0, 0.5, 1.0],
    "capacity": {"payments_per_s": 100.0},
    "loads": [
        {"payments_per_s": 80.0, "endpoints": {"pay": {"ms": [20, 60, 220]}, "order": {"ms": [2, 6, 22]}}},
        {"payments_per_s": 10.0, "endpoints": {"pay": {"ms": [10, 20, 40]}, "order": {"ms": [1, 2, 4]}}},
    ],
}
TWO_DAYS = ("horizon.days=2", "population.shoppers=3000", "payments.cash_share=0.3")


def core(**changes: Any) -> SharedCore:
    rules = {"per_s": [0.0], "quantiles": [0.5], "added_s": [[0.0]], "capacity_per_s": 100.0, "copies": 1.0}
    return SharedCore(CoreUnderLoad(**(rules | changes)), patience_s=15.0)


def paid(directory: Path, *sets: str) -> list[dict[str, Any]]:
    for _ in run_replication(load("ward-omo", (*TWO_DAYS, *sets)).scenario, 1, 0, directory):
        pass
    return [row for row in pq.read_table(directory / "payments.parquet").to_pylist() if row["amount_yen"] > 0]


def test_profile_counts_from_its_least_load_and_adds_order_and_payment() -> None:
    found = core_under_load(PROFILE, copies=5.0)
    assert found["per_s"] == [10.0, 80.0]
    assert found["added_s"] == [[0.0, 0.0, 0.0], pytest.approx([0.011, 0.044, 0.198])]
    assert (found["capacity_per_s"], found["copies"]) == (100.0, 5.0)


def test_a_core_of_twice_the_size_is_as_slow_at_twice_the_load() -> None:
    found, double = (core_under_load(PROFILE, times=times) for times in (1.0, 2.0))
    assert double["per_s"] == [2 * rate for rate in found["per_s"]]
    assert double["capacity_per_s"] == 2 * found["capacity_per_s"]
    assert double["added_s"] == found["added_s"]


def test_latency_lies_between_the_measured_quantiles_and_loads() -> None:
    shared = core(per_s=[0.0, 40.0], quantiles=[0.0, 1.0], added_s=[[0.0, 0.2], [1.0, 3.0]], capacity_per_s=1e9)
    for number in range(20 * round(10 * RATE_OVER_S)):
        shared.count(number / 20)
    assert shared.rate_per_s == pytest.approx(20.0, rel=0.001)
    assert shared.added_s(0.5) == pytest.approx((0.1 + 2.0) / 2, rel=0.001)


def test_who_has_waited_for_longer_than_the_time_out_has_given_up_and_a_quiet_night_empties_the_queue() -> None:
    busy = core(capacity_per_s=10.0, copies=600.0)
    for number in range(200):
        busy.count(float(number))
    assert busy.backlog == pytest.approx(10.0 * 15.0)
    assert busy.added_s(0.5) == pytest.approx(15.0)
    busy.count(199.0 + 40 * RATE_OVER_S)
    assert busy.backlog == 0.0


def test_backlog_is_what_flowed_in_less_what_was_worked_off() -> None:
    """The fluid queue in closed form: copies (1 - exp(-t / tau)) of one payment, less capacity x t."""
    shared = core(capacity_per_s=1.0, copies=1000.0)
    shared.count(0.0)
    shared.count(1.0)
    assert shared.backlog == pytest.approx(1000.0 * (1 - exp(-1 / RATE_OVER_S)) - 1.0)
    slower = core(capacity_per_s=2.0, copies=1000.0)
    slower.count(0.0)
    slower.count(1.0)
    assert slower.backlog == 0.0, "two a second keep up with 1.7 a second"


def test_without_a_profile_nothing_changes_and_an_idle_core_changes_nothing(tmp_path: Path) -> None:
    flat = {"per_s": [0.0], "quantiles": [0.5], "added_s": [[0.0]], "capacity_per_s": 1e6, "copies": 1.0}
    assert paid(tmp_path / "none") == paid(tmp_path / "idle", assignment(flat))


def test_a_profile_makes_the_same_payments_slower_but_not_those_in_cash(tmp_path: Path) -> None:
    slow = {"per_s": [0.0], "quantiles": [0.0, 1.0], "added_s": [[0.5, 1.5]], "capacity_per_s": 1e6, "copies": 1.0}
    usual = {row["payment"]: row for row in paid(tmp_path / "usual")}
    both = [
        (row, usual[row["payment"]]) for row in paid(tmp_path / "slow", assignment(slow)) if row["payment"] in usual
    ]
    added = [
        now["latency_s"] - then["latency_s"]
        for now, then in both
        if then["brand"] == now["brand"] != "cash" and then["outcome"] == now["outcome"] == "captured"
    ]
    assert len(added) > 200
    assert sum(added) / len(added) == pytest.approx(1.0, abs=0.08)
    assert all(now["latency_s"] == then["latency_s"] for now, then in both if now["brand"] == then["brand"] == "cash")


def test_an_overloaded_core_is_felt_as_time_outs_that_were_captured(tmp_path: Path) -> None:
    drowned = {"per_s": [0.0], "quantiles": [0.5], "added_s": [[0.1]], "capacity_per_s": 0.001, "copies": 100.0}
    rows = [row for row in paid(tmp_path / "drowned", assignment(drowned)) if row["brand"] != "cash"]
    assert sum(row["outcome"] == "timed_out_captured" for row in rows) > 0.9 * len(rows)


@pytest.mark.parametrize(
    ("text", "says"),
    [("{}", "schema None"), ("[]", "schema None"), ("nonsense", "no latency profile"), (None, "no latency profile")],
)
def test_what_is_no_profile_is_said_so(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "profile.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=says):
        read_profile(path)


def test_run_takes_the_profile_into_its_resolved_scenario(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(PROFILE))
    command = ["run", "ward-omo", "--out", str(tmp_path), "--jobs", "1", "--json"]
    command += [argument for key in TWO_DAYS for argument in ("--set", key)]
    answer = CliRunner().invoke(app, [*command, "--latency-profile", str(profile), "--latency-copies", "7"])
    assert answer.exit_code == 0, answer.output
    scenario = load(tmp_path / json.loads(answer.stdout)["run"] / "scenario.toml").scenario
    assert scenario.payments.core == CoreUnderLoad(**core_under_load(PROFILE, copies=7.0))
