"""One M/M/4 queue over given gaps and service times, in each tool: the wait of every customer, in order of arrival.

The peers are imported inside: they belong to the extra `oracle`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import accumulate, count
from math import inf
from typing import Any, Final

import numpy as np
import simpy

from sim.engine import Engine, Pool
from sim.engine.actors import Script
from sim.streams import Streams, exponential

SERVERS: Final = 4
UTILISATION: Final = 0.9

Waits = list[float]
Queue = Callable[[list[float], list[float]], Waits]


def draw_mmc(customers: int, seed: int = 1) -> tuple[list[float], list[float]]:
    """Gaps between arrivals and service times, mean service one second, that keep four servers 90 % busy."""
    draws = exponential(Streams(seed, 0).uniforms("mmc", np.arange(customers), 2))
    return (draws[:, 0] / (SERVERS * UTILISATION)).tolist(), draws[:, 1].tolist()


def lean(gaps_s: list[float], services_s: list[float]) -> Waits:
    """Lean actors of `sim.engine`."""
    env = simpy.Environment()
    engine = Engine(env)
    servers = Pool(engine, SERVERS)
    waits = [0.0] * len(services_s)

    def customer(number: int, arrived_s: float, service_s: float) -> Script:
        yield (servers, inf)
        waits[number] = env._now - arrived_s
        yield service_s
        servers.release()

    def arrivals() -> Iterator[tuple[float, Callable[[], Script]]]:
        numbered = zip(count(), accumulate(gaps_s), services_s, strict=False)
        return ((at_s, partial(customer, number, at_s, service_s)) for number, at_s, service_s in numbered)

    engine.pump(arrivals())
    engine.env.run()
    return waits


def textbook(gaps_s: list[float], services_s: list[float]) -> Waits:
    """SimPy as its tutorial writes it."""
    env = simpy.Environment()
    servers = simpy.Resource(env, SERVERS)
    waits = [0.0] * len(services_s)

    def customer(number: int, service_s: float) -> Generator[simpy.Event, Any, None]:
        arrived_s = env.now
        with servers.request() as request:
            yield request
            waits[number] = env.now - arrived_s
            yield env.timeout(service_s)

    def source() -> Generator[simpy.Event, Any, None]:
        for number, (gap_s, service_s) in enumerate(zip(gaps_s, services_s, strict=True)):
            yield env.timeout(gap_s)
            env.process(customer(number, service_s))

    env.process(source())
    env.run()
    return waits


def in_salabim(gaps_s: list[float], services_s: list[float]) -> Waits:
    """Salabim with generators and without monitors, its faster settings."""
    import salabim

    env = salabim.Environment(trace=False, yieldless=False, set_numpy_random_seed=False)
    servers = salabim.Resource("servers", capacity=SERVERS, monitor=False)
    waits = [0.0] * len(services_s)

    class Customer(salabim.Component):  # type: ignore[misc]
        def process(self, number: int, service_s: float) -> Generator[Any, Any, None]:
            arrived_s = env.now()
            yield self.request(servers)
            waits[number] = env.now() - arrived_s
            yield self.hold(service_s)
            self.release(servers)

    class Source(salabim.Component):  # type: ignore[misc]
        def process(self) -> Generator[Any, Any, None]:
            for number, (gap_s, service_s) in enumerate(zip(gaps_s, services_s, strict=True)):
                yield self.hold(gap_s)
                Customer(number=number, service_s=service_s)

    Source()
    env.run()
    return waits


def in_ciw(gaps_s: list[float], services_s: list[float]) -> Waits:
    """Ciw: it draws service times in order of start, which is the order of arrival here, so numbers can be given."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps_s, inf])],
        service_distributions=[ciw.dists.Sequential(services_s)],
        number_of_servers=[SERVERS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(len(services_s), method="Finish")
    records = sorted(simulation.get_all_records(), key=lambda record: record.id_number)
    return [record.waiting_time for record in records]
