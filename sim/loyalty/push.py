"""Push messages: who takes them, who opens them, and who has had enough.

Messages are remembered and fade. Each recent one lowers the chance that the next is opened and raises the rate of
opting out; beyond a few the next one annoys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.events import PushCampaign
from scenarios.schema import Scenario
from sim.calendar import DAY_S, HOUR_S, Day, happens_on
from sim.log.recorder import Recorder
from sim.log.schema import Kind, Place
from sim.loyalty.coupons import FUNDERS, Coupon, Coupons
from sim.loyalty.satisfaction import Feeling, Loyalty
from sim.needs import Ints
from sim.population import Population
from sim.rollout import Open
from sim.streams import Floats, Streams

_MESSAGES_MAX = 4096


class Push:
    """Who takes messages and how many each has had lately, arrays of shape (n_shoppers,)."""

    def __init__(self, scenario: Scenario, streams: Streams, people: Population) -> None:
        self.rules = scenario.push
        self.campaigns = [event for event in scenario.events.values() if isinstance(event, PushCampaign)]
        self.willing: NDArray[np.bool_] = streams.uniform("push/opt-in", np.arange(people.size)) < self.rules.opt_in
        self._streams = streams
        self._recent = np.zeros(people.size)
        self._last_s = np.zeros(people.size)
        self._sent = np.zeros(people.size, dtype=np.int64)

    def allowed(self, shopper: int) -> bool:
        """Whether somebody with the app takes messages."""
        return bool(self.willing[shopper])

    def recent(self, who: Ints, now_s: float) -> Floats:
        """Messages that each of `who` remembers."""
        faded: Floats = self._recent[who] * np.exp((self._last_s[who] - now_s) / (self.rules.memory_days * DAY_S))
        return faded

    def open_probability(self, recent: Floats) -> Floats:
        """Probability of opening the next message after so many recent ones."""
        probability: Floats = self.rules.open_rate * np.exp(-self.rules.fatigue * recent)
        return probability

    def send(self, who: Ints, now_s: float, loyalty: Loyalty) -> NDArray[np.bool_]:
        """Send each of `who` (all different) a message; whether it is opened, shape (m,)."""
        recent = self.recent(who, now_s)
        draws = self._streams.uniforms("push", who * _MESSAGES_MAX + np.minimum(self._sent[who], _MESSAGES_MAX - 1), 2)
        opened: NDArray[np.bool_] = draws[:, 0] < self.open_probability(recent)
        enough = draws[:, 1] < -np.expm1(-self.rules.opt_out * recent)
        self.willing[who[enough]] = False
        for shopper in who[enough | (recent >= self.rules.too_often_from)].tolist():
            loyalty.feel(shopper, int(Feeling.PUSHED_TOO_OFTEN))
        self._remember(who, recent, now_s)
        return opened

    def message(self, shopper: int, now_s: float) -> None:
        """Somebody gets a message about their own affairs: it counts for tiring, whatever comes of it."""
        who = np.array([shopper])
        self._remember(who, self.recent(who, now_s), now_s)

    def tire(self, who: Ints, messages: Floats, now_s: float) -> None:
        """Each of `who` (all different) has been contacted through something else, worth so many messages."""
        self._recent[who] = self.recent(who, now_s) + messages
        self._last_s[who] = now_s

    def send_campaigns(
        self, day: Day, opened: Open, people: Population, coupons: Coupons, loyalty: Loyalty, log: Recorder
    ) -> None:
        """Today's campaigns, known to shoppers before they decide where to go; nothing where no store takes coupons."""
        if not any(opened.store_coupons[:-1]):
            return
        for event in self.campaigns:
            if not happens_on(event, day.index):
                continue
            now_s = day.start_s + event.hour * HOUR_S
            who = np.flatnonzero(self.willing & (people.app_from_s <= day.start_s))
            read = self.send(who, now_s, loyalty)
            coupon = Coupon(event.discount, now_s, now_s + event.valid_days * DAY_S, FUNDERS[event.funder])
            for shopper in who[read].tolist():
                coupons.give(shopper, coupon)
            _note(log, who, read, now_s)

    def _remember(self, who: Ints, recent: Floats, now_s: float) -> None:
        self._recent[who] = recent + 1
        self._last_s[who] = now_s
        self._sent[who] += 1


def _note(log: Recorder, who: Ints, read: NDArray[np.bool_], now_s: float) -> None:
    """One event per message; `quantity` is 1 where it was opened."""
    none = np.full(len(who), -1)
    columns = dict.fromkeys(("need", "journey", "store", "sku", "order", "payment", "staff"), none)
    columns |= {"shopper": who, "kind": none * 0 + int(Kind.PUSHED), "place": none * 0 + int(Place.APP)}
    log.extend("events", {**columns, "time_s": np.full(len(who), now_s), "quantity": read, "amount_yen": none * 0})
