"""The trace: journeys as time-stamped API steps. Its columns, their units, and how a trace is written and read.

A trace is a directory of `trace.json`, `steps.parquet`, `catalogue.parquet` and `stock.parquet`. Times (`due_s`)
are seconds from the start of the window; a step that had to come along because its order is paid inside the window
may lie before it and is negative. Money is integer yen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.errors import UsageError

SCHEMA: Final = "omo.trace/1"

CODE: Final[pa.DataType] = pa.dictionary(pa.int16(), pa.string())
LINES: Final[pa.DataType] = pa.list_(
    pa.struct([("sku", pa.int32()), ("quantity", pa.int32()), ("unit_price_yen", pa.int64())])
)

_STEP_COLUMNS: Final[list[tuple[str, pa.DataType]]] = [
    ("journey", pa.int64()),
    ("step", pa.int32()),
    ("due_s", pa.float64()),
    ("action", CODE),
    ("client", CODE),
    ("location", CODE),
    ("shopper", pa.int64()),
    ("lines", LINES),
    ("amount_yen", pa.int64()),
    ("channel", CODE),
    ("fulfilment", CODE),
    ("brand", CODE),
    ("copy", pa.int32()),
]
_CATALOGUE_COLUMNS: Final[list[tuple[str, pa.DataType]]] = [
    ("sku", pa.int32()),
    ("name", pa.string()),
    ("price_yen", pa.int64()),
    ("rating", pa.float64()),
    ("reviews", pa.int32()),
]
STEPS: Final = pa.schema(_STEP_COLUMNS)
CATALOGUE: Final = pa.schema(_CATALOGUE_COLUMNS)
STOCK: Final = pa.schema([("location", CODE), ("sku", pa.int32()), ("on_hand", pa.int64())])

ACTIONS: Final = (
    "product",
    "availability",
    "scan",
    "reserve",
    "order",
    "payment_code",
    "pay",
    "ready",
    "collect",
    "ship",
    "cancel",
    "refund",
)
"""What a trace may ask for. `poll` is not among them: the client polls when an answer makes it necessary."""

BRANDS: Final = ("cash", "card", "contactless", "qr", "wallet", "card_online", "konbini", "pay_later")


@dataclass(frozen=True)
class Trace:
    """A trace in memory: its header and its three tables."""

    header: Mapping[str, Any]
    steps: pa.Table
    catalogue: pa.Table
    stock: pa.Table


def header_of(steps: pa.Table, source: Mapping[str, Any], copies: int) -> dict[str, Any]:
    """The `trace.json` of `steps`: where it comes from, its counts and the rate it offers (steps per second)."""
    due = steps["due_s"].to_numpy()
    counts = Counter(steps["action"].to_pylist())
    first, last = (float(due.min()), float(due.max())) if len(due) else (0.0, 0.0)
    return {
        "schema": SCHEMA,
        **source,
        "copies": copies,
        "journeys": len(steps["journey"].unique()),
        "steps": len(steps),
        "steps_by_action": dict(sorted(counts.items())),
        "first_due_s": first,
        "last_due_s": last,
        "offered_steps_per_s": len(steps) / max(last - first, 1.0),
    }


def write_trace(trace: Trace, directory: Path) -> None:
    """Write `trace` as the four files of a trace directory, replacing those that are there."""
    directory.mkdir(parents=True, exist_ok=True)
    pq.write_table(trace.steps.cast(STEPS), directory / "steps.parquet")
    pq.write_table(trace.catalogue.cast(CATALOGUE), directory / "catalogue.parquet")
    pq.write_table(trace.stock.cast(STOCK), directory / "stock.parquet")
    (directory / "trace.json").write_text(json.dumps(dict(trace.header), indent=2) + "\n", encoding="utf-8")


def read_header(directory: Path) -> dict[str, Any]:
    """The `trace.json` of a trace directory; UsageError where it is none or of another version."""
    path = directory / "trace.json"
    if not path.is_file():
        raise UsageError(f"{directory}: no trace here (no trace.json); make one with `omo trace RUN --out {directory}`")
    header: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if header.get("schema") != SCHEMA:
        raise UsageError(f"{path}: schema {header.get('schema')!r}, this version reads {SCHEMA!r}; cut the trace again")
    return header


def read_trace(directory: Path) -> Trace:
    """A whole trace; UsageError names the file that is missing or has other columns."""
    header = read_header(directory)
    tables = {}
    for name, schema in (("steps", STEPS), ("catalogue", CATALOGUE), ("stock", STOCK)):
        path = directory / f"{name}.parquet"
        if not path.is_file():
            raise UsageError(f"{path} is missing; cut the trace again with `omo trace`")
        table = pq.read_table(path)
        if table.schema.names != schema.names:
            raise UsageError(f"{path}: columns {table.schema.names}, expected {schema.names}; cut the trace again")
        tables[name] = table
    return Trace(header, tables["steps"], tables["catalogue"], tables["stock"])
