"""M/M/c/K: as M/M/c, but who finds K customers in the system (served ones included) goes away."""

from __future__ import annotations


def state_probabilities(arrival_rate: float, service_rate: float, servers: int, places: int) -> list[float]:
    """Probabilities of 0..K customers in the system, K = `places`.

    Balance of the birth-and-death process: p(n) = p(n-1) lambda / (min(n, c) mu); Gross et al., "Fundamentals of
    Queueing Theory", 4th ed. 2008, section 2.5. Raises `ValueError` when `places` < `servers`.
    """
    if places < servers:
        raise ValueError(f"{places} places cannot hold {servers} servers")
    weights = [1.0]
    for customers in range(1, places + 1):
        weights.append(weights[-1] * arrival_rate / (min(customers, servers) * service_rate))
        if weights[-1] > 1e100:  # only ratios matter
            weights = [weight * 1e-100 for weight in weights]
    total = sum(weights)
    return [weight / total for weight in weights]


def balk_probability(arrival_rate: float, service_rate: float, servers: int, places: int) -> float:
    """Share of arrivals that find the system full: p(K), since Poisson arrivals see time averages (PASTA)."""
    return state_probabilities(arrival_rate, service_rate, servers, places)[-1]


def mean_queue_length(arrival_rate: float, service_rate: float, servers: int, places: int) -> float:
    """Mean number in the queue: the sum of (n - c) p(n) over n > c."""
    states = state_probabilities(arrival_rate, service_rate, servers, places)
    return sum((n - servers) * p for n, p in enumerate(states) if n > servers)


def mean_wait_s(arrival_rate: float, service_rate: float, servers: int, places: int) -> float:
    """Mean time in the queue of those who enter, by Little's law with the entering rate lambda (1 - p(K))."""
    states = state_probabilities(arrival_rate, service_rate, servers, places)
    queued = sum((n - servers) * p for n, p in enumerate(states) if n > servers)
    return queued / (arrival_rate * (1 - states[-1]))
