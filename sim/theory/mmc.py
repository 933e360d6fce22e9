"""M/M/c: Poisson arrivals, exponential service, c servers, one queue without limit. Erlang's formulas."""

from __future__ import annotations

from math import exp


def erlang_b(servers: int, load: float) -> float:
    """Probability that all `servers` are busy when there is no queue (M/M/c/c).

    The recursion B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)) of Cooper, "Introduction to Queueing Theory", 1981,
    section 3.3, for the formula of Erlang, 1917. `load` a is in erlangs.
    """
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = load * blocked / (c + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """Probability of having to wait: C = B / (1 - rho (1 - B)) with rho = a / c (Cooper 1981, section 3.4).

    Raises `ValueError` unless 0 <= `load` < `servers`: otherwise the queue has no stationary state.
    """
    if not 0 <= load < servers:
        raise ValueError(f"a load of {load} erlangs on {servers} servers has no stationary queue")
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


def mean_wait_s(arrival_rate: float, service_rate: float, servers: int) -> float:
    """Mean time in the queue, over all customers: C / (c mu - lambda)."""
    return erlang_c(servers, arrival_rate / service_rate) / (servers * service_rate - arrival_rate)


def mean_queue_length(arrival_rate: float, service_rate: float, servers: int) -> float:
    """Mean number in the queue, by Little's law L = lambda W."""
    return arrival_rate * mean_wait_s(arrival_rate, service_rate, servers)


def wait_exceeds(time_s: float, arrival_rate: float, service_rate: float, servers: int) -> float:
    """Probability that a customer waits longer than `time_s`: C exp(-(c mu - lambda) t), first come first served."""
    spare_rate = servers * service_rate - arrival_rate
    return erlang_c(servers, arrival_rate / service_rate) * exp(-spare_rate * time_s)
