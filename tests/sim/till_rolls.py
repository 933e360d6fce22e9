"""Replications written by hand for the tests of settlement: a few payments, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.loader import load
from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.log.schema import TABLES
from sim.payments.settlement import settle
from sim.streams import Streams


def company(**changes: Any) -> Scenario:
    """The ward without its events from Wednesday 1 April 2026 on; `changes` by dotted key, dots written as `__`."""
    values = load("ward-omo").scenario.model_dump(exclude_none=True)
    values |= {"events": {}, "rollout": {}, "horizon": {"start": "2026-04-01", "days": 91}}
    for path, value in changes.items():
        table = values
        *parents, last = path.split("__")
        for part in parents:
            table = table.setdefault(part, {})
        table[last] = value
    return Scenario.model_validate(values)


def payment(number: int, day: float, brand: str, channel: str, yen: int = 1000, **other: Any) -> dict[str, Any]:
    """A row of `payments` on `day` (1 April is 0); a refund has the number of its payment."""
    row = {"payment": number, "order": number, "need": number, "time_s": day * DAY_S, "brand": brand}
    row |= {"channel": channel, "attempt": 0, "amount_yen": yen, "latency_s": 1.0, "outcome": "captured", "fee_yen": 0}
    return row | other


def refunded(number: int, day: float, brand: str, channel: str, yen: int = 1000) -> dict[str, Any]:
    """A row of `payments` that gives `yen` of payment `number` back."""
    return payment(number, day, brand, channel, -yen, outcome="refunded")


def settled(
    directory: Path,
    scenario: Scenario,
    payments: list[dict[str, Any]],
    events: list[dict[str, Any]] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """What settling these payments writes: rows of `settlements`, `breaks` and `month_ends`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, rows in (("payments", payments), ("events", events or [])):
        schema = TABLES[name]
        columns = {field.name: pa.array([row.get(field.name) for row in rows], field.type) for field in schema}
        pq.write_table(pa.table(columns, schema=schema), directory / f"{name}.parquet")
    settle(directory, scenario, Streams(1, 0))
    names = ("settlements", "breaks", "month_ends")
    return {name: pq.read_table(directory / f"{name}.parquet").to_pylist() for name in names}
