"""Random-utility choice among the journeys that are open, a rival, and not buying.

The utility of an alternative is what the scenario's [choice] table says plus a Gumbel taste shock that belongs to the
need and the alternative, so the same need faced with other alternatives is a proper counterfactual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.schema import Scenario
from sim.log.schema import Journey
from sim.needs import DayNeeds, Ints
from sim.population import Population
from sim.streams import Floats, Streams, gumbel

CLOSED = -np.inf


@dataclass(frozen=True)
class Shown:
    """What shoppers can know in the morning: shapes (n_stores, n_skus) and (n_skus,) of units, (n_stores,) minutes."""

    store_units: Ints
    """Free units per store as shown online."""
    warehouse_units: Ints
    expected_wait_min: Floats


def distances_km(scenario: Scenario, people: Population) -> Floats:
    """From each home to each store, shape (n_shoppers, n_stores)."""
    x = np.array([store.x_km for store in scenario.stores.values()])
    y = np.array([store.y_km for store in scenario.stores.values()])
    km: Floats = np.hypot(people.home_x_km[:, None] - x, people.home_y_km[:, None] - y)
    return km


def walk_in_utilities(scenario: Scenario, km: Floats, wait_min: Floats, weight_kg: Floats) -> Floats:
    """Utility of walking into each store, without taste, shape (n, n_stores)."""
    choice = scenario.choice
    appeal = np.array([store.appeal for store in scenario.stores.values()])
    return (
        choice.store
        + appeal
        + choice.per_km * km
        + choice.per_expected_wait_minute * wait_min
        + choice.per_kg_carried * weight_kg[:, None]
    )


def choose_journeys(
    scenario: Scenario,
    streams: Streams,
    needs: DayNeeds,
    people: Population,
    km: Floats,
    shown: Shown,
    now_s: float,
) -> tuple[Ints, Ints]:
    """For each need the `Journey` code and the store index (-1 where none is involved)."""
    choice = scenario.choice
    n, n_stores = needs.size, len(scenario.stores)
    who = needs.shopper
    missions = list(scenario.missions.values())
    urgency = np.array([m.urgency for m in missions])[needs.mission]
    ec_appeal = np.array([m.ec_appeal for m in missions])[needs.mission]
    online = choice.digital_affinity * people.digital_affinity[who]
    online += choice.has_app * (people.app_from_s[who] <= now_s)
    online = np.where(people.smartphone[who], online, CLOSED)
    travel = choice.per_km * km[who]
    walk_in = walk_in_utilities(scenario, km[who], shown.expected_wait_min, needs.weight_kg)
    collect = np.full((n, n_stores), CLOSED)
    if scenario.capabilities.click_and_collect:
        collect = (choice.collect + online + choice.urgency_of_pickup * urgency)[:, None]
        collect = collect + choice.collect_travel_factor * travel + choice.per_kg_carried * needs.weight_kg[:, None]
        for store in range(n_stores):
            collect[:, store] += choice.shown_sold_out * _sold_out(needs, shown.store_units[store])
    ec = choice.ec + online + ec_appeal + choice.urgency_of_parcel * urgency
    rules = scenario.fulfilment
    fee_yen = np.where(needs.goods_yen < rules.free_shipping_from_yen, rules.shipping_fee_yen, 0)
    ec = ec + choice.per_100_yen_fee * fee_yen / 100
    ec = ec + choice.shown_sold_out * _sold_out(needs, shown.warehouse_units)
    elsewhere = streams.uniforms("taste/elsewhere", needs.need, 3)
    utilities = np.column_stack(
        [walk_in, collect, ec, np.full(n, choice.rival), np.full(n, choice.nothing)],
    )
    taste = np.empty_like(utilities)
    for store, name in enumerate(scenario.stores):
        taste[:, [store, n_stores + store]] = gumbel(streams.uniforms(f"taste/{name}", needs.need, 2))
    taste[:, 2 * n_stores :] = gumbel(elsewhere)
    best = np.argmax(utilities + taste, axis=1)
    journeys = np.array(
        [Journey.WALK_IN] * n_stores
        + [Journey.CLICK_AND_COLLECT] * n_stores
        + [Journey.EC_ORDER, Journey.RIVAL, Journey.NONE]
    )
    stores = np.array([*range(n_stores), *range(n_stores), -1, -1, -1])
    return journeys[best], stores[best]


def _sold_out(needs: DayNeeds, units: Ints) -> Ints:
    """1 where any line asks for more than `units` (shape (n_skus,)) shows, else 0."""
    short = (needs.sku >= 0) & (units[needs.sku] < needs.quantity)
    flags: Ints = np.any(short, axis=1).astype(np.int64)
    return flags


def expected_shares(scenario: Scenario, km: Floats, people: Population) -> Floats:
    """Each store's share of needs when nobody waits and stock is full (multinomial logit), shape (n_stores,).

    Used to dimension stock; the rival and not buying take the rest.
    """
    walk_in = walk_in_utilities(scenario, km, np.zeros(km.shape[1]), np.zeros(len(km)))
    weight = np.exp(walk_in)
    outside = np.exp(scenario.choice.rival) + np.exp(scenario.choice.nothing)
    share = weight / (weight.sum(axis=1, keepdims=True) + outside)
    total = people.needs_per_day.sum()
    # Rounded so that a shopper without needs cannot move the last bit of a sum.
    shares: Floats = np.round((share * people.needs_per_day[:, None]).sum(axis=0) / total, 9)
    return shares
