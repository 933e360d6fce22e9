"""Actors: generators that are their own entry in SimPy's future-event list.

An actor is a generator that yields

- a float: sleep that many seconds;
- `(pool, patience_s)` or `(pool, patience_s, priority)`: queue for a unit of the pool; the yield gives True once a
  unit is held, False when patience ran out first (then the actor holds nothing);
- any `simpy.Event`: wait for it, with its value or its failure.

The stock `simpy.Environment.run()` drives everything: an actor looks to it like an event whose callback resumes the
generator, so a journey needs no `Initialize`, `Timeout`, `Request` or `AnyOf` object. A freed unit goes to the next
waiter through the ready queue, which is drained after the current actor has yielded: handing over never recurses,
however many leave at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from heapq import heapify, heappush
from typing import TYPE_CHECKING, Any

import simpy
from simpy.events import NORMAL

if TYPE_CHECKING:
    from sim.engine.pools import Pool

Command = Any
Script = Generator[Command, Any, None]

_COMPACT_AT_LEAST = 64


class Actor:
    """One running script. It has the three attributes that SimPy's run loop reads from an event."""

    __slots__ = ("_ok", "_waits_for", "callbacks", "engine", "send", "throw")

    def __init__(self, engine: Engine, script: Script) -> None:
        self.engine = engine
        self.send = script.send
        self.throw = script.throw
        self.callbacks: Any = engine.wake_callbacks
        self._ok = True
        self._waits_for: Any = None

    def interrupt(self, cause: object = None) -> None:
        """Raise `simpy.Interrupt(cause)` inside the script now; it leaves whatever it waited for.

        Removing the pending entry scans the future-event list: interrupts are meant to be rare.
        """
        self.engine.interrupt(self, cause)


class Ticket:
    """A place in a pool's queue that is its own patience timer. Whichever fires second finds `actor` gone."""

    __slots__ = ("_ok", "actor", "callbacks", "pool", "since_s", "timed")

    def __init__(self, actor: Actor, pool: Pool, since_s: float, callbacks: Any) -> None:
        self.actor: Actor | None = actor
        self.pool = pool
        self.since_s = since_s
        self.timed = False
        self.callbacks = callbacks
        self._ok = True


class Engine:
    """Runs actors in a `simpy.Environment`; SimPy processes may live beside them."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.queue: list[Any] = env._queue
        self.next_id = env._eid.__next__
        self.wake_callbacks = (self._wake,)
        self.patience_callbacks = (self._run_out_of_patience,)
        self._ready: deque[tuple[Actor, Any]] = deque()
        self._running = False
        self._dead_timers = 0

    @property
    def now(self) -> float:
        """Simulated seconds."""
        return self.env._now

    def start(self, script: Script, delay_s: float = 0.0) -> Actor:
        """Start `script` after `delay_s`; it takes its first step from the run loop, not from here."""
        actor = Actor(self, script)
        heappush(self.queue, (self.env._now + delay_s, NORMAL, self.next_id(), actor))
        return actor

    def pump(self, arrivals: Iterable[tuple[float, Callable[[], Script]]]) -> Actor:
        """Start scripts from an iterable of (time_s, script factory) sorted by time, one ahead of the clock.

        The future-event list then holds one entry for all arrivals to come.
        """
        return self.start(self._pump(iter(arrivals)))

    def _pump(self, arrivals: Iterator[tuple[float, Callable[[], Script]]]) -> Script:
        for at_s, script in arrivals:
            gap_s = at_s - self.env._now
            if gap_s > 0:
                yield gap_s
            self._ready.append((Actor(self, script()), None))

    def interrupt(self, actor: Actor, cause: object) -> None:
        """See `Actor.interrupt`."""
        self._forget(actor)
        event = simpy.Event(self.env)
        event._ok = False
        event._value = simpy.Interrupt(cause)
        event._defused = True
        event.callbacks = [lambda _: self._throw(actor, simpy.Interrupt(cause))]
        self.env.schedule(event, simpy.events.URGENT)

    def hand_over(self, actor: Actor, value: object) -> None:
        """Let a waiting `actor` continue with `value` at this instant, after the current actor has yielded."""
        self._ready.append((actor, value))
        if not self._running:
            event = simpy.Event(self.env)
            event._ok = True
            event._value = None
            event.callbacks = [lambda _: self._drain()]
            self.env.schedule(event, simpy.events.URGENT)

    def timer_is_dead(self) -> None:
        """Count a patience timer that will do nothing; once they are the majority, sweep them out."""
        self._dead_timers += 1
        if self._dead_timers > _COMPACT_AT_LEAST and self._dead_timers * 2 > len(self.queue):
            alive = [
                entry for entry in self.queue if not (type(entry[3]) is Ticket and entry[3].actor is None)
            ]
            self.queue[:] = alive
            heapify(self.queue)
            self._dead_timers = 0

    def _wake(self, actor: Actor) -> None:
        actor.callbacks = self.wake_callbacks
        self._running = True
        self._advance(actor, None)
        if self._ready:
            self._drain()
        self._running = False

    def _drain(self) -> None:
        self._running = True
        ready = self._ready
        while ready:
            actor, value = ready.popleft()
            self._advance(actor, value)
        self._running = False

    def _throw(self, actor: Actor, error: BaseException) -> None:
        self._running = True
        try:
            command = actor.throw(error)
        except StopIteration:
            pass
        else:
            self._obey(actor, command)
        self._drain()

    def _advance(self, actor: Actor, value: object) -> None:
        """Resume `actor` with `value` and obey it until it has to wait."""
        actor._waits_for = None
        send = actor.send
        while True:
            try:
                command = send(value)
            except StopIteration:
                return
            if type(command) is float:
                heappush(self.queue, (self.env._now + command, NORMAL, self.next_id(), actor))
                return
            if type(command) is tuple and command[0].take():
                value = True
                continue
            self._obey(actor, command)
            return

    def _obey(self, actor: Actor, command: Command) -> None:
        if type(command) is tuple:
            self._queue_up(actor, *command)
        elif isinstance(command, simpy.Event):
            self._wait_for_event(actor, command)
        else:
            heappush(self.queue, (self.env._now + float(command), NORMAL, self.next_id(), actor))

    def _queue_up(self, actor: Actor, pool: Pool, patience_s: float, priority: int = 0) -> None:
        if pool.take():
            self.hand_over(actor, True)
            return
        ticket = Ticket(actor, pool, self.env._now, self.patience_callbacks)
        actor._waits_for = ticket
        pool.enqueue(ticket, priority)
        if patience_s != float("inf"):
            ticket.timed = True
            heappush(self.queue, (self.env._now + patience_s, NORMAL, self.next_id(), ticket))

    def _run_out_of_patience(self, ticket: Ticket) -> None:
        actor = ticket.actor
        if actor is None:
            self._dead_timers = max(0, self._dead_timers - 1)
            return
        ticket.actor = None
        ticket.pool.left_queue()
        self._running = True
        self._advance(actor, False)
        self._drain()

    def _wait_for_event(self, actor: Actor, event: simpy.Event) -> None:
        def resume(fired: simpy.Event) -> None:
            actor._waits_for = None
            if fired._ok:
                self._running = True
                self._advance(actor, fired._value)
                self._drain()
            else:
                fired._defused = True
                self._throw(actor, fired._value)

        if event.callbacks is None:
            if event._ok:
                self.hand_over(actor, event._value)
            else:
                self._throw(actor, event._value)
            return
        event.callbacks.append(resume)
        actor._waits_for = (event, resume)

    def _forget(self, actor: Actor) -> None:
        """Undo whatever `actor` waits for."""
        waits_for = actor._waits_for
        actor._waits_for = None
        if isinstance(waits_for, Ticket):
            waits_for.actor = None
            waits_for.pool.left_queue()
            if waits_for.timed:
                self.timer_is_dead()
        elif waits_for is not None:
            event, resume = waits_for
            event.callbacks.remove(resume)
        else:
            self.queue[:] = [entry for entry in self.queue if entry[3] is not actor]
            heapify(self.queue)
