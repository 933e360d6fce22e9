"""Memory over a run: the highest of a process that simulates one, two and four times as long, and its growth by day."""

from __future__ import annotations

import gc
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from scenarios.loader import load
from sim.log.recorder import ParquetFiles
from sim.streams import Streams
from sim.world import World

_TOWN: Final = "ward-omo"
_WARM_UP_SHARE: Final = 0.5
"""Of the longest run's days: memory grows until each table of the log has gathered its first row group to write."""


def measure_memory(days: int = 60, watch: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Run the same town over `days`, twice and four times as many, each in a fresh process, with the log on disk.

    Returns the highest resident memory of each, the ratio of the longest to the shortest, and for the longest the
    least-squares growth in bytes per simulated day after a warm-up, with two standard errors either side.
    """
    horizons = [days, 2 * days, 4 * days]
    peaks, resident = [], np.empty(0)
    for number, horizon in enumerate(horizons):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as process:
            peak, by_day = process.submit(resident_by_day, horizon).result()
        peaks.append(peak)
        resident = np.array(by_day, dtype=float)
        if watch is not None:
            watch(number + 1, len(horizons))
    slope, error = growth(resident[int(len(resident) * _WARM_UP_SHARE) :])
    return {
        "town": _TOWN,
        "days": horizons,
        "peak_bytes": peaks,
        "peak_longest_over_shortest": peaks[-1] / peaks[0],
        "growth_bytes_per_day": slope,
        "growth_low": slope - 2 * error,
        "growth_high": slope + 2 * error,
        "growth_share_per_day": slope / float(resident.mean()),
    }


def resident_by_day(days: int) -> tuple[int, list[int]]:
    """Simulate `days` in this process: its highest resident memory, and what was resident after each day, in bytes."""
    scenario = load(_TOWN, [f"horizon.days={days}"]).scenario
    here = psutil.Process()
    by_day = []
    with tempfile.TemporaryDirectory() as folder:
        files = ParquetFiles(Path(folder))
        for _ in World(scenario, Streams(1, 0), files).run():
            by_day.append(here.memory_info().rss)
        files.close()
    gc.collect()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024, by_day


def growth(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Least-squares slope per step and its standard error."""
    x = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float((x * values).sum() / (x * x).sum())
    rest = values - values.mean() - slope * x
    return slope, float(((rest**2).sum() / (len(values) - 2) / (x * x).sum()) ** 0.5)
