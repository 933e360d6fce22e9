"""M/G/1: Poisson arrivals, one server, any distribution of service times."""

from __future__ import annotations


def mean_wait_s(arrival_rate: float, mean_service_s: float, service_scv: float) -> float:
    """Mean time in the queue: rho / (1 - rho) * (1 + scv) / 2 * E[S].

    Pollaczek (1930) and Khinchine (1932); Gross et al. 2008, section 5.1. `service_scv` is the squared coefficient of
    variation of the service time, variance / mean**2. Raises `ValueError` when the server cannot keep up.
    """
    utilisation = arrival_rate * mean_service_s
    if not 0 <= utilisation < 1:
        raise ValueError(f"a utilisation of {utilisation} has no stationary queue")
    return utilisation / (1 - utilisation) * (1 + service_scv) / 2 * mean_service_s


def mean_queue_length(arrival_rate: float, mean_service_s: float, service_scv: float) -> float:
    """Mean number in the queue, by Little's law L = lambda W."""
    return arrival_rate * mean_wait_s(arrival_rate, mean_service_s, service_scv)
