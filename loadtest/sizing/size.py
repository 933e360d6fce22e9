"""`omo.size/1`: provisioning levels with their cost and the loss without, and the cheapest of them in all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb

from loadtest.demand.busiest import minutes_without_oneself, peak
from loadtest.demand.count import BACK_OFFICE, ENDPOINTS, Day, Polling, busiest_day, count_day
from loadtest.show import progress
from loadtest.sizing.loss import IDLE, felt, interval, losses_per_year, requests_of
from loadtest.sizing.machine import Peak, describe, levels_around, order_of_cost, pods_for, times_of
from loadtest.sizing.prices import Prices
from loadtest.trace import DAY_S
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.evaluation.worlds import Found, Launch, measured
from sim.log.run_directory import read_manifest, replication_path, write_json

SCHEMA: Final = "omo.size/1"
_LOADED: Final = (*(name for name in ENDPOINTS if name != "poll"), *BACK_OFFICE)
"""What a capacity run's steps are made of; what its clients poll comes on top there too."""


@dataclass(frozen=True)
class Asked:
    """What is sized: a scenario whose town stands for `stores` stores, and how its worlds are run."""

    scenario: str
    stores: int | None
    seed: int | None
    reps: int
    sets: Sequence[str] = ()
    pods: Sequence[int] = ()


def peak_of(run: Path, copies: float, tell: Callable[[int, int], None]) -> tuple[Peak, int]:
    """The peak on the busiest day of `run`, and that day. Parcels that leave in one batch are no peak."""
    day = busiest_day(run)
    return peak_of_day(count_day(run, day, Polling(), tell), copies, _payments_per_day(run)), day


def peak_of_day(counted: Day, copies: float, payments_per_day: float) -> Peak:
    """The peak of a counted day; `payments_per_day` is the town's on an average one."""
    minutes = minutes_without_oneself(counted.of(ENDPOINTS))
    whole = peak(counted, _LOADED, minutes, copies)
    by_endpoint = {name: peak(counted, [name], minutes, copies)["per_s"] for name in _LOADED}
    return Peak(whole["per_s"], whole["one_minute_in_a_hundred"], by_endpoint, 365 * copies * payments_per_day)


def _payments_per_day(run: Path) -> float:
    manifest = read_manifest(run)
    path = replication_path(run, manifest["replications_finished"][0]) / "payments.parquet"
    with duckdb.connect() as db:
        db.read_parquet(str(path)).create_view("payments")
        query = "SELECT count(*) FROM payments WHERE amount_yen > 0 AND time_s < ?"
        return float(db.execute(query, [DAY_S * manifest["days"]]).fetchall()[0][0]) / float(manifest["days"])


def levels_of(asked: Asked, peak: Peak, profile: Mapping[str, Any], prices: Prices) -> list[int]:
    """Pods to compare: those asked for, or some below and above what headroom wants."""
    if asked.pods:
        return sorted(set(asked.pods))
    times = peak.one_in_a_hundred_per_s * prices.plan.headroom / profile["capacity"]["calls_per_s"]
    needed = pods_for(times, prices)
    if needed is None:
        raise UsageError(
            f"no number of pods carries {times:.3g} times the measured load with contention {prices.pod.contention:g} "
            f"and coherence {prices.pod.coherence:g}: change the price file, or name levels with --pods"
        )
    return levels_around(needed)


def sized(asked: Asked, profile: Mapping[str, Any], prices: Prices, launch: Launch) -> dict[str, Any]:
    """Run all worlds and describe the levels; kept as `size-<hash12>.json` beside the runs. Raises `Stopped`."""
    own = load(asked.scenario, asked.sets)
    copies = 1.0 if asked.stores is None else asked.stores / len(own.scenario.stores)
    idle = requests_of(asked.scenario, asked.sets, asked.seed, asked.reps, profile, copies, {})
    found = measured(idle, launch, launch.force)
    run = launch.out / idle[IDLE].name
    with progress("counting replications") as tell:
        peak, day = peak_of(run, copies, tell)
    levels = levels_of(asked, peak, profile, prices)
    times = {str(pods): times_of(pods, prices) for pods in levels}
    worlds = requests_of(asked.scenario, asked.sets, asked.seed, asked.reps, profile, copies, times)
    found |= measured({name: each for name, each in worlds.items() if name != IDLE}, launch, launch.force)
    result = document(run, day, copies, peak, levels, profile, prices, found)
    names = [*(each.hash for each in worlds.values()), prices.model_dump_json()]
    write_json(launch.out / f"size-{sha256('/'.join(names).encode()).hexdigest()[:12]}.json", result)
    return result


def document(
    run: Path,
    day: int,
    copies: float,
    peak: Peak,
    levels: Sequence[int],
    profile: Mapping[str, Any],
    prices: Prices,
    found: Found,
) -> dict[str, Any]:
    """`omo.size/1` of finished worlds; `run` is the one that is never busy."""
    described = []
    for pods in levels:
        level = describe(pods, profile, peak, prices)
        lost = losses_per_year(found, str(pods), copies, prices.plan.times_per_year)
        cost = level["cost_yen_per_year"]["total"]
        described.append(
            level
            | {
                "lost_yen_per_year": interval(lost),
                "total_yen_per_year": interval([cost + each for each in lost]),
                "felt": felt(found, str(pods)),
                "total_by_replication": [cost + each for each in lost],
            }
        )
    best = described[order_of_cost(described)[0]]
    for level in described:
        pairs = zip(level["total_by_replication"], best["total_by_replication"], strict=True)
        level["dearer_than_cheapest_yen"] = interval([a - b for a, b in pairs])
    manifest = read_manifest(run)
    fitting = [level["pods"] for level in described if not level["limits"]]
    return {
        "schema": SCHEMA,
        "run": run.name,
        "title": manifest["title"],
        "seed": manifest["seed"],
        "replications": len(found[IDLE]),
        "days": manifest["days"],
        "day": day,
        "copies": copies,
        "peak": {
            "calls_per_s": peak.calls_per_s,
            "one_minute_in_a_hundred_per_s": peak.one_in_a_hundred_per_s,
            "by_endpoint": dict(peak.by_endpoint),
            "payments_per_year": peak.payments_per_year,
        },
        "measured": {"capacity": profile["capacity"], "limited_by": profile.get("limited_by")},
        "prices": prices.model_dump(by_alias=True),
        "levels": described,
        "cheapest_pods": best["pods"],
        "fewest_pods_within_limits": min(fitting, default=None),
    }
