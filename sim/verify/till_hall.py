"""The tills of one store by themselves: shoppers with given arrivals, services and patience, and how long they wait."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import inf
from typing import Any, Final

import numpy as np

from scenarios.loader import Loaded, load
from sim.errand import Errand
from sim.log.recorder import Memory
from sim.needs import Ints
from sim.store.tills import queue_and_pay
from sim.streams import Floats, Streams
from sim.world import World

_STORE: Final = "station"
_PAID_AT_ONCE: Final = tuple(f"payments.tenders.cash.{key}=0" for key in ("handling_s", "latency_median_s", "decline"))


@dataclass(frozen=True)
class Shoppers:
    """Arrays of shape (n,), sorted by `at_s`. A staffed till scans exp(log_s) seconds and is ready `ready_s` later."""

    at_s: Floats
    items: Ints
    scanning_z: Floats
    """Standard normal behind the time of scanning, see [tills]."""
    ready_s: Floats


def hall(tills: int, sets: Sequence[str] = ()) -> Loaded:
    """The ward's first store, open day and night, with so many staffed tills, no patience lost and no time to pay."""
    roster = f"stores.{_STORE}.staffed_tills=[{','.join([str(tills)] * 24)}]"
    return load(
        "ward-omo", ["population.shoppers=10", roster, f"stores.{_STORE}.self_checkouts=0", *sets, *_PAID_AT_ONCE]
    )


def waits_s(loaded: Loaded, streams: Streams, shoppers: Shoppers) -> Floats:
    """How long each shopper queues by the store's own code, shape (n,); nan for those who leave."""
    world = World(loaded.scenario, streams, Memory())
    town, engine = world.town, world.engine
    store = town.stores[0]
    store.follow_roster(0)
    found = np.full(len(shoppers.at_s), np.nan)
    zeros: dict[str, Any] = {"float": 0.0, "int": 0, "bool": False}
    blank = {field.name: zeros.get(str(field.type), ()) for field in fields(Errand)}
    blank |= {"open_parts": 1, "payment_draws": [0.999, 0.0] * 4, "patience_s": inf}
    blank["store_tender"] = town.tenders.cash
    tills = loaded.scenario.tills
    mean = tills.staffed_log_mean + tills.staffed_log_per_log_item * np.log(shoppers.items)
    scanning_s = np.exp(mean + tills.staffed_log_sigma * shoppers.scanning_z)

    def visit(number: int, items: int, z: float, ready_s: float, service_s: float) -> Generator[Any, Any, None]:
        errand = Errand(**{**blank, "need": number, "staffed_z": z, "staffed_break_s": ready_s})
        came_s = engine.now
        settlement = yield from queue_and_pay(town, store, errand, number, items, 100)
        if settlement is not None:
            found[number] = engine.now - came_s - service_s

    columns = (shoppers.items, shoppers.scanning_z, shoppers.ready_s, scanning_s)
    rows = zip(shoppers.at_s.tolist(), range(len(found)), *(column.tolist() for column in columns), strict=True)
    engine.pump((at_s, partial(visit, *row)) for at_s, *row in rows)
    engine.env.run()
    return found
