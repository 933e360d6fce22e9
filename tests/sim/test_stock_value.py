"""How much stock there is, what it costs, and what showrooms and a shared pool save of it."""

from __future__ import annotations

import pytest
from towns import lived, rows, small

from sim.catalogue import catalogue
from sim.choice import distances_km, expected_shares
from sim.inventory.replenishment import display_units, order_up_to_levels
from sim.log.recorder import Memory
from sim.needs import Ints
from sim.population import population
from sim.streams import Streams

SHOWROOM = "capabilities.showroom=true"


def levels(*sets: str) -> Ints:
    scenario = small(sets=sets).scenario
    people = population(scenario, Streams(1, 0))
    goods = catalogue(scenario, 1)
    return order_up_to_levels(scenario, goods, expected_shares(scenario, distances_km(scenario, people), people))


def value_yen(memory: Memory) -> int:
    cost = {row["sku"]: row["cost_yen"] for row in rows(memory, "catalogue")}
    return sum((row["on_hand"] + row["in_transit"]) * cost[row["sku"]] for row in rows(memory, "stock_closing"))  # type: ignore[operator,misc]


def test_a_shared_pool_needs_less_safety_stock_in_the_warehouse_only() -> None:
    alone, pooled = (levels(f"capabilities.ship_from_store={flag}") for flag in ("false", "true"))
    assert (alone[:-1] == pooled[:-1]).all()
    assert (pooled[-1] <= alone[-1]).all()
    assert pooled[-1].sum() < alone[-1].sum()


def test_a_showroom_displays_one_of_each_considered_sku_and_the_warehouse_stocks_them() -> None:
    scenario = small(sets=[SHOWROOM]).scenario
    goods = catalogue(scenario, 1)
    considered = {goods.category_names.index(name) for name in ("apparel", "living", "cosmetics")}
    display = display_units(scenario, goods)
    full, shown = levels(), levels(SHOWROOM)
    for sku, code in enumerate(goods.category):
        if code in considered:
            assert (display[:-1, sku] == (full[:-1, sku] > 0)).all()
            assert (shown[:-1, sku] == 0).all()
            assert shown[-1, sku] >= full[-1, sku]
        else:
            assert (display[:, sku] == 0).all()
            assert (shown[:, sku] == full[:, sku]).all()
    assert shown[-1].sum() > 1.5 * full[-1].sum()


def test_showrooms_tie_up_less_stock_and_never_sell_what_they_display() -> None:
    stocked, showroom = lived(small(sets=["horizon.days=3"])), lived(small(sets=["horizon.days=3", SHOWROOM]))
    assert value_yen(showroom) < 0.9 * value_yen(stocked)
    goods = {row["sku"]: row["category"] for row in rows(showroom, "catalogue")}
    opening = [row for row in rows(showroom, "stock_moves") if row["time_s"] == 0]
    held = {(row["location"], row["sku"]) for row in opening if row["held_change"]}
    assert len(held) > 1000
    closing = {(row["location"], row["sku"]): row for row in rows(showroom, "stock_closing")}
    assert all(closing[cell]["on_hand"] >= 1 and closing[cell]["held"] >= 1 for cell in held)  # type: ignore[operator]
    assert {goods[sku] for _, sku in held} == {"apparel", "living", "cosmetics"}
    sold = {goods[row["sku"]] for row in rows(showroom, "stock_moves") if row["reason"] == "ship"}
    assert sold >= {"apparel", "living", "cosmetics"}, "they are shipped instead"


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_stock_costs_its_yearly_rate_each_night(rate: float) -> None:
    """Replayed from the movements: what was on hand at midnight, at cost, times the rate, by location."""
    memory = lived(small(sets=[f"stock.holding_cost_per_year={rate}", "horizon.days=2"]))
    cost = {row["sku"]: row["cost_yen"] for row in rows(memory, "catalogue")}
    booked: dict[object, int] = {}
    for row in rows(memory, "ledger"):
        if row["account"] == "holding_cost" and row["time_s"] == 86400.0:
            booked[row["store"]] = -row["amount_yen"]  # type: ignore[operator]
    worth: dict[object, float] = {}
    for row in rows(memory, "stock_moves"):
        if row["time_s"] <= 86400.0:  # type: ignore[operator]
            worth[row["location"]] = worth.get(row["location"], 0) + row["on_hand_change"] * cost[row["sku"]]  # type: ignore[operator]
    assert booked == {place: pytest.approx(yen * rate / 365, abs=1) for place, yen in worth.items()}
