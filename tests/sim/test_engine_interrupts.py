"""Interrupts in every state an actor can be in, told by the whole log."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
import simpy

from sim.engine import Actor, Engine, Pool

INF = float("inf")
Story = Generator[Any, Any, None]
Log = list[tuple[float, str]]


def at(engine: Engine, at_s: float, act: Callable[[], None]) -> None:
    def script() -> Story:
        yield at_s
        act()

    engine.start(script())


def guarded(engine: Engine, log: Log, wait: Any) -> Story:
    """Waits for one thing, tells what came of it, and sleeps a second afterwards."""
    try:
        value = yield wait
        log.append((engine.now, f"got {value}"))
    except simpy.Interrupt as interrupt:
        log.append((engine.now, f"interrupted: {interrupt.cause}"))
    yield 1.0
    log.append((engine.now, "ends"))


def test_a_sleeper_is_woken_by_an_interrupt_once() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    sleeper = engine.start(guarded(engine, log, 10.0))
    at(engine, 4.0, lambda: sleeper.interrupt("alarm"))
    env.run()
    assert log == [(4.0, "interrupted: alarm"), (5.0, "ends")]
    assert env.now == 5.0, "the old wake-up is gone"


def test_an_interrupt_at_the_instant_of_the_wake_up_comes_first() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    actors: list[Actor] = []
    at(engine, 4.0, lambda: actors[0].interrupt())
    actors.append(engine.start(guarded(engine, log, 4.0)))
    env.run()
    assert log == [(4.0, "interrupted: None"), (5.0, "ends")]


@pytest.mark.parametrize("patience_s", [INF, 20.0])
def test_an_interrupted_waiter_leaves_the_queue_and_never_gets_a_unit(patience_s: float) -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    till = Pool(engine, 1)
    till.take()
    waiter = engine.start(guarded(engine, log, (till, patience_s)))

    def next_one() -> Story:
        yield (till, INF)
        log.append((engine.now, "the next one is served"))
        till.release()

    engine.start(next_one(), 1.0)
    at(engine, 4.0, lambda: waiter.interrupt("closing"))
    at(engine, 4.5, lambda: log.append((engine.now, f"{till.queue_length} in queue")))
    at(engine, 6.0, till.release)
    env.run()
    assert log == [
        (4.0, "interrupted: closing"),
        (4.5, "1 in queue"),
        (5.0, "ends"),
        (6.0, "the next one is served"),
    ]
    assert (till.in_use, till.queue_length) == (0, 0)


def test_thousands_of_interrupted_waiters_leave_no_timers_behind() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    till = Pool(engine, 0)
    gone: list[object] = []

    def shopper() -> Story:
        try:
            yield (till, 1e6)
        except simpy.Interrupt as interrupt:
            gone.append(interrupt.cause)

    shoppers = [engine.start(shopper()) for _ in range(3_000)]
    env.run(until=10)
    assert till.queue_length == 3_000
    for number, actor in enumerate(shoppers):
        actor.interrupt(number)
    env.run(until=11)
    assert gone == list(range(3_000))
    assert till.queue_length == 0
    assert len(env._queue) < 200


def test_an_actor_that_waits_for_an_event_no_longer_hears_it_after_an_interrupt() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    parcel = env.event()
    waiter = engine.start(guarded(engine, log, parcel))
    engine.start(guarded(engine, log, parcel), 1.0)
    at(engine, 4.0, lambda: waiter.interrupt("bored"))
    at(engine, 4.5, parcel.succeed)
    env.run()
    assert log == [(4.0, "interrupted: bored"), (4.5, "got None"), (5.0, "ends"), (5.5, "ends")]


def test_an_actor_may_interrupt_its_neighbour_that_waits_for_the_same_event() -> None:
    """The neighbour hears the event first, as its turn was planned already, and the interrupt where it waits next."""
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    bell = env.event()
    neighbours: list[Actor] = []

    def pushy() -> Story:
        yield bell
        neighbours[0].interrupt("mine")

    def neighbour() -> Story:
        yield bell
        log.append((engine.now, "heard"))
        try:
            yield 5.0
        except simpy.Interrupt as interrupt:
            log.append((engine.now, str(interrupt.cause)))

    engine.start(pushy())
    neighbours.append(engine.start(neighbour()))
    at(engine, 2.0, bell.succeed)
    env.run()
    assert log == [(2.0, "heard"), (2.0, "mine")]


def holding(engine: Engine, log: Log, till: Pool) -> Story:
    """Queues, pays for five seconds and gives the till back, whatever happens."""
    got = yield (till, 60.0)
    log.append((engine.now, f"got {got}"))
    try:
        yield 5.0
        log.append((engine.now, "paid"))
    except simpy.Interrupt as interrupt:
        log.append((engine.now, f"interrupted: {interrupt.cause}"))
    finally:
        till.release()


@pytest.mark.parametrize("interrupt_first", [True, False])
@pytest.mark.parametrize("outside", ["actor", "process", "main"])
def test_a_unit_granted_in_the_step_of_the_interrupt_does_not_leak(interrupt_first: bool, outside: str) -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    till = Pool(engine, 1)
    till.take()
    waiter = engine.start(holding(engine, log, till))

    def both() -> None:
        if interrupt_first:
            waiter.interrupt("fire drill")
        till.release()
        if not interrupt_first:
            waiter.interrupt("fire drill")

    def process() -> Story:
        yield env.timeout(3)
        both()

    if outside == "actor":
        at(engine, 3.0, both)
    elif outside == "process":
        env.process(process())
    else:
        env.run(until=3)
        both()
    env.run()
    assert log == [(3.0, "got True"), (3.0, "interrupted: fire drill")]
    assert (till.in_use, till.queue_length) == (0, 0)
    assert till.take()


def test_several_interrupts_of_one_instant_arrive_one_after_the_other_until_the_script_ends() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []

    def twice() -> Story:
        for _ in range(2):
            try:
                yield 10.0
            except simpy.Interrupt as interrupt:
                log.append((engine.now, str(interrupt.cause)))

    actor = engine.start(twice())

    def thrice() -> None:
        for cause in ("one", "two", "three"):
            actor.interrupt(cause)

    at(engine, 1.0, thrice)
    env.run()
    assert log == [(1.0, "one"), (1.0, "two")]
    assert env.now == 1.0


def test_an_interrupt_after_the_end_does_nothing() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    actor = engine.start(guarded(engine, log, 1.0))
    at(engine, 5.0, lambda: actor.interrupt("late"))
    at(engine, 6.0, lambda: log.append((engine.now, "all quiet")))
    env.run()
    assert log == [(1.0, "got None"), (2.0, "ends"), (6.0, "all quiet")]


def test_an_actor_that_is_interrupted_before_it_begins_never_begins() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    actor = engine.start(guarded(engine, log, 1.0), 5.0)
    at(engine, 2.0, actor.interrupt)
    env.run()
    assert log == []
    assert env.now == 2.0


def test_an_interrupt_ends_a_pump() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []

    def visit() -> Story:
        log.append((engine.now, "visit"))
        yield 1.0

    pump = engine.pump((float(at_s), visit) for at_s in range(1, 100))

    def stop() -> Story:
        yield 3.5
        pump.interrupt("closed")

    engine.start(stop())
    env.run()
    assert log == [(1.0, "visit"), (2.0, "visit"), (3.0, "visit")]


def test_an_actor_cannot_interrupt_itself() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    actors: list[Actor] = []

    def narcissus() -> Story:
        yield 1.0
        actors[0].interrupt()

    actors.append(engine.start(narcissus()))
    with pytest.raises(RuntimeError, match="itself"):
        env.run()


def test_an_uncaught_interrupt_leaves_the_run_and_releases_what_finally_releases() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    till = Pool(engine, 1)

    def careful() -> Story:
        yield (till, INF)
        try:
            yield 10.0
        finally:
            till.release()

    actor = engine.start(careful())
    engine.start(guarded(engine, log, (till, INF)))
    at(engine, 3.0, lambda: actor.interrupt("out"))
    with pytest.raises(simpy.Interrupt, match="out"):
        env.run()
    env.run()
    assert log == [(3.0, "got True"), (4.0, "ends")]


def test_a_script_may_queue_again_in_its_answer_to_an_interrupt() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    slow, fast = Pool(engine, 0), Pool(engine, 1)

    def switcher() -> Story:
        try:
            yield (slow, 100.0)
        except simpy.Interrupt:
            got = yield (fast, 100.0)
            log.append((engine.now, f"fast {got}"))
            yield 1.0
            fast.release()

    actors = [engine.start(switcher()) for _ in range(2)]
    at(engine, 2.0, lambda: [actor.interrupt() for actor in actors] and None)
    env.run()
    assert log == [(2.0, "fast True"), (3.0, "fast True")]
    assert (slow.queue_length, fast.queue_length, fast.in_use) == (0, 0, 0)


@pytest.mark.parametrize("wait", ["event", "patience", "unit"])
def test_what_an_actor_waited_for_before_plays_no_part_in_a_later_interrupt(wait: str) -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    till = Pool(engine, 1)
    till.take()
    bell = env.event()

    def script() -> Story:
        value = yield bell if wait == "event" else (till, 2.0 if wait == "patience" else 20.0)
        log.append((engine.now, f"got {value}"))
        try:
            yield 10.0
        except simpy.Interrupt:
            log.append((engine.now, "interrupted"))
        yield 20.0
        log.append((engine.now, "ends"))

    actor = engine.start(script())
    at(engine, 2.0, bell.succeed)
    if wait == "unit":
        at(engine, 2.0, till.release)
    at(engine, 5.0, actor.interrupt)
    env.run()
    got = {"event": None, "patience": False, "unit": True}[wait]
    assert log == [(2.0, f"got {got}"), (5.0, "interrupted"), (25.0, "ends")]
    assert till.queue_length == 0


def test_an_actor_whose_event_was_lost_in_an_exception_can_still_be_interrupted() -> None:
    """As in SimPy, an exception out of an event's first listener keeps the event from the others."""
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    bell = env.event()

    def faulty() -> Story:
        yield bell
        raise LookupError("no such item")

    engine.start(faulty())
    deaf = engine.start(guarded(engine, log, bell))
    at(engine, 1.0, bell.succeed)
    with pytest.raises(LookupError):
        env.run()
    env.run()
    assert log == []
    deaf.interrupt("wake up")
    env.run()
    assert log == [(1.0, "interrupted: wake up"), (2.0, "ends")]
