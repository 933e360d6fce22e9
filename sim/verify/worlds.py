"""Worlds of a small town, lived in memory, and what differs between two of them."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import pyarrow as pa

from scenarios.loader import Loaded, load
from scenarios.schema import Scenario
from sim.log.recorder import Memory
from sim.log.schema import TABLES
from sim.population import Population
from sim.streams import Streams
from sim.world import World

TOWN: Final = ("population.shoppers=1500", "horizon.days=7")
SEED: Final = 1


@cache
def town(name: str, *sets: str) -> Loaded:
    return load(name, [*TOWN, *sets])


def lived(loaded: Loaded | Scenario, replication: int, people: Population | None = None) -> Memory:
    """All tables of one replication."""
    scenario = loaded.scenario if isinstance(loaded, Loaded) else loaded
    memory = Memory()
    for _ in World(scenario, Streams(SEED, replication), memory, people).run():
        pass
    return memory


def differing_rows(a: pa.Table, b: pa.Table) -> int:
    """Rows that one table has and the other has not."""
    if a.equals(b):
        return 0
    rows = [Counter(tuple(row.values()) for row in table.to_pylist()) for table in (a, b)]
    return max(1, sum((rows[0] - rows[1]).values()) + sum((rows[1] - rows[0]).values()))


def all_differing(a: Memory, b: Memory) -> int:
    return sum(differing_rows(a.table(name), b.table(name)) for name in TABLES)


def rows_of(memory: Memory) -> int:
    return sum(memory.table(name).num_rows for name in TABLES)
