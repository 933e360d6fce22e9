"""Queues built from the engine's own pools agree with queueing theory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log, sqrt

import numpy as np
import pytest
import simpy
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import t

from sim.engine import Engine, Pool
from sim.engine.actors import Script
from sim.streams import Streams, exponential
from sim.theory import erlang_a, mg1, mmc, mmck

Floats = NDArray[np.float64]
Inversion = Callable[[Floats], Floats]
INF = float("inf")
REPLICATIONS = 40
SEED = 1


@dataclass(frozen=True)
class Queue:
    """One queueing system; times in mean service times, so that the load is the arrival rate."""

    load: float
    servers: int
    service: Inversion = exponential
    patience_rate: float = 0.0
    places: float = INF

    @property
    def name(self) -> str:
        """Every system draws its own numbers, so that one unlucky draw does not show in all of them."""
        return f"{self.service.__name__}/{self.load}/{self.servers}/{self.patience_rate}/{self.places}"


@dataclass
class Outcome:
    """Per customer: seconds in the queue, and whether it balked or left; and the areas under the two curves."""

    wait: Floats
    balked: NDArray[np.bool_]
    left: NDArray[np.bool_]
    service: Floats
    queue_area: float = 0.0
    busy_area: float = 0.0
    _seen_s: float = 0.0


def run(queue: Queue, replication: int, customers: int) -> Outcome:
    draws = Streams(SEED, replication).uniforms(queue.name, np.arange(customers), 3)
    arrive = np.cumsum(exponential(draws[:, 0])) / queue.load
    service = queue.service(draws[:, 1]).tolist()
    patience = (exponential(draws[:, 2]) / queue.patience_rate).tolist() if queue.patience_rate else [INF] * customers
    none = np.zeros(customers, dtype=bool)
    out = Outcome(np.zeros(customers), none.copy(), none.copy(), np.array(service))
    env = simpy.Environment()
    engine = Engine(env)
    pool = Pool(engine, queue.servers)

    def measure() -> None:
        out.queue_area += (engine.now - out._seen_s) * pool.queue_length
        out.busy_area += (engine.now - out._seen_s) * pool.in_use
        out._seen_s = engine.now

    def customer(number: int) -> Script:
        measure()
        if pool.in_use + pool.queue_length >= queue.places:
            out.balked[number] = True
            return
        arrived = engine.now
        served = yield (pool, patience[number])
        out.wait[number] = engine.now - arrived
        out.left[number] = not served
        if served:
            yield service[number]
            measure()
            pool.release()

    engine.pump((at_s, partial(customer, number)) for number, at_s in enumerate(arrive.tolist()))
    env.run()
    assert (pool.in_use, pool.queue_length) == (0, 0)
    return out


def agrees(samples: list[float], expected: float, precision: float = 0.15) -> None:
    """The 99.9 % t-interval of independent replications holds `expected` and is narrower than `precision` of it.

    With about twenty intervals, a correct engine passes at 98 of 100 seeds.
    """
    values = np.array(samples)
    half_width = t.ppf(0.9995, len(values) - 1) * values.std(ddof=1) / sqrt(len(values))
    assert half_width < precision * expected, "too wide an interval proves nothing"
    assert abs(values.mean() - expected) < half_width


def steady(queue: Queue, customers: int = 5_000) -> list[Outcome]:
    """Replications without their first fifth, which starts from an empty shop."""
    outcomes = [run(queue, replication, customers) for replication in range(REPLICATIONS)]
    settled = slice(customers // 5, None)
    return [Outcome(o.wait[settled], o.balked[settled], o.left[settled], o.service[settled]) for o in outcomes]


@pytest.mark.parametrize(("servers", "load"), [(1, 0.6), (3, 2.4), (10, 8.5)])
def test_m_m_c_waits_as_erlang_c_says(servers: int, load: float) -> None:
    outcomes = steady(Queue(load, servers))
    agrees([o.wait.mean() for o in outcomes], mmc.mean_wait_s(load, 1.0, servers), 0.20)
    agrees([(o.wait > 0).mean() for o in outcomes], mmc.erlang_c(servers, load))
    agrees([(o.wait > 1.0).mean() for o in outcomes], mmc.wait_exceeds(1.0, load, 1.0, servers), 0.30)


@pytest.mark.parametrize(("servers", "places", "load"), [(1, 4, 0.9), (3, 3, 2.5), (4, 10, 5.0)])
def test_m_m_c_k_turns_away_as_many_as_theory_says(servers: int, places: int, load: float) -> None:
    outcomes = steady(Queue(load, servers, places=places), 4_000)
    agrees([o.balked.mean() for o in outcomes], mmck.balk_probability(load, 1.0, servers, places))
    waits = [o.wait[~o.balked].mean() for o in outcomes]
    if places > servers:
        agrees(waits, mmck.mean_wait_s(load, 1.0, servers, places))
    else:
        assert waits == [0.0] * REPLICATIONS


def constant(uniform: Floats) -> Floats:
    return np.ones_like(uniform)


def log_normal(uniform: Floats) -> Floats:
    """Mean one and a squared coefficient of variation of two."""
    sigma_squared = log(3.0)
    return np.exp(sqrt(sigma_squared) * ndtri(uniform) - sigma_squared / 2)


@pytest.mark.parametrize(("service", "scv", "load"), [(constant, 0.0, 0.8), (log_normal, 2.0, 0.6)])
def test_m_g_1_waits_as_pollaczek_and_khinchine_say(service: Inversion, scv: float, load: float) -> None:
    outcomes = steady(Queue(load, 1, service))
    agrees([o.wait.mean() for o in outcomes], mg1.mean_wait_s(load, 1.0, scv))


@pytest.mark.parametrize(("servers", "load", "patience_rate"), [(5, 6.0, 0.5), (10, 9.0, 0.2), (3, 2.0, 3.0)])
def test_m_m_c_with_patience_abandons_as_erlang_a_says(servers: int, load: float, patience_rate: float) -> None:
    outcomes = steady(Queue(load, servers, patience_rate=patience_rate))
    rates = (load, 1.0, patience_rate, servers)
    agrees([o.left.mean() for o in outcomes], erlang_a.abandon_probability(*rates))
    agrees([o.wait.mean() for o in outcomes], erlang_a.mean_wait_s(*rates))
    agrees([(o.wait > 0).mean() for o in outcomes], erlang_a.wait_probability(*rates))


def test_littles_law_and_the_utilisation_law_hold_to_rounding_on_every_path() -> None:
    """From empty to empty the area under the queue is the sum of the waits, and that of the servers all service."""
    for replication in range(5):
        outcome = run(Queue(2.7, 3), replication, 3_000)
        assert outcome.queue_area == pytest.approx(outcome.wait.sum(), rel=1e-9)
        assert outcome.busy_area == pytest.approx(outcome.service.sum(), rel=1e-9)
        assert outcome.queue_area > 100


def test_a_single_server_follows_lindleys_recursion_customer_by_customer() -> None:
    queue = Queue(0.9, 1)
    outcome = run(queue, 0, 3_000)
    draws = Streams(SEED, 0).uniforms(queue.name, np.arange(3_000), 3)
    gaps = exponential(draws[:, 0]) / queue.load
    wait = 0.0
    expected = [wait]
    for gap, service in zip(gaps[1:], outcome.service[:-1], strict=True):
        wait = max(0.0, wait + service - gap)
        expected.append(wait)
    assert outcome.wait == pytest.approx(np.array(expected), abs=1e-8)
