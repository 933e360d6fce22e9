"""Cuts a window out of a run and turns what happened in it into API steps.

Which events become which steps is one SELECT each in `trace_sql.STEPS`. A journey is one order (or, where a shopper
only looked, one need). It belongs to the window when its order's last payment attempt does; its order and payments are
then replayed whole, its look-ups before and hand-over after only as far as they fall inside the window.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from loadtest import trace_sql
from loadtest.tenders import tenders_of
from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace, header_of
from scenarios.errors import UsageError
from scenarios.loader import load
from sim.streams import Streams

DAY_S: Final = 86_400
COPY_SHIFT_S_MAX: Final = 60.0
_TABLES: Final = ("events", "payments", "stock_moves", "catalogue")


@dataclass(frozen=True)
class Window:
    """A part of one simulated day, [from_s, to_s) seconds after its midnight."""

    day: int
    from_s: float
    to_s: float

    @property
    def start_s(self) -> float:
        """Start on the run's clock, seconds."""
        return self.day * DAY_S + self.from_s


def clock_time(text: str, option: str) -> float:
    """Seconds after midnight of `HH:MM` or `HH:MM:SS`; UsageError names the option."""
    parts = text.split(":")
    if len(parts) in (2, 3) and all(part.isdigit() for part in parts):
        hours, minutes, seconds = (*map(int, parts), 0)[:3]
        if hours <= 24 and minutes < 60 and seconds < 60 and (hours < 24 or minutes == seconds == 0):
            return 3600.0 * hours + 60.0 * minutes + seconds
    raise UsageError(f"{option} {text!r}: a time of day like 11:45 is needed")


def cut_trace(run: Path, window: Window, replication: int = 0, copies: int = 1) -> Trace:
    """The trace of `window` in one replication of the run directory `run`, `copies` times superposed.

    Raises UsageError when there is no such run, day or replication, or nothing was sold in the window.
    """
    if window.to_s <= window.from_s:
        raise UsageError("--to must be later than --from")
    manifest = _manifest(run)
    with opened(run, window, replication) as db:
        db.execute(trace_sql.STEPS)
        steps = _table(db, trace_sql.NUMBERED, STEPS)
        stock = _table(db, trace_sql.STOCK, STOCK)
        catalogue = _table(db, trace_sql.CATALOGUE, CATALOGUE)
    seed = int(manifest.get("seed", 0))
    source = {
        "run": run.name,
        "seed": seed,
        "replication": replication,
        "day": window.day,
        "from_s": window.from_s,
        "to_s": window.to_s,
        **_terms(run),
    }
    shift_s = min(COPY_SHIFT_S_MAX, window.to_s - window.from_s)
    steps = superpose(steps, copies, Streams(seed, replication), shift_s)
    stock = stock.set_column(2, STOCK.field(2), pc.multiply(stock["on_hand"], pa.scalar(copies, pa.int64())))
    return Trace(header_of(steps, source, copies), steps, catalogue, stock)


@contextmanager
def opened(run: Path, window: Window, replication: int = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """The run's tables as views, `span`, and what the trace of `window` is made from (`trace_sql.PREPARED`).

    Raises UsageError like `cut_trace`.
    """
    with duckdb.connect() as db:
        _open_run(db, run / f"rep-{replication:03d}", window)
        _check_day(db, run, window)
        for query in trace_sql.PREPARED:
            db.execute(query)
        if not db.execute(trace_sql.PAID_INSIDE).fetchall()[0][0]:
            raise UsageError(f"{run}: no order was paid on day {window.day} in this window; choose another one")
        yield db


def superpose(steps: pa.Table, copies: int, streams: Streams, shift_s_max: float = COPY_SHIFT_S_MAX) -> pa.Table:
    """`copies` independent copies of `steps`: own journeys and shoppers, each copy but the first shifted in time.

    Copy k starts uniform(0, `shift_s_max`) s later, so that more load is more shoppers and not a faster clock.
    """
    journeys = int(pc.max(steps["journey"]).as_py()) + 1
    shoppers = int(pc.max(steps["shopper"]).as_py() or 0) + 1
    shift_s = np.r_[0.0, shift_s_max * streams.uniforms("trace copy", np.arange(1, copies), 1)[:, 0]]
    parts = []
    for copy in range(copies):
        part = steps
        changes: dict[str, Any] = {
            "journey": pc.add(part["journey"], copy * journeys),
            "shopper": pc.add(part["shopper"], copy * shoppers),
            "due_s": pc.add(part["due_s"], float(shift_s[copy])),
            "copy": pa.array(np.full(len(part), copy), pa.int32()),
        }
        for name, column in changes.items():
            index = STEPS.get_field_index(name)
            part = part.set_column(index, STEPS.field(index), column)
        parts.append(part)
    merged = pa.concat_tables(parts).unify_dictionaries()
    return merged.sort_by([("due_s", "ascending"), ("journey", "ascending"), ("step", "ascending")])


def _table(db: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema) -> pa.Table:
    table: Any = db.sql(query).to_arrow_table()
    result: pa.Table = table.cast(schema)
    return result


def _manifest(run: Path) -> dict[str, Any]:
    path = run / "manifest.json"
    if not path.is_file():
        raise UsageError(f"{run}: no such run (no manifest.json); `omo runs` lists the runs there are")
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def _terms(run: Path) -> dict[str, Any]:
    """What the scenario's tenders cost and when they are paid out, where the run has its scenario."""
    path = run / "scenario.toml"
    if not path.is_file():
        return {}
    return {"tenders": msgspec.to_builtins(tenders_of(load(path).scenario.payments))}


def _open_run(db: duckdb.DuckDBPyConnection, replication: Path, window: Window) -> None:
    for table in _TABLES:
        path = replication / f"{table}.parquet"
        if not path.is_file():
            raise UsageError(
                f"{path} is missing: the run has no such replication, or it was interrupted before its end"
            )
        db.read_parquet(str(path)).create_view(table)
    db.execute(
        "CREATE TABLE span AS SELECT ?::DOUBLE AS w0, ?::DOUBLE AS w1",
        [
            window.start_s,
            window.day * DAY_S + window.to_s,
        ],
    )


def _check_day(db: duckdb.DuckDBPyConnection, run: Path, window: Window) -> None:
    last = db.execute("SELECT max(time_s) FROM events").fetchall()[0][0]
    days = int((last or 0.0) // DAY_S) + 1
    if not 0 <= window.day < days:
        raise UsageError(f"{run}: day {window.day} is not in the run, which has days 0 to {days - 1}")
