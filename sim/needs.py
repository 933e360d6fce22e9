"""Needs: the shopping occasions of a day, the same in every world of a seed.

A need is a point of its shopper's Poisson process and carries a permanent id made of the shopper, the day and its
rank. Everything about it, from the basket to the mood at the till, is drawn from streams keyed by that id, so two
policies face the same people with the same intentions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from scenarios.people import Mission
from scenarios.schema import Scenario
from sim.calendar import Day
from sim.catalogue import Catalogue
from sim.population import Population
from sim.streams import Floats, Streams, choose, poisson_levels

LINES_MAX: Final = 4
_RANKS: Final = 32
_DAYS: Final = 4096

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DayNeeds:
    """The needs of one day, arrays of shape (n,) unless said otherwise."""

    need: Ints
    shopper: Ints
    mission: Ints
    items: Ints
    time_draw: Floats
    """Uniform that places the need in the day, whichever channel's hours apply."""
    sku: Ints
    """Shape (n, 4): the SKU of each line, -1 where there is none."""
    quantity: Ints
    """Shape (n, 4): items of each line; they sum to `items`."""
    touch: Floats
    """What hands feel of the fit, standard normal; 0 where goods are not inspected."""
    reviews: Floats
    """What reviews say of the fit, likewise."""
    weight_kg: Floats
    goods_yen: Ints
    """Price of all lines together."""

    @property
    def size(self) -> int:
        """Number of needs."""
        return len(self.need)


def need_id(shopper: Ints, day: int, rank: Ints) -> Ints:
    """The permanent id of a need; below 2**53 for up to 2**36 shoppers and 4,096 days."""
    return (shopper * _DAYS + day) * _RANKS + rank


def item_shares(scenario: Scenario, mission: Mission) -> Floats:
    """Relative shares of baskets with 1, 2, 3, ... items: the mission's own, or the town's."""
    return np.asarray(mission.items if mission.items is not None else scenario.baskets.item_shares, float)


def mean_items(scenario: Scenario, mission: Mission) -> float:
    """Mean items of a basket of `mission`."""
    shares = item_shares(scenario, mission)
    return float((shares / shares.sum()) @ np.arange(1, len(shares) + 1))


def needs_of_day(scenario: Scenario, goods: Catalogue, people: Population, streams: Streams, day: Day) -> DayNeeds:
    """Draw the needs of `day`."""
    everyone = np.arange(people.size)
    rate = people.needs_per_day * day.needs_factor * _pension(scenario, people, day)
    shopper, rank = poisson_levels(streams, f"needs/{day.index}", everyone, rate)
    keep = rank < _RANKS
    shopper, rank = shopper[keep], rank[keep]
    need = need_id(shopper, day.index, rank)
    draws = streams.uniforms("need", need, 4)
    missions = list(scenario.missions.values())
    mission = choose(draws[:, 0], [m.share for m in missions])
    items = _items(scenario, mission, draws[:, 1], people.basket_scale[shopper])
    sku, quantity = _lines(scenario, goods, streams, need, mission, items)
    inspected = np.array([m.inspected for m in missions])[mission]
    fit = np.zeros((len(need), 2))
    fit[inspected] = ndtri(streams.uniforms("goods/fit", need[inspected], 2))
    return DayNeeds(
        need=need,
        shopper=shopper,
        mission=mission,
        items=items,
        time_draw=draws[:, 2],
        touch=fit[:, 0],
        reviews=fit[:, 1],
        sku=sku,
        quantity=quantity,
        goods_yen=np.where(sku >= 0, goods.price_yen[sku] * quantity, 0).sum(axis=1),
        weight_kg=np.where(sku >= 0, goods.weight_kg[sku] * quantity, 0.0).sum(axis=1),
    )


def _pension(scenario: Scenario, people: Population, day: Day) -> Floats | float:
    """Factor on each shopper's rate of needs on a day when pensions are paid."""
    if not day.pension:
        return 1.0
    traffic = scenario.traffic
    factors = [
        traffic.pension_factor if band in traffic.pension_bands else 1.0 for band in scenario.population.age_bands
    ]
    return np.array(factors)[people.age_band]


def _items(scenario: Scenario, mission: Ints, draw: Floats, scale: Floats) -> Ints:
    """Basket sizes: the mission's distribution, stretched by the shopper's basket scale."""
    items = np.ones(len(mission), dtype=np.int64)
    for code, table in enumerate(scenario.missions.values()):
        rows = mission == code
        drawn = 1 + choose(draw[rows], item_shares(scenario, table))
        items[rows] = np.maximum(1, np.rint(drawn * scale[rows])).astype(np.int64)
    return items


def _lines(
    scenario: Scenario, goods: Catalogue, streams: Streams, need: Ints, mission: Ints, items: Ints
) -> tuple[Ints, Ints]:
    """SKU and quantity of up to four lines: items are dealt out evenly, the first lines get the remainder."""
    draws = streams.uniforms("basket", need, LINES_MAX)
    lines_max = np.array([table.lines_max for table in scenario.missions.values()])[mission]
    lines = np.minimum(items, lines_max)
    column = np.arange(LINES_MAX)
    used = column < lines[:, None]
    share, remainder = items // lines, items % lines
    quantity = np.where(used, share[:, None] + (column < remainder[:, None]), 0)
    sku = np.empty_like(quantity)
    for code, table in enumerate(scenario.missions.values()):
        rows = mission == code
        sku[rows] = choose(draws[rows].ravel(), goods.demand_shares(table)).reshape(-1, LINES_MAX)
    return np.where(used, sku, -1), quantity
