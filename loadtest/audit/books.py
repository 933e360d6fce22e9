"""The books an audit reads: tables of the core, the PSP's own book and the client's history, as Parquet.

`dump_core` copies the core's tables into `<load>/books/` in one snapshot, so that a load can be audited long after its
server is gone. `open_books` gives all of them as views of a DuckDB connection; a book that is not there is an empty
table, and the laws that need it say that they checked nothing.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from loadtest.spool import HISTORY
from scenarios.errors import TargetUnreachable, UsageError

_TEXT: Final[pa.DataType] = pa.string()
_ID: Final[pa.DataType] = pa.int64()
_COUNT: Final[pa.DataType] = pa.int64()
_YEN: Final[pa.DataType] = pa.int64()
_SECONDS: Final[pa.DataType] = pa.float64()
_FLAG: Final[pa.DataType] = pa.bool_()

CORE: Final[Mapping[str, Mapping[str, pa.DataType]]] = {
    "stock": {"location": _TEXT, "sku": _ID, "on_hand": _COUNT, "held": _COUNT, "allocated": _COUNT},
    "stock_moves": {
        "id": _ID,
        "location": _TEXT,
        "sku": _ID,
        "on_hand_change": _COUNT,
        "held_change": _COUNT,
        "allocated_change": _COUNT,
        "reason": _TEXT,
        "reservation_id": _ID,
        "order_id": _ID,
    },
    "lines": {
        "id": _ID,
        "reservation_id": _ID,
        "order_id": _ID,
        "location": _TEXT,
        "sku": _ID,
        "quantity": _COUNT,
        "unit_price_yen": _YEN,
        "state": _TEXT,
    },
    "orders": {
        "id": _ID,
        "location": _TEXT,
        "channel": _TEXT,
        "fulfilment": _TEXT,
        "shopper": _ID,
        "amount_yen": _YEN,
        "coupon_yen": _YEN,
        "points_used": _COUNT,
        "state": _TEXT,
        "reservation_id": _ID,
        "payment_id": _ID,
        "open_payment_id": _ID,
        "created_s": _SECONDS,
        "expires_s": _SECONDS,
    },
    "payments": {
        "id": _ID,
        "order_id": _ID,
        "method": _TEXT,
        "brand": _TEXT,
        "amount_yen": _YEN,
        "state": _TEXT,
        "reason": _TEXT,
        "applied": _FLAG,
        "late": _FLAG,
        "refund_promised_yen": _YEN,
        "refunded_yen": _YEN,
        "merchant_payment_id": _TEXT,
        "client": _TEXT,
        "idempotency_key": _TEXT,
        "created_s": _SECONDS,
        "captured_s": _SECONDS,
    },
    "refunds": {
        "id": _ID,
        "payment_id": _ID,
        "amount_yen": _YEN,
        "state": _TEXT,
        "merchant_refund_id": _TEXT,
        "client": _TEXT,
        "idempotency_key": _TEXT,
        "settled_s": _SECONDS,
    },
    "ledger_lines": {
        "id": _ID,
        "transfer": _ID,
        "kind": _TEXT,
        "account": _TEXT,
        "amount_yen": _YEN,
        "order_id": _ID,
        "payment_id": _ID,
        "refund_id": _ID,
    },
    "idempotency_keys": {"client": _TEXT, "key": _TEXT, "status": _COUNT, "body": _TEXT},
    "webhook_inbox": {"event_id": _TEXT, "deliveries": _COUNT, "processed_s": _SECONDS},
    "payment_codes": {"brand": _TEXT, "payment_id": _ID},
    "coupons": {"shopper": _ID, "discount_yen": _YEN, "min_yen": _YEN, "state": _TEXT, "order_id": _ID},
    "points_programme": {"points_percent": _COUNT},
    "points_accounts": {"shopper": _ID, "balance": _COUNT, "held": _COUNT},
    "points_moves": {
        "id": _ID,
        "shopper": _ID,
        "balance_change": _COUNT,
        "held_change": _COUNT,
        "reason": _TEXT,
        "order_id": _ID,
    },
    "tenders": {"brand": _TEXT, "fee_share": pa.float64(), "fee_yen": _YEN},
    "psp_files": {"day": _TEXT, "read_s": _SECONDS},
    "settlement_items": {
        "kind": _TEXT,
        "merchant_id": _TEXT,
        "day": _TEXT,
        "brand": _TEXT,
        "amount_yen": _YEN,
        "fee_yen": _YEN,
        "outcome": _TEXT,
        "our_yen": _YEN,
        "payment_id": _ID,
        "refund_id": _ID,
    },
}
"""Tables of the core and the columns the laws read. `x_s` is the column `x_at` in seconds since 1970."""

OTHERS: Final[Mapping[str, Mapping[str, pa.DataType]]] = {
    "opening": {"location": _TEXT, "sku": _ID, "on_hand": _COUNT},
    "psp_charges": {
        "merchant_payment_id": _TEXT,
        "state": _TEXT,
        "amount_yen": _YEN,
        "refunded_yen": _YEN,
        "fee_yen": _YEN,
        "effects": _COUNT,
    },
    "psp_refunds": {
        "merchant_refund_id": _TEXT,
        "merchant_payment_id": _TEXT,
        "amount_yen": _YEN,
        "state": _TEXT,
    },
}
"""The trace's opening stock and the PSP's book; `effects` counts how often a charge took effect."""


def schema_of(book: str) -> pa.Schema:
    """Columns of one book."""
    columns = CORE[book] if book in CORE else OTHERS[book]
    return pa.schema(list(columns.items()))


def dump_core(database_url: str, directory: Path) -> None:
    """Copy the core's tables to `directory` in one repeatable-read snapshot; TargetUnreachable without a database."""
    directory.mkdir(parents=True, exist_ok=True)
    import asyncpg

    try:
        asyncio.run(_dump(database_url, directory))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise TargetUnreachable(f"database of the core: {error}; the audit needs it to dump the books") from error
    note = {"schema": "omo.books/1", "dumped_at_s": time.time()}
    (directory / "books.json").write_text(json.dumps(note) + "\n", encoding="utf-8")


async def _dump(database_url: str, directory: Path) -> None:
    import asyncpg

    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            with tempfile.TemporaryDirectory() as scratch:
                for book, columns in CORE.items():
                    text = Path(scratch) / f"{book}.csv"
                    query = f"SELECT {', '.join(map(_expression, columns))} FROM {book}"
                    await connection.copy_from_query(query, output=str(text), format="csv", header=True)
                    _csv_to_parquet(text, columns, directory / f"{book}.parquet")
    finally:
        await connection.close()


def _expression(column: str) -> str:
    if not column.endswith("_s"):
        return column
    return f"extract(epoch FROM {column.removesuffix('_s')}_at)::float8 AS {column}"


def _csv_to_parquet(source: Path, columns: Mapping[str, pa.DataType], target: Path) -> None:
    schema = pa.schema(list(columns.items()))
    convert = pa_csv.ConvertOptions(
        column_types=schema,
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
        true_values=["t"],
        false_values=["f"],
    )
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    with pq.ParquetWriter(target, schema) as writer:
        for batch in pa_csv.open_csv(source, parse_options=parse, convert_options=convert):
            writer.write_batch(batch)


def write_book(directory: Path, book: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one book from rows; columns that a row lacks are null."""
    directory.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        pa.Table.from_pylist([dict(row) for row in rows], schema=schema_of(book)), directory / f"{book}.parquet"
    )


def open_books(load: Path) -> duckdb.DuckDBPyConnection:
    """All books of the load directory `load` as tables of a connection, the client's history as `history`.

    `discounts` (yen by order_id) is what coupon and points take off; nothing where a system has neither.
    `whole_history` is the same, or empty where a generator was killed: some calls may be missing then, and a law that
    needs all of them cannot judge. `is_captured(payment state)` and `is_paid(order state)` are macros for the laws.
    """
    if not (load / "books").is_dir():
        raise UsageError(f"{load}: no books to audit (no folder `books`); run `omo load TRACE --out {load}` first")
    db = duckdb.connect()
    db.execute("CREATE MACRO is_captured(s) AS s IN ('captured', 'partially_refunded', 'refunded')")
    db.execute("CREATE MACRO is_paid(s) AS s IN ('paid', 'ready', 'collected', 'shipped', 'completed')")
    for book, path in _paths(load):
        schema = HISTORY if book == "history" else schema_of(book)
        table = _read(path, schema) if path.is_file() else schema.empty_table()
        db.register(f"{book}_rows", table)
        db.execute(f'CREATE TABLE "{book}" AS SELECT * FROM {book}_rows')
        db.unregister(f"{book}_rows")
    off = "coalesce(coupon_yen, 0) + coalesce(points_used, 0)"
    db.execute(f"CREATE VIEW discounts AS SELECT id AS order_id, {off} AS yen FROM orders")
    report = load / "load.json"
    whole = report.is_file() and json.loads(report.read_text(encoding="utf-8")).get("history_complete", False)
    db.execute("CREATE VIEW whole_history AS SELECT * FROM history" + ("" if whole else " WHERE false"))
    return db


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    """The columns of `schema`; one that a book of an earlier version lacks is null."""
    table = pq.read_table(path)
    for field in schema:
        if field.name not in table.schema.names:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(schema.names)


def _paths(load: Path) -> Iterator[tuple[str, Path]]:
    for book in (*CORE, *OTHERS):
        yield book, load / "books" / f"{book}.parquet"
    yield "history", load / "client_history.parquet"
