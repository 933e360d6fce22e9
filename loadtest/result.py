"""What a load run measured, from the client's history, and whether the generator was good enough to say so.

A run is valid when the generator started every call on time (`LAG_P99_S`, `LAG_MAX_S`), left out no step of the
trace, lost no worker, had CPU to spare (`BUSY`) and at least `ACHIEVED` of the offered calls were answered.
Otherwise its figures describe the generator, or a target that could not keep up, and must not be quoted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from loadtest.locust_csv import write_locust_csv

LAG_P99_S: Final = 0.010
"""Bound on the 99th percentile of `sent_s - ready_s`: small beside the 60 ms that a till may take."""

LAG_MAX_S: Final = 0.250
"""Bound on the longest lag: a longer freeze of the generator hides what the target did meanwhile."""

ACHIEVED: Final = 0.99
DRAIN_S: Final = 1.0
"""An answer counts as achieved until this long after the last step was due."""

BUSY: Final = 0.95
"""Share of one CPU above which a generator process is taken to be too busy."""

_CALLS: Final = """
    CREATE TEMP TABLE calls AS
    SELECT *, answered_s - due_s AS latency_s, sent_s - ready_s AS lag_s, ready_s - due_s AS blocking_s
    FROM history
    WHERE outcome <> 'skipped' AND due_s >= (SELECT min(due_s) FROM history) + ?
"""
_FIGURES: Final = """
    WITH span AS (SELECT greatest(max(due_s) - min(due_s), 1.0) AS length_s, max(due_s) AS last_s
                  FROM calls WHERE in_trace)
    SELECT any_value(length_s) AS duration_s,
        count(*) FILTER (in_trace) / any_value(length_s) AS offered_per_s,
        count(*) FILTER (in_trace AND outcome <> 'unknown' AND answered_s <= last_s + $drain) / any_value(length_s)
            AS achieved_per_s,
        count(DISTINCT journey) FILTER (action IN ('pay', 'poll') AND outcome = 'ok' AND detail = 'captured')
            / any_value(length_s) AS payments_per_s,
        count(*) AS calls,
        coalesce(sum(attempts) - count(*), 0) AS retries,
        quantile_disc(lag_s, 0.5), quantile_disc(lag_s, 0.99), max(lag_s),
        quantile_disc(blocking_s, 0.5), quantile_disc(blocking_s, 0.99), max(blocking_s)
    FROM calls CROSS JOIN span
"""
_LATENCY: Final = """
    SELECT coalesce(action, 'all'), count(*), unnest(quantile_disc(latency_s, [0.5, 0.9, 0.99, 1.0]))
    FROM calls WHERE latency_s IS NOT NULL GROUP BY GROUPING SETS ((), (action))
"""
_ERRORS: Final = """
    SELECT coalesce(action, 'all') AS name, count(*), count(*) FILTER (outcome = 'unknown' OR status >= 500)
    FROM calls GROUP BY GROUPING SETS ((), (action)) HAVING count(*) > 0 ORDER BY name
"""
_SECONDS: Final = """
    SELECT floor(due_s)::INTEGER AS second, action, count(*) AS offered, count(sent_s) AS sent,
        count(*) FILTER (outcome IN ('ok', 'rejected')) AS answered,
        count(*) FILTER (outcome = 'unknown' OR status >= 500) AS failed,
        quantile_disc(1000 * (answered_s - due_s), 0.5) AS p50_ms,
        quantile_disc(1000 * (answered_s - due_s), 0.9) AS p90_ms,
        quantile_disc(1000 * (answered_s - due_s), 0.99) AS p99_ms,
        max(1000 * (answered_s - due_s)) AS max_ms
    FROM history WHERE outcome <> 'skipped' GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class Setting:
    """What was asked of a load run: steps in the trace, seconds left out at its start, generator processes.

    `disturbed`: faults were carried out, so that calls without an answer say nothing against the generator.
    """

    steps: int
    warm_up_s: float
    shares: int
    interrupted: bool
    disturbed: bool = False


def measure(directory: Path, setting: Setting) -> dict[str, Any]:
    """The measures of the load directory `directory` for `load.json`; writes `requests.parquet` on the way.

    Times in ms, rates per second of the replay. `valid` is false with `reasons` where the figures must not be quoted.
    """
    with duckdb.connect() as db:
        db.read_parquet(str(directory / "client_history.parquet")).create_view("history")
        db.execute(_CALLS, [setting.warm_up_s])
        figures = _figures(db)
        figures["latency_ms"] = _latency(db)
        figures["outcomes"] = _outcomes(db)
        figures["errors"] = _errors(db)
        seen = _one(db, "SELECT count(*) FROM history WHERE in_trace")[0]
        db.sql(_SECONDS).write_parquet(str(directory / "requests.parquet"))
        write_locust_csv(db, directory)
    notes = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((directory / "spool").glob("*.done.json"))]
    figures["generators"] = notes
    reasons = _reasons(figures, setting.steps - seen, setting)
    return {"valid": not reasons, "reasons": reasons, **figures}


def _figures(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    row = db.execute(_FIGURES, {"drain": DRAIN_S}).fetchall()[0]
    names = ("duration_s", "offered_per_s", "achieved_per_s", "payments_per_s", "calls", "retries")
    figures = {name: value or 0 for name, value in zip(names, row[:6], strict=True)}
    for name, part in (("lag_ms", row[6:9]), ("blocking_ms", row[9:12])):
        figures[name] = {key: _ms(value) for key, value in zip(("p50", "p99", "max"), part, strict=True)}
    return figures


def _latency(db: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    latency: dict[str, dict[str, float]] = {}
    for action, count, value in db.execute(_LATENCY).fetchall():
        entry = latency.setdefault(action, {"calls": count})
        entry[("p50", "p90", "p99", "max")[len(entry) - 1]] = _ms(value)
    return dict(sorted(latency.items()))


def _errors(db: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    rows = db.execute(_ERRORS).fetchall()
    return {action: {"calls": calls, "failed": failed, "share": failed / calls} for action, calls, failed in rows}


def _outcomes(db: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    outcomes: dict[str, dict[str, int]] = {}
    rows = db.execute("SELECT action, outcome, count(*) FROM history GROUP BY ALL ORDER BY ALL").fetchall()
    for action, outcome, count in rows:
        outcomes.setdefault(action, {})[outcome] = count
    return outcomes


def _reasons(figures: dict[str, Any], missing: int, setting: Setting) -> list[str]:
    lag, notes = figures["lag_ms"], figures["generators"]
    found = [
        (setting.interrupted, "interrupted before the end of the trace"),
        (not figures["calls"], "no call was measured"),
        (missing > 0, f"{missing} steps of the trace were never started"),
        (len(notes) < setting.shares, f"{setting.shares - len(notes)} of {setting.shares} generators did not finish"),
        (lag["p99"] > 1000 * LAG_P99_S, f"generator late: lag p99 {lag['p99']:.1f} ms > {1000 * LAG_P99_S:.0f} ms"),
        (lag["max"] > 1000 * LAG_MAX_S, f"generator froze: lag max {lag['max']:.0f} ms > {1000 * LAG_MAX_S:.0f} ms"),
        (
            figures["achieved_per_s"] < ACHIEVED * figures["offered_per_s"] and not setting.disturbed,
            f"achieved {figures['achieved_per_s']:.1f}/s of {figures['offered_per_s']:.1f}/s offered",
        ),
    ]
    busy = [note for note in notes if note["cpu_share"] > BUSY]
    found.append((bool(busy), f"{len(busy)} generators used more than {BUSY:.0%} of a CPU: add --workers"))
    return [reason for holds, reason in found if holds]


def _one(db: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = db.execute(query).fetchall()[0]
    return row


def _ms(seconds: float | None) -> float:
    return round(1000.0 * (seconds or 0.0), 3)
