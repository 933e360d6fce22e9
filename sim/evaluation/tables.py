"""SQL over the tables of one replication."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from sim.log.schema import TABLES


@contextlib.contextmanager
def opened(
    directory: Path, prefix: str = "", connection: duckdb.DuckDBPyConnection | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with one view per table of `directory`, named with `prefix`.

    Pass a `connection` to have several replications side by side; it stays open then.
    """
    own = connection is None
    db = duckdb.connect() if connection is None else connection
    try:
        db.execute("set threads = 1")
        for name in TABLES:
            path = directory / f"{name}.parquet"
            if path.is_file():
                quoted = str(path).replace("'", "''")
                db.execute(f"create or replace view {prefix}{name} as select * from read_parquet('{quoted}')")
        yield db
    finally:
        if own:
            db.close()


def single(db: duckdb.DuckDBPyConnection, query: str) -> float:
    """The one number that `query` gives; 0 for null."""
    row = db.execute(query).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0
