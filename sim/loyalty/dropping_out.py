"""Dropping out: after a purchase some shoppers are lost for good.

The form is that of the BG/NBD model (Fader, Hardie and Lee, "Counting your customers the easy way", Marketing Science
24(2), 2005): a shopper buys at a rate of their own, which is Gamma over the town, and is lost after each repeat
purchase with a probability of their own, p ~ Beta(a, b). Attachment lowers it: p * exp(-k * attachment), at most 1.
Who knew the retailer on day 0 is a customer already, so that each purchase of theirs is a repeat one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from scenarios.schema import Scenario
from sim.calendar import DAY_S, Day
from sim.needs import Ints
from sim.streams import Floats, Streams


class DroppingOut:
    """Who has left for good, arrays of shape (n_shoppers,)."""

    def __init__(self, scenario: Scenario, streams: Streams, customers: NDArray[np.bool_]) -> None:
        """`customers` says who has bought before the horizon; it is kept and changed."""
        rules, n = scenario.loyalty, len(customers)
        draw = streams.uniform("drop-out/probability", np.arange(n))
        self._streams = streams
        self._strength = rules.drop_out_attachment
        self.probability: Floats = np.zeros(n)
        if rules.drop_out_a > 0:
            self.probability = np.asarray(betaincinv(rules.drop_out_a, rules.drop_out_b, draw), float)
        self.customers = customers
        self.gone = np.zeros(n, dtype=np.bool_)
        self.from_s: Floats = np.full(n, np.inf)

    def overnight(self, day: Day, bought: Ints, attachment: Floats) -> None:
        """Decide about today's purchases: `bought` has shape (m, 2), shopper and need, a need once or more often."""
        need, first = np.unique(bought[:, 1], return_index=True)
        who = bought[first, 0]
        repeat = self.customers[who]
        # Of somebody new, all but the first purchase are repeat ones.
        new, first_row = np.unique(who[~repeat], return_index=True)
        again = np.ones(np.count_nonzero(~repeat), dtype=np.bool_)
        again[first_row] = False
        repeat[~repeat] = again
        self.customers[new] = True
        chance = self.probability[who] * np.exp(-self._strength * attachment[who])
        left = who[repeat & (self._streams.uniform("drop-out", need) < chance)]
        left = left[~self.gone[left]]
        self.gone[left] = True
        self.from_s[left] = day.start_s + DAY_S
