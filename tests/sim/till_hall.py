"""A store's tills by themselves: shoppers with given arrivals, services and patience, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import inf, log
from statistics import fmean
from typing import Any

import numpy as np

from scenarios.loader import load
from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.log.recorder import Memory
from sim.log.schema import Place
from sim.store.store import Store
from sim.store.tills import queue_and_pay
from sim.streams import Streams, exponential
from sim.town import Town
from sim.world import World

ALL_DAY = "[" + ",".join(["{0}"] * 24) + "]"


@dataclass(frozen=True)
class Shopper:
    """What a shopper brings to the till; `service_s` holds for staffed tills, paying included."""

    at_s: float
    service_s: float
    items: int = 1
    patience_s: float = inf
    balk_draw: float = 0.0
    cash: bool = True


@dataclass(frozen=True)
class Wait:
    """What became of a shopper; `wait_s` is None for those who balked or reneged."""

    shopper: int
    wait_s: float | None


class Hall:
    """The first store of the ward, open day and night, with nothing in it but its tills."""

    def __init__(self, sets: Sequence[str] = (), tills: int = 3) -> None:
        free = [
            f"payments.tenders.{tender}.{key}=0" for tender in ("cash", "card") for key in ("handling_s", "decline")
        ]
        free += ["payments.tenders.card.latency_median_s=0", "payments.tenders.card.time_out=0"]
        roster = [f"stores.station.staffed_tills={ALL_DAY.format(tills)}", "stores.station.self_checkouts=0"]
        self.memory = Memory()
        scenario = load("ward-omo", ["population.shoppers=10", *free, *roster, *sets]).scenario
        self.world = World(scenario, Streams(1, 0), self.memory)
        self.town: Town = self.world.town
        self.store: Store = self.town.stores[0]
        self.waits: list[Wait] = []
        zeros = {"float": 0.0, "int": 0, "bool": False}
        self._blank: dict[str, Any] = {field.name: zeros.get(str(field.type), ()) for field in fields(Errand)}
        self._blank |= {"open_parts": 1, "payment_draws": [0.999, 0.0] * 4, "patience_s": inf}

    def run(self, shoppers: Sequence[Shopper], until_s: float | None = None) -> list[Wait]:
        """Let all shoppers come and go; afterwards their waits, in order of arrival."""
        engine = self.town.engine
        engine.start(self._roster(until_s or shoppers[-1].at_s + DAY_S))
        engine.pump((one.at_s, partial(self._visit, number, one)) for number, one in enumerate(shoppers))
        engine.env.run(until=until_s)
        self.town.log.flush(everything=True)
        return sorted(self.waits, key=lambda wait: wait.shopper)

    def errand(self, number: int, **values: Any) -> Errand:
        """An errand with nothing in it but `values`."""
        return Errand(**{**self._blank, "need": number, **values})

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind, in order of time."""
        return [row for row in self.memory.table("events").to_pylist() if row["kind"] == kind]

    def counted(self, what: str, place: Place = Place.STAFFED_TILL) -> float:
        """Sum over the hours of a column of the queue statistics."""
        return sum(getattr(hour, what) for hour in self.store.queues[place])

    def longest_queue(self, every_s: float = 10.0) -> Callable[[], int]:
        """Watch the queue at staffed tills; the function gives its greatest length so far."""
        lengths: list[int] = [0]

        def watch() -> Generator[float, Any, None]:
            while True:
                lengths.append(self.store.queueing_at_tills())
                yield every_s

        self.town.engine.start(watch())
        return lambda: max(lengths)

    def _visit(self, number: int, shopper: Shopper) -> Generator[Any, Any, None]:
        rules = self.town.scenario.tills
        tender = self.town.tenders.cash
        if not shopper.cash:
            tender = list(self.town.scenario.payments.tenders).index("card")
        mean = rules.staffed_log_mean + rules.staffed_log_per_log_item * log(shopper.items)
        errand = self.errand(
            number,
            staffed_z=(log(shopper.service_s) - mean) / rules.staffed_log_sigma,
            patience_s=shopper.patience_s,
            balk_draw=shopper.balk_draw,
            store_tender=tender,
        )
        came_s = self.town.engine.now
        paid = yield from queue_and_pay(self.town, self.store, errand, number, shopper.items, 100)
        served = paid is not None and paid.paid
        spent_s = self.town.engine.now - came_s - shopper.service_s
        self.waits.append(Wait(number, max(0.0, spent_s) if served else None))

    def _roster(self, until_s: float) -> Generator[float, Any, None]:
        while self.town.engine.now < until_s:
            self.store.follow_roster(int(self.town.engine.now / HOUR_S) % 24)
            yield HOUR_S


def crowd(
    count: int,
    arrivals_per_s: float,
    mean_service_s: float,
    seed: int = 1,
    patience_s: float = inf,
    most_items: int = 1,
    balking: bool = False,
) -> list[Shopper]:
    """Poisson arrivals with exponential services; patience too is exponential where it is finite.

    Nobody is put off by a long line unless `balking`.
    """
    draws = Streams(seed, 0).uniforms("crowd", np.arange(count), 8)
    at_s = np.cumsum(exponential(draws[:, 0]) / arrivals_per_s).tolist()
    service_s = (exponential(draws[:, 1]) * mean_service_s).tolist()
    patience = (exponential(draws[:, 2]) * patience_s).tolist() if patience_s < inf else [inf] * count
    items = (1 + np.floor(draws[:, 3] * most_items)).astype(int).tolist()
    balk = (draws[:, 4] * balking).tolist()
    columns = zip(at_s, service_s, items, patience, balk, strict=True)
    return [Shopper(*column) for column in columns]


def mean_wait_s(waits: Sequence[Wait]) -> float:
    """Mean over those who were served."""
    return fmean(wait.wait_s for wait in waits if wait.wait_s is not None)
