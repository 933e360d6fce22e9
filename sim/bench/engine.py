"""How fast the engine is here: lean actors against textbook SimPy, and both against SimPy's bare run loop."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from statistics import median
from time import perf_counter
from typing import Any

import simpy

from sim.bench import mmc
from sim.bench.journeys import draw_visits, run_lean, run_textbook


def measure_engine(repeats: int = 5, journeys: int = 4_000, customers: int = 20_000) -> dict[str, float]:
    """Measure everything in one process, the candidates taking turns; medians of `repeats` rounds.

    Returns `bare_timeouts_per_s` (time-outs of one SimPy process), `lean_journey_per_s` and `textbook_journey_per_s`
    (visits of `sim.bench.journeys`), `lean_mmc_customers_per_s` (an M/M/4 queue at 90 %), and two ratios, each the
    median of the ratios inside a round: `lean_over_textbook` and `lean_mmc_over_bare_timeouts`.
    """
    visits = draw_visits(journeys)
    gaps_s, services_s = mmc.draw_mmc(customers)
    rounds = [
        (
            customers / _seconds(lambda: run_timeouts(customers)),
            journeys / _seconds(lambda: run_lean(visits)),
            journeys / _seconds(lambda: run_textbook(visits)),
            customers / _seconds(lambda: mmc.lean(gaps_s, services_s)),
        )
        for _ in range(repeats)
    ]
    bare, lean, textbook, queue = (median(column) for column in zip(*rounds, strict=True))
    return {
        "bare_timeouts_per_s": bare,
        "lean_journey_per_s": lean,
        "textbook_journey_per_s": textbook,
        "lean_over_textbook": median(lean / textbook for _, lean, textbook, _ in rounds),
        "lean_mmc_customers_per_s": queue,
        "lean_mmc_over_bare_timeouts": median(queue / bare for bare, _, _, queue in rounds),
    }


def run_timeouts(count: int) -> float:
    """One SimPy process that waits `count` times; the second at which it ends."""
    env = simpy.Environment()

    def tick() -> Generator[simpy.Event, Any, None]:
        for _ in range(count):
            yield env.timeout(1.0)

    env.process(tick())
    env.run()
    return float(env.now)


def _seconds(run: Callable[[], object]) -> float:
    gc.collect()
    start = perf_counter()
    run()
    return perf_counter() - start
