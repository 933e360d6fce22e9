"""Orders of opening capabilities: what they open when, what they cost, their worlds; the command on a small town."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from omo import app
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.evaluation.investment.orders import base_world, orders, plan, prepared, spending
from sim.log.run_directory import list_runs
from sim.rollout import Open, open_today

SMALL = ["--set", "population.shoppers=300", "--jobs", "1"]


def opens(text: str, scenario: str = "ward-omo", base: str = "ward-siloed") -> list[tuple[int, dict[str, Any]]]:
    order = orders([text], plan(load(scenario), base), 28)[0]
    return [(wave.day, wave.values()) for wave in order.waves.values()]


def at_the_end(text: str, scenario: str = "ward-omo") -> Open:
    planned = plan(load(scenario), "ward-siloed")
    order = orders([text], planned, 10)
    return open_today(prepared(planned, order, 200, None, 2.0)[0].world.scenario, 199)


def test_an_order_opens_one_block_after_the_other() -> None:
    assert opens("unified_id+points_shared,click_and_collect, stock_sync_minutes") == [
        (0, {"unified_id": True, "points_shared": True}),
        (28, {"click_and_collect": True}),
        (56, {"stock_sync_minutes": 1.0}),
    ]


def test_a_mode_opens_what_is_closed_by_then_and_takes_nothing_back() -> None:
    o2o, then = opens("match_rate,o2o,omnichannel")[1:]
    assert o2o == (28, {"store_coupons": True})
    assert then[1]["unified_id"] is True
    assert "store_coupons" not in then[1]
    assert "match_rate" not in then[1], "0.92 from the scenario is better than the mode's 0.7"


@pytest.mark.parametrize("base", ["siloed", "omnichannel"])
def test_the_default_orders_end_with_the_same_capabilities(base: str) -> None:
    planned = plan(load("ward-omo"), base)
    found = orders([], planned, 28)
    assert len(found) >= 3
    for order in found:
        opened: dict[str, Any] = {}
        for wave in order.waves.values():
            assert set(wave.set) & set(opened) <= {"match_rate"}, "what is a value can become better twice"
            opened |= wave.set
        assert opened == planned.goal


def test_all_that_is_still_missing_makes_the_scenario_in_the_end() -> None:
    goal = open_today(load("ward-omo").scenario, 0)
    reached = at_the_end("scan_look_up,click_and_collect,rest")
    for name in Open.__slots__:
        if name != "unfamiliar":
            assert getattr(reached, name) == pytest.approx(getattr(goal, name), abs=1e-3), name


def test_the_scenarios_own_waves_are_an_order_too() -> None:
    planned = plan(load("ward-rollout"), "ward-siloed")
    own = orders([], planned, 28)[-1]
    assert (own.text, own.last_day) == ("own", 84)
    assert prepared(planned, [own], 112, None, 2.0)[0].world.scenario.rollout == planned.loaded.scenario.rollout
    with pytest.raises(UsageError, match="no \\[rollout\\] of its own"):
        opens("own")


def test_what_does_nothing_yet_is_said() -> None:
    order = orders(["reminder,scan_look_up"], plan(load("ward-omo"), "ward-siloed"), 28)[0]
    assert order.notes == ("reminder,scan_look_up: reminder does nothing until scan_look_up is open",)
    assert not orders(["scan_look_up,reminder"], plan(load("ward-omo"), "ward-siloed"), 28)[0].notes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unified_id,click_and_colect", "did you mean click_and_collect"),
        ("unified_id,unified_id", "unified_id opens nothing that is not open by then"),
        ("unified_id,,rest", "a step is empty"),
    ],
)
def test_an_order_that_cannot_be_says_why(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        opens(text)


def test_a_base_that_has_everything_leaves_nothing_to_open() -> None:
    with pytest.raises(UsageError, match="nothing left to open"):
        plan(load("ward-omo"), "omo")


def test_investment_is_spent_at_first_openings_and_what_the_base_has_is_paid_for() -> None:
    planned = plan(load("ward-omo"), "o2o")
    order = orders(["click_and_collect+store_stock_online,unified_id,rest"], planned, 30)[0]
    world = prepared(planned, [order], 150, None, 2.0)[0].world.scenario
    base = base_world(planned, 150).scenario
    assert spending(world, base, None) == {0: 600_000, 30: 900_000, 60: 600_000}
    total = spending(world, base, 50_000_000)
    assert sum(total.values()) == pytest.approx(50_000_000)
    assert total[30] == pytest.approx(50_000_000 * 9 / 21)
    free = world.model_copy(update={"capability_costs": {}})
    assert spending(free, base, 7) == {0: 7.0}


def test_who_was_not_trained_costs_nothing_to_train_and_takes_longer() -> None:
    planned = plan(load("ward-omo"), "ward-siloed")
    trained, untrained = prepared(planned, orders(["rest"], planned, 28), 84, 8.0, 3.0)
    assert (trained.training, untrained.training) == ("trained", "untrained")
    assert (trained.world.scenario.staff.training_hours, untrained.world.scenario.staff.training_hours) == (8, 0)
    assert untrained.world.scenario.learning.days == 3 * trained.world.scenario.learning.days
    assert base_world(planned, 84).scenario.staff.training_hours == 0


def test_the_command_on_a_small_town_agrees_with_its_ledgers(tmp_path: Path) -> None:
    command = ["investment", "--orders", "click_and_collect,rest", "--orders", "rest", "--every-days", "7"]
    command += ["--days", "35", "--reps", "2", "--without-training", *SMALL, "--out", str(tmp_path)]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0, shown.output
    assert "carried forward unchanged" in shown.output
    runs = len(list_runs(tmp_path))
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert len(list_runs(tmp_path)) == runs == 5
    assert found == json.loads(next(tmp_path.glob("investment-*.json")).read_text())
    assert [(one["order"], one["training"]) for one in found["orders"]] == [
        ("click_and_collect,rest", "trained"),
        ("click_and_collect,rest", "untrained"),
        ("rest", "trained"),
        ("rest", "untrained"),
    ]
    for one in found["orders"]:
        assert one["capex_yen"] == 2_150_000
        for rep in range(2):
            paths = [tmp_path / run / f"rep-00{rep}" / "ledger.parquet" for run in (one["run"], found["base_run"])]
            with duckdb.connect() as db:
                opened, base = (
                    db.execute(f"select sum(amount_yen)::bigint from '{path}'").fetchall()[0][0] for path in paths
                )
            parts = [one[key]["per_replication"][rep] for key in ("gain_simulated_yen", "gain_after_horizon_yen")]
            assert sum(parts) == pytest.approx(opened - base)
        assert one["weeks"]["standing_yen"][0] == -sum(row["yen"] for row in one["spent"] if row["day"] == 0)
        assert len(one["months"]["standing_yen"]) == 61
    assert max(one["npv_less_best_yen"]["mean"] for one in found["orders"]) == 0
    assert [row["name"] for row in found["training"]] == ["click_and_collect,rest", "rest"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--wards", "3"], "--capex-yen"),
        (["--orders", "click_and_collect,rest", "--days", "50"], "opens something on day 28; simulate longer"),
    ],
)
def test_what_cannot_be_answered_is_refused_before_anything_runs(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    refused = CliRunner().invoke(app, ["investment", *arguments, *SMALL, "--out", str(tmp_path)])
    assert isinstance(refused.exception, UsageError)
    assert message in str(refused.exception)
    assert not list_runs(tmp_path)
