"""Actors: generators that are their own entry in SimPy's future-event list.

An actor is a generator that yields

- a number: sleep that many seconds;
- `At(at_s)`: sleep until that second, exactly (a sum of gaps would round);
- `(pool, patience_s)` or `(pool, patience_s, priority)`: queue for a unit of the pool; the yield gives True once a
  unit is held, False when patience ran out first (then the actor holds nothing);
- any `simpy.Event`: wait for it, with its value or its failure.

Anything else, a negative number or a NaN is raised back inside the script, at the yield.

The stock `simpy.Environment.run()` drives everything: an actor looks to it like an event whose callback resumes the
generator, so a journey needs no `Initialize`, `Timeout`, `Request` or `AnyOf` object. A freed unit goes to the next
waiter through the ready queue, which is drained after the current actor has yielded: handing over never recurses,
however many leave at once.

A script holds its units until it calls `pool.release()`: one that may be interrupted, or may fail, releases in a
`finally` clause.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from heapq import heapify, heappush
from inspect import GEN_CLOSED, GEN_CREATED, GEN_RUNNING, getgeneratorstate
from math import inf
from typing import Any, Protocol

import simpy
from simpy.core import StopSimulation
from simpy.events import NORMAL, URGENT

Command = Any
Script = Generator[Command, Any, None]

_COMPACT_AT_LEAST = 64


class At:
    """Command of an actor: sleep until second `at_s` of simulated time."""

    __slots__ = ("at_s",)

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s


class Actor:
    """One running script. It has the three attributes that SimPy's run loop reads from an event."""

    __slots__ = ("_waits_for", "callbacks", "engine", "script", "send")

    _ok = True

    def __init__(self, engine: Engine, script: Script) -> None:
        self.engine = engine
        self.script = script
        self.send = script.send
        self.callbacks: Any = engine.wake_callbacks
        self._waits_for: Any = None

    def interrupt(self, cause: object = None) -> None:
        """Raise `simpy.Interrupt(cause)` inside the script at this instant; it leaves whatever it waits for.

        As in SimPy the interrupt is delivered right after the current step. A script that was handed a unit in that
        step gets the unit first and the interrupt where it waits next. A script that has ended is left alone, one
        that has not begun never begins. Raises `RuntimeError` when a script interrupts itself.

        To interrupt a sleeper scans the future-event list: interrupts are meant to be rare.
        """
        self.engine.interrupt(self, cause)


class Line(Protocol):
    """What an actor can queue for: a `Pool`."""

    def take(self) -> bool:
        """Take a unit at once if nobody is before; True if so."""

    def enqueue(self, ticket: Ticket, priority: int) -> None:
        """Put a ticket into the queue."""

    def left_queue(self) -> None:
        """Somebody has left the queue unserved."""


class Ticket:
    """A place in a pool's queue that is its own patience timer. Whichever fires second finds `actor` gone."""

    __slots__ = ("actor", "callbacks", "pool", "timed")

    _ok = True

    def __init__(self, actor: Actor, pool: Line, timed: bool, callbacks: Any) -> None:
        self.actor: Actor | None = actor
        self.pool = pool
        self.timed = timed
        self.callbacks = callbacks


class Call:
    """A function to be called once, later: an entry of the future-event list without a script behind it."""

    __slots__ = ("_ok", "callbacks", "function")

    def __init__(self, function: Callable[[], None], callbacks: Any) -> None:
        self.function = function
        self.callbacks = callbacks
        self._ok = True


class Engine:
    """Runs actors in a `simpy.Environment`; SimPy processes may live beside them."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.queue: list[Any] = env._queue
        self.next_id = env._eid.__next__
        self.wake_callbacks = (self._resume,)
        self._call_callbacks = (self._call,)
        self.patience_callbacks = (self._run_out_of_patience,)
        self._ready: deque[tuple[Actor, Any, bool]] = deque()
        self._running = False
        self._dead_timers = 0

    @property
    def now(self) -> float:
        """Simulated seconds."""
        return self.env._now

    def start(self, script: Script, delay_s: float = 0.0) -> Actor:
        """Start `script` after `delay_s`; it takes its first step from the run loop, not from here."""
        if not delay_s >= 0:
            raise ValueError(f"delay_s must not be negative, not {delay_s}")
        actor = Actor(self, script)
        heappush(self.queue, (self.env._now + float(delay_s), NORMAL, self.next_id(), actor))
        return actor

    def call_after(self, delay_s: float, function: Callable[[], None]) -> None:
        """Call `function` in `delay_s`; it may release units, whose next holders go on at that instant."""
        entry = Call(function, self._call_callbacks)
        heappush(self.queue, (self.env._now + delay_s, NORMAL, self.next_id(), entry))

    def _call(self, entry: Call) -> None:
        self._running = True
        try:
            entry.function()
        finally:
            self._running = False
        if self._ready:
            self._resume(*self._ready.popleft())

    def pump(self, arrivals: Iterable[tuple[float, Callable[[], Script]]]) -> Actor:
        """Start scripts from an iterable of (time_s, script factory) sorted by time, one ahead of the clock.

        The future-event list then holds one entry for all arrivals to come. An arrival before the clock, or before
        the one in front of it, raises `ValueError` from the run. An interrupt ends the pump.
        """
        return self.start(self._pump(iter(arrivals)))

    def _pump(self, arrivals: Iterator[tuple[float, Callable[[], Script]]]) -> Script:
        at = At(self.env._now)
        for at_s, script in arrivals:
            if at_s != self.env._now:
                at.at_s = at_s
                try:
                    yield at
                except simpy.Interrupt:
                    return
            self._ready.append((Actor(self, script()), None, True))

    def interrupt(self, actor: Actor, cause: object) -> None:
        """See `Actor.interrupt`."""
        if getgeneratorstate(actor.script) == GEN_RUNNING:
            raise RuntimeError("An actor must not interrupt itself.")
        self._soon(lambda _: self._deliver(actor, simpy.Interrupt(cause)))

    def hand_over(self, actor: Actor, value: object) -> None:
        """Let a waiting `actor` continue with `value` at this instant, after the current actor has yielded."""
        actor._waits_for = None
        self._ready.append((actor, value, True))
        if not self._running and len(self._ready) == 1:
            self._soon(self._drain)

    def timer_is_dead(self) -> None:
        """Count a patience timer that will do nothing; once they are the majority, sweep them out."""
        self._dead_timers += 1
        if self._dead_timers > _COMPACT_AT_LEAST and self._dead_timers * 2 > len(self.queue):
            self.queue[:] = [entry for entry in self.queue if not (type(entry[3]) is Ticket and entry[3].actor is None)]
            heapify(self.queue)
            self._dead_timers = 0

    def _resume(self, actor: Actor, value: Any = None, ok: bool = True) -> None:
        """Take one step of `actor`, sending (or throwing) `value`, then of everybody who has become ready.

        This is also the callback of an actor in the future-event list, hence the hot path.
        """
        actor.callbacks = self.wake_callbacks  # the run loop has taken them away
        ready = self._ready
        self._running = True
        try:
            while True:
                try:
                    command = actor.send(value) if ok else actor.script.throw(value)
                except StopIteration:
                    pass
                except StopSimulation as error:  # the run loop would put its current entry back a second time
                    raise RuntimeError("To end a run, let the event given to env.run(until=...) fire.") from error
                else:
                    kind = type(command)
                    if kind is float and command >= 0.0:
                        heappush(self.queue, (self.env._now + command, NORMAL, self.next_id(), actor))
                    elif kind is tuple:
                        if command[0].take():
                            value = ok = True
                            continue
                        self._queue_up(actor, *command)
                    elif kind is At:
                        self._sleep_until(actor, float(command.at_s))
                    else:
                        self._obey(actor, command)
                if not ready:
                    break
                actor, value, ok = ready.popleft()
        except BaseException:
            self._running = False
            if ready:
                self._soon(self._drain)
            raise
        self._running = False

    def _drain(self, _: simpy.Event) -> None:
        if self._ready:
            self._resume(*self._ready.popleft())

    def _soon(self, callback: Callable[[Any], None]) -> None:
        """Call `callback` from the run loop at this instant, before anything else that is planned for it."""
        event = simpy.Event(self.env)
        event._ok = True
        event._value = None
        event.callbacks = [callback]
        self.env.schedule(event, URGENT)

    def _obey(self, actor: Actor, command: Command) -> None:
        """Let `actor` wait as it asked for; called from within `_resume` only, which then serves the ready queue."""
        if isinstance(command, simpy.Event):
            self._wait_for_event(actor, command)
        else:
            try:
                until_s = self.env._now + float(command)
            except (TypeError, ValueError):
                self._refuse(actor, TypeError(f"An actor cannot wait for {command!r}."))
            else:
                self._sleep_until(actor, until_s)

    def _sleep_until(self, actor: Actor, at_s: float) -> None:
        if at_s >= self.env._now:
            heappush(self.queue, (at_s, NORMAL, self.next_id(), actor))
        else:
            self._refuse(actor, ValueError(f"An actor cannot sleep from second {self.env._now} to {at_s}."))

    def _refuse(self, actor: Actor, error: Exception) -> None:
        self._ready.append((actor, error, False))

    def _queue_up(self, actor: Actor, pool: Line, patience_s: float, priority: int = 0) -> None:
        if not patience_s >= 0:
            self._refuse(actor, ValueError(f"patience_s must not be negative, not {patience_s}"))
            return
        ticket = Ticket(actor, pool, patience_s != inf, self.patience_callbacks)
        actor._waits_for = ticket
        pool.enqueue(ticket, priority)
        if ticket.timed:
            heappush(self.queue, (self.env._now + float(patience_s), NORMAL, self.next_id(), ticket))

    def _run_out_of_patience(self, ticket: Ticket) -> None:
        actor = ticket.actor
        if actor is None:
            self._dead_timers -= 1
            return
        ticket.actor = None
        ticket.pool.left_queue()
        actor._waits_for = None
        self._resume(actor, False)

    def _wait_for_event(self, actor: Actor, event: simpy.Event) -> None:
        def resume(fired: simpy.Event) -> None:
            fired._defused = True
            actor._waits_for = None
            self._resume(actor, fired._value, fired._ok)

        if event.callbacks is None:
            self._ready.append((actor, event._value, event._ok))
        else:
            event.callbacks.append(resume)
            actor._waits_for = (event, resume)

    def _deliver(self, actor: Actor, interrupt: simpy.Interrupt) -> None:
        if self._ready:  # who was handed a unit from outside the engine gets it first; that is planned already
            self._soon(lambda _: self._deliver(actor, interrupt))
            return
        state = getgeneratorstate(actor.script)
        if state == GEN_CLOSED:
            return
        self._forget(actor)
        if state == GEN_CREATED:
            actor.script.close()
        else:
            self._resume(actor, interrupt, ok=False)

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
            if event.callbacks:
                event.callbacks.remove(resume)
        else:
            self.queue[:] = [entry for entry in self.queue if entry[3] is not actor]
            heapify(self.queue)
