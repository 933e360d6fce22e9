"""What is written about the world as a whole: the goods, each day's lines at the tills, how things stand at the end.

Everything else is written where it happens.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.calendar import Day
from sim.catalogue import Catalogue
from sim.log.recorder import Recorder
from sim.log.schema import Journey, Outcome
from sim.needs import DayNeeds, Ints
from sim.town import Town


def write_catalogue(log: Recorder, goods: Catalogue) -> None:
    """The goods, once."""
    log.write(
        "catalogue",
        {
            "sku": np.arange(goods.size),
            "category": [goods.category_names[code] for code in goods.category],
            "price_yen": goods.price_yen,
            "cost_yen": goods.cost_yen,
            "weight_kg": goods.weight_kg,
        },
    )


def write_needs_lost_beforehand(log: Recorder, day: Day, needs: DayNeeds, journey: Ints) -> None:
    """Needs that went to the rival or nowhere end where they began."""
    rows = np.flatnonzero((journey == Journey.RIVAL) | (journey == Journey.NONE))
    zero = np.zeros(len(rows), dtype=np.int64)
    rival = journey[rows] == Journey.RIVAL
    log.extend(
        "needs",
        {
            "need": needs.need[rows],
            "shopper": needs.shopper[rows],
            "time_s": np.full(len(rows), day.start_s),
            "mission": needs.mission[rows],
            "items": needs.items[rows],
            "journey": journey[rows],
            "store": zero - 1,
            "outcome": np.where(rival, int(Outcome.RIVAL), int(Outcome.NOTHING)),
            "net_yen": zero,
            "contribution_yen": zero,
        },
    )


def write_queues(town: Town, day: int) -> None:
    """What happened in front of tills and counters, hour by hour; the stores forget it."""
    rows: list[tuple[Any, ...]] = []
    for store in town.stores:
        for place, hours in store.queues.items():
            for number, hour in enumerate(hours):
                if hour.joined or hour.balked:
                    units = store.open_units(place, number)
                    counts = (hour.joined, hour.served, hour.balked, hour.reneged)
                    times = (hour.wait_s, hour.longest_wait_s, hour.service_s)
                    rows.append((day, number, store.index, int(place), *counts, *times, units))
        store.start_day()
    names = ["day", "hour", "store", "place", "joined", "served", "balked", "reneged", "wait_s"]
    names += ["longest_wait_s", "service_s", "open_units"]
    if rows:
        town.log.extend("queues", dict(zip(names, zip(*rows, strict=True), strict=True)))


def write_closing(town: Town) -> None:
    """Shoppers and stock as they are when everything has ended."""
    people, stock = town.people, town.stock
    locations, skus = town.warehouse + 1, len(town.price_yen)
    town.log.write(
        "shoppers",
        {
            "shopper": np.arange(people.size),
            "age_band": people.age_band,
            "home_x_km": people.home_x_km,
            "home_y_km": people.home_y_km,
            "needs_per_day": people.needs_per_day,
            "digital_affinity": people.digital_affinity,
            "app_from_s": people.app_from_s,
            **town.loyalty.closing(),
            **town.programme.closing(),
        },
    )
    town.log.write(
        "stock_closing",
        {
            "location": np.repeat(np.arange(locations), skus),
            "sku": np.tile(np.arange(skus), locations),
            "on_hand": np.array(stock.on_hand).ravel(),
            "held": np.array(stock.held).ravel(),
            "recorded": np.array(stock.recorded).ravel(),
            "in_transit": np.array(stock.in_transit).ravel(),
        },
    )
