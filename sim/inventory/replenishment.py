"""What happens to stock at night: receipts, shrink, counts and orders up to a level."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scenarios.schema import Scenario
from sim.catalogue import Catalogue
from sim.inventory.stock import Stock
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER, STOCK_MOVE
from sim.log.schema import Account, MoveReason
from sim.needs import Ints, mean_items
from sim.streams import Floats, Streams


def order_up_to_levels(scenario: Scenario, goods: Catalogue, shares: Floats) -> Ints:
    """Order-up-to level per location (stores, then the warehouse) and SKU, shape (n_stores + 1, n_skus).

    Mean demand over cover plus lead time, plus `safety_factor` standard deviations of a Poisson count of lines,
    for the SKUs that the location carries. The warehouse is dimensioned for what the stores leave over.
    """
    people, rules = scenario.population, scenario.stock
    needs_per_day = people.shoppers * people.needs_per_week / 7
    total = sum(mission.share for mission in scenario.missions.values())
    items_per_need = np.zeros(goods.size)
    for mission in scenario.missions.values():
        items_per_need += mission.share / total * mean_items(scenario, mission) * goods.demand_shares(mission)
    assortment = np.array([store.assortment for store in scenario.stores.values()] + [1.0])
    online_share = max(0.05, 0.5 * (1 - shares.sum()))
    share = np.append(shares, online_share)
    lead = np.array([rules.lead_days_store] * len(shares) + [rules.lead_days_warehouse])
    demand = needs_per_day * share[:, None] * items_per_need * (rules.cover_days + lead)[:, None]
    level = np.ceil(demand + rules.safety_factor * np.sqrt(demand * 2)).astype(np.int64)
    carried = goods.rank_share < assortment[:, None]
    return np.where(carried, np.maximum(level, rules.shelf_minimum), 0)


@dataclass
class Replenishment:
    """Nightly routine of all locations. `due[day]` holds what arrives before opening on that day."""

    scenario: Scenario
    goods: Catalogue
    levels: Ints
    due: dict[int, Ints] = field(default_factory=dict)

    def overnight(self, day: int, now_s: float, stock: Stock, recorder: Recorder, streams: Streams) -> None:
        """Everything between closing on `day` and opening on the next."""
        rules = self.scenario.stock
        on_hand, held, recorded = (np.array(table) for table in (stock.on_hand, stock.held, stock.recorded))
        self._shrink(day, now_s, on_hand, held, recorder, streams)
        if (day + 1) % rules.count_every_days == 0:
            recorded[:] = on_hand
        receipts = self.due.pop(day + 1, np.zeros_like(on_hand))
        on_hand += receipts
        recorded += receipts
        _record_moves(recorder, now_s, receipts, MoveReason.RECEIPT)
        on_order = sum(self.due.values(), np.zeros_like(on_hand))
        orders = np.maximum(0, self.levels - (recorded - held) - on_order)
        for location, row in enumerate(orders):
            last = location == len(orders) - 1
            arrives = day + 1 + (rules.lead_days_warehouse if last else rules.lead_days_store)
            self.due.setdefault(arrives, np.zeros_like(on_hand))[location] += row
        stock.on_hand[:] = on_hand.tolist()
        stock.recorded[:] = recorded.tolist()

    def _shrink(self, day: int, now_s: float, on_hand: Ints, held: Ints, recorder: Recorder, streams: Streams) -> None:
        """At most one unit per SKU, location and night vanishes, with 1 - (1 - p)**free."""
        cell = day * on_hand.size + np.arange(on_hand.size)
        free = (on_hand - held).ravel()
        p = 1 - (1 - self.scenario.stock.shrink_per_unit_and_day) ** free
        lost = (streams.uniform("shrink", cell) < p).reshape(on_hand.shape).astype(np.int64)
        on_hand -= lost
        _record_moves(recorder, now_s, -lost, MoveReason.SHRINK)
        for location, cost in enumerate((lost * self.goods.cost_yen).sum(axis=1).tolist()):
            if cost:
                recorder.ledger.extend(LEDGER(now_s, int(Account.SHRINK), -cost, -1, -1, -1, location, -1, -1, -1))


def _record_moves(recorder: Recorder, now_s: float, change: Ints, reason: MoveReason) -> None:
    location, sku = np.nonzero(change)
    code = int(reason)
    for place, item, units in zip(location.tolist(), sku.tolist(), change[location, sku].tolist(), strict=True):
        recorder.stock_moves.extend(STOCK_MOVE(now_s, place, item, units, 0, code, -1, -1))


def record_opening(recorder: Recorder, opening: Ints) -> None:
    """Opening stock as the first moves of a run."""
    _record_moves(recorder, 0.0, opening, MoveReason.OPENING)
