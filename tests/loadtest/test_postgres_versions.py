"""The same storm of orders and payments on every PostgreSQL that is here: the wheel's, and the system's."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from core_harness import assert_books_hold, sql
from core_in_memory import shop
from core_script import PLACE, UNITS, opening, storm

from loadtest import embedded_postgres, office
from loadtest.audit.books import dump_core, write_book
from loadtest.audit.verdict import audit
from loadtest.core.schema import apply_schema

OLDEST = 15
WHEELS = 18


def major_version(binaries: Path) -> int:
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    return int(answer.stdout.split()[2].split(".")[0])


def installations() -> dict[int, Path]:
    """PostgreSQL by major version: those of the wheel, of Debian and of the path."""
    folders = embedded_postgres._installations()
    folders += Path("/usr/lib/postgresql").glob("*/bin")
    if shutil.which("pg_config"):
        told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        folders.append(Path(told.stdout.strip()))
    return {major_version(folder): folder for folder in folders if (folder / "postgres").exists()}


FOUND = installations()


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(version, marks=pytest.mark.skipif(version not in FOUND, reason=f"no PostgreSQL {version} here"))
        for version in sorted({OLDEST, WHEELS, *FOUND})
        if version >= OLDEST
    ],
)
def test_the_storm_ends_with_clean_books(version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "_installations", lambda: [FOUND[version]])
    with embedded_postgres.embedded_postgres() as url:
        (told,) = sql(url, "SHOW server_version_num")
        assert int(told["server_version_num"]) // 10_000 == version
        asyncio.run(trade(url, tmp_path))
        assert_books_hold(url)
        dump_core(url, tmp_path / "books")
    shelves = [{"location": PLACE, "sku": sku, "on_hand": units} for sku, units in UNITS.items()]
    write_book(tmp_path / "books", "opening", shelves)
    found = audit(tmp_path)
    assert {verdict.law.name: verdict.findings[0].what for verdict in found.verdicts if verdict.broken} == {}
    assert [verdict.law.name for verdict in found.verdicts if not verdict.checked] == []


async def trade(url: str, load: Path) -> None:
    """All scenes of the storm on a new database, with the provider's book and the client's history kept."""
    await apply_schema(url, stock_guard=True)
    async with shop(url) as running:
        status, answer = await running.call("back_office", "POST", "/v1/admin/seed", opening(), "seed")
        assert status == 200, answer
        await storm(running)
        running.keep(load)
        office.write_psp_tables(b"".join(running.psp.book.lines()), load / "books")
