"""Satisfaction: what shoppers have felt lately, and what it does to their next choice.

Satisfaction starts at 0, adds the weight of each experience and fades exponentially:
s(tonight) = clip(s(last night) * exp(-1 / memory_days) + sum of the day's weights, -1, 1). So a better
experience never lowers it. The utility of every journey of ours is satisfaction times its weight plus the shopper's
lasting fit with this retailer.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from scipy.special import ndtri

from scenarios.schema import Scenario
from sim.calendar import Day
from sim.loyalty.dropping_out import DroppingOut
from sim.loyalty.word_of_mouth import Awareness
from sim.population import Population
from sim.streams import Floats, Streams


class Feeling(IntEnum):
    """What a shopper can experience; each has its weight in `[loyalty.feelings]` under the same name."""

    SERVED = 0
    LONG_WAIT = 1
    QUEUE_LEFT = 2
    STOCK_OUT = 3
    PAYMENT_FAILED = 4
    CHARGED_TWICE = 5
    ORDER_CANCELLED = 6
    INCONSISTENT = 7
    CONFUSED = 8
    WRONG_ADVICE = 9
    ANNOYED = 10
    FALSE_REMINDER = 11
    PUSHED_TOO_OFTEN = 12
    RETURN_EASY = 13
    RETURN_HARD = 14
    HELPED = 15


class Loyalty:
    """What each shopper thinks of the retailer; arrays of shape (n_shoppers,), updated every night."""

    def __init__(self, scenario: Scenario, streams: Streams, people: Population, km: Floats) -> None:
        """`km` has shape (n_shoppers, n_stores)."""
        rules = scenario.loyalty
        shopper = np.arange(people.size)
        self.rules = rules
        self.weights = np.array([getattr(rules.feelings, feeling.name.lower()) for feeling in Feeling])
        self.satisfaction = np.zeros(people.size)
        self.fit: Floats = rules.fit_spread * np.asarray(ndtri(streams.uniform("fit", shopper)))
        self.awareness = Awareness(scenario, streams, people, km, self.fit)
        self.dropping_out = DroppingOut(scenario, streams, self.awareness.aware.copy())
        self._felt: list[int] = []
        """Today's shopper, feeling, shopper, feeling, ...: NumPy reads one flat list faster than many pairs."""
        self._bought: list[int] = []
        """Today's shopper, need, shopper, need, ..."""

    def feel(self, shopper: int, feeling: int) -> None:
        """Somebody has experienced something; it counts from tonight."""
        self._felt.extend((shopper, feeling))

    def bought(self, shopper: int, need: int) -> None:
        """Somebody has bought something from us, in whatever channel."""
        self._bought.extend((shopper, need))

    def utility(self) -> Floats:
        """Added to the utility of all our journeys, shape (n,); -inf for those who do not know us or have left."""
        ours = self.awareness.aware & ~self.dropping_out.gone
        return np.where(ours, self._attachment(), -np.inf)

    def overnight(self, day: Day) -> None:
        """What was felt today sinks in, is told to others, and makes some leave."""
        n, rules = len(self.satisfaction), self.rules
        felt = np.array(self._felt, dtype=np.int64).reshape(-1, 2)
        who, weight = felt[:, 0], self.weights[felt[:, 1]]
        today = np.bincount(who, weights=weight, minlength=n)
        faded = self.satisfaction * np.exp(-1 / rules.memory_days)
        self.satisfaction = np.clip(faded + today, -1.0, 1.0)
        good = np.bincount(who[weight > 0], minlength=n)
        bad = np.bincount(who[weight < 0], minlength=n)
        attachment = self._attachment()
        self.awareness.overnight(day, good, bad, attachment)
        self.dropping_out.overnight(day, np.array(self._bought, dtype=np.int64).reshape(-1, 2), attachment)
        self._felt.clear()
        self._bought.clear()

    def closing(self) -> dict[str, Any]:
        """Columns of the table `shoppers`."""
        return {
            "satisfaction": self.satisfaction,
            "dropped_out_s": self.dropping_out.from_s,
            "acquired_by": self.awareness.acquired_by,
            "aware_from_s": self.awareness.from_s,
        }

    def _attachment(self) -> Floats:
        attachment: Floats = self.rules.satisfaction * self.satisfaction + self.fit
        return attachment
