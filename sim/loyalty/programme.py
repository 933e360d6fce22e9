"""What the retailer hands out to bind shoppers: points, coupons, push messages and other contacts, day by day."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.schema import Scenario
from sim.calendar import Day
from sim.log.recorder import Recorder
from sim.loyalty.coupons import Coupons
from sim.loyalty.points import EC_PURSE, STORE_PURSE, Points
from sim.loyalty.push import Push
from sim.loyalty.satisfaction import Loyalty
from sim.loyalty.touchpoints import Touchpoints
from sim.population import Population
from sim.rollout import Open
from sim.streams import Streams


class Programme:
    """Points, coupons, push messages and touchpoints of one retailer."""

    def __init__(self, scenario: Scenario, streams: Streams, people: Population, log: Recorder) -> None:
        self.points = Points(scenario, streams, people, log)
        self.coupons = Coupons(scenario, people.size)
        self.push = Push(scenario, streams, people)
        self.touchpoints = Touchpoints(scenario, streams, people, self.push, log)
        self._people = people
        self._log = log

    def morning(self, day: Day, opened: Open, loyalty: Loyalty) -> None:
        """Before anybody decides where to go: today's points and messages."""
        self.points.start_day(day, opened)
        self.touchpoints.morning(day, loyalty)
        self.push.send_campaigns(day, opened, self._people, self.coupons, loyalty, self._log)

    def night(self, day: Day, loyalty: Loyalty) -> None:
        """After `loyalty.overnight`: welcome coupons for those whom advertising has reached; points expire."""
        self.coupons.welcome(day, loyalty.awareness, self._log)
        self.points.expire(day)

    def closing(self) -> dict[str, Any]:
        """Columns of the table `shoppers`."""
        balance = self.points.balance
        return {"points_store": np.array(balance[STORE_PURSE]), "points_ec": np.array(balance[EC_PURSE])}
