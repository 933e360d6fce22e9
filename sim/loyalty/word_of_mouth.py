"""Who comes to know the retailer: through acquaintances, advertising, or a store near home.

Each source has a rate per day, and a shopper is reached when a source's cumulative rate exceeds the shopper's own
unit exponential: more talk, or more advertising, only ever adds people, and the same people in every world of a seed.
Acquaintances are alike in age, neighbourhood and taste, so good talk reaches those whom the retailer suits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.events import Marketing
from scenarios.schema import Scenario
from sim.calendar import DAY_S, Day, happens_on
from sim.log.schema import AcquiredBy
from sim.needs import Ints
from sim.population import Population
from sim.streams import Floats, Streams, exponential

_RINGS = 3
_FIT_GROUPS = 4


class Awareness:
    """Who knows the retailer since when and through whom, arrays of shape (n_shoppers,)."""

    def __init__(self, scenario: Scenario, streams: Streams, people: Population, km: Floats, fit: Floats) -> None:
        """`km` has shape (n_shoppers, n_stores); `fit` is each shopper's lasting fit with the retailer."""
        n = people.size
        rules = scenario.word_of_mouth
        draws = streams.uniforms("awareness", np.arange(n), 4)
        self.rules = rules
        self.marketing = {name: event for name, event in scenario.events.items() if isinstance(event, Marketing)}
        self.touchpoints = [table for table in scenario.touchpoints.values() if table.used and table.unaware_per_week]
        self.aware: NDArray[np.bool_] = draws[:, 0] < rules.aware_share
        self.acquired_by: Ints = np.where(self.aware, int(AcquiredBy.INITIAL), -1)
        self.from_s: Floats = np.where(self.aware, 0.0, np.inf)
        self.reached: dict[str, Ints] = {}
        """Those whom each advertising campaign has reached today."""
        self._left = {
            AcquiredBy.MARKETING: exponential(draws[:, 1]),
            AcquiredBy.STORE: exponential(draws[:, 2]),
            AcquiredBy.WORD_OF_MOUTH: exponential(draws[:, 3]),
        }
        self._group = _groups(people, fit)
        self._members = np.maximum(1, np.bincount(self._group))
        self._near = rules.store_per_day * np.exp(-km / rules.store_km)
        self._opens_day = np.array([store.opens_day for store in scenario.stores.values()])

    def overnight(self, day: Day, good: Ints, bad: Ints, attachment: Floats) -> None:
        """Spread the word: `good` and `bad` are the experiences that each shopper has had today."""
        self.reached = {}
        if self.aware.all():
            return
        for name, event in self.marketing.items():
            if happens_on(event, day.index) and event.reach_per_day > 0:
                rate = -np.log1p(-min(event.reach_per_day, 1 - 1e-12))
                self.reached[name] = self._tell(day, AcquiredBy.MARKETING, np.full(len(good), rate))
        for table in self.touchpoints:
            rate = -np.log1p(-min(table.unaware_per_week, 1 - 1e-12)) / 7
            self._tell(day, AcquiredBy.MARKETING, np.full(len(good), rate))
        self._tell(day, AcquiredBy.STORE, self._near[:, self._opens_day <= day.index].sum(axis=1))
        self._tell(day, AcquiredBy.WORD_OF_MOUTH, self._talk(good, bad, attachment))

    def _talk(self, good: Ints, bad: Ints, attachment: Floats) -> Floats:
        """Rate at which each shopper hears enough good to come: never below 0, however bad the news."""
        rules = self.rules
        news = good * np.exp(rules.enthusiasm * attachment) - rules.bad_weight * bad
        alike = np.bincount(self._group, weights=news, minlength=len(self._members)) / self._members
        heard = rules.homophily * alike[self._group] + (1 - rules.homophily) * news.sum() / len(news)
        rate: Floats = rules.talk * np.maximum(heard, 0.0)
        return rate

    def _tell(self, day: Day, source: AcquiredBy, rate: Floats) -> Ints:
        left = self._left[source]
        left -= rate
        new = np.flatnonzero(~self.aware & (left < 0))
        self.aware[new] = True
        self.acquired_by[new] = int(source)
        self.from_s[new] = day.start_s + DAY_S
        return new


def _groups(people: Population, fit: Floats) -> Ints:
    """Number of the group of acquaintances of each shopper: age band, ring around the centre, quantile of fit."""
    ring = _quantile(np.hypot(people.home_x_km, people.home_y_km), _RINGS)
    taste = _quantile(fit, _FIT_GROUPS)
    group: Ints = (people.age_band * _RINGS + ring) * _FIT_GROUPS + taste
    return group


def _quantile(values: Floats, parts: int) -> Ints:
    """In which of `parts` equally large parts of the town each value lies."""
    edges = np.quantile(values, np.arange(1, parts) / parts)
    part: Ints = np.searchsorted(edges, values, side="right").astype(np.int64)
    return part
