"""Paying at a convenience store: the goods wait, the fee is per item, and an expired slip frees them."""

from __future__ import annotations

from math import log
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pyarrow.parquet as pq
import pytest
from till_rolls import company

from scenarios.payments import Slip
from scenarios.schema import Scenario
from sim.calendar import HOUR_S
from sim.experiment import run_replication
from sim.payments.slips import fate_of_slip
from sim.streams import Streams

EVERYBODY = {"payments__tenders__konbini__weight": 1e6}


def _town(**changes: Any) -> Scenario:
    return company(horizon={"start": "2026-04-01", "days": 7}, population__shoppers=1500, **EVERYBODY, **changes)


def _lived(directory: Path, scenario: Scenario) -> dict[str, list[dict[str, Any]]]:
    """The tables of one replication, all laws checked."""
    for _ in run_replication(scenario, 1, 0, directory):
        pass
    return {path.stem: pq.read_table(path).to_pylist() for path in directory.glob("*.parquet")}


def test_goods_wait_until_the_slip_is_paid(tmp_path: Path) -> None:
    always = {"payments__slip__unpaid": 0.0, "payments__slip__pays_after_sigma": 0.0}
    found = _lived(tmp_path, _town(**always, payments__slip__pays_after_hours=30.0))
    paid = {
        row["order"]: row for row in found["payments"] if row["brand"] == "konbini" and row["outcome"] == "captured"
    }
    orders = {row["order"]: row for row in found["orders"] if row["order"] in paid}
    assert len(orders) > 30
    for number, order in orders.items():
        assert paid[number]["time_s"] - order["placed_s"] == pytest.approx(30 * HOUR_S, abs=60)
        assert paid[number]["fee_yen"] == 130
        assert order["fulfilment"] != "carry", "what is carried out of a store cannot wait"
    handed_out = [row for row in found["stock_moves"] if row["order"] in paid and row["reason"] in ("ship", "pick")]
    assert handed_out
    assert all(row["time_s"] > paid[row["order"]]["time_s"] for row in handed_out)


def test_an_expired_slip_frees_the_goods_and_loses_the_sale(tmp_path: Path) -> None:
    found = _lived(tmp_path, _town(payments__slip__unpaid=1.0, payments__slip__valid_hours=48.0))
    expired = {row["order"]: row for row in found["payments"] if row["outcome"] == "expired"}
    assert len(expired) > 30
    orders = [row for row in found["orders"] if row["order"] in expired]
    assert len(orders) == len(expired)
    assert {row["state"] for row in orders} == {"cancelled"}
    assert all(row["closed_s"] - row["placed_s"] == pytest.approx(48 * HOUR_S, abs=60) for row in orders)
    assert not [row for row in found["ledger"] if row["order"] in expired], "nobody owes anything"
    held: dict[int, int] = dict.fromkeys(expired, 0)
    for row in found["stock_moves"]:
        if row["order"] in expired:
            held[row["order"]] += row["held_change"]
            assert row["reason"] in ("reserve", "release")
    assert set(held.values()) == {0}
    first_choice = {row["need"] for row in found["needs"] if row["journey"] == "ec_order"}
    outcomes = {row["outcome"] for row in found["needs"] if row["need"] in first_choice & {o["need"] for o in orders}}
    assert outcomes == {"lost_payment"}


def test_the_share_that_expires_is_the_unwilling_and_the_tardy() -> None:
    rules, streams = Slip(), Streams(3, 0)
    fates = [fate_of_slip(rules, streams, payment) for payment in range(20_000)]
    in_time = NormalDist().cdf(log(rules.valid_hours / rules.pays_after_hours) / rules.pays_after_sigma)
    expected = 1 - (1 - rules.unpaid) * in_time
    assert sum(not paid for paid, _ in fates) / len(fates) == pytest.approx(expected, abs=0.01)
    assert max(wait for _, wait in fates) <= rules.valid_hours * HOUR_S
