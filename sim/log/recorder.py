"""Records what happens, in bounded memory.

Rows are packed (`sim.log.rows`) and appended to one bytearray per table; `flush` turns what has gathered into typed
columns, in order of time, and hands them to a sink. -1 stands for a missing id or code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scenarios.settlement import Brand
from sim.log.rows import record_type
from sim.log.schema import (
    CODE,
    ONLINE,
    TABLES,
    Account,
    AcquiredBy,
    BookingState,
    Channel,
    Fulfilment,
    Journey,
    Kind,
    MoveReason,
    OrderState,
    Outcome,
    PaymentOutcome,
    Place,
    PointsKind,
    StaffAction,
    labels,
)

BRANDS: Final = list(get_args(Brand))

_ROW_GROUP: Final = 100_000
_PACKED: Final = (
    "events",
    "orders",
    "payments",
    "stock_moves",
    "queues",
    "staff_contacts",
    "ledger",
    "needs",
    "points",
    "contacts",
    "visit_bookings",
    "door_counts",
)
_OF_HOURS: Final = frozenset({"queues", "door_counts"})
"""Tables with a row per hour: written in order, with no column of seconds to sort by."""

_NULLABLE: Final = frozenset({"sku", "order", "payment", "staff", "store", "ships_from", "need", "shopper"})
_CODES: Final[dict[str, list[str]]] = {
    "journey": labels(Journey),
    "kind": labels(Kind),
    "place": labels(Place),
    "order_channel": labels(Channel),
    "pay_channel": labels(Channel),
    "channel": labels(Channel),
    "fulfilment": labels(Fulfilment),
    "state": labels(OrderState),
    "reason": labels(MoveReason),
    "action": labels(StaffAction),
    "account": labels(Account),
    "brand": BRANDS,
    "purse": ["store", "ec"],
    "acquired_by": labels(AcquiredBy),
}
_OF_TABLE: Final[dict[tuple[str, str], list[str]]] = {
    ("needs", "outcome"): labels(Outcome),
    ("payments", "outcome"): labels(PaymentOutcome),
    ("points", "kind"): labels(PointsKind),
    ("visit_bookings", "state"): labels(BookingState),
}
"""Codes of columns whose name means something else in another table."""


class Sink(Protocol):
    """Where finished tables go."""

    def write(self, table: str, rows: pa.Table) -> None:
        """Take one chunk of a table."""


class Memory:
    """A sink that keeps everything: for tests and small looks."""

    def __init__(self) -> None:
        self.chunks: dict[str, list[pa.Table]] = {name: [] for name in TABLES}

    def write(self, table: str, rows: pa.Table) -> None:
        """Keep one chunk."""
        self.chunks[table].append(rows)

    def table(self, name: str) -> pa.Table:
        """All rows of a table so far."""
        chunks = self.chunks[name]
        return pa.concat_tables(chunks).unify_dictionaries() if chunks else TABLES[name].empty_table()


class ParquetFiles:
    """A sink of one Parquet file per table; `close` ends them at the last complete chunk."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._writers = {
            name: pq.ParquetWriter(
                directory / f"{name}.parquet",
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[field.name for field in schema if field.type == CODE],  # type: ignore[arg-type]
                write_statistics=[_time_column(name)] if _time_column(name) else False,
            )
            for name, schema in TABLES.items()
        }

    def write(self, table: str, rows: pa.Table) -> None:
        """Append one chunk as a row group."""
        if rows.num_rows:
            self._writers[table].write_table(rows)

    def close(self) -> None:
        """Finish the files; they are readable from now on."""
        for writer in self._writers.values():
            writer.close()


class Recorder:
    """Packed rows, one bytearray per table; journeys append to them directly: `log.events.extend(EVENT(...))`."""

    def __init__(
        self,
        stores: Sequence[str],
        missions: Sequence[str],
        bands: Sequence[str],
        sink: Sink,
        touchpoints: Sequence[str] = (),
    ) -> None:
        self.events = bytearray()
        self.orders = bytearray()
        self.payments = bytearray()
        self.stock_moves = bytearray()
        self.queues = bytearray()
        self.staff_contacts = bytearray()
        self.ledger = bytearray()
        self.needs = bytearray()
        self.points = bytearray()
        self.contacts = bytearray()
        self.visit_bookings = bytearray()
        self.door_counts = bytearray()
        self._sink = sink
        self._flushed = dict.fromkeys(_PACKED, 0)
        places = [*stores, ONLINE]
        ids: dict[str, Sequence[str]] = {"mission": missions, "age_band": bands, "touchpoint": touchpoints}
        self._labels = {
            (table, column): pa.array(
                _OF_TABLE.get((table, column)) or _CODES.get(column) or ids.get(column, places), pa.string()
            )
            for table, schema in TABLES.items()
            for column, kind in zip(schema.names, schema.types, strict=True)
            if kind == CODE and column != "category"
        }

    def flush(self, everything: bool = False) -> None:
        """Write, in order of time, the tables that have gathered a row group, or all; forget what was written."""
        for name in _PACKED:
            packed: bytearray = getattr(self, name)
            if len(packed) > (0 if everything else _ROW_GROUP * record_type(name).itemsize):
                rows = np.frombuffer(bytes(packed), record_type(name))
                self._flushed[name] += len(packed)
                packed.clear()
                if name not in _OF_HOURS:
                    # `take` copies whole records; indexing with an array would copy them field by field.
                    rows = rows.take(np.argsort(rows[_time_column(name)], kind="stable"))
                self.write(name, {column: rows[column] for column in TABLES[name].names})

    def rows_since(self, name: str, offset: int) -> tuple[np.ndarray[Any, Any], int]:
        """What a table has got after its first `offset` bytes and not been flushed since, and the next offset."""
        packed: bytearray = getattr(self, name)
        gone = self._flushed[name]
        rows = np.frombuffer(bytes(packed[max(0, offset - gone) :]), record_type(name))
        return rows, gone + len(packed)

    def extend(self, name: str, columns: Mapping[str, Any]) -> None:
        """Add many rows of a packed table at once (arrays of equal length, codes as integers)."""
        rows = np.empty(len(columns[TABLES[name].names[0]]), record_type(name))
        for column in TABLES[name].names:
            rows[column] = columns[column]
        getattr(self, name).extend(rows.tobytes())

    def write(self, name: str, columns: Mapping[str, Any]) -> None:
        """Write whole columns of a table at once (arrays of equal length, codes as integers)."""
        schema = TABLES[name]
        arrays = []
        for field in schema:
            if field.type == CODE and (name, field.name) in self._labels:
                arrays.append(_coded(np.asarray(columns[field.name]), self._labels[name, field.name]))
            elif field.type == CODE:
                arrays.append(pa.array(columns[field.name], pa.string()).cast(CODE))
            else:
                arrays.append(_typed(np.asarray(columns[field.name]), field))
        self._sink.write(name, pa.table(arrays, schema=schema))


def _time_column(table: str) -> str:
    """The first column in seconds (for orders the moment they were placed); empty where there is none."""
    return next((column for column in TABLES[table].names if column.endswith("_s")), "")


def _coded(codes: np.ndarray[Any, Any], names: pa.Array[Any]) -> pa.Array[Any]:
    index = codes.astype(np.int16)
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=index < 0), names)


def _typed(values: np.ndarray[Any, Any], field: pa.Field[Any]) -> pa.Array[Any]:
    if pa.types.is_floating(field.type):
        floats: pa.Array[Any] = pa.array(values, field.type)
        return floats
    if field.type == pa.bool_():
        flags: pa.Array[Any] = pa.array(values.astype(np.bool_), field.type)
        return flags
    whole = values if values.dtype.kind == "i" else values.astype(np.int64)
    mask = whole < 0 if field.name in _NULLABLE else None
    ids: pa.Array[Any] = pa.array(whole, field.type, mask=mask)
    return ids
