"""The client's history: one row per call, appended to a file while the load runs, Parquet afterwards.

The generator only appends encoded rows, so its memory stays flat and a killed generator leaves what it wrote. A
spool file holds one JSON array per line; `to_parquet` turns all files of a load into `client_history.parquet`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

_COLUMNS: Final[list[tuple[str, pa.DataType]]] = [
    ("journey", pa.int64()),
    ("copy", pa.int32()),
    ("step", pa.int32()),
    ("action", pa.string()),
    ("idempotency_key", pa.string()),
    ("due_s", pa.float64()),
    ("ready_s", pa.float64()),
    ("sent_s", pa.float64()),
    ("answered_s", pa.float64()),
    ("status", pa.int32()),
    ("outcome", pa.string()),
    ("order", pa.int64()),
    ("payment", pa.int64()),
    ("amount_yen", pa.int64()),
    ("detail", pa.string()),
    ("attempts", pa.int32()),
    ("in_trace", pa.bool_()),
]
HISTORY: Final = pa.schema(_COLUMNS)
"""Columns of `client_history.parquet`.

`due_s`, `ready_s`, `sent_s` and `answered_s` are seconds on the clock of the trace. A step that became pointless has
the outcome `skipped` and no times but `due_s`. `attempts` counts the requests sent for the call. `in_trace` is false
for the calls that the client added: polls and the cancellation of an order whose payment failed.
"""

_BLOCK: Final = 1 << 16
_ROWS: Final = 1 << 17


class Row(msgspec.Struct, array_like=True):
    """One call as the client saw it; field names and units as in HISTORY."""

    journey: int
    copy: int
    step: int
    action: str
    idempotency_key: str
    due_s: float
    ready_s: float | None = None
    sent_s: float | None = None
    answered_s: float | None = None
    status: int = 0
    outcome: str = "unknown"
    order: int | None = None
    payment: int | None = None
    amount_yen: int | None = None
    detail: str | None = None
    attempts: int = 0
    in_trace: bool = True


class Spool:
    """Appends rows to one file; call `flush` every second or so and at the end."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)
        self._buffer = bytearray()
        self._encoder = msgspec.json.Encoder()

    def add(self, row: Row) -> None:
        """Append one row."""
        self._encoder.encode_into(row, self._buffer, -1)
        self._buffer += b"\n"
        if len(self._buffer) >= _BLOCK:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered."""
        if self._buffer:
            self._file.write(self._buffer)
            self._buffer.clear()

    def close(self) -> None:
        """Flush and close the file."""
        self.flush()
        self._file.close()


def read_spools(paths: list[Path]) -> Iterator[pa.Table]:
    """The rows of all spool files in tables of bounded size. A last line that was cut off is left out."""
    decoder = msgspec.json.Decoder(Row)
    rows: list[Row] = []
    for path in paths:
        with path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    rows.append(decoder.decode(line))
                if len(rows) == _ROWS:
                    yield _table(rows)
                    rows = []
    yield _table(rows)


def _table(rows: list[Row]) -> pa.Table:
    columns = [pa.array([getattr(row, name) for row in rows], HISTORY.field(name).type) for name in HISTORY.names]
    return pa.Table.from_arrays(columns, schema=HISTORY)


def to_parquet(spools: list[Path], path: Path) -> int:
    """Write the rows of `spools` to `path` and return their number."""
    count = 0
    with pq.ParquetWriter(path, HISTORY) as writer:
        for table in read_spools(spools):
            writer.write_table(table)
            count += len(table)
    return count
