"""The database's life: made once by whoever comes first, brought up to date in place, left alone when it is newer."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from core_harness import assert_books_hold, core, sql
from core_in_memory import Shop, database_url, shop
from core_script import PLACE, UNITS, Journey, coupon, end_of_the_day

from loadtest import office
from loadtest.audit.books import dump_core, write_book
from loadtest.audit.verdict import audit
from loadtest.core.schema import apply_schema, migrations
from loadtest.embedded_postgres import embedded_postgres
from loadtest.psp.book import Book
from loadtest.psp.reconciliation import JAPAN
from scenarios.errors import UsageError

BEFORE = Path(__file__).parent / "before_migrations"
"""A database as the version before there were migrations left it in the middle of a storm (core_script.py, all scenes
but the last), with the provider's journal and the client's history."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with embedded_postgres() as url:
        yield url


@pytest.fixture
def empty(server: str) -> str:
    """A new database."""
    name = f"d{uuid.uuid4().hex}"
    sql(server, f"CREATE DATABASE {name}")
    return database_url(server, name)


def history(url: str) -> list[tuple[int, str]]:
    return [(row["version"], row["name"]) for row in sql(url, "SELECT version, name FROM schema_migrations ORDER BY 1")]


def load_dump(url: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute((BEFORE / "core.sql").read_text())
        await connection.close()

    asyncio.run(execute())


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    assert [step.version for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_many_processes_that_begin_at_once_make_one_database(empty: str) -> None:
    together = threading.Barrier(6)

    def begin(_: int) -> None:
        together.wait()
        asyncio.run(apply_schema(empty, stock_guard=True))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(begin, range(6)))
    assert history(empty) == [(step.version, step.name) for step in migrations()]


def test_a_second_start_changes_nothing_and_locks_nobody_out(empty: str) -> None:
    asyncio.run(apply_schema(empty, stock_guard=True))
    before = sql(empty, "SELECT oid, xmin::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY oid")

    async def start_while_somebody_buys() -> None:
        buyer = await asyncpg.connect(empty)
        async with buyer.transaction():
            await buyer.execute("UPDATE stock SET held = held")
            await asyncio.wait_for(apply_schema(empty, stock_guard=True), 10)
        await buyer.close()

    asyncio.run(start_while_somebody_buys())
    after = sql(empty, "SELECT oid, xmin::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY oid")
    assert after == before


def test_a_database_that_a_newer_version_has_changed_is_refused(empty: str) -> None:
    asyncio.run(apply_schema(empty, stock_guard=True))
    sql(empty, "INSERT INTO schema_migrations (version, name) VALUES ($1, 'loyalty')", len(migrations()) + 1)
    with pytest.raises(UsageError, match="newer version"):
        asyncio.run(apply_schema(empty, stock_guard=True))


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from loadtest.core import schema

    broken = [*migrations(), schema.Migration(len(migrations()) + 1, "broken", "CREATE TABLE half (); SELECT 1 / 0")]
    monkeypatch.setattr(schema, "migrations", lambda: broken)
    with pytest.raises(asyncpg.DivisionByZeroError):
        asyncio.run(apply_schema(empty, stock_guard=True))
    assert sql(empty, "SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace") == []
    monkeypatch.undo()
    asyncio.run(apply_schema(empty, stock_guard=True))
    assert history(empty)[-1][0] == len(migrations())


def test_a_function_whose_answer_has_changed_is_replaced(empty: str) -> None:
    asyncio.run(apply_schema(empty, stock_guard=True))
    signature = "pg_get_function_result('take_stock'::regproc) AS answer"
    today = sql(empty, f"SELECT {signature}")
    sql(empty, "DROP FUNCTION take_stock")
    sql(empty, "CREATE FUNCTION take_stock(text, int[], int[]) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    sql(empty, "UPDATE schema_functions SET digest = 'of an earlier version'")
    asyncio.run(apply_schema(empty, stock_guard=True))
    assert sql(empty, f"SELECT {signature}") == today


def test_a_database_of_the_version_before_goes_on_with_its_data_and_its_books_hold(empty: str, tmp_path: Path) -> None:
    load_dump(empty)
    sold_before = sql(empty, "SELECT id, state, amount_yen FROM orders WHERE state = 'completed' ORDER BY id")
    open_before = sql(empty, "SELECT id FROM payments WHERE state IN ('unknown', 'pending_customer')")
    assert sold_before
    assert open_before
    files = "SELECT pg_relation_filenode('orders') AS orders, pg_relation_filenode('ledger_lines') AS ledger"
    files_before = sql(empty, files)
    asyncio.run(apply_schema(empty, stock_guard=True))
    assert history(empty) == [(step.version, step.name) for step in migrations()]
    assert sql(empty, files) == files_before  # no table of sales is written anew
    asyncio.run(go_on(empty, tmp_path))
    ids = [row["id"] for row in sold_before]
    kept = sql(empty, "SELECT id, state, amount_yen FROM orders WHERE id = ANY ($1) ORDER BY id", ids)
    assert kept == sold_before
    assert sql(empty, "SELECT FROM payments WHERE state IN ('created', 'unknown')") == []
    dump_core(empty, tmp_path / "books")
    shelves = [{"location": PLACE, "sku": sku, "on_hand": units} for sku, units in UNITS.items()]
    write_book(tmp_path / "books", "opening", shelves)
    found = audit(tmp_path)
    assert {verdict.law.name: verdict.findings[0].what for verdict in found.verdicts if verdict.broken} == {}
    assert [verdict.law.name for verdict in found.verdicts if not verdict.checked] == []


async def go_on(url: str, load: Path) -> None:
    """The provider as it was, new sales, the end of the day, and the provider's files of both days."""
    async with shop(url) as running:
        journal = load / "journal.jsonl"
        journal.write_bytes((BEFORE / "psp_book.jsonl").read_bytes())
        running.psp.book = Book(journal)
        running.history = [json.loads(line) for line in (BEFORE / "client_history.jsonl").read_text().splitlines()]
        later = Journey(running, 90)
        await later.place(20, 2, "carry")
        assert (await later.pay("card", "card"))["state"] == "captured"
        code = await coupon(running, "coupon")
        await running.call("back_office", "POST", "/v1/points", {"shopper": 1, "points": 20}, "points")
        lessened = Journey(running, 91)
        await lessened.place(20, 1, "carry", off=50, shopper=1, coupon=code, points=20)
        assert (await lessened.pay("cash", "cash"))["state"] == "captured"
        await end_of_the_day(running)
        for day in _days_of(running):
            status, answer = await running.call(
                "back_office", "POST", "/v1/admin/settle", {"day": day}, f"settle {day}"
            )
            assert status == 200, answer
        running.keep(load)
        office.write_psp_tables(b"".join(running.psp.book.lines()), load / "books")


def _days_of(running: Shop) -> list[str]:
    entries: list[dict[str, Any]] = [json.loads(line) for line in running.psp.book.lines()]
    return sorted({datetime.fromtimestamp(entry["at"], JAPAN).date().isoformat() for entry in entries})


def test_a_core_starts_on_it_and_sells(empty: str, tmp_path: Path) -> None:
    load_dump(empty)
    with core(tmp_path, "--database-url", empty) as running:
        order = running.placed(PLACE, {20: 1})
        assert running.pay(order, 100).json()["state"] == "captured"
    assert_books_hold(empty)
