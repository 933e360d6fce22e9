"""A store: its lines and tills, its floor and its pickup counter, and who is on duty there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

import scenarios.places
from sim.calendar import DAY_S, HOUR_S
from sim.engine import Engine, Pool
from sim.log.schema import Place
from sim.store.choosing_a_line import RULES, basket_weights
from sim.store.jockeying import change_lines
from sim.store.lines import Line, staffed_lines
from sim.store.rosters_and_breaks import breaks_of_day
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

    def serve(self, wait_s: float, service_s: float) -> None:
        """Count somebody who was served after this wait."""
        self.served += 1
        self.wait_s += wait_s
        self.longest_wait_s = max(self.longest_wait_s, wait_s)
        self.service_s += service_s


@dataclass(frozen=True, slots=True)
class Directions:
    """What the manager has ordered and holds now: `[instructions]`."""

    to_tills: int = 0
    """Floor staff who are at tills; negative: tills that are closed for the floor."""
    to_orders: int = 0
    """Floor staff who do nothing but pick and hand over."""
    advises: bool | None = None
    """Whether the app is recommended at every contact, or at none; None: as each one thinks fit."""
    refused: frozenset[int] = frozenset()
    """Tenders that the tills do not take."""


@dataclass
class Store:
    """One store. `first_staff` numbers its floor staff uniquely in the company."""

    index: int
    name: str
    table: scenarios.places.Store
    engine: Engine
    first_staff: int
    mean_service_s: dict[Place, float]
    tills_table: scenarios.places.Tills = field(default_factory=scenarios.places.Tills)
    tills: Pool = field(init=False)
    """The staffed tills behind one pooled line; unused where each till has its own."""
    self_checkouts: Pool = field(init=False)
    floor: Pool = field(init=False)
    pickers: Pool = field(init=False)
    """Who picks and hands over orders: the floor staff; in a store without any, one person from the back room."""
    pickup: Pool = field(init=False)
    lines: list[Line] = field(init=False)
    """Lines at staffed tills; newcomers join one of the first `open_lines`."""
    open_lines: int = 1
    own_line: Line = field(init=False)
    score: Callable[[Line], float] | None = field(init=False)
    """What shoppers compare lines by; None where they choose at random."""
    plain: bool = field(init=False)
    """Nobody looks into baskets, changes lines or can be called to help: joining a line is just that."""
    jockeys: bool = field(init=False)
    queues: dict[Place, list[QueueHour]] = field(init=False)
    opening_hour: int = field(init=False)
    closing_hour: int = field(init=False)
    helpers: int = 0
    """Back-room staff at tills."""
    helpers_coming: int = 0
    lockers_in_use: int = 0
    next_sku_to_count: int = 0
    booked_slots: set[float] = field(default_factory=set)
    """When booked visits begin that somebody is kept free for."""
    directions: Directions = Directions()
    _hour: int = 0
    _tills_on_break: int = 0
    _floor_on_break: int = 0
    _beside_roster_s: list[float] = field(init=False)
    _tallied_s: float = 0.0

    def __post_init__(self) -> None:
        table, rules = self.table, self.tills_table
        self.tills = Pool(self.engine, 0)
        self.self_checkouts = Pool(self.engine, table.self_checkouts)
        self.floor = Pool(self.engine, 0)
        self.pickers = self.floor if any(table.floor_staff) else Pool(self.engine, 1)
        self.pickup = Pool(self.engine, max(1, table.pickup_counters))
        staffed, own = Place.STAFFED_TILL, Place.SELF_CHECKOUT
        weights = {place: basket_weights(rules, place) for place in (staffed, own)}
        self.lines = staffed_lines(
            self.engine, self.tills, table, rules, self.mean_service_s[staffed], weights[staffed]
        )
        self.own_line = Line(own, self.self_checkouts, self.mean_service_s[own], weights[own])
        self.score = RULES.get(rules.line_choice)
        self.jockeys = rules.lines == "separate" and rules.jockey_from_people > 0
        self.plain = not (weights[staffed] or self.jockeys or table.back_room_staff)
        self._till_breaks = _by_hour(breaks_of_day(table.staffed_tills, table.break_minutes))
        self._floor_breaks = _by_hour(breaks_of_day(table.floor_staff, table.break_minutes))
        self.start_day()
        hours = [hour for hour, tills in enumerate(table.staffed_tills) if tills]
        self.opening_hour, self.closing_hour = min(hours), max(hours) + 1

    def start_day(self) -> None:
        """Forget yesterday's queue statistics."""
        places = [Place.STAFFED_TILL, Place.SELF_CHECKOUT, Place.PICKUP_COUNTER]
        if self.table.pickup_lockers:
            places.append(Place.LOCKER)
        self.queues = {place: [QueueHour() for _ in range(24)] for place in places}
        self._beside_roster_s = [0.0] * 24

    def queue_hour(self, place: Place, at_s: float) -> QueueHour:
        """The statistics of the hour of `at_s` in front of this kind of till."""
        return self.queues[place][int(at_s / HOUR_S) % 24]

    def is_open_on(self, day: int) -> bool:
        """Whether the store exists by then: stores may open during the run."""
        return day >= self.table.opens_day

    def follow_roster(self, hour: int) -> None:
        """Open and close tills, change shifts and send people into their breaks; called at every full hour."""
        self._tally()
        self._hour = hour
        if self.is_open_on(int(self.engine.now / DAY_S)):
            self._plan_breaks(self._till_breaks.get(hour, ()), self._till_break)
            self._plan_breaks(self._floor_breaks.get(hour, ()), self._floor_break)
        self._man_tills()
        self._man_floor()

    def _plan_breaks(self, breaks: Iterable[tuple[float, float]], change: Callable[[int], None]) -> None:
        """Plan the breaks that begin within this hour."""
        begins_s = self._hour * HOUR_S
        for start_s, end_s in breaks:
            self.engine.call_after(start_s - begins_s, partial(change, 1))
            self.engine.call_after(end_s - begins_s, partial(change, -1))

    def obey(self, directions: Directions) -> None:
        """Do from now on what the manager says."""
        self._tally()
        self.directions = directions
        self._man_tills()
        self._man_floor()

    def _moved(self) -> int:
        """Floor staff who are at tills; negative: tills closed. Only who is on duty can move, and one till stays."""
        wanted = self.directions.to_tills
        if wanted > 0:
            return min(wanted, self._on_duty(self.table.floor_staff, self._floor_on_break))
        return max(wanted, min(0, 1 - self._on_duty(self.table.staffed_tills, self._tills_on_break)))

    def send_helpers(self, change: int) -> None:
        """Back-room staff open so many tills more, or go back (negative)."""
        self._tally()
        self.helpers += change
        self._man_tills()

    def _till_break(self, change: int) -> None:
        self._tally()
        self._tills_on_break += change
        self._man_tills()

    def _floor_break(self, change: int) -> None:
        self._tally()
        self._floor_on_break += change
        self._man_floor()
        if self.directions.to_tills:
            self._man_tills()

    def _on_duty(self, roster: list[int], on_break: int) -> int:
        rostered = roster[self._hour] if self.engine.now >= self.table.opens_day * DAY_S else 0
        return max(rostered - on_break, min(rostered, 1))

    def _man_tills(self) -> None:
        """One till serves whoever is still inside after closing."""
        on_duty = self._on_duty(self.table.staffed_tills, self._tills_on_break) + self.helpers + self._moved()
        still_inside = self._hour == self.closing_hour or self.queueing_at_tills() > 0
        tills = max(on_duty, int(still_inside))
        if self.lines[0].pool is self.tills:
            self.tills.set_capacity(tills)
            return
        # A till that closes serves its line, but nobody joins it any more.
        self.open_lines = min(max(1, tills), len(self.lines))
        if self.jockeys:
            self.look_around()

    def _man_floor(self) -> None:
        on_duty = self._on_duty(self.table.floor_staff, self._floor_on_break) - self._moved()
        self.floor.set_capacity(min(on_duty, max(self.table.floor_staff)))

    def _tally(self) -> None:
        """Note how long how many tills have been open beyond the roster, or fewer; never over a full hour."""
        now_s = self.engine.now
        beside = self.helpers + self._moved() - self._tills_on_break
        if beside:
            self._beside_roster_s[int(self._tallied_s / HOUR_S) % 24] += beside * (now_s - self._tallied_s)
        self._tallied_s = now_s

    def open_units(self, place: Place, hour: int) -> int:
        """Units that were open in an hour of the day just lived, its mean rounded; lockers are all open always."""
        if place is Place.STAFFED_TILL:
            self._tally()
            return max(0, self.table.staffed_tills[hour] + round(self._beside_roster_s[hour] / HOUR_S))
        if place is Place.LOCKER:
            return self.table.pickup_lockers
        return self.self_checkouts.capacity if place is Place.SELF_CHECKOUT else self.pickup.capacity

    def open_staffed_lines(self) -> list[Line]:
        """The lines at staffed tills that newcomers may join."""
        return self.lines[: self.open_lines]

    def look_around(self) -> None:
        """Shoppers in the lines look at the others, and change where that gains enough."""
        change_lines(self.lines, self.open_staffed_lines(), self.tills_table.jockey_from_people)

    def tills_open(self) -> int:
        """Staffed tills that shoppers may go to now."""
        return self.tills.capacity if self.lines[0].pool is self.tills else self.open_lines

    def queueing_at_tills(self) -> int:
        """Shoppers waiting in front of staffed tills."""
        lines = self.lines
        return lines[0].pool.queue_length if len(lines) == 1 else sum(line.pool.queue_length for line in lines)

    def people_queueing(self) -> int:
        """Shoppers waiting in front of all tills."""
        return self.queueing_at_tills() + self.self_checkouts.queue_length

    def next_open_s(self, at_s: float) -> float:
        """`at_s` itself when the store is open then, else the next opening."""
        at_s = max(at_s, self.table.opens_day * DAY_S)
        midnight = at_s - at_s % DAY_S
        if at_s < midnight + self.opening_hour * HOUR_S:
            return midnight + self.opening_hour * HOUR_S
        if at_s >= midnight + self.closing_hour * HOUR_S:
            return midnight + DAY_S + self.opening_hour * HOUR_S
        return at_s

    def closes_s(self, at_s: float) -> float:
        """When the store closes on the day of `at_s`."""
        return at_s - at_s % DAY_S + self.closing_hour * HOUR_S

    def visit_hours(self, profile: list[float]) -> Floats:
        """The profile of visits where the store is open, shape (24,); uniform if the profile is empty then."""
        hours = np.zeros(24)
        hours[self.opening_hour : self.closing_hour] = profile[self.opening_hour : self.closing_hour]
        if not hours.any():
            hours[self.opening_hour : self.closing_hour] = 1.0
        return hours


def _by_hour(breaks: list[tuple[float, float]]) -> dict[int, list[tuple[float, float]]]:
    """Breaks by the hour in which they begin."""
    hours: dict[int, list[tuple[float, float]]] = {}
    for start_s, end_s in breaks:
        hours.setdefault(int(start_s / HOUR_S), []).append((start_s, end_s))
    return hours
