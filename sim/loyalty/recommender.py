"""The recommender: what may be proposed to somebody, and how much of a purchase history it can build on.

Whose receipts are linked, and since when somebody orders or browses online, is known of each shopper. On day 0
members have been in the stores before (assumption); app owners have browsed online since they have the app.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from scenarios.schema import Scenario
from sim.catalogue import Catalogue
from sim.log.schema import Channel
from sim.orders import Order
from sim.population import Population

_STORE = int(Channel.STORE)


class Recommender:
    """Popular goods by mission, and by shopper whether each channel has a history of theirs (0 or 1)."""

    def __init__(self, scenario: Scenario, goods: Catalogue, people: Population) -> None:
        cumulative = [np.cumsum(goods.demand_shares(mission)) for mission in scenario.missions.values()]
        self._cumulative: list[list[float]] = [(shares / shares[-1]).tolist() for shares in cumulative]
        self.in_store = bytearray((people.card | (people.app_from_s <= 0)).tobytes())
        self.online = bytearray(people.size)

    def item(self, mission: int, draw: float) -> int:
        """The SKU that a uniform stands for: what `mission` asks for, as often as it does."""
        shares = self._cumulative[mission]
        return min(bisect_right(shares, draw), len(shares) - 1)

    def remember(self, order: Order) -> None:
        """A purchase that the company can put down to its shopper."""
        if order.identified:
            history = self.in_store if order.order_channel == _STORE else self.online
            history[order.errand.shopper] = 1
