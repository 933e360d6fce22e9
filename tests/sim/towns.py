"""Small towns for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from scenarios.evaluation import Booking
from scenarios.loader import Loaded, load
from scenarios.schema import Scenario
from sim.calendar import Day, days
from sim.choice import distances_km
from sim.evaluation.ledgers.siloed import checked, profit_and_loss
from sim.log.recorder import Memory
from sim.loyalty.satisfaction import Loyalty
from sim.population import Population, population
from sim.streams import Streams
from sim.world import World

_OTHER_BOOKING = Booking(
    app_sales="store",
    collect_sales="store",
    returns="return_channel",
    ship_from_store_sales="store",
    media="unallocated",
    points="unallocated",
    capability_opex="unallocated",
)

SMALL = ("population.shoppers=1500", "horizon.days=7")


def small(name: str = "ward-omo", sets: Sequence[str] = ()) -> Loaded:
    """A preset shrunk to a week with 1,500 shoppers."""
    return load(name, [*SMALL, *sets])


def lived(loaded: Loaded, seed: int = 1, replication: int = 0, people: Population | None = None) -> Memory:
    """All tables of one replication, in memory; the divisions' P/Ls and what neither owns are the company's."""
    memory = Memory()
    for _ in World(loaded.scenario, Streams(seed, replication), memory, people).run():
        pass
    _check_books(memory, loaded.scenario)
    return memory


def _check_books(memory: Memory, scenario: Scenario) -> None:
    ledger = memory.table("ledger")
    with duckdb.connect() as db:
        db.execute("set threads = 1")
        for name in ("ledger", "events", "stock_moves", "catalogue"):
            db.register(name, memory.table(name))
        company_yen = pc.sum(ledger["amount_yen"]).as_py() or 0
        for booking in (scenario.evaluation.booking, _OTHER_BOOKING):
            checked(profit_and_loss(db, booking), company_yen)


def rows(memory: Memory, table: str, without_shopper: int | None = None) -> list[dict[str, object]]:
    """Rows of a table, optionally without those of one shopper."""
    found: pa.Table = memory.table(table)
    return [row for row in found.to_pylist() if without_shopper is None or row.get("shopper") != without_shopper]


@dataclass(frozen=True)
class Nights:
    """A small population and the nights over which it remembers."""

    scenario: Scenario
    loyalty: Loyalty
    days: list[Day]


def nights(*sets: str, shoppers: int = 3, seed: int = 1) -> Nights:
    """A loyalty of its own, without a world around it."""
    sizes = [f"population.shoppers={shoppers}", "horizon.days=60"]
    scenario = load("ward-omo", [*sizes, *sets]).scenario
    streams = Streams(seed, 0)
    people = population(scenario, streams)
    loyalty = Loyalty(scenario, streams, people, distances_km(scenario, people))
    return Nights(scenario, loyalty, days(scenario))
