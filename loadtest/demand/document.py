"""`omo.demand/1`: what a day of a run asks of the systems behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from loadtest.demand.busiest import around, busiest_minute, minutes_without_oneself, scale
from loadtest.demand.count import ENDPOINTS, Day, Polling, busiest_day, count_day
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.evaluation.statistics import t_interval
from sim.log.run_directory import read_manifest

SCHEMA: Final = "omo.demand/1"


def demand(
    run: Path,
    day: int | None,
    stores: Sequence[int],
    copies: Sequence[float],
    polling: Polling,
    tell: Callable[[int, int], None],
) -> dict[str, Any]:
    """Demand of `day` (None: the busiest) with `stores` stores each, and with `copies` copies of the run's town.

    Raises UsageError where the run has no such day.
    """
    own = len(load(run / "scenario.toml").scenario.stores)
    chosen = busiest_day(run) if day is None else day
    counted = count_day(run, chosen, polling, tell)
    return describe(run, chosen, own, counted, [n / own for n in stores] + list(copies), polling)


def describe(
    run: Path, day: int, stores: int, counted: Day, copies: Sequence[float], polling: Polling
) -> dict[str, Any]:
    """The document of a counted day."""
    manifest = read_manifest(run)
    total = counted.of(ENDPOINTS)
    if not total.any():
        raise UsageError(f"{run}: nobody asks for anything on day {day}; choose another --day")
    minutes = minutes_without_oneself(total)
    scales = [scale(counted, factor, minutes) | {"stores": round(factor * stores, 3)} for factor in copies]
    return {
        "schema": SCHEMA,
        "run": run.name,
        "title": manifest["title"],
        "seed": manifest["seed"],
        "replications": len(counted.counts),
        "day": day,
        "stores": stores,
        "polling": {**asdict(polling), "brands": list(polling.brands)},
        "busiest_minute": busiest_minute(total),
        "poll_share": _poll_share(counted, minutes),
        "scales": scales,
        "by_minute_per_s": {
            name: [round(x / 60, 6) for x in counted.of([name]).mean(axis=0)] for name in counted.endpoints
        },
    }


def _poll_share(counted: Day, minutes: Sequence[int]) -> dict[str, float | None]:
    """Polls as a share of all requests that somebody waits for: of the day, and at the busiest minute."""
    polls, total = counted.of(["poll"]), counted.of(ENDPOINTS)
    day = t_interval((polls.sum(axis=1) / total.sum(axis=1)).tolist())
    peak = [
        float(around(polls[[at]], minute)[0] / max(around(total[[at]], minute)[0], 1e-12))
        for at, minute in enumerate(minutes)
    ]
    half_width = day.half_width if day.half_width == day.half_width else None
    return {"day": day.mean, "day_half_width": half_width, "busiest_minute": t_interval(peak).mean}
