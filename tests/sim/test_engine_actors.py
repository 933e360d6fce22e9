"""Small stories about sleeping, waiting for SimPy events, arrivals and failures, told by their whole log."""

from __future__ import annotations

import gc
import math
import traceback
from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import pytest
import simpy
from simpy.core import StopSimulation

from sim.engine import At, Engine, Pool

INF = float("inf")
Story = Generator[Any, Any, None]
Log = list[tuple[float, str]]


def test_actors_at_one_instant_run_in_the_order_in_which_they_were_planned() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []

    def one(name: str, *gaps_s: float) -> Story:
        for gap_s in gaps_s:
            yield gap_s
            log.append((engine.now, name))

    engine.start(one("a", 1.0, 2.0, 0.0))
    engine.start(one("b", 3, 0))  # whole seconds are fine
    engine.start(one("c", np.float64(1.5), np.float64(1.5)), delay_s=0.0)
    env.run()
    assert log == [(1.0, "a"), (1.5, "c"), (3.0, "b"), (3.0, "a"), (3.0, "c"), (3.0, "b"), (3.0, "a")]
    assert type(env.now) is float


def test_a_script_starts_from_the_run_loop_and_after_its_delay() -> None:
    env = simpy.Environment(initial_time=100.0)
    engine = Engine(env)
    log: Log = []

    def one(name: str) -> Story:
        log.append((engine.now, name))
        if name == "a":
            engine.start(one("child"))
            log.append((engine.now, "a goes on"))
        yield 0.0

    engine.start(one("late"), 5.0)
    engine.start(one("a"))
    assert log == []
    env.run()
    assert log == [(100.0, "a"), (100.0, "a goes on"), (100.0, "child"), (105.0, "late")]


def test_at_wakes_at_the_exact_second() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    woken: list[float] = []

    def one() -> Story:
        yield 0.1
        yield 0.2
        yield At(0.7)
        woken.append(engine.now)
        yield At(0.7)
        woken.append(engine.now)

    engine.start(one())
    env.run()
    assert woken == [0.7, 0.7]


def test_pump_starts_each_arrival_at_its_exact_second_and_plans_one_ahead() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    pulled: list[float] = []
    times_s = [0.0, 0.1, 0.30000000000000004, 0.7, 0.7, 0.7, 1e5 + 0.1]

    def one(name: str) -> Story:
        log.append((engine.now, name))
        yield 1e-3

    def arrivals() -> Iterator[tuple[float, Callable[[], Story]]]:
        for number, at_s in enumerate(times_s):
            pulled.append(at_s)
            yield at_s, lambda number=number: one(str(number))  # type: ignore[misc]

    engine.pump(arrivals())
    env.run(until=0.2)
    assert pulled == times_s[:3]
    env.run()
    assert log == [(at_s, str(number)) for number, at_s in enumerate(times_s)]


@pytest.mark.parametrize("times_s", [[5.0, 4.0], [-1.0], [math.nan]])
def test_pump_refuses_arrivals_that_are_not_sorted(times_s: list[float]) -> None:
    env = simpy.Environment()
    engine = Engine(env)

    def one() -> Story:
        yield 1.0

    engine.pump((at_s, one) for at_s in times_s)
    with pytest.raises(ValueError, match="cannot sleep"):
        env.run()


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (-1.0, ValueError),
        (-1, ValueError),
        (math.nan, ValueError),
        (np.float64(-0.5), ValueError),
        (At(0.5), ValueError),
        ("soon", TypeError),
        (None, TypeError),
        ([1.0], TypeError),
    ],
)
def test_a_senseless_command_is_raised_at_the_yield_where_a_script_may_catch_it(
    command: object, error: type[Exception]
) -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []

    def careful() -> Story:
        yield 1.0
        with pytest.raises(error):
            yield command
        log.append((engine.now, "caught"))
        yield 1.0
        log.append((engine.now, "goes on"))

    def careless() -> Story:
        yield 5.0
        yield command if not isinstance(command, At) else At(0.5)

    engine.start(careful())
    engine.start(careless())
    with pytest.raises(error) as caught:
        env.run()
    assert log == [(1.0, "caught"), (2.0, "goes on")]
    assert "careless" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert env.now == 5.0


def test_negative_patience_and_negative_delay_are_errors() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    pool = Pool(engine, 1)
    pool.take()

    def one() -> Story:
        yield (pool, -1.0)

    with pytest.raises(ValueError, match="delay_s"):
        engine.start(one(), -1.0)
    engine.start(one())
    with pytest.raises(ValueError, match="patience_s"):
        env.run()
    assert pool.queue_length == 0


def test_actors_wait_for_events_with_their_value_beside_simpy_processes() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: list[tuple[float, str, Any]] = []
    opens = env.event()

    def clerk() -> Generator[simpy.Event, Any, str]:
        yield env.timeout(4)
        opens.succeed("open")
        yield env.timeout(2)
        return "done"

    process = env.process(clerk())

    def actor(name: str, event: simpy.Event) -> Story:
        value = yield event
        log.append((engine.now, name, value))

    engine.start(actor("first", opens))
    engine.start(actor("second", opens))
    engine.start(actor("process", process))
    engine.start(actor("timeout", env.timeout(5, "ring")))
    engine.start(actor("after", opens), 9.0)  # has long been processed

    def impatient() -> Story:
        late = env.timeout(100)
        result = yield late | opens
        log.append((engine.now, "either", opens in result))

    engine.start(impatient())
    env.run()
    assert log == [
        (4, "first", "open"),
        (4, "second", "open"),
        (4, "either", True),
        (5, "timeout", "ring"),
        (6, "process", "done"),
        (9.0, "after", "open"),
    ]


def test_actors_can_trigger_events_that_processes_and_actors_wait_for() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    ready = env.event()

    def waiter() -> Generator[simpy.Event, Any, None]:
        yield ready
        log.append((env.now, "process"))

    def trigger() -> Story:
        yield 3.0
        ready.succeed()
        log.append((engine.now, "triggered"))
        yield ready  # triggered, not yet processed
        log.append((engine.now, "actor"))

    env.process(waiter())
    engine.start(trigger())
    env.run()
    assert log == [(3.0, "triggered"), (3.0, "process"), (3.0, "actor")]


def test_a_failed_event_is_thrown_into_every_actor_that_waits_for_it() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    payment = env.event()

    def actor(name: str) -> Story:
        try:
            yield payment
        except ConnectionError as error:
            log.append((engine.now, f"{name}: {error}"))
        yield 1.0
        log.append((engine.now, f"{name} goes on"))

    def terminal() -> Story:
        yield 2.0
        payment.fail(ConnectionError("no answer"))

    engine.start(actor("a"))
    engine.start(actor("b"))
    engine.start(terminal())
    engine.start(actor("late"), 8.0)  # the event has been processed by then
    env.run()
    assert log == [
        (2.0, "a: no answer"),
        (2.0, "b: no answer"),
        (3.0, "a goes on"),
        (3.0, "b goes on"),
        (8.0, "late: no answer"),
        (9.0, "late goes on"),
    ]


def test_thousands_of_failures_in_a_row_do_not_recurse() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    broken = env.event()
    broken.fail(ConnectionError("no answer"))
    broken.defused = True
    caught: list[float] = []

    def stubborn() -> Story:
        yield 1.0
        for _ in range(3_000):
            try:
                yield broken
            except ConnectionError:
                caught.append(engine.now)

    engine.start(stubborn())
    env.run()
    assert caught == [1.0] * 3_000


def test_an_uncaught_failure_of_an_event_leaves_the_run_with_the_scripts_traceback() -> None:
    env = simpy.Environment()
    engine = Engine(env)

    def pay() -> Story:
        yield env.event().fail(ConnectionError("no answer"))

    engine.start(pay())
    with pytest.raises(ConnectionError, match="no answer") as caught:
        env.run()
    assert "pay" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_an_exception_leaves_the_run_with_its_traceback_and_the_others_can_go_on() -> None:
    """A unit handed over in the very step that fails reaches its waiter when the run is resumed."""
    env = simpy.Environment()
    engine = Engine(env)
    till = Pool(engine, 1)
    log: Log = []

    def explode() -> None:
        raise ZeroDivisionError("bang")

    def faulty() -> Story:
        yield (till, INF)
        try:
            yield 5.0
            explode()
        finally:
            till.release()

    def shopper(name: str) -> Story:
        yield (till, INF)
        log.append((engine.now, name))
        yield 2.0
        till.release()

    engine.start(faulty())
    engine.start(shopper("b"))
    engine.start(shopper("c"))
    with pytest.raises(ZeroDivisionError, match="bang") as caught:
        env.run()
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == ["faulty", "explode"]
    assert log == []
    till.set_capacity(2)  # from outside the run, after the failure
    env.run()
    assert log == [(5.0, "b"), (5.0, "c")]
    assert (till.in_use, till.queue_length) == (0, 0)


def test_an_exception_in_a_script_that_was_just_handed_a_unit_keeps_the_engine_consistent() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    till = Pool(engine, 2)
    log: Log = []

    def holder() -> Story:
        yield (till, INF)
        yield 5.0
        till.release()
        log.append((engine.now, "holder goes on"))
        yield 1.0
        log.append((engine.now, "holder ends"))

    def faulty() -> Story:
        yield (till, INF)
        till.release()
        raise LookupError("no such item")

    def shopper() -> Story:
        yield (till, INF)
        log.append((engine.now, "served"))
        till.release()

    for script in (holder(), holder(), faulty(), shopper()):
        engine.start(script)
    with pytest.raises(LookupError):
        env.run()
    env.run()
    assert log == [
        (5.0, "holder goes on"),
        (5.0, "served"),
        (5.0, "holder goes on"),
        (6.0, "holder ends"),
        (6.0, "holder ends"),
    ]
    assert (till.in_use, till.queue_length) == (0, 0)


def test_units_change_hands_from_outside_after_an_exception() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    till = Pool(engine, 1)
    log: Log = []

    def faulty() -> Story:
        yield (till, INF)
        yield 1.0
        raise LookupError("no such item")

    def shopper() -> Story:
        yield (till, INF)
        log.append((engine.now, "served"))

    engine.start(faulty())
    engine.start(shopper())
    with pytest.raises(LookupError):
        env.run()
    till.release()
    env.run()
    assert log == [(1.0, "served")]


def clock(engine: Engine, log: Log, name: str, gap_s: float, pool: Pool) -> Story:
    for _ in range(6):
        got = yield (pool, 2.5)
        log.append((engine.now, f"{name} {got}"))
        if got:
            yield gap_s
            pool.release()
        else:
            yield 0.5


def test_a_run_in_pieces_equals_a_run_at_once() -> None:
    def tell(stops_s: list[float | None]) -> Log:
        env = simpy.Environment()
        engine = Engine(env)
        pool = Pool(engine, 2)
        log: Log = []
        for name, gap_s in (("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 1.5)):
            engine.start(clock(engine, log, name, gap_s, pool))
        for stop_s in stops_s:
            env.run(until=stop_s)
        return log

    at_once = tell([None])
    assert len(at_once) == 24
    assert any("False" in entry[1] for entry in at_once)
    assert tell([1.0, 1.5, 2, 2.5, 3, 7.25, None]) == at_once


def test_the_until_event_of_a_run_is_triggered_by_an_actor_and_waited_for_by_another() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    log: Log = []
    closing = env.event()

    def keeper() -> Story:
        yield 3.0
        closing.succeed("closed")
        yield 2.0
        log.append((engine.now, "keeper"))

    def shopper(name: str) -> Story:
        yield closing
        log.append((engine.now, name))

    engine.start(keeper())
    engine.start(shopper("before"), 0.0)
    engine.start(shopper("after"), 1.0)
    assert env.run(until=closing) == "closed"
    assert env.now == 3.0
    env.run()
    assert log == [(3.0, "before"), (3.0, "after"), (5.0, "keeper")]


def test_a_script_cannot_stop_the_run_behind_its_back() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    till = Pool(engine, 1)
    log: Log = []

    def holder() -> Story:
        yield (till, INF)
        yield 1.0
        till.release()
        yield 1.0
        log.append((engine.now, "holder"))

    def stopper() -> Story:
        yield (till, INF)
        raise StopSimulation("enough")

    engine.start(holder())
    engine.start(stopper())
    with pytest.raises(RuntimeError, match="until"):
        env.run()
    env.run()
    assert log == [(2.0, "holder")]


def test_a_world_dropped_in_the_middle_of_a_run_closes_its_scripts_quietly() -> None:
    """Suspended scripts run their `finally` clauses when they are collected; pytest reports what they would raise."""
    closed: list[str] = []

    def run_for_a_while() -> None:
        env = simpy.Environment()
        engine = Engine(env)
        till = Pool(engine, 2)

        def shopper() -> Story:
            if not (yield (till, 50.0)):
                return
            try:
                yield 100.0
            finally:
                till.release()
                closed.append("released")

        for _ in range(10):
            engine.start(shopper())
        env.run(until=10)

    run_for_a_while()
    gc.collect()
    assert closed == ["released", "released"]
