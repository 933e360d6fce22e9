"""Tables of a few rows, written by hand: what is left out of a row is null, a table that is left out is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from sim.log.schema import TABLES

Row = Mapping[str, Any]


@contextmanager
def books(**tables: Sequence[Row]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with every table of a run, holding just these rows."""
    unknown = set(tables) - set(TABLES)
    assert not unknown, f"no such table: {unknown}"
    with duckdb.connect() as db:
        for name, schema in TABLES.items():
            db.register(name, hand_written(schema, tables.get(name, ())))
        yield db


def hand_written(schema: pa.Schema, rows: Sequence[Row]) -> pa.Table:
    """Rows as a table of a run; a column that no table has is a mistake in the test."""
    unknown = {column for row in rows for column in row} - set(schema.names)
    assert not unknown, f"no such column: {unknown}"
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in _fields(schema)})


def _fields(schema: pa.Schema) -> list[tuple[str, pa.DataType]]:
    kinds = [(field.name, field.type) for field in schema]
    return [(name, pa.string() if pa.types.is_dictionary(kind) else kind) for name, kind in kinds]


def booked(
    account: str,
    amount_yen: int,
    order: int | None = None,
    channel: str | None = None,
    fulfilment: str | None = None,
    store: str | None = None,
    **more: Any,
) -> Row:
    """A row of the ledger; it is paid in the channel in which it is ordered."""
    where = {"order_channel": channel, "pay_channel": channel, "fulfilment": fulfilment, "store": store}
    return {"time_s": 0.0, "account": account, "amount_yen": amount_yen, "order": order, **where, **more}


def sent(order: int, location: str, sku: int, units: int = 1) -> Row:
    """A row of the stock moves: goods of an order leave a location in a parcel."""
    return {"time_s": 0.0, "location": location, "sku": sku, "on_hand_change": -units, "reason": "ship", "order": order}
