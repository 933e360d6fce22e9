"""Random-utility choice among the journeys that are open, a rival, and not buying.

The utility of an alternative is what the scenario's [choice] table says plus a Gumbel taste shock that belongs to the
need and the alternative, so the same need faced with other alternatives is a proper counterfactual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from scenarios.schema import Scenario
from sim.calendar import Day
from sim.log.schema import Journey
from sim.needs import DayNeeds, Ints
from sim.population import Population
from sim.rollout import Open
from sim.streams import Floats, Streams, gumbel

CLOSED = -np.inf


@dataclass(frozen=True)
class Shown:
    """What shoppers can know in the morning: shapes (n_stores, n_skus) and (n_skus,) of units, (n_stores,) minutes."""

    store_units: Ints
    """Free units per store as shown online."""
    warehouse_units: Ints
    expected_wait_min: Floats


@dataclass(frozen=True)
class Today:
    """What bears on everybody's choice on one day."""

    day: Day
    open: Open
    shown: Shown
    ours: Floats
    """Shape (n_shoppers,): utility of this retailer to each; -inf for those who do not know it or are done with it."""
    to_stores: Floats
    """Shape (n_shoppers,): utility of visits to stores from contacts through touchpoints."""
    to_ec: Floats
    """The same, of orders online."""
    coupon: Floats
    """Shape (n_shoppers,): discount of a coupon that stores take, 0 for none."""
    coupons_taken: NDArray[np.bool_]
    """Shape (n_stores + 1,): whether the place takes such coupons."""
    stores_open: NDArray[np.bool_]
    """Shape (n_stores,): whether the store exists yet."""
    stock_out_memory: Floats
    """Shape (n_stores,): share of wanted lines that were missing lately."""
    ec_effort: float
    """Utility of EC by how much of its sales is credited to the EC division."""
    selling_effort: float
    """Utility of going to a store by what its staff are paid for its sales."""


def distances_km(scenario: Scenario, people: Population) -> Floats:
    """From each home to each store, shape (n_shoppers, n_stores)."""
    x = np.array([store.x_km for store in scenario.stores.values()])
    y = np.array([store.y_km for store in scenario.stores.values()])
    km: Floats = np.hypot(people.home_x_km[:, None] - x, people.home_y_km[:, None] - y)
    return km


def walk_in_utilities(scenario: Scenario, km: Floats, wait_min: Floats, carrying: Floats) -> Floats:
    """Utility of walking into each store, without taste, shape (n, n_stores)."""
    choice = scenario.choice
    appeal = np.array([store.appeal for store in scenario.stores.values()])
    return choice.store + appeal + choice.per_km * km + choice.per_expected_wait_minute * wait_min + carrying


def choose_journeys(
    scenario: Scenario, streams: Streams, needs: DayNeeds, people: Population, km: Floats, today: Today
) -> tuple[Ints, Ints]:
    """For each need the `Journey` code and the store index (-1 where none is involved)."""
    n_stores = len(scenario.stores)
    utilities = np.column_stack(_utilities(scenario, streams, needs, people, km, today))
    taste = np.empty_like(utilities)
    for store, name in enumerate(scenario.stores):
        columns = [store, n_stores + store, 2 * n_stores + store]
        taste[:, columns] = gumbel(streams.uniforms(f"taste/{name}", needs.need, 3))
    taste[:, 3 * n_stores :] = gumbel(streams.uniforms("taste/elsewhere", needs.need, 3))
    best = np.argmax(utilities + taste, axis=1)
    journeys = np.array(
        [Journey.WALK_IN] * n_stores
        + [Journey.CLICK_AND_COLLECT] * n_stores
        + [Journey.RESEARCH_THEN_STORE] * n_stores
        + [Journey.EC_ORDER, Journey.RIVAL, Journey.NONE]
    )
    stores = np.array([*range(n_stores)] * 3 + [-1, -1, -1])
    journey, store = journeys[best], stores[best]
    invited = (journey == Journey.WALK_IN) & (today.coupon[needs.shopper] > 0)
    journey[invited & today.coupons_taken[store]] = Journey.COUPON_VISIT
    return journey, store


def _utilities(
    scenario: Scenario, streams: Streams, needs: DayNeeds, people: Population, km: Floats, today: Today
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Utility without taste: walking in, collecting, research then store (shapes (n, n_stores)), EC, rival, nothing."""
    choice, opened, who, shown = scenario.choice, today.open, needs.shopper, today.shown
    n_stores = len(scenario.stores)
    missions = list(scenario.missions.values())
    urgency = np.array([m.urgency for m in missions])[needs.mission]
    ec_appeal = np.array([m.ec_appeal for m in missions])[needs.mission]
    affinity = people.digital_affinity[who]
    ours = today.ours[who]
    online = choice.digital_affinity * affinity + choice.has_app * (people.app_from_s[who] <= today.day.start_s)
    online += choice.online_taste * ndtri(streams.uniform("taste/online", needs.need))
    online = np.where(people.smartphone[who], online + today.to_ec[who], CLOSED)
    read = scenario.considering.research * needs.reviews
    carrying = choice.per_kg_carried * needs.weight_kg[:, None]
    visit = _visit(scenario, km[who], carrying, today) + (ours + today.to_stores[who] + today.day.visit)[:, None]
    visit += choice.per_coupon * today.coupon[who][:, None] * today.coupons_taken[:n_stores]
    risk = choice.per_stock_out_remembered * today.stock_out_memory
    research = visit + (choice.research_then_store + choice.research_affinity * affinity + read)[:, None]
    research = np.where(people.smartphone[who][:, None], research, CLOSED)
    collect = choice.collect + online + ours + read + choice.urgency_of_pickup * urgency + today.day.visit
    collect = collect[:, None] + choice.collect_travel_factor * choice.per_km * km[who] + carrying
    for store in range(n_stores):
        gone = _sold_out(needs, shown.store_units[store])
        seen = opened.store_stock_online[store]
        research[:, store] += choice.shown_sold_out * gone if seen else risk[store]
        if opened.visit_booking[store]:
            inspected = np.array([m.inspected for m in missions])[needs.mission]
            research[:, store] += scenario.visit_booking.research * opened.visit_booking[store] * inspected
        level = opened.click_and_collect[store]
        collect[:, store] += choice.shown_sold_out * gone + _unfamiliar(scenario, level)
    collect += np.where(today.stores_open, 0.0, CLOSED)
    ec = choice.ec + online + ours + read + ec_appeal + choice.urgency_of_parcel * urgency + today.ec_effort
    ec += scenario.returns.easy_return * (opened.return_in_store[-1] > 0)
    rules = scenario.fulfilment
    fee_yen = np.where(needs.goods_yen < rules.free_shipping_from_yen, rules.shipping_fee_yen, 0)
    ec += choice.per_100_yen_fee * fee_yen / 100 + choice.shown_sold_out * _sold_out(needs, shown.warehouse_units)
    rival = np.full(needs.size, choice.rival + today.day.rival)
    return visit + risk, collect, research, ec, rival, np.full(needs.size, choice.nothing)


def _visit(scenario: Scenario, km: Floats, carrying: Floats, today: Today) -> Floats:
    """Utility of going to each store, before its risk of empty shelves."""
    utility = walk_in_utilities(scenario, km, today.shown.expected_wait_min, carrying)
    return np.where(today.stores_open, utility + today.selling_effort, CLOSED)


def _unfamiliar(scenario: Scenario, level: float) -> float:
    """Utility of a journey whose capability stands at `level`: closed, new or familiar."""
    return scenario.learning.utility * (1 - level) if level else CLOSED


def _sold_out(needs: DayNeeds, units: Ints) -> Ints:
    """1 where any line asks for more than `units` (shape (n_skus,)) shows, else 0."""
    short = (needs.sku >= 0) & (units[needs.sku] < needs.quantity)
    flags: Ints = np.any(short, axis=1).astype(np.int64)
    return flags


def expected_shares(scenario: Scenario, km: Floats, people: Population) -> Floats:
    """Each store's share of needs when nobody waits and stock is full (multinomial logit), shape (n_stores,).

    Used to dimension stock; the rival and not buying take the rest.
    """
    walk_in = walk_in_utilities(scenario, km, np.zeros(km.shape[1]), np.zeros((len(km), 1)))
    weight = np.exp(walk_in)
    outside = np.exp(scenario.choice.rival) + np.exp(scenario.choice.nothing)
    share = weight / (weight.sum(axis=1, keepdims=True) + outside)
    total = people.needs_per_day.sum()
    # Rounded so that a shopper without needs cannot move the last bit of a sum.
    shares: Floats = np.round((share * people.needs_per_day[:, None]).sum(axis=0) / total, 9)
    return shares
