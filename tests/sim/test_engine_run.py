"""`Engine.run` does what SimPy's own run loop does, in the same order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import simpy

from sim.engine import At, Engine, Pool
from sim.engine.actors import Script

Log = list[tuple[float, str]]


def _busy_world(seconds: list[float]) -> tuple[Engine, Log]:
    """Actors, patience, priorities, calls and SimPy processes, many of them at the same instants."""
    env = simpy.Environment()
    engine = Engine(env)
    pool = Pool(engine, 2)
    log: Log = []

    def shopper(name: str, wait_s: float, patience_s: float, priority: int) -> Script:
        yield At(wait_s)
        log.append((env.now, f"{name} comes"))
        if not (yield (pool, patience_s, priority)):
            log.append((env.now, f"{name} leaves"))
            return
        log.append((env.now, f"{name} is served"))
        yield 2.0
        pool.release_after(0.5)
        yield env.timeout(1.0)
        log.append((env.now, f"{name} goes"))

    def clock() -> Any:
        while env.now < 12:
            yield env.timeout(1.0)
            log.append((env.now, "tick"))
            pool.set_capacity(1 + int(env.now) % 3)

    for number, second in enumerate(seconds):
        engine.start(shopper(str(number), second, 1.5 + number % 3, number % 2))
    env.process(clock())
    return engine, log


def _with_simpy(engine: Engine, until_s: float) -> None:
    engine.env.run(until=until_s)


@pytest.mark.parametrize("stop_s", [[30.0], [1.0, 2.0, 3.0, 30.0], [0.5, 2.5, 2.75, 30.0]])
def test_same_order_as_simpys_loop(stop_s: list[float]) -> None:
    seconds = [0.0, 0.0, 1.0, 1.0, 1.0, 2.5, 3.0, 3.0, 4.5, 5.0, 5.0, 9.0]
    logs: list[Log] = []
    drivers: list[Callable[[Engine, float], None]] = [Engine.run, _with_simpy]
    for drive in drivers:
        engine, log = _busy_world(seconds)
        for stop in stop_s:
            drive(engine, stop)
            log.append((engine.now, "stopped"))
        logs.append(log)
    assert logs[0] == logs[1]
    assert {"0 is served", "tick"} <= {what for _, what in logs[0]}
    assert any(what.endswith("leaves") for _, what in logs[0])


def test_both_loops_take_turns() -> None:
    seconds = [0.0, 1.0, 1.0, 2.0, 6.0]
    alone, expected = _busy_world(seconds)
    alone.run(30.0)
    engine, log = _busy_world(seconds)
    for stop in range(1, 31):
        (Engine.run if stop % 2 else _with_simpy)(engine, float(stop))
    assert log == expected


def test_what_happens_at_the_end_is_left_for_the_next_run() -> None:
    engine, log = _busy_world([3.0])
    engine.run(3.0)
    assert engine.now == 3.0
    assert (3.0, "0 comes") not in log
    engine.run()
    assert (3.0, "0 comes") in log


def test_a_failure_comes_out() -> None:
    env = simpy.Environment()
    engine = Engine(env)

    def fails() -> Script:
        yield 1.0
        raise ValueError("broken")

    engine.start(fails())
    with pytest.raises(ValueError, match="broken"):
        engine.run()
    assert engine.now == 1.0
