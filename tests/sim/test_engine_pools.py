"""Small stories about queueing, told by their whole log."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from itertools import pairwise
from typing import Any

import pytest
import simpy

from sim.engine import Engine, Pool
from sim.engine.actors import Ticket

INF = float("inf")
Log = list[tuple[float, str, str]]
Story = Generator[Any, Any, None]


def shopper(
    engine: Engine, pool: Pool, log: Log, name: str, service_s: float, patience_s: float = INF, priority: int = 0
) -> Story:
    got = yield (pool, patience_s, priority)
    if not got:
        log.append((engine.now, name, "gave up"))
        return
    log.append((engine.now, name, "served"))
    yield service_s
    log.append((engine.now, name, "leaves"))
    pool.release()


@pytest.fixture
def world() -> tuple[simpy.Environment, Engine, Log]:
    env = simpy.Environment()
    return env, Engine(env), []


World = tuple[simpy.Environment, Engine, Log]


def test_waiters_are_served_in_order_of_arrival(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)
    for name, at_s in (("a", 0.0), ("c", 2.0), ("b", 1.0)):
        engine.start(shopper(engine, till, log, name, 10.0), at_s)
    env.run()
    assert log == [
        (0.0, "a", "served"),
        (10.0, "a", "leaves"),
        (10.0, "b", "served"),
        (20.0, "b", "leaves"),
        (20.0, "c", "served"),
        (30.0, "c", "leaves"),
    ]
    assert (till.in_use, till.queue_length) == (0, 0)


def test_priority_goes_first_and_order_of_arrival_counts_inside_a_priority(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)
    engine.start(shopper(engine, till, log, "first", 10.0))
    for name, priority in (("late1", 1), ("soon1", 0), ("late2", 1), ("urgent", -1), ("soon2", 0)):
        engine.start(shopper(engine, till, log, name, 10.0, INF, priority), 5.0)
    env.run()
    served = [name for _, name, what in log if what == "served"]
    assert served == ["first", "urgent", "soon1", "soon2", "late1", "late2"]


def test_who_runs_out_of_patience_holds_nothing_and_leaves_the_queue(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)
    engine.start(shopper(engine, till, log, "a", 10.0))
    engine.start(shopper(engine, till, log, "b", 10.0, 3.0), 1.0)
    engine.start(shopper(engine, till, log, "c", 10.0, 30.0), 2.0)
    lengths: list[tuple[float, int]] = []

    def watch() -> Story:
        for _ in range(4):
            lengths.append((engine.now, till.queue_length))
            yield 3.5

    engine.start(watch())
    env.run()
    assert log == [
        (0.0, "a", "served"),
        (4.0, "b", "gave up"),
        (10.0, "a", "leaves"),
        (10.0, "c", "served"),
        (20.0, "c", "leaves"),
    ]
    assert lengths == [(0.0, 0), (3.5, 2), (7.0, 1), (10.5, 0)]


@pytest.mark.parametrize(
    ("holder_plans_first", "outcome"), [(True, (10.0, "b", "served")), (False, (10.0, "b", "gave up"))]
)
def test_a_grant_and_the_end_of_patience_at_one_instant_never_both_happen(
    world: World, holder_plans_first: bool, outcome: tuple[float, str, str]
) -> None:
    env, engine, log = world
    till = Pool(engine, 1)

    def holder() -> Story:
        yield (till, INF)
        if not holder_plans_first:
            yield 5.0  # the rest is then planned after the waiter's patience, and comes after it at second 10
        yield 10.0 - engine.now
        till.release()

    engine.start(holder())
    engine.start(shopper(engine, till, log, "b", 1.0, 9.0), 1.0)
    env.run()
    assert log[0] == outcome
    assert len([entry for entry in log if entry[2] in ("served", "gave up")]) == 1
    assert (till.in_use, till.queue_length) == (0, 0)


def test_patience_of_zero_is_served_only_by_a_free_unit_or_one_freed_at_that_instant(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)
    engine.start(shopper(engine, till, log, "a", 10.0, 0.0))
    engine.start(shopper(engine, till, log, "b", 10.0, 0.0), 5.0)
    env.run()
    assert log == [(0.0, "a", "served"), (5.0, "b", "gave up"), (10.0, "a", "leaves")]


def test_a_newcomer_does_not_overtake_the_waiter_that_was_handed_the_unit(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)

    def greedy() -> Story:
        yield (till, INF)
        yield 10.0
        till.release()
        assert not till.take(), "the unit belongs to the waiter"
        yield (till, INF)  # at the same instant: joins behind
        log.append((engine.now, "greedy", "served again"))
        till.release()

    engine.start(greedy())
    engine.start(shopper(engine, till, log, "b", 5.0), 1.0)
    engine.start(shopper(engine, till, log, "c", 5.0), 2.0)
    env.run()
    assert log == [
        (10.0, "b", "served"),
        (15.0, "b", "leaves"),
        (15.0, "c", "served"),
        (20.0, "c", "leaves"),
        (20.0, "greedy", "served again"),
    ]


def test_take_refuses_while_somebody_queues_and_serves_when_free(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 2)
    assert till.take()
    assert till.take()
    assert not till.take()
    engine.start(shopper(engine, till, log, "a", 1.0))
    env.run(until=1)
    till.release()
    assert not till.take(), "handed to the waiter although it has not continued yet"
    env.run()
    assert log == [(1.0, "a", "served"), (2.0, "a", "leaves")]
    assert till.in_use == 1


def test_opening_and_closing_units_while_shoppers_queue(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)
    for name in "abcdef":
        engine.start(shopper(engine, till, log, name, 10.0))
    use: list[tuple[float, int, int]] = []

    def roster() -> Story:
        for gap_s, capacity in ((5.0, 3), (7.0, 1), (9.0, 0), (19.0, 2)):
            yield gap_s
            till.set_capacity(capacity)
            use.append((engine.now, till.in_use, till.queue_length))

    engine.start(roster())
    env.run()
    assert [entry for entry in log if entry[2] == "served"] == [
        (0.0, "a", "served"),
        (5.0, "b", "served"),
        (5.0, "c", "served"),
        (10.0, "d", "served"),
        (20.0, "e", "served"),  # of three units two were withdrawn at 12; b and c give theirs up at 15
        (40.0, "f", "served"),  # none from 21 on, two from 40 on
    ]
    assert use == [(5.0, 3, 3), (12.0, 3, 2), (21.0, 1, 1), (40.0, 1, 0)]
    assert (till.in_use, till.queue_length) == (0, 0)


def test_three_thousand_waiters_that_leave_at_once_are_handed_over_without_recursion(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)
    for name in range(3_000):
        engine.start(shopper(engine, till, log, str(name), 0.0))
    env.run()
    assert [name for _, name, what in log if what == "leaves"] == [str(name) for name in range(3_000)]
    assert env.now == 0.0


def test_a_chain_of_hand_overs_within_one_step_does_not_recurse(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)

    def passer_by(name: int) -> Story:
        yield (till, INF)
        log.append((engine.now, str(name), "served"))
        till.release()

    def holder() -> Story:
        yield (till, INF)
        yield 1.0
        till.release()

    engine.start(holder())
    for name in range(3_000):
        engine.start(passer_by(name))
    env.run()
    assert log == [(1.0, str(name), "served") for name in range(3_000)]


def test_release_and_capacity_from_a_plain_simpy_process_and_from_outside_the_run(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)
    assert till.take()
    for name in "abc":
        engine.start(shopper(engine, till, log, name, 4.0))

    def clerk() -> Story:
        yield env.timeout(3)
        till.release()
        log.append((env.now, "clerk", "released"))
        yield env.timeout(2)
        till.set_capacity(2)

    env.process(clerk())
    env.run(until=6)
    till.set_capacity(3)
    assert till.in_use == 3
    env.run()
    assert log == [
        (3.0, "clerk", "released"),
        (3.0, "a", "served"),
        (5.0, "b", "served"),
        (6.0, "c", "served"),
        (7.0, "a", "leaves"),
        (9.0, "b", "leaves"),
        (10.0, "c", "leaves"),
    ]


def test_a_script_that_ends_without_release_keeps_its_unit(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 1)

    def forgetful() -> Story:
        yield (till, INF)

    engine.start(forgetful())
    engine.start(shopper(engine, till, log, "b", 1.0, 60.0))
    env.run()
    assert log == [(60.0, "b", "gave up")]
    assert till.in_use == 1


def test_more_releases_than_takings_and_negative_capacity_are_errors(world: World) -> None:
    _, engine, _ = world
    till = Pool(engine, 1)
    with pytest.raises(RuntimeError, match="nobody holds"):
        till.release()
    with pytest.raises(ValueError, match="negative"):
        till.set_capacity(-1)
    assert (till.in_use, till.capacity) == (0, 1)


def busy_till(engine: Engine, till: Pool, patience_s: Callable[[int], float], count: int) -> list[int]:
    """Arrivals every second at a till that serves one in five seconds; how long the future-event list grew."""
    sizes: list[int] = []

    def one(number: int) -> Story:
        if (yield (till, patience_s(number))):
            yield 5.0
            till.release()

    def source() -> Story:
        for number in range(count):
            engine.start(one(number))
            sizes.append(len(engine.env._queue))
            assert till.queue_length >= 0
            yield 1.0

    engine.start(source())
    engine.env.run()
    return sizes


def test_dead_patience_timers_do_not_pile_up(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 3)

    def one(number: int) -> Story:
        assert (yield (till, 1e6))
        yield 2.0
        till.release()
        log.append((engine.now, str(number), "leaves"))

    sizes: list[int] = []

    def source() -> Story:
        for number in range(5_000):
            yield 0.5 if number % 10 else 5.0  # bursts of ten: each makes somebody queue
            engine.start(one(number))
            sizes.append(len(env._queue))

    engine.start(source())
    env.run(until=200_000)
    assert len(log) == 5_000
    assert max(sizes) < 200, "thousands of timers had been planned"
    assert len(env._queue) < 200
    env.run()
    assert len(log) == 5_000


def test_timers_stay_counted_over_many_sweeps_and_expiries(world: World) -> None:
    _, engine, _ = world
    till = Pool(engine, 1)
    sizes = busy_till(engine, till, lambda number: 1e6 if number % 10 == 0 else 20.0, 20_000)
    assert max(sizes) < 200, "about a hundred shoppers queue; 20,000 timers had been planned"
    assert (till.in_use, till.queue_length) == (0, 0)


def test_leavers_of_a_low_priority_do_not_pile_up_behind_a_queue_that_never_empties(world: World) -> None:
    env, engine, _ = world
    till = Pool(engine, 1)

    def regular() -> Story:
        yield (till, INF, 0)
        yield 1.0
        till.release()

    def unlucky() -> Story:
        assert not (yield (till, 2.0, 1))

    def source() -> Story:
        engine.start(regular())
        for _ in range(3_000):
            engine.start(regular())
            engine.start(unlucky())
            yield 1.0

    engine.start(source())
    env.run(until=2_999)
    assert till.queue_length < 10
    assert sum(type(thing) is Ticket for thing in gc.get_objects()) < 200


def test_priorities_hold_after_most_of_a_long_queue_has_left(world: World) -> None:
    env, engine, log = world
    till = Pool(engine, 0)
    for number in range(600):
        stays = number % 5 == 0
        name = f"{number * 7919 % 11:02d} {number:03d}"
        engine.start(
            shopper(engine, till, log, name, 1.0, INF if stays else 1.0 + number % 7, number * 7919 % 11), number / 1000
        )
    env.run(until=20)
    assert till.queue_length == 120
    log.clear()
    till.set_capacity(1)
    env.run()
    served = [name for _, name, what in log if what == "served"]
    assert len(served) == 120
    assert served == sorted(served)


def test_more_tills_never_make_anybody_wait_longer() -> None:
    """Common random numbers; first come first served with equal servers is monotone in their number."""

    def waits(tills: int) -> list[float]:
        env = simpy.Environment()
        engine = Engine(env)
        pool = Pool(engine, tills)
        out = [0.0] * 300

        def one(number: int) -> Story:
            arrived = engine.now
            yield (pool, INF)
            out[number] = engine.now - arrived
            yield float(number * 7919 % 13)
            pool.release()

        for number in range(300):
            engine.start(one(number), float(number * 1.7))
        env.run()
        return out

    by_tills = [waits(tills) for tills in (2, 3, 4, 6)]
    assert sum(by_tills[0]) > 0
    for fewer, more in pairwise(by_tills):
        assert all(b <= a + 1e-9 for a, b in zip(fewer, more, strict=True))


def test_a_unit_given_back_later_serves_the_next_waiter_then() -> None:
    env = simpy.Environment()
    engine = Engine(env)
    till = Pool(engine, 1)
    log: list[tuple[float, str]] = []

    def shopper(name: str) -> Generator[Any, Any, None]:
        yield (till, float("inf"))
        log.append((env.now, name))
        yield 10.0
        till.release_after(5.0)
        log.append((env.now, f"{name} leaves"))

    for name in ("first", "second"):
        engine.start(shopper(name))
    env.run()
    assert log == [(0.0, "first"), (10.0, "first leaves"), (15.0, "second"), (25.0, "second leaves")]
