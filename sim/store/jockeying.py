"""Changing lines: whoever stands last moves when another line is shorter by some people.

People look around whenever a line has become shorter or longer. The last shopper of the line with the most people
before them goes to the open till with the fewest, if that puts at least `[tills] jockey_from_people` fewer before
them; then the next one looks. Patience runs on from when the first line was joined. (Antczak, Weron and Zabawa 2020:
jockeying by a threshold.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.engine.actors import Ticket
from sim.store.lines import Line, OwnLine


class PlaceInLine:
    """A shopper's place in one of several lines; the shopper queues for the place, and `line` says where it is.

    `note_move` is called whenever the shopper changes lines.
    """

    __slots__ = ("_note_move", "line", "weight")

    def __init__(self, line: Line, weight: float, note_move: Callable[[], None]) -> None:
        self.line = line
        self.weight = weight
        self._note_move = note_move

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
        """The shopper changes to `line`."""
        self.line.load -= self.weight
        line.load += self.weight
        self.line = line
        self._note_move()


def change_lines(lines: Sequence[Line], open_lines: Sequence[Line], from_people: int) -> None:
    """Let people change from any of the `lines` to an open one until nobody has `from_people` fewer before them there.

    Each move evens the lines out, so this ends.
    """
    while True:
        longest = max(lines, key=_people_before_last)
        shortest = min(open_lines, key=_people)
        if _people_before_last(longest) - _people(shortest) < from_people:
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
