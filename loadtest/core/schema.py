"""Puts tables and functions into the database, and brings those of an earlier version up to date.

Tables change by `migrations/NNNN_name.sql`: numbered from 1 without gaps, applied in order, each once, never edited or
taken back afterwards. `functions/*.sql` are code and replaced as a whole whenever their text is another.
"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from typing import Any, Final, NamedTuple

import asyncpg

from scenarios.errors import UsageError

_OLDEST_POSTGRESQL: Final = 15
_LOCK: Final = 7_061_957  # any number, the same in every process of the core
_BEFORE_MIGRATIONS: Final = 3  # what a database of the version before there was a table of them has

_RECORDS = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS schema_functions (digest text NOT NULL);
"""
_APPLIED = "SELECT version, name FROM schema_migrations ORDER BY version"
_RECORD = "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)"
_GUARD = "ALTER TABLE stock ADD CONSTRAINT not_oversold CHECK (held + allocated <= on_hand)"
_UNGUARD = "ALTER TABLE stock DROP CONSTRAINT not_oversold"
_IS_GUARDED = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = 'not_oversold')"
_FUNCTION: Final = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)", re.MULTILINE)
# With their views, which the same files make anew: a function whose arguments or answer differ cannot be replaced.
_DROP = """
SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) AS statement
FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proname = ANY ($1)
"""


class Migration(NamedTuple):
    """One step of the tables' history."""

    version: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """All migrations of this version of the core, in order."""
    folder = files(__package__) / "migrations"
    found = []
    for file in sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name):
        number, _, name = file.name.removesuffix(".sql").partition("_")
        found.append(Migration(int(number), name, file.read_text()))
    return found


async def apply_schema(url: str, *, stock_guard: bool) -> None:
    """Bring the database to this version: all of it or nothing, once, however many processes begin at the same time.

    `stock_guard` False drops the constraint and uses the unguarded take_stock: only for tests of audits.
    Raises UsageError for a PostgreSQL older than 15, a database that holds something else, and one that a newer
    version of the core has changed.
    """
    connection = await asyncpg.connect(url, timeout=10)
    try:
        if connection.get_server_version().major < _OLDEST_POSTGRESQL:
            raise UsageError(f"the core needs PostgreSQL {_OLDEST_POSTGRESQL} or newer")
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await _migrate(connection, migrations())
            await _guard(connection, wanted=stock_guard)
            await _replace_functions(connection, _functions(stock_guard=stock_guard))
    finally:
        await connection.close()


async def _migrate(connection: Any, known: list[Migration]) -> None:
    """Apply what is missing. Raises UsageError where the database's history is not the beginning of ours."""
    if not await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
        await _begin_history(connection, known)
    applied = [tuple(row) for row in await connection.fetch(_APPLIED)]
    if applied != [(migration.version, migration.name) for migration in known[: len(applied)]]:
        raise UsageError(
            f"this database has the migrations {_named(applied)}, this version of the core knows "
            f"{_named(known)}: a newer version has changed it; use that version, or an empty database"
        )
    for migration in known[len(applied) :]:
        await connection.execute(migration.sql)
        await connection.execute(_RECORD, migration.version, migration.name)


async def _begin_history(connection: Any, known: list[Migration]) -> None:
    ours = await connection.fetchval("SELECT to_regclass('idempotency_keys') IS NOT NULL")
    if ours and await connection.fetchval("SELECT to_regclass('settlement_items') IS NULL"):
        raise UsageError(
            "this database was made by a preview of the core that had no settlement: give --database-url an empty one"
        )
    if not ours and await connection.fetchval(
        "SELECT to_regclass('orders') IS NOT NULL OR to_regclass('stock') IS NOT NULL"
    ):
        raise UsageError("this database holds tables that are not ours: give --database-url an empty one")
    await connection.execute(_RECORDS)
    if ours:
        await connection.executemany(_RECORD, [(step.version, step.name) for step in known[:_BEFORE_MIGRATIONS]])


def _named(steps: list[Any]) -> str:
    return ", ".join(f"{step[0]} {step[1]}" for step in steps[-2:]) or "none"


async def _guard(connection: Any, *, wanted: bool) -> None:
    """Only where it is not so yet: the change locks out everybody who buys."""
    if wanted == await connection.fetchval(_IS_GUARDED):
        return
    try:
        await connection.execute(_GUARD if wanted else _UNGUARD)
    except asyncpg.CheckViolationError:
        raise UsageError("this database was oversold by an unguarded run: use an empty one") from None


async def _replace_functions(connection: Any, texts: list[str]) -> None:
    digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()
    if await connection.fetchval("SELECT digest FROM schema_functions") == digest:
        return
    names = [name for text in texts for name in _FUNCTION.findall(text)]
    for row in await connection.fetch(_DROP, names):
        await connection.execute(row["statement"])
    for text in texts:
        await connection.execute(text)
    await connection.execute("DELETE FROM schema_functions")
    await connection.execute("INSERT INTO schema_functions (digest) VALUES ($1)", digest)


def _functions(*, stock_guard: bool) -> list[str]:
    skipped = "3_take_stock_unguarded.sql" if stock_guard else "3_take_stock.sql"
    found = sorted((file for file in (files(__package__) / "functions").iterdir()), key=lambda file: file.name)
    return [file.read_text() for file in found if file.name.endswith(".sql") and file.name != skipped]
