"""The queue at a store's tills, as a recursion over its customers, and as actors of the engine.

One queue, first come, first served; whoever would wait longer than patience leaves when it runs out and never holds a
till. With arrivals, patience and services given, the till that a customer gets is the one that is free first, so the
second at which each is served follows without an event loop (Kiefer and Wolfowitz 1955, with impatience). Actors that
queue for a `sim.engine.Pool` give the same numbers to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from heapq import heapreplace

import simpy

from sim.engine import Engine, Pool
from sim.engine.actors import Script

LEFT = -1.0
"""Stands for the start of service of somebody who was never served."""

Serve = Callable[[int, Sequence[float], Sequence[float], Sequence[float], float], list[float]]


def serve(
    tills: int,
    arrive_s: Sequence[float],
    patience_s: Sequence[float],
    service_s: Sequence[float],
    break_s: float,
) -> list[float]:
    """Second at which each customer's service starts, `LEFT` for who leaves; customers in order of arrival.

    A till is free again `break_s` after the service.
    """
    free = [LEFT] * tills  # a heap: when each till is free again
    start_s: list[float] = []
    started = start_s.append
    for arrive, patience, service in zip(arrive_s, patience_s, service_s, strict=True):
        start = free[0]
        if start < arrive:
            start = arrive
        elif start > arrive + patience:
            started(LEFT)
            continue
        heapreplace(free, start + service + break_s)
        started(start)
    return start_s


def serve_actors(
    tills: int,
    arrive_s: Sequence[float],
    patience_s: Sequence[float],
    service_s: Sequence[float],
    break_s: float,
) -> list[float]:
    """As `serve`, by lean actors that queue for a pool."""
    engine = Engine(simpy.Environment())
    pool = Pool(engine, tills)
    start_s = [LEFT] * len(arrive_s)

    def customer(number: int) -> Script:
        if (yield (pool, patience_s[number])):
            start_s[number] = engine.env._now
            yield service_s[number]
            pool.release_after(break_s)

    engine.pump((at_s, partial(customer, number)) for number, at_s in enumerate(arrive_s))
    engine.env.run()
    return start_s
