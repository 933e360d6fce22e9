"""Points: earned on identified purchases, used like money at one yen each, and what they cost the company.

A shopper has two purses, one of the stores and one of EC. Where points are shared, both can be used; elsewhere only
the purse of the channel. Points expire when nothing has been bought under that purse for a long time.

Cost: the company provides for the points it expects to be used, round((1 - breakage) * balance) per purse. Each change
of a balance costs the change of that provision, plus the yen that were used. Over the life of a point that is one yen
if it is used and nothing if it expires; what was provided too much comes back at expiry.
"""

from __future__ import annotations

from array import array

import numpy as np

from scenarios.schema import Scenario
from sim.calendar import DAY_S, Day
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER, POINTS
from sim.log.schema import Account, Channel, PointsKind
from sim.population import Population
from sim.rollout import Open
from sim.streams import Streams, exponential

STORE_PURSE, EC_PURSE = 0, 1

_COST = int(Account.POINTS)
_STORE, _EC = int(Channel.STORE), int(Channel.EC)
_OPENING, _ISSUED, _USED, _EXPIRED, _TAKEN_BACK = (int(kind) for kind in PointsKind)


def purse_of(channel: int) -> int:
    """The purse of a channel: tills have the stores', the app and the EC shop have EC's."""
    return STORE_PURSE if channel == _STORE else EC_PURSE


class Points:
    """All balances: `balance[purse][shopper]`, in points; arrays that give plain ints by item and NumPy at night."""

    def __init__(self, scenario: Scenario, streams: Streams, people: Population, log: Recorder) -> None:
        rules = scenario.points
        shopper = np.arange(people.size)
        draws = streams.uniforms("points/opening", shopper, 4)
        app = people.app_from_s <= 0.0
        holders = (people.card | app, app)
        self.rules = rules
        self.factor = 1.0
        """Points earned today against an ordinary day."""
        self.shared = [False]
        """By place, the stores and then EC: whether both purses can be used there today."""
        self.balance: list[array[int]] = []
        self._touched_s: list[array[float]] = []
        self._log = log
        self._kept = 1 - rules.breakage
        for purse in (STORE_PURSE, EC_PURSE):
            opening = rules.opening_mean_yen * exponential(draws[:, purse]) * holders[purse]
            self.balance.append(array("q", opening.astype(np.int64)))
            self._touched_s.append(array("d", -rules.expiry_days * DAY_S * draws[:, 2 + purse]))
        self._write_opening()

    def start_day(self, day: Day, opened: Open) -> None:
        """What holds today: a points day's factor, and where points are shared."""
        self.shared = [level > 0 for level in opened.points_shared]
        self.factor = day.points_factor

    def usable(self, shopper: int, channel: int, place: int) -> int:
        """Points that the shopper can use in `channel` at `place` (index of a store, -1 for EC)."""
        own = self.balance[purse_of(channel)][shopper]
        return own + self.balance[1 - purse_of(channel)][shopper] if self.shared[place] else own

    def locked(self, shopper: int, channel: int, place: int) -> int:
        """Points that the shopper has and cannot use here, because they belong to the other channel."""
        return 0 if self.shared[place] else self.balance[1 - purse_of(channel)][shopper]

    def use(self, now_s: float, shopper: int, need: int, order: int, channel: int, points: int) -> int:
        """Pay with `points`, the channel's own purse first; returns the cost in yen."""
        own = purse_of(channel)
        first = min(points, self.balance[own][shopper])
        cost = self._change(now_s, shopper, need, order, _USED, own, -first) if first else 0
        if points > first:
            cost += self._change(now_s, shopper, need, order, _USED, 1 - own, first - points)
        return cost

    def give_back(self, now_s: float, shopper: int, need: int, order: int, channel: int, points: int) -> int:
        """Points that had been used for goods that came back; returns the cost in yen, negative."""
        return self._change(now_s, shopper, need, order, _USED, purse_of(channel), points) if points else 0

    def points_for(self, paid_yen: int) -> int:
        """Points earned today by paying this much."""
        return int(paid_yen * self.rules.earn * self.factor)

    def earn(self, now_s: float, shopper: int, need: int, order: int, channel: int, points: int) -> int:
        """Issue `points`; returns their cost in yen."""
        purse = purse_of(channel)
        self._touched_s[purse][shopper] = now_s
        return self._change(now_s, shopper, need, order, _ISSUED, purse, points) if points else 0

    def take_back(self, now_s: float, shopper: int, need: int, order: int, channel: int, points: int) -> int:
        """Cancel points earned with goods that came back, as far as there are any left; returns the cost, negative."""
        purse = purse_of(channel)
        points = min(points, self.balance[purse][shopper])
        return self._change(now_s, shopper, need, order, _TAKEN_BACK, purse, -points) if points else 0

    def expire(self, day: Day) -> None:
        """At the end of `day`: balances untouched for too long are void, and their provision comes back."""
        now_s = day.start_s + DAY_S
        limit_s = now_s - self.rules.expiry_days * DAY_S
        for purse, channel in ((STORE_PURSE, _STORE), (EC_PURSE, _EC)):
            balance, touched_s = np.asarray(self.balance[purse]), np.asarray(self._touched_s[purse])
            for shopper in np.flatnonzero((balance > 0) & (touched_s <= limit_s)).tolist():
                cost = self._change(now_s, shopper, -1, -1, _EXPIRED, purse, -self.balance[purse][shopper])
                if cost:
                    self._log.ledger.extend(LEDGER(now_s, _COST, -cost, channel, channel, -1, -1, -1, -1, -1))

    def provision_yen(self, points: int) -> int:
        """What the company puts aside for a balance of `points`."""
        return round(self._kept * points)

    def _change(self, now_s: float, shopper: int, need: int, order: int, kind: int, purse: int, points: int) -> int:
        """Change a balance and record it; the cost in yen: change of the provision plus what was used."""
        balance, kept = self.balance[purse], self._kept
        before = balance[shopper]
        balance[shopper] = after = before + points
        self._log.points.extend(POINTS(now_s, shopper, need, order, kind, purse, points))
        cost = round(kept * after) - round(kept * before)  # the change of `provision_yen`, on a path of every sale
        return cost - points if kind == _USED else cost

    def _write_opening(self) -> None:
        for purse, balance in enumerate(self.balance):
            who = np.flatnonzero(balance)
            zero = np.zeros(len(who), dtype=np.int64)
            columns = {"time_s": zero, "shopper": who, "need": zero - 1, "order": zero - 1, "kind": zero + _OPENING}
            self._log.extend("points", columns | {"purse": zero + purse, "points": np.array(balance)[who]})
