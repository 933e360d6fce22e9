"""Pools: a number of equal units (tills, staff, counter places) with one queue of actors in front of them."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count

from sim.engine.actors import Engine, Ticket

_COMPACT_AT_LEAST = 64


class Pool:
    """`capacity` equal units; waiters are served by priority (smaller first), then in order of arrival.

    An actor takes a unit by yielding `(pool, patience_s)` and gives it back with `release()`. Capacity may change at
    any time: units in use beyond a smaller capacity are withdrawn as they come back.
    """

    __slots__ = ("_order", "_waiters", "capacity", "engine", "in_use", "queue_length")

    def __init__(self, engine: Engine, capacity: int) -> None:
        self.engine = engine
        self.capacity = capacity
        self.in_use = 0
        self.queue_length = 0
        self._order = count()
        self._waiters: list[tuple[int, int, Ticket]] = []

    def take(self) -> bool:
        """Take a unit at once if one is free; True if so. No unit is ever free while somebody queues."""
        if self.in_use < self.capacity:
            self.in_use += 1
            return True
        return False

    def enqueue(self, ticket: Ticket, priority: int) -> None:
        """Put a ticket into the queue. Called by the engine."""
        heappush(self._waiters, (priority, next(self._order), ticket))
        self.queue_length += 1

    def left_queue(self) -> None:
        """A waiter has left without being served. Called by the engine; its ticket is skipped later."""
        self.queue_length -= 1
        waiters = self._waiters
        if len(waiters) > _COMPACT_AT_LEAST and len(waiters) > 2 * self.queue_length:
            waiters[:] = [entry for entry in waiters if entry[2].actor is not None]
            heapify(waiters)

    def release(self) -> None:
        """Give a unit back; the next waiter gets it at this instant. Raises `RuntimeError` when none is in use."""
        if self.in_use <= 0:
            raise RuntimeError("A unit was released that nobody holds.")
        self.in_use -= 1
        if self.queue_length and self.in_use < self.capacity:
            self._serve_next()

    def release_after(self, delay_s: float) -> None:
        """Give a unit back `delay_s` from now, while the actor that held it goes on (a till made ready again)."""
        self.engine.call_after(delay_s, self.release)

    def set_capacity(self, capacity: int) -> None:
        """Open or close units (a roster change); newly opened ones serve waiters at once."""
        if capacity < 0:
            raise ValueError(f"capacity must not be negative, not {capacity}")
        self.capacity = capacity
        while self.queue_length and self.in_use < self.capacity:
            self._serve_next()

    def _serve_next(self) -> None:
        waiters = self._waiters
        while True:
            ticket = heappop(waiters)[2]
            actor = ticket.actor
            if actor is not None:
                break
        ticket.actor = None
        self.queue_length -= 1
        self.in_use += 1
        if ticket.timed:
            self.engine.timer_is_dead()
        self.engine.hand_over(actor, True)
