"""Speed of the full world: visits per CPU-second with the complete log, against bare SimPy time-outs."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from scenarios.loader import load
from sim.evaluation.tables import opened, single
from sim.log.recorder import Memory, ParquetFiles
from sim.streams import Streams
from sim.world import World


def measure_world(bare_timeouts_per_s: float) -> dict[str, float]:
    """Run `ward-omo` once, Parquet files included; a visit is a need that the retailer served or tried to serve.

    A first day is run beforehand and not counted: what a process imports once is no cost of a visit.
    """
    for _ in World(load("ward-omo", ["horizon.days=1"]).scenario, Streams(1, 0), Memory()).run():
        pass
    scenario = load("ward-omo").scenario
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.process_time()
        files = ParquetFiles(Path(folder))
        for _ in World(scenario, Streams(1, 0), files).run():
            pass
        files.close()
        spent_s = time.process_time() - started_s
        with opened(Path(folder)) as db:
            visits = single(db, "select count(*) from needs where journey not in ('none', 'rival')")
        rows = sum(pq.read_metadata(path).num_rows for path in Path(folder).glob("*.parquet"))
    return {
        "world_visits": visits,
        "world_rows": float(rows),
        "world_cpu_s": spent_s,
        "world_visits_per_cpu_s": visits / spent_s,
        "world_visits_over_bare_timeouts": visits / spent_s / bare_timeouts_per_s,
    }
