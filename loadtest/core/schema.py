"""Puts tables and functions into the database."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import asyncpg

from scenarios.errors import UsageError

_GUARD = "ALTER TABLE stock ADD CONSTRAINT not_oversold CHECK (held + allocated <= on_hand)"
_UNGUARD = "ALTER TABLE stock DROP CONSTRAINT IF EXISTS not_oversold"
_TABLES = ("schema.sql", "settlement.sql", "guards.sql")
_LOCK = 7_061_957  # any number, the same in every process of the core


async def apply_schema(url: str, *, stock_guard: bool) -> None:
    """Create the tables where they are missing and replace the functions.

    `stock_guard` False drops the constraint and uses the unguarded take_stock: only for tests of audits.
    Raises UsageError for a PostgreSQL older than 15 and for a database that holds something else.
    """
    connection = await asyncpg.connect(url, timeout=10)
    try:
        if connection.get_server_version().major < 15:
            raise UsageError("the core needs PostgreSQL 15 or newer")
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await _create(connection)
            await connection.execute(_UNGUARD)
            if stock_guard:
                await _guard(connection)
            for text in _functions(stock_guard=stock_guard):
                await connection.execute(text)
    finally:
        await connection.close()


async def _create(connection: Any) -> None:
    if await connection.fetchval("SELECT to_regclass('idempotency_keys') IS NOT NULL"):
        if await connection.fetchval("SELECT to_regclass('settlement_items') IS NULL"):
            raise UsageError(
                "this database was made by an earlier version of the core: give --database-url an empty one"
            )
        return
    if await connection.fetchval("SELECT to_regclass('orders') IS NOT NULL OR to_regclass('stock') IS NOT NULL"):
        raise UsageError("this database holds tables that are not ours: give --database-url an empty one")
    for name in _TABLES:
        await connection.execute((files(__package__) / name).read_text())


async def _guard(connection: Any) -> None:
    try:
        await connection.execute(_GUARD)
    except asyncpg.CheckViolationError:
        raise UsageError("this database was oversold by an unguarded run: use an empty one") from None


def _functions(*, stock_guard: bool) -> list[str]:
    skipped = "3_take_stock_unguarded.sql" if stock_guard else "3_take_stock.sql"
    found = sorted((file for file in (files(__package__) / "functions").iterdir()), key=lambda file: file.name)
    return [file.read_text() for file in found if file.name.endswith(".sql") and file.name != skipped]
