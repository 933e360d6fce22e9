"""Machines from load, by arithmetic: capacity of pods, connections by Little's law, commits, storage, cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np

from loadtest.sizing.prices import Prices
from sim.theory.usl import Scalability

WRITES: Final = ("scan", "reserve", "order", "payment_code", "pay", "ready", "collect", "ship", "cancel", "refund")
"""Calls that commit. Micro-batches share a commit, so that this counts too many rather than too few."""
_GB: Final = 1e9


@dataclass(frozen=True)
class Peak:
    """The busiest minute of all stores, one in a hundred such minutes where it says so.

    Rates are per second, `by_endpoint` the expected ones. `payments_per_year` is what storage has to hold.
    """

    calls_per_s: float
    one_in_a_hundred_per_s: float
    by_endpoint: Mapping[str, float]
    payments_per_year: float

    @property
    def burst(self) -> float:
        """The minute in a hundred over the expected one."""
        return self.one_in_a_hundred_per_s / self.calls_per_s


def times_of(pods: int, prices: Prices) -> float:
    """Capacity of `pods` pods over that of the measured machine, by the scalability law."""
    pod = prices.pod
    return float(Scalability(pod.contention, pod.coherence, pod.measured_share).throughput(pods))


def pods_for(times: float, prices: Prices) -> int | None:
    """The fewest pods with `times` the measured capacity; None where contention lets no number reach it."""
    law = Scalability(prices.pod.contention, prices.pod.coherence, prices.pod.measured_share)
    most = max(1, int(min(law.best_load, 100_000)))
    counts = np.arange(1, most + 1)
    enough = np.flatnonzero(law.throughput(counts) >= times)
    return int(counts[enough[0]]) if len(enough) else None


def levels_around(needed: int) -> list[int]:
    """Pods to try when `needed` are enough: a quarter, a half, three quarters, as many, and half as many again."""
    return sorted({max(1, ceil(needed * share)) for share in (0.25, 0.5, 0.75, 1.0, 1.5)})


def mean_ms(profile: Mapping[str, Any], calls_per_s: float, endpoint: str) -> float | None:
    """Mean latency of an endpoint at a load of that machine, from its quantiles; None where it was not called."""
    loads = [load for load in profile["loads"] if endpoint in load["endpoints"]]
    if not loads:
        return None
    at = [0.0, *profile["quantiles"], 1.0]
    means = []
    for load in loads:
        ms = load["endpoints"][endpoint]["ms"]
        means.append(float(np.trapezoid([ms[0], *ms, ms[-1]], at)))
    return float(np.interp(calls_per_s, [load["calls_per_s"] for load in loads], means))


def in_flight(profile: Mapping[str, Any], peak: Peak, times: float) -> float:
    """Calls in flight at the busiest minute in a hundred, by Little's law: sum of rate times mean latency."""
    found = 0.0
    for endpoint, rate in peak.by_endpoint.items():
        ms = mean_ms(profile, peak.one_in_a_hundred_per_s / times, endpoint)
        found += 0.0 if ms is None else rate * peak.burst * ms / 1000
    return found


def describe(pods: int, profile: Mapping[str, Any], peak: Peak, prices: Prices) -> dict[str, Any]:
    """One provisioning level: what it carries, what it needs, what it costs in a year."""
    times = times_of(pods, prices)
    carried = profile["capacity"]["calls_per_s"] * times
    flying = in_flight(profile, peak, times)
    pools = pods * prices.pod.database_connections
    commits = peak.burst * sum(rate for name, rate in peak.by_endpoint.items() if name in WRITES)
    gigabytes = peak.payments_per_year * prices.database.years_kept * prices.database.bytes_per_payment / _GB
    cost = {
        "pods": pods * prices.pod.yen_per_hour * prices.plan.hours_per_year,
        "database": prices.database.yen_per_hour * 8760,
        "storage": gigabytes * prices.database.yen_per_gb_month * 12,
    }
    return {
        "pods": pods,
        "times_measured": times,
        "calls_per_s": carried,
        "payments_per_s": profile["capacity"]["payments_per_s"] * times,
        "headroom": carried / peak.one_in_a_hundred_per_s,
        "calls_in_flight": flying,
        "connections": pools,
        "connections_at_most": prices.database.connections_at_most,
        "commits_per_s": commits,
        "commit_budget_used": commits / prices.database.commits_per_s,
        "storage_gb": gigabytes,
        "cost_yen_per_year": cost | {"total": sum(cost.values())},
        "limits": _limits(pools, commits, carried / peak.one_in_a_hundred_per_s, prices),
    }


def _limits(pools: int, commits: float, headroom: float, prices: Prices) -> list[str]:
    """What speaks against a level, however it is priced."""
    at_most = prices.database.connections_at_most
    found = [
        (headroom < prices.plan.headroom, f"headroom {headroom:.2g} < {prices.plan.headroom:g}"),
        (pools > at_most, f"{pools} connections > {at_most}: a connection pooler in between"),
        (commits > prices.database.commits_per_s, f"{commits:,.0f} commits/s > {prices.database.commits_per_s:,.0f}"),
    ]
    return [why for holds, why in found if holds]


def order_of_cost(levels: Sequence[Mapping[str, Any]]) -> list[int]:
    """Positions of the levels, the cheapest in all first."""
    return sorted(range(len(levels)), key=lambda at: levels[at]["total_yen_per_year"]["mean"])
