"""One shopper's visit, written three times: as lean actors, in textbook SimPy, and in salabim.

Six scans on the floor, a queue at the tills that the shopper leaves when patience runs out, then the pickup counter.
All versions run on the same drawn numbers and must give the same records to the last bit; what differs is the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple

import numpy as np
import simpy

from sim.engine import Engine, Pool
from sim.engine.actors import Script
from sim.streams import Streams, exponential

SCANS = 6
TILLS = 8
COUNTERS = 2


class Visit(NamedTuple):
    """What one shopper is going to do: gap to the previous arrival and durations, all in seconds."""

    gap_s: float
    scans_s: tuple[float, ...]
    patience_s: float
    till_s: float
    pickup_s: float


class Record(NamedTuple):
    """What happened to one shopper; times in seconds, `start_s` is the start of service or of giving up."""

    shopper: int
    arrive_s: float
    start_s: float
    end_s: float
    reneged: bool


def draw_visits(count: int, seed: int = 1) -> list[Visit]:
    """Visits that load eight tills to 94 % and two pickup counters to 70-75 %, so that some shoppers give up."""
    draws = exponential(Streams(seed, 0).uniforms("visits", np.arange(count), 4 + SCANS))
    means_s = np.array([20.0, 180.0, 150.0, 30.0, *[45.0] * SCANS])
    return [Visit(row[0], tuple(row[4:]), row[1], row[2], row[3]) for row in (draws * means_s).tolist()]


def run_lean(visits: list[Visit]) -> list[Record]:
    """Run the visits as lean actors; records in order of departure."""
    env = simpy.Environment()
    engine = Engine(env)
    till, counter = Pool(engine, TILLS), Pool(engine, COUNTERS)
    records: list[Record] = []

    def shop(shopper: int, visit: Visit) -> Script:
        arrive_s = engine.now
        for scan_s in visit.scans_s:  # noqa: UP028, written like its counterpart below
            yield scan_s
        served = yield (till, visit.patience_s)
        start_s = engine.now
        if served:
            yield visit.till_s
            till.release()
            yield (counter, float("inf"))
            yield visit.pickup_s
            counter.release()
        records.append(Record(shopper, arrive_s, start_s, engine.now, not served))

    def arrivals() -> Iterator[tuple[float, Callable[[], Script]]]:
        at_s = 0.0
        for shopper, visit in enumerate(visits):
            at_s += visit.gap_s
            yield at_s, lambda shopper=shopper, visit=visit: shop(shopper, visit)  # type: ignore[misc]

    engine.pump(arrivals())
    engine.env.run()
    return records


def run_textbook(visits: list[Visit]) -> list[Record]:
    """Run the visits as SimPy's tutorial would write them; records in order of departure."""
    env = simpy.Environment()
    till, counter = simpy.Resource(env, TILLS), simpy.Resource(env, COUNTERS)
    records: list[Record] = []

    def shop(shopper: int, visit: Visit) -> Script:
        arrive_s = env.now
        for scan_s in visit.scans_s:
            yield env.timeout(scan_s)
        with till.request() as request:
            result = yield request | env.timeout(visit.patience_s)
            served = request in result
            start_s = env.now
            if served:
                yield env.timeout(visit.till_s)
        if served:
            with counter.request() as request:
                yield request
                yield env.timeout(visit.pickup_s)
        records.append(Record(shopper, arrive_s, start_s, env.now, not served))

    def arrivals() -> Script:
        for shopper, visit in enumerate(visits):
            yield env.timeout(visit.gap_s)
            env.process(shop(shopper, visit))

    env.process(arrivals())
    env.run()
    return records


def run_salabim(visits: list[Visit]) -> list[Record]:
    """Run the visits in salabim, with generators and without monitors, its faster settings."""
    import salabim

    env = salabim.Environment(trace=False, yieldless=False, set_numpy_random_seed=False)
    till = salabim.Resource("till", capacity=TILLS, monitor=False)
    counter = salabim.Resource("counter", capacity=COUNTERS, monitor=False)
    records: list[Record] = []

    class Shopper(salabim.Component):  # type: ignore[misc]
        def process(self, shopper: int, visit: Visit) -> Generator[Any, Any, None]:
            arrive_s = env.now()
            for scan_s in visit.scans_s:
                yield self.hold(scan_s)
            yield self.request(till, fail_delay=visit.patience_s)
            served = not self.failed()
            start_s = env.now()
            if served:
                yield self.hold(visit.till_s)
                self.release(till)
                yield self.request(counter)
                yield self.hold(visit.pickup_s)
                self.release(counter)
            records.append(Record(shopper, arrive_s, start_s, env.now(), not served))

    class Arrivals(salabim.Component):  # type: ignore[misc]
        def process(self) -> Generator[Any, Any, None]:
            for shopper, visit in enumerate(visits):
                yield self.hold(visit.gap_s)
                Shopper(shopper=shopper, visit=visit)

    Arrivals()
    env.run()
    return records
