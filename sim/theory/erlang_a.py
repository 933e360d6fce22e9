"""Erlang A, M/M/c+M: as M/M/c, but each customer leaves the queue after an exponential patience.

Palm, "Research on telephone traffic carried by full availability groups", 1957, in the form of Mandelbaum and Zeltyn,
"Service engineering in action: the Palm/Erlang-A queue", 2007, section 3. There is always a stationary state.
"""

from __future__ import annotations

from sim.theory.mmc import erlang_b


def wait_probability(arrival_rate: float, service_rate: float, patience_rate: float, servers: int) -> float:
    """Probability that all servers are busy: A B / (1 + (A - 1) B) with Erlang's B and Palm's A.

    A is A(c mu / theta, lambda / theta); `patience_rate` theta is one over the mean patience.
    """
    palm = _palm(servers * service_rate / patience_rate, arrival_rate / patience_rate)
    blocked = erlang_b(servers, arrival_rate / service_rate)
    return palm * blocked / (1 + (palm - 1) * blocked)


def abandon_probability(arrival_rate: float, service_rate: float, patience_rate: float, servers: int) -> float:
    """Share of customers that leave unserved: P(wait) * (1 / (rho A) + 1 - 1 / rho), with rho = lambda / (c mu)."""
    palm = _palm(servers * service_rate / patience_rate, arrival_rate / patience_rate)
    rho = arrival_rate / (servers * service_rate)
    given_wait = 1 / (rho * palm) + 1 - 1 / rho
    return given_wait * wait_probability(arrival_rate, service_rate, patience_rate, servers)


def mean_wait_s(arrival_rate: float, service_rate: float, patience_rate: float, servers: int) -> float:
    """Mean time in the queue over all customers, those who leave included: P(abandon) / theta.

    In balance theta E[queue] customers leave per second, which is lambda P(abandon); Little's law does the rest.
    """
    return abandon_probability(arrival_rate, service_rate, patience_rate, servers) / patience_rate


def mean_queue_length(arrival_rate: float, service_rate: float, patience_rate: float, servers: int) -> float:
    """Mean number in the queue, by Little's law L = lambda W."""
    return arrival_rate * mean_wait_s(arrival_rate, service_rate, patience_rate, servers)


def _palm(x: float, y: float) -> float:
    """A(x, y) = 1 + sum over j >= 1 of y**j / ((x + 1) ... (x + j)); all terms are positive, so nothing cancels."""
    total = term = 1.0
    j = 0
    while term > 1e-17 * total or y > x + j:
        j += 1
        term *= y / (x + j)
        total += term
    return total
