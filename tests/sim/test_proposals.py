"""One more item is proposed by how much is known of the shopper: the same luck in every world, better informed."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from towns import lived, rows, small

from sim.evaluation.measures import measure
from sim.experiment import run_replication
from sim.laws import check
from sim.log.recorder import Memory
from sim.log.schema import TABLES

Row = dict[str, Any]
NEVER = tuple(f"proposals.{key}=0" for key in ("screen", "clerk", "own_history", "both_histories", "misses_annoy"))
ALWAYS = ("proposals.screen=1.0", "proposals.clerk=1.0")
PLENTY = ("stock.cover_days=60", "population.shoppers=4000", "population.app_share=0.6")


def events(memory: Memory, kind: str) -> list[Row]:
    return [row for row in rows(memory, "events") if row["kind"] == kind]


def hits(memory: Memory) -> set[tuple[int, str]]:
    """Which proposals were taken; a need has at most one on the floor and one on a screen."""
    return {(row["need"], row["place"]) for row in events(memory, "proposal_taken")}


@pytest.fixture(scope="module")
def never() -> Memory:
    return lived(small("ward-omo", [*PLENTY, *NEVER]))


@pytest.fixture(scope="module")
def always() -> Memory:
    return lived(small("ward-omo", [*PLENTY, *ALWAYS]))


def test_proposals_that_nobody_takes_move_neither_money_nor_goods(never: Memory) -> None:
    """Without hits and annoyance the tablet is a screen that shows something: only the log knows of it."""
    sets = [
        *PLENTY,
        *NEVER,
        "considering.advice_with_history=0",
        "capability_costs.shared_history.opex_yen_per_month=0",
    ]
    sets += ["capability_costs.shared_history.opex_yen_per_store_month=0"]
    having = lived(small("ward-omo", sets))
    without = lived(small("ward-omo", [*sets, "capabilities.shared_history=false"]))
    assert events(having, "proposed")
    assert not events(never, "proposal_taken")
    for table in set(TABLES) - {"events"}:
        assert having.table(table).equals(without.table(table)), table
    silent = [[row for row in rows(m, "events") if row["kind"] != "proposed"] for m in (having, without)]
    assert silent[0] == silent[1]


def test_an_item_that_is_taken_leaves_the_stock_once_and_was_not_in_the_basket(always: Memory) -> None:
    """One move of one unit under its order: had it been in the basket there would be two, or one of more units.

    Only what a record promised online and no shelf held has none.
    """
    price = {row["sku"]: row["price_yen"] for row in rows(always, "catalogue")}
    reason = {"floor": "sale", "app": "reserve"}
    moved: dict[tuple[str, int, int], list[int]] = {}
    for row in rows(always, "stock_moves"):
        key = (row["reason"], row["order"], row["sku"])
        moved.setdefault(key, []).append(abs(row["held_change"] or row["on_hand_change"]))  # type: ignore[arg-type]
    not_there = {row["order"] for row in events(always, "cancelled")}
    taken = events(always, "proposal_taken")
    assert {row["place"] for row in taken} == set(reason)
    for hit in taken:
        units = moved.get((reason[hit["place"]], hit["order"], hit["sku"]), [])
        assert units == [1] or (not units and hit["order"] in not_there), hit
        assert hit["amount_yen"] == price[hit["sku"]]


def test_what_is_taken_is_one_unit_more(never: Memory, always: Memory) -> None:
    """Needs that go the same way in both worlds buy exactly what was proposed on top."""
    units = [Counter[int](), Counter[int]()]
    for counted, memory in zip(units, (never, always), strict=True):
        for row in rows(memory, "orders"):
            if row["state"] == "completed":
                counted[row["need"]] += row["units"]  # type: ignore[index, operator]
    added = Counter(row["need"] for row in events(always, "proposal_taken"))
    both = [need for need in added if units[0][need] and units[1][need]]
    as_expected = [need for need in both if units[1][need] - units[0][need] == added[need]]
    assert len(both) > 200
    assert len(as_expected) > 0.95 * len(both), "the others met another queue or another shelf"


def test_histories_that_are_shared_only_add_hits() -> None:
    """Whoever is better informed makes every hit of the others on the same proposal, and some more."""
    sets = [*PLENTY, "considering.advice_with_history=0", "proposals.screen=0.1", "proposals.own_history=0.1"]
    sets += ["proposals.both_histories=0.2", "proposals.misses_annoy=0", "loyalty.satisfaction=0"]
    apart = lived(small("ward-omo", [*sets, "capabilities.shared_history=false"]))
    shared = lived(small("ward-omo", sets))
    assert {place for _, place in hits(apart)} == {"app"}
    same = {(row["need"], row["place"]) for row in events(shared, "proposed")}
    assert {hit for hit in hits(apart) if hit in same} <= hits(shared)
    online = [sum(place == "app" for _, place in hits(memory)) for memory in (apart, shared)]
    assert online[1] > 1.2 * online[0] > 0


@pytest.mark.parametrize("flag", ["unified_id", "shared_history"])
def test_one_history_needs_one_id_and_a_shared_view(flag: str) -> None:
    memory = lived(small("ward-omo", [*PLENTY, f"capabilities.{flag}=false"]))
    assert max(row["quantity"] for row in events(memory, "proposed")) == 1


def test_siloed_clerks_propose_nothing_and_screens_know_their_own_customers() -> None:
    proposed = events(lived(small("ward-siloed", PLENTY)), "proposed")
    assert {row["place"] for row in proposed} == {"app"}
    assert {row["quantity"] for row in proposed} == {0, 1}


def test_the_better_receipts_are_linked_the_more_is_known() -> None:
    """From 30 to 95 % of receipts linked: proposals that know both channels grow in proportion."""
    both = []
    for rate in (0.3, 0.95):
        memory = lived(small("ward-omo", [*PLENTY, *NEVER, f"capabilities.match_rate={rate}"]))
        proposed = [row for row in events(memory, "proposed") if row["place"] == "floor"]
        both.append(sum(row["quantity"] == 2 for row in proposed) / len(proposed))
    assert both[1] / both[0] == pytest.approx(0.95 / 0.3, rel=0.25)


def test_proposals_hit_as_often_as_the_scenario_says() -> None:
    """By what was known: binomial counts around the rates that the scenario adds up."""
    rates = {"floor": (0.1, 0.3, 0.6), "app": (0.2, 0.4, 0.7)}
    sets = ["proposals.clerk=0.1", "proposals.screen=0.2", "proposals.own_history=0.2", "proposals.both_histories=0.3"]
    memory = lived(small("ward-omo", [*PLENTY, *sets]))
    taken = hits(memory)
    made: Counter[tuple[str, int]] = Counter()
    hit: Counter[tuple[str, int]] = Counter()
    for row in events(memory, "proposed"):
        made[row["place"], row["quantity"]] += 1
        hit[row["place"], row["quantity"]] += (row["need"], row["place"]) in taken
    assert len(made) == 6
    for (place, channels), tries in made.items():
        rate = rates[place][channels]
        assert abs(hit[place, channels] - rate * tries) < 4 * math.sqrt(rate * (1 - rate) * tries), (place, channels)


def test_knowledge_looks_better_than_it_is(always: Memory) -> None:
    """Naive: whoever is known buys on more occasions anyway. Causal: the same people, known or not."""
    orders = [row for row in rows(always, "orders") if row["state"] == "completed"]
    bought = Counter(row["shopper"] for row in orders)
    known = {row["shopper"] for row in events(always, "proposed") if row["quantity"] == 2}
    unknown = set(bought) - known
    per_head = [sum(bought[who] for who in group) / len(group) for group in (known, unknown)]
    blind = lived(small("ward-omo", [*PLENTY, *ALWAYS, "capabilities.match_rate=0"]))
    still = Counter(row["shopper"] for row in rows(blind, "orders") if row["state"] == "completed")
    causal = sum(bought[who] for who in known) / sum(still[who] for who in known)
    assert per_head[0] / per_head[1] > 1.2
    assert causal == pytest.approx(1.0, abs=0.05)


def test_misses_annoy_and_nothing_else() -> None:
    calm, annoyed = (
        {row["shopper"]: row["satisfaction"] for row in rows(lived(small("ward-omo", sets)), "shoppers")}
        for sets in (NEVER, [*NEVER, "proposals.misses_annoy=1.0"])
    )
    assert sum(annoyed.values()) < sum(calm.values())  # type: ignore[arg-type]


def test_measures_of_a_replication_follow_from_its_log_and_the_laws_hold(tmp_path: Path) -> None:
    scenario = small("ward-omo", ["proposals.screen=0.5", "proposals.clerk=0.5"]).scenario
    for _ in run_replication(scenario, 1, 0, tmp_path):
        pass
    check(tmp_path)
    found = measure(tmp_path, scenario)
    with duckdb.connect() as db:
        kinds = dict(db.execute(f"select kind, count(*) from '{tmp_path}/events.parquet' group by 1").fetchall())
        units, needs = db.execute(
            f"select sum(units), count(distinct need) from '{tmp_path}/orders.parquet' where state = 'completed'"
        ).fetchall()[0]
    assert 0.4 < found["proposal_hit_rate"] == kinds["proposal_taken"] / kinds["proposed"] < 0.7
    assert found["items_per_purchase"] == pytest.approx(units / needs)
