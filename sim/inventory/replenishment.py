"""What happens to stock at night: record errors, counts, receipts, transfers and orders up to a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scenarios.schema import Scenario
from sim.catalogue import Catalogue
from sim.inventory import transfers
from sim.inventory.night import Night, night_of, record_moves
from sim.inventory.record_errors import count, miscount, mix_up, shrink
from sim.inventory.rfid import read_tags
from sim.inventory.stock import Stock
from sim.log.recorder import Recorder
from sim.log.schema import Account, MoveReason
from sim.needs import Ints, mean_items
from sim.rollout import open_today
from sim.streams import Floats, Streams


def order_up_to_levels(scenario: Scenario, goods: Catalogue, shares: Floats) -> Ints:
    """Order-up-to level per location (stores, then the warehouse) and SKU, shape (n_stores + 1, n_skus).

    Mean demand over cover plus lead time, plus `safety_factor` standard deviations of a Poisson count of lines,
    for the SKUs that the location carries. The warehouse is dimensioned for what the stores leave over and for what
    showrooms only display; it keeps less for safety when stores ship what it lacks. The capabilities of the first day
    count.
    """
    people, rules = scenario.population, scenario.stock
    needs_per_day = people.shoppers * people.needs_per_week / 7
    total = sum(mission.share for mission in scenario.missions.values())
    items_per_need = np.zeros(goods.size)
    for mission in scenario.missions.values():
        items_per_need += mission.share / total * mean_items(scenario, mission) * goods.demand_shares(mission)
    displayed = display_units(scenario, goods) > 0
    online_share = max(0.05, 0.5 * (1 - shares.sum()))
    share = np.repeat(np.append(shares, online_share)[:, None], goods.size, axis=1)
    share[-1] += np.where(displayed, share, 0).sum(axis=0)
    lead = np.array([rules.lead_days_store] * len(shares) + [rules.lead_days_warehouse])
    demand = needs_per_day * share * items_per_need * (rules.cover_days + lead)[:, None]
    safety = np.full((len(lead), 1), rules.safety_factor)
    if any(open_today(scenario, 0).ship_from_store[:-1]):
        safety[-1] *= rules.pooled_safety
    level = np.ceil(demand + safety * np.sqrt(demand * 2)).astype(np.int64)
    level = np.where(_carried(scenario, goods), np.maximum(level, rules.shelf_minimum), 0).astype(np.int64)
    level[displayed] = 0
    return level


def display_units(scenario: Scenario, goods: Catalogue) -> Ints:
    """One unit of each SKU that a location only displays, shape (n_stores + 1, n_skus).

    That is, in a store that starts as a showroom, goods that are only bought by those who inspect them first.
    """
    asked_by = {name: [m for m in scenario.missions.values() if name in m.categories] for name in goods.category_names}
    inspected = np.array([bool(asked_by[name]) and all(m.inspected for m in asked_by[name]) for name in asked_by])
    showroom = np.array([*(level > 0 for level in open_today(scenario, 0).showroom[:-1]), False])
    showroom &= np.array([*(store.opens_day == 0 for store in scenario.stores.values()), True])
    shown: Ints = (showroom[:, None] & inspected[goods.category] & _carried(scenario, goods)).astype(np.int64)
    return shown


def _carried(scenario: Scenario, goods: Catalogue) -> NDArray[np.bool_]:
    assortment = np.array([store.assortment for store in scenario.stores.values()] + [1.0])
    carried: NDArray[np.bool_] = goods.rank_share < assortment[:, None]
    return carried


@dataclass
class Replenishment:
    """Nightly routine of all locations. `due[day]` is delivered, `sent[day]` transferred, before opening on that day.

    `levels` are what stock that can be sold is ordered up to; `display` units come on top and are never replaced.
    """

    scenario: Scenario
    goods: Catalogue
    levels: Ints
    display: Ints
    due: dict[int, Ints] = field(default_factory=dict)
    sent: dict[int, Ints] = field(default_factory=dict)
    morning: Ints = field(init=False)
    """What was on hand when the day began."""

    def __post_init__(self) -> None:
        self.morning = self.opening()

    def opening(self) -> Ints:
        """Stock with which a run begins; stores that open later have none yet."""
        return self._levels_on(0) + self.display

    def _levels_on(self, day: int) -> Ints:
        """The levels of those locations that exist by `day`."""
        opens_day = [store.opens_day for store in self.scenario.stores.values()]
        return np.where(np.array([*opens_day, 0])[:, None] <= day, self.levels, 0).astype(np.int64)

    def overnight(
        self, day: int, now_s: float, stock: Stock, recorder: Recorder, streams: Streams, rfid: Sequence[float] = ()
    ) -> None:
        """Everything between closing on `day` and opening on the next; `rfid` is its level by location."""
        rules = self.scenario.stock
        night = night_of(stock, day, now_s, recorder, streams)
        sold = np.maximum(0, self.morning - night.on_hand)
        shrink(night, self.goods, rules.shrink_per_unit_and_day)
        mix_up(night, self.goods, sold, self.opening(), rules.till_mix_up)
        if (day + 1) % rules.count_every_days == 0:
            count(night, self.scenario, self.opening())
        self._receive(night)
        read_tags(night, self.goods, self.scenario.rfid, rfid)
        if rules.rebalance:
            coming = self._on_order(night) + night.in_transit
            sent = transfers.rebalance(night, self._levels_on(day + 1), coming, rules.transfer_yen_per_unit)
            self.sent[day + 1 + rules.transfer_days] = sent
        self._order(night)
        value_yen = (night.on_hand * self.goods.cost_yen).sum(axis=1)
        night.book(Account.HOLDING_COST, value_yen * rules.holding_cost_per_year / 365)
        night.write_back(stock)
        self.morning = night.on_hand

    def _receive(self, night: Night) -> None:
        none = np.zeros_like(night.on_hand)
        receipts = self.due.pop(night.day + 1, none)
        night.on_hand[:] += receipts
        night.recorded[:] += miscount(night, receipts, self.scenario.stock.receipt_miscount)
        record_moves(night.recorder, night.now_s, receipts, MoveReason.RECEIPT)
        transfers.receive(night, self.sent.pop(night.day + 1, none))

    def _order(self, night: Night) -> None:
        rules = self.scenario.stock
        coming = self._on_order(night) + night.in_transit
        missing = -(night.recorded - night.held) - coming
        for location in range(len(missing)):
            last = location == len(missing) - 1
            arrives = night.day + 1 + (rules.lead_days_warehouse if last else rules.lead_days_store)
            orders = np.maximum(0, self._levels_on(arrives)[location] + missing[location])
            self.due.setdefault(arrives, np.zeros_like(missing))[location] += orders

    def _on_order(self, night: Night) -> Ints:
        on_order: Ints = sum(self.due.values(), np.zeros_like(night.on_hand))
        return on_order


def record_opening(recorder: Recorder, opening: Ints, display: Ints) -> None:
    """Opening stock, and the hold on what is for display only, as the first moves of a run."""
    record_moves(recorder, 0.0, opening, MoveReason.OPENING)
    record_moves(recorder, 0.0, display, MoveReason.RESERVE, hold=True)
