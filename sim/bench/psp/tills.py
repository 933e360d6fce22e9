"""The queue at a store's tills, as a recursion over its customers.

One queue, first come, first served; whoever would wait longer than patience leaves when it runs out and never holds a
till. With arrivals, patience and services given, the till that a customer gets is the one that is free first, so the
second at which each is served follows without an event loop (Kiefer and Wolfowitz 1955, with impatience). The numbers
are those of actors that queue for a `sim.engine.Pool`, to the last bit; the tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapreplace

LEFT = -1.0
"""Stands for the start of service of somebody who was never served."""


def serve(
    tills: int,
    arrive_s: Sequence[float],
    patience_s: Sequence[float],
    service_s: Sequence[float],
    break_s: float = 0.0,
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
