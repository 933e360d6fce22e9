"""Requests of a simulated day by endpoint and minute, counted in the trace of each replication."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from loadtest.trace import DAY_S, Window, cut_trace
from loadtest.trace_schema import ACTIONS
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.log.run_directory import read_manifest, replication_path

Floats = NDArray[np.float64]

MINUTES: Final = 24 * 60
BACK_OFFICE: Final = ("ready", "collect", "ship", "cancel", "refund")
"""Endpoints at which staff work in batches: 400 parcels leave in one second, and nobody waits for the answer."""
ENDPOINTS: Final = (*(action for action in ACTIONS if action not in BACK_OFFICE), "poll")
"""Endpoints that shoppers and tills wait for."""

_PAID: Final = """
    SELECT brand::VARCHAR AS brand, channel::VARCHAR AS channel, time_s, latency_s FROM payments
    WHERE amount_yen > 0 AND time_s >= $from_s AND time_s < $to_s
"""
_PUSHED: Final = """
    SELECT floor((time_s - $from_s) / 60)::INTEGER AS minute, count(*)::DOUBLE FROM events
    WHERE kind = 'pushed' AND time_s >= $from_s AND time_s < $to_s GROUP BY minute
"""
_BUSIEST_DAY: Final = """
    SELECT floor(time_s / $day_s)::INTEGER AS day FROM payments
    WHERE amount_yen > 0 AND time_s < $days * $day_s GROUP BY day ORDER BY count(*) DESC, day LIMIT 1
"""


@dataclass(frozen=True)
class Polling:
    """Who asks how a payment stands while the shopper is still paying.

    `every_s` between two questions, from the moment the code is shown; `dynamic_qr` is the share of QR payments in
    stores for which the store shows the code and so has to ask.
    """

    every_s: float = 2.5
    give_up_s: float = 120.0
    dynamic_qr: float = 1.0
    brands: tuple[str, ...] = ("qr", "wallet")


@dataclass(frozen=True)
class Day:
    """Requests of one day: shape (replications, endpoints, 1440), for the run's own stores."""

    endpoints: tuple[str, ...]
    counts: Floats

    def of(self, endpoints: Sequence[str]) -> Floats:
        """Requests at any of `endpoints`, shape (replications, 1440)."""
        total: Floats = self.counts[:, [self.endpoints.index(name) for name in endpoints]].sum(axis=1)
        return total


def count_day(run: Path, day: int, polling: Polling, tell: Callable[[int, int], None]) -> Day:
    """Requests of `day` in each finished replication of `run`, polls and push messages too."""
    finished = read_manifest(run)["replications_finished"]
    if not finished:
        raise UsageError(f"{run}: no replication is finished; run it again")
    names = (*ENDPOINTS, *BACK_OFFICE, "push")
    counts = np.zeros((len(finished), len(names), MINUTES))
    for at, replication in enumerate(finished):
        tell(at, len(finished))
        trace = cut_trace(run, Window(day, 0.0, float(DAY_S)), replication)
        minute = (trace.steps["due_s"].to_numpy() // 60).astype(int)
        action = np.asarray(trace.steps["action"].to_pylist())
        for name in ACTIONS:
            # What is bought anew so that it can be returned lies before midnight and is no demand of the day.
            inside = minute[(action == name) & (minute >= 0) & (minute < MINUTES)]
            counts[at, names.index(name)] = np.bincount(inside, minlength=MINUTES)
        folder = replication_path(run, replication)
        counts[at, names.index("poll")] = polls(folder, run / "scenario.toml", day, polling)
        counts[at, names.index("push")] = _pushed(folder, day)
    return Day(names, counts)


def busiest_day(run: Path) -> int:
    """The simulated day with most payments in the first finished replication."""
    finished = read_manifest(run)["replications_finished"]
    if not finished:
        raise UsageError(f"{run}: no replication is finished; run it again")
    path = replication_path(run, finished[0]) / "payments.parquet"
    with duckdb.connect() as db:
        db.read_parquet(str(path)).create_view("payments")
        found = db.execute(_BUSIEST_DAY, {"day_s": DAY_S, "days": read_manifest(run)["days"]}).fetchall()
    return int(found[0][0]) if found else 0


def polls(folder: Path, scenario: Path, day: int, polling: Polling) -> Floats:
    """Status requests by minute: one each `every_s` from the showing of a code until its payment is answered."""
    tenders = load(scenario).scenario.payments.tenders.values()
    handling_s = {(t.brand, "store" if t.channel == "store" else "online"): t.handling_s for t in tenders}
    found = np.zeros(MINUTES)
    for brand, channel, ended_s, latency_s in _rows(folder / "payments.parquet", _PAID, day):
        if brand not in polling.brands:
            continue
        window_s = min(handling_s.get((brand, "store" if channel == "store" else "online"), 0.0) + latency_s, 1e6)
        asked_s = ended_s - window_s + polling.every_s * np.arange(1, np.ceil(window_s / polling.every_s) + 1)
        asked_s = asked_s[asked_s <= ended_s - window_s + polling.give_up_s]
        minute = ((asked_s - day * DAY_S) // 60).astype(int)
        weight = polling.dynamic_qr if brand == "qr" else 1.0
        np.add.at(found, minute[(minute >= 0) & (minute < MINUTES)], weight)
    return found


def _pushed(folder: Path, day: int) -> Floats:
    found = np.zeros(MINUTES)
    for minute, count in _rows(folder / "events.parquet", _PUSHED, day):
        found[minute] = count
    return found


def _rows(path: Path, query: str, day: int) -> list[tuple[Any, ...]]:
    with duckdb.connect() as db:
        db.read_parquet(str(path)).create_view(path.stem)
        return db.execute(query, {"from_s": day * DAY_S, "to_s": (day + 1) * DAY_S}).fetchall()
