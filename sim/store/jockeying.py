"""Changing lines: whoever stands last moves when another line is shorter by some people.

People look around whenever a line has become shorter or longer. The last shopper of the line with the most people
before them goes to the open till with the fewest, if that puts at least `[tills] jockey_from_people` fewer before
them; then the next one looks. Patience runs on from when the first line was joined. (Antczak, Weron and Zabawa 2020:
jockeying by a threshold.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.actors import Ticket
from sim.errand import Errand
from sim.log.rows import EVENT
from sim.log.schema import Kind
from sim.store.lines import Line, OwnLine

if TYPE_CHECKING:
    from sim.store.store import Store
    from sim.town import Town

_JOCKEYED = int(Kind.JOCKEYED)

EventEnd = tuple[int, int, int, int, int, int, int]
"""The columns of an event behind `kind`: place, SKU, quantity, amount, order, payment, staff."""


class PlaceInLine:
    """A shopper's place in one of several lines; the shopper queues for the place, and `line` says where it is."""

    __slots__ = ("_errand", "_town", "_what", "line", "weight")

    def __init__(self, town: Town, errand: Errand, line: Line, weight: float, what: EventEnd) -> None:
        self.line = line
        self.weight = weight
        self._town = town
        self._errand = errand
        self._what = what

    def take(self) -> bool:
        """Be served at once if the till is free."""
        return self.line.pool.take()

    def enqueue(self, ticket: Ticket, priority: int) -> None:
        """Stand at the end of the line. Called by the engine."""
        self.line.pool.enqueue(ticket, priority)

    def left_queue(self) -> None:
        """Patience has run out. Called by the engine."""
        self.line.pool.left_queue()

    def move_to(self, line: Line) -> None:
        """Note that the shopper changes to `line`."""
        self.line.load -= self.weight
        line.load += self.weight
        self.line = line
        errand, town = self._errand, self._town
        who = (errand.shopper, errand.need, errand.journey, errand.store)
        town.log.events.extend(EVENT(town.engine.now, *who, _JOCKEYED, *self._what))


def look_around(store: Store) -> None:
    """Let people change lines until nobody gains enough. Each move evens the lines out, so this ends."""
    gain = store.tills_table.jockey_from_people
    while True:
        longest = max(store.lines, key=_people_before_last)
        shortest = min(store.lines[: store.open_lines], key=_people)
        if _people_before_last(longest) - _people(shortest) < gain:
            return
        _move_last(longest, shortest)


def _people(line: Line) -> int:
    return line.pool.in_use + line.pool.queue_length


def _people_before_last(line: Line) -> int:
    return _people(line) - 1 if line.pool.queue_length else -1


def _move_last(line: Line, to: Line) -> None:
    assert isinstance(line.pool, OwnLine)
    ticket = line.pool.give_last()
    place = ticket.pool
    assert isinstance(place, PlaceInLine)
    place.move_to(to)
    to.pool.enqueue(ticket, 0)
    to.pool.set_capacity(to.pool.capacity)  # a till that was free serves at once
