"""What capabilities contribute: worked games, the worlds they are made of, and sums on small towns."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

import omo
from scenarios.capabilities import Capabilities
from scenarios.errors import UsageError
from scenarios.loader import inputs_hash, load
from sim.evaluation.capabilities.channel_sales import own_and_cross
from sim.evaluation.capabilities.contributions import contributions, described, wanted
from sim.evaluation.capabilities.players import DEFAULT, game, world
from sim.evaluation.shapley import Coalition, coalitions
from sim.rollout import open_today


def values(*by_coalition: tuple[str, list[int]]) -> dict[Coalition, list[Fraction]]:
    return {frozenset(names): [Fraction(yen) for yen in found] for names, found in by_coalition}


def test_two_capabilities_that_need_each_other_worked_out() -> None:
    """Rep 0: nobody 100, a 110, b 90, both 150. Alone +10, -10; left out +60, +40; Shapley (10 + 60) / 2 = 35 and
    (-10 + 40) / 2 = 15, sum 50 = total. Rep 1: 100, 100, 103, 104: total 4, Shapley a (0 + 1) / 2, b (3 + 4) / 2.
    Means: a 17.75, b 9.25, total 27: as whole yen 18 and 9. Interactions 150 - 110 - 90 + 100 = 50, and 1.
    """
    found = contributions(values(("", [100, 100]), ("a", [110, 100]), ("b", [90, 103]), ("ab", [150, 104])), "ab", [])
    assert found.alone == {"a": [10, 0], "b": [-10, 3]}
    assert found.leave_one_out == {"a": [60, 1], "b": [40, 4]}
    assert found.shapley == {"a": [35, Fraction(1, 2)], "b": [15, Fraction(7, 2)]}
    assert found.interactions == {("a", "b"): [50, 1]}
    document = described(found, whole=True)
    a, b = document["contributions"]
    assert (a["shapley"]["whole"], b["shapley"]["whole"], document["total"]["mean"]) == (18, 9, 27)
    assert [sum(rep) for rep in zip(*(p["shapley"]["whole_per_replication"] for p in (a, b)), strict=True)] == [50, 4]
    assert document["misses_total_by"]["alone"]["per_replication"] == [-50, -1]
    assert document["misses_total_by"]["leave_one_out"]["per_replication"] == [50, 1]
    assert document["misses_total_by"]["shapley"]["per_replication"] == [0, 0]


def test_sampled_orders_add_up_exactly_too() -> None:
    """Thirds of odd yen: three orders that are not all orders, and no yen is lost."""
    players = ["a", "b", "c"]
    orders = [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a"), ("a", "c", "b")]
    worlds = {
        coalition: [Fraction(7 * len(coalition) ** 2 + ("b" in coalition))] for coalition in wanted(players, orders)
    }
    found = contributions(worlds, players, orders)
    assert sum(share[0] for share in found.shapley.values()) == found.total[0] == 64
    assert found.order_error is not None
    assert set(found.order_error) == set(players)


def test_the_worlds_of_sampled_orders_hold_all_that_alone_and_left_out_ask_for() -> None:
    players = [f"p{k}" for k in range(9)]
    found = set(wanted(players, [tuple(players), tuple(reversed(players))]))
    assert {frozenset({player}) for player in players} <= found
    assert {frozenset(players) - {player} for player in players} <= found
    assert len(found) < 2**9


def test_everybody_together_is_the_scenario_itself() -> None:
    loaded = load("ward-omo")
    assert world(game(loaded, None, None), frozenset(DEFAULT)) is loaded


def test_a_world_differs_only_in_the_players_that_are_closed() -> None:
    loaded = load("ward-omo")
    played = game(loaded, "click_and_collect+pickup_counter,scan_and_pay,match_rate", None)
    scenario = world(played, frozenset({"scan_and_pay"})).scenario
    changed = {
        name
        for name in Capabilities.model_fields
        if getattr(scenario.capabilities, name) != getattr(loaded.scenario.capabilities, name)
    }
    assert changed == {"click_and_collect", "pickup_counter", "match_rate"}
    assert scenario.capabilities.match_rate == Capabilities().match_rate
    same = scenario.model_copy(update={"capabilities": loaded.scenario.capabilities, "title": loaded.scenario.title})
    assert same == loaded.scenario


def test_what_is_closed_in_the_scenario_is_opened_as_in_omo() -> None:
    played = game(load("ward-siloed"), "match_rate,click_and_collect", None)
    scenario = world(played, frozenset({"match_rate", "click_and_collect"})).scenario
    assert (scenario.capabilities.match_rate, scenario.capabilities.click_and_collect) == (0.92, True)


def test_the_rest_can_come_from_a_mode() -> None:
    played = game(load("ward-omo"), "click_and_collect,store_stock_online", "siloed")
    scenario = world(played, frozenset({"click_and_collect"})).scenario
    opened = {name for name, value in scenario.capabilities.model_dump().items() if value is True}
    assert opened == {"click_and_collect"}


def test_a_rollout_never_opens_what_is_closed() -> None:
    loaded = load("ward-rollout")
    last = loaded.scenario.horizon.days - 1
    assert max(open_today(loaded.scenario, last).click_and_collect) > 0
    played = game(loaded, "click_and_collect,scan_and_pay", None)
    without = world(played, frozenset({"scan_and_pay"})).scenario
    assert max(open_today(without, last).click_and_collect) == 0
    assert open_today(without, last).scan_and_pay == open_today(loaded.scenario, last).scan_and_pay
    assert world(played, frozenset(played.players)) is loaded


def test_closing_ec_orders_is_a_matter_of_choice_not_of_capabilities() -> None:
    played = game(load("ward-omo"), "ec_orders,click_and_collect", None)
    assert world(played, frozenset({"click_and_collect"})).scenario.choice.ec < -100
    assert world(played, frozenset({"ec_orders"})).scenario.choice == load("ward-omo").scenario.choice


def test_every_world_is_another_input() -> None:
    played = game(load("ward-siloed"), None, None)
    assert len({inputs_hash(world(played, coalition).scenario) for coalition in coalitions(played.players)}) == 32


@pytest.mark.parametrize(
    ("of", "base", "message"),
    [
        ("pickup_counter,scan_and_pay", "siloed", "does nothing without click_and_collect"),
        ("clickandcollect,scan_and_pay", None, "did you mean click_and_collect"),
        ("scan_and_pay,reminder+scan_and_pay", None, "named twice"),
        ("scan_and_pay", None, "at least two"),
        ("scan_and_pay,reminder", "no-such-town", "no such scenario"),
    ],
)
def test_a_question_without_an_answer_is_refused(of: str, base: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        game(load("ward-omo"), of, base)


def test_what_depends_on_another_player_is_said_or_made_one_block() -> None:
    assert game(load("ward-omo"), "click_and_collect,pickup_counter", "siloed").notes
    assert not game(load("ward-omo"), "click_and_collect+pickup_counter,scan_and_pay", "siloed").notes
    assert "scan_look_up+reminder" in game(load("ward-siloed"), None, None).players


def ledger(directory: Path, rows: list[tuple[int | None, str, str, str, int]]) -> Path:
    """A folder with order, channel, fulfilment, account and yen; the orders table says the same of each order."""
    directory.mkdir()
    orders = {row[:3] for row in rows if row[0] is not None}
    with duckdb.connect() as db:
        db.execute('create table orders ("order" bigint, order_channel varchar, fulfilment varchar)')
        db.executemany("insert into orders values (?, ?, ?)", [list(order) for order in orders])
        db.execute("""create table ledger ("order" bigint, order_channel varchar, fulfilment varchar, account varchar,
            amount_yen bigint)""")
        db.executemany("insert into ledger values (?, ?, ?, ?, ?)", [list(row) for row in rows])
        for name in ("orders", "ledger"):
            db.execute(f"copy {name} to '{directory / name}.parquet' (format parquet)")
    return directory


def test_own_and_cross_channel_parts_worked_out(tmp_path: Path) -> None:
    """With collection: 5,000 collected (cost 3,000), 1,000 at the till, 800 system cost. Without: 4,000 at the till
    (cost 2,400). Sales: own +5,000, cross -3,000, company +2,000. Contribution: own 2,000, cross 1,000 - 1,600 =
    -600, shared -800, company +600.
    """
    having = [(1, "ec", "collect", "revenue", 5000), (1, "ec", "collect", "cost_of_goods", -3000)]
    having += [(2, "store", "carry", "revenue", 1000), (None, None, None, "capability_opex", -800)]
    without = [(3, "store", "carry", "revenue", 4000), (3, "store", "carry", "cost_of_goods", -2400)]
    found = own_and_cross("click_and_collect", [ledger(tmp_path / "a", having)], [ledger(tmp_path / "b", without)])
    sales, contribution = found["sales_yen"], found["contribution_yen"]
    assert [sales[part]["mean"] for part in ("own", "cross", "shared", "company")] == [5000, -3000, 0, 2000]
    assert [contribution[p]["mean"] for p in ("own", "cross", "shared", "company")] == [2000, -600, -800, 600]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict:
    sizes = ["--set", "population.shoppers=500", "--set", "horizon.days=4"]
    out = tmp_path_factory.mktemp("runs")
    arguments = ["capabilities", "ward-omo", "--of", "click_and_collect,scan_and_pay,ec_orders", "--reps", "2", *sizes]
    result = CliRunner().invoke(omo.app, [*arguments, "--jobs", "2", "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert [json.loads(path.read_text(encoding="utf-8")) for path in out.glob("capabilities-*.json")] == [document]
    return document


def test_shares_of_small_worlds_add_up_to_the_yen(printed: dict) -> None:
    by_players = {tuple(coalition["players"]): coalition["values"] for coalition in printed["coalitions"]}
    assert len(by_players) == printed["worlds"] == 8
    for r in range(2):
        total = by_players[tuple(sorted(printed["players"]))][r] - by_players[()][r]
        assert sum(player["shapley"]["whole_per_replication"][r] for player in printed["contributions"]) == total


def test_the_world_with_all_players_is_the_scenarios_own_run(printed: dict) -> None:
    everybody = next(c for c in printed["coalitions"] if len(c["players"]) == 3)
    assert everybody["run"].startswith("ward-omo-")
    assert all(c["run"].startswith("ward-omo_") for c in printed["coalitions"] if c is not everybody)


def test_own_cross_and_shared_parts_are_the_companys_difference(printed: dict) -> None:
    by_players = {tuple(coalition["players"]): coalition["values"] for coalition in printed["coalitions"]}
    names = sorted(printed["players"])
    for row in printed["overall_channel_sales"]:
        without = by_players[tuple(name for name in names if name != row["player"])]
        parts = [row["contribution_yen"][part]["per_replication"] for part in ("own", "cross", "shared")]
        difference = [a - b for a, b in zip(by_players[tuple(names)], without, strict=True)]
        assert [sum(found) for found in zip(*parts, strict=True)] == difference
        assert row["contribution_yen"]["company"]["per_replication"] == difference


def test_a_channel_sells_nothing_itself_once_it_is_closed(printed: dict) -> None:
    """Collection's own part is all that is sold by collection: without it nobody collects."""
    row = next(row for row in printed["overall_channel_sales"] if row["player"] == "click_and_collect")
    assert row["own_channels"] == ["collect"]
    assert min(row["sales_yen"]["own"]["per_replication"]) > 0
