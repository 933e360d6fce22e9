"""Load directories: what `omo load` measured and `omo audit` found, read without the load generator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

LATENCIES: Final = ("p50", "p90", "p99", "max")
OUTCOMES: Final = ("ok", "rejected", "unknown", "skipped")

_SECONDS: Final = """
    select second, sum(offered)::int, sum(sent)::int, sum(answered)::int, sum(failed)::int, max(p99_ms)
    from read_parquet(?) group by second order by second"""
_LAG: Final = """
    select floor(due_s)::int, 1000 * quantile_cont(sent_s - ready_s, 0.5), 1000 * max(sent_s - ready_s)
    from read_parquet(?) where sent_s is not null and ready_s is not null group by 1 order by 1"""


@dataclass(frozen=True)
class LoadRun:
    """A load directory. `result` is load.json; `audit` is audit.json, or None before `omo audit`."""

    path: Path
    result: dict[str, Any]
    audit: dict[str, Any] | None

    @property
    def name(self) -> str:
        """Its stable id: the name of its directory."""
        return self.path.name


def load_runs(root: Path) -> list[LoadRun]:
    """All load directories in `root` that can be read, newest first."""
    files = sorted(root.glob("*/load.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    found = [read_load(path.parent) for path in files]
    return [run for run in found if run is not None]


def read_load(folder: Path) -> LoadRun | None:
    """One load directory; None when its load.json is missing or broken."""
    result = read_json(folder / "load.json")
    return None if result is None else LoadRun(folder, result, read_json(folder / "audit.json"))


def per_second(run: LoadRun) -> list[dict[str, float | None]]:
    """Second, requests offered, sent, answered and failed, and the worst action's p99 in ms; empty when not kept."""
    return _rows(run.path / "requests.parquet", _SECONDS, ("second", "offered", "sent", "answered", "failed", "p99_ms"))


def lag_per_second(run: LoadRun) -> list[dict[str, float | None]]:
    """Second, median and largest generator lag in ms; empty when not kept."""
    return _rows(run.path / "client_history.parquet", _LAG, ("second", "median_ms", "max_ms"))


def outcome_totals(result: dict[str, Any]) -> dict[str, int]:
    """Calls by outcome over all actions."""
    by_action = result["outcomes"].values()
    return {name: sum(int(outcomes.get(name, 0)) for outcomes in by_action) for name in OUTCOMES}


def latencies(result: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Calls and latency quantiles in ms by action, `all` of them first."""
    return dict(sorted(result["latency_ms"].items(), key=lambda item: (item[0] != "all", item[0])))


def _rows(path: Path, query: str, names: tuple[str, ...]) -> list[dict[str, float | None]]:
    if not path.is_file():
        return []
    try:
        with duckdb.connect() as db:
            return [dict(zip(names, row, strict=True)) for row in db.execute(query, [str(path)]).fetchall()]
    except duckdb.Error:
        return []


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object; None where there is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None
