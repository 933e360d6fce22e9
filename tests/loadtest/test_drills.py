"""Drills: what their files promise, the traffic they make, and one small one carried out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dashboard.charts.drills import promise_texts
from dashboard.words import words
from loadtest.faults.drill import run_drill
from loadtest.faults.plans import Drill, Plan, at_pace, names, read_drill
from loadtest.faults.traffic import HOT, Traffic, Wave, make_trace
from loadtest.script import read_script
from loadtest.trace_schema import write_trace
from scenarios.errors import UsageError

NAMED = {
    "lunch-qr-outage",
    "login-overload-2230",
    "push-to-a-million",
    "hot-item-at-noon",
    "slow-psp-x10",
    "database-restart-at-peak",
}


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d[\d,.]*\d|\d", text))


def till(per_s: float, to_s: float, **more: Any) -> Traffic:
    return Traffic(waves=[Wave(kind="till", from_s=0, to_s=to_s, per_s=per_s)], **more)


def test_the_drills_are_those_of_the_stories_and_take_less_than_a_minute() -> None:
    assert set(names()) == NAMED
    for name in names():
        drill = read_drill(name)
        assert drill.seconds() <= 45  # with start, reconciliation and audit: a minute
        assert drill.last_fault_s() < drill.seconds() - 5  # time is left to see the recovery
        within = drill.plan.promises.recovers_within_s
        assert (within is not None) == bool(drill.plan.faults)


def test_an_unknown_drill_is_told_which_one_was_meant() -> None:
    with pytest.raises(UsageError, match=r"did you mean slow-psp-x10\?"):
        read_drill("slow-psp-x100")


def test_the_list_of_drills_needs_no_server() -> None:
    done = subprocess.run([sys.executable, "-m", "omo", "drill", "--json"], capture_output=True, timeout=60, check=True)
    assert {each["drill"] for each in json.loads(done.stdout)["drills"]} == NAMED


def test_more_load_is_more_shoppers_and_never_a_faster_clock() -> None:
    small, big = (make_trace(till(20.0, 60.0), scale).header for scale in (1.0, 5.0))
    assert abs(small["journeys"] - 1200) < 4 * 1200**0.5
    assert abs(big["journeys"] - 6000) < 4 * 6000**0.5
    assert 59 < small["last_due_s"] < 62
    assert 59 < big["last_due_s"] < 62


def test_a_push_brings_those_who_open_it() -> None:
    wave = Wave(kind="look", from_s=0, to_s=100, pushes_per_s=400, opened=0.05, buys=0.25)
    steps = make_trace(Traffic(waves=[wave]), 0.5).header["steps_by_action"]
    opened = 0.5 * 400 * 0.05 * 100
    assert abs(steps["availability"] - opened) < 4 * opened**0.5
    assert steps["pay"] == steps["order"]
    assert abs(steps["pay"] - 0.25 * opened) < 4 * (0.25 * opened) ** 0.5


def test_a_basket_costs_what_its_lines_cost_and_is_in_stock() -> None:
    trace = make_trace(till(30.0, 20.0, brands={"qr": 1.0}, second_try="cash"), 1.0)
    steps = trace.steps.to_pylist()
    for step in steps:
        assert step["amount_yen"] == sum(line["quantity"] * line["unit_price_yen"] for line in step["lines"])
    by_journey: dict[int, list[str]] = {}
    for step in sorted(steps, key=lambda step: (step["journey"], step["step"])):
        by_journey.setdefault(step["journey"], []).append(f"{step['action']} {step['brand']}")
    assert {tuple(each) for each in by_journey.values()} == {
        ("product qr", "order qr", "payment_code qr", "pay qr", "pay cash")
    }
    sold = Counter((step["location"], step["lines"][0]["sku"]) for step in steps if step["action"] == "order")
    stock = {(row["location"], row["sku"]): row["on_hand"] for row in trace.stock.to_pylist()}
    assert all(2 * units <= stock[shelf] for shelf, units in sold.items())


def test_hot_units_shrink_with_the_shoppers(tmp_path: Path) -> None:
    plan = read_drill("hot-item-at-noon").plan
    trace = make_trace(plan.traffic, 0.2)
    hot = [row["on_hand"] for row in trace.stock.to_pylist() if row["sku"] == HOT]
    assert plan.traffic.hot_units is not None
    assert hot == [0.2 * plan.traffic.hot_units] * len(hot)
    write_trace(trace, tmp_path)
    assert len(read_script(tmp_path)) == trace.header["journeys"]  # the generator can read it


def test_a_pace_replaces_all_paces_of_the_drill() -> None:
    drill = read_drill("push-to-a-million")
    paced = [wave for wave in at_pace(drill, 3000).plan.traffic.waves if wave.pushes_per_s]
    own = [wave for wave in drill.plan.traffic.waves if wave.pushes_per_s]
    assert [(wave.pushes_per_s, wave.from_s, wave.to_s) for wave in paced] == [(3000, own[0].from_s, own[-1].to_s)]
    assert len(own) == 3
    with pytest.raises(UsageError, match="push-to-a-million"):
        at_pace(read_drill("slow-psp-x10"), 3000)


@pytest.mark.slow
def test_a_drill_says_what_happened_beside_what_was_promised(tmp_path: Path) -> None:
    plan = Plan.model_validate(
        {
            "schema": "omo.drill-plan/1",
            "about": "all payments by card are declined for a while, and the core dies once",
            "story": "made up",
            "objective": {"p99_ms": 60_000, "answered": 0.0},
            "traffic": till(25.0, 6.0, brands={"card": 1.0}).model_dump(),
            "faults": [
                {"action": "psp_declines", "at_s": 0.0, "seconds": 3.0, "brand": "card", "share": 1.0},
                {"action": "kill_core", "at_s": 4.0},
            ],
            "promises": {"recovers_within_s": 3.0, "checkout_holds": True},
        }
    )
    result = run_drill(Drill("made-up", plan), tmp_path / "drill", lambda *_: None)
    assert result["state"] == "complete"
    assert result["faults_survived"] == {"kill_core": 1, "psp_declines": 1}
    assert result["audit_clean"]
    assert result["kept"]
    assert result["happened"]["payments_failed"] > 20  # of some 75; more would be after the fault
    assert result["happened"]["orders_paid"] > 5
    assert {promise["promise"]: promise["kept"] for promise in result["promises"]}["no goods leave unpaid"]
    assert json.loads((tmp_path / "drill" / "drill.json").read_text()) == result
    for promise in result["promises"]:
        for english, japanese in zip((promise["promised"], promise["seen"]), promise_texts(promise, words("ja")),
                                     strict=True):  # fmt: skip
            assert re.search(r"[ぁ-ん一-龥]", japanese)
            assert numbers(japanese) == numbers(english)
    audited = subprocess.run(
        [sys.executable, "-m", "omo", "audit", str(tmp_path / "drill" / "load"), "--json"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert json.loads(audited.stdout)["faults_survived"] == result["faults_survived"]
