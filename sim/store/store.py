"""A store as a set of pools with a roster."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

import scenarios.places
from sim.calendar import DAY_S, HOUR_S
from sim.engine import Engine, Pool
from sim.log.schema import Place
from sim.streams import Floats

INFINITE_PATIENCE = float("inf")


@dataclass(slots=True)
class QueueHour:
    """What happened in front of one kind of till in one hour."""

    joined: int = 0
    served: int = 0
    balked: int = 0
    reneged: int = 0
    wait_s: float = 0.0
    longest_wait_s: float = 0.0
    service_s: float = 0.0


def _a_day() -> list[QueueHour]:
    return [QueueHour() for _ in range(24)]


@dataclass
class Store:
    """One store. `first_staff` numbers its floor staff uniquely in the company."""

    index: int
    name: str
    table: scenarios.places.Store
    engine: Engine
    first_staff: int
    mean_service_s: dict[Place, float]
    tills: Pool = field(init=False)
    self_checkouts: Pool = field(init=False)
    floor: Pool = field(init=False)
    pickup: Pool = field(init=False)
    queues: dict[Place, list[QueueHour]] = field(init=False)
    opening_hour: int = field(init=False)
    closing_hour: int = field(init=False)

    def __post_init__(self) -> None:
        self.tills = Pool(self.engine, 0)
        self.self_checkouts = Pool(self.engine, self.table.self_checkouts)
        self.floor = Pool(self.engine, 0)
        self.pickup = Pool(self.engine, max(1, self.table.pickup_counters))
        self.start_day()
        staffed = [hour for hour, tills in enumerate(self.table.staffed_tills) if tills]
        self.opening_hour, self.closing_hour = min(staffed), max(staffed) + 1

    def start_day(self) -> None:
        """Forget yesterday's queue statistics."""
        self.queues = {place: _a_day() for place in (Place.STAFFED_TILL, Place.SELF_CHECKOUT, Place.PICKUP_COUNTER)}

    def follow_roster(self, hour: int) -> None:
        """Open and close tills and change shifts; one till serves whoever is still inside in the hour after closing."""
        tills, staff = self.table.staffed_tills[hour], self.table.floor_staff[hour]
        still_inside = hour == self.closing_hour or self.tills.queue_length > 0
        self.tills.set_capacity(max(tills, int(still_inside)))
        self.floor.set_capacity(staff)

    def people_queueing(self) -> int:
        """Shoppers waiting in front of all tills."""
        return self.tills.queue_length + self.self_checkouts.queue_length

    def next_open_s(self, at_s: float) -> float:
        """`at_s` itself when the store is open then, else the next opening."""
        midnight = at_s - at_s % DAY_S
        if at_s < midnight + self.opening_hour * HOUR_S:
            return midnight + self.opening_hour * HOUR_S
        if at_s >= midnight + self.closing_hour * HOUR_S:
            return midnight + DAY_S + self.opening_hour * HOUR_S
        return at_s

    def visit_hours(self, profile: list[float]) -> Floats:
        """The profile of visits where the store is open, shape (24,); uniform if the profile is empty then."""
        hours = np.zeros(24)
        hours[self.opening_hour : self.closing_hour] = profile[self.opening_hour : self.closing_hour]
        if not hours.any():
            hours[self.opening_hour : self.closing_hour] = 1.0
        return hours
