"""Small towns for tests."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from scenarios.loader import Loaded, load
from sim.log.recorder import Memory
from sim.population import Population
from sim.streams import Streams
from sim.world import World

SMALL = ("population.shoppers=1500", "horizon.days=7")


def small(name: str = "ward-omo", sets: Sequence[str] = ()) -> Loaded:
    """A preset shrunk to a week with 1,500 shoppers."""
    return load(name, [*SMALL, *sets])


def lived(loaded: Loaded, seed: int = 1, replication: int = 0, people: Population | None = None) -> Memory:
    """All tables of one replication, in memory."""
    memory = Memory()
    for _ in World(loaded.scenario, Streams(seed, replication), memory, people).run():
        pass
    return memory


def rows(memory: Memory, table: str, without_shopper: int | None = None) -> list[dict[str, object]]:
    """Rows of a table, optionally without those of one shopper."""
    found: pa.Table = memory.table(table)
    return [row for row in found.to_pylist() if without_shopper is None or row.get("shopper") != without_shopper]
