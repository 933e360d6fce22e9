"""Deliberate defects of the core, one at a time: the audit names the law that each of them breaks.

`mutations/*.toml` are the defects: a text of the core and what stands in its place. Where the database by itself would
refuse what the defect does, `without` takes that guard away, and a test shows that with it nothing wrong is booked.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
import os
import shutil
import signal
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from core_in_memory import database_url, shop
from core_script import UNITS, opening, storm

from loadtest import office
from loadtest.audit.books import dump_core, write_book
from loadtest.audit.verdict import LAWS, Audit, audit
from loadtest.core.schema import apply_schema
from loadtest.embedded_postgres import embedded_postgres

FOLDER = Path(__file__).parent / "mutations"
COPIES_BYTES = 2_000_000_000  # enough for a copy of the database, 8 MB and its log, per defect


@dataclass(frozen=True)
class Mutation:
    """A defect: in which file of the core (or `module:function`), which text becomes which, and who must notice."""

    name: str
    where: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    laws: frozenset[str]
    without: tuple[str, ...] = ()


def mutations() -> list[Mutation]:
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text()).items():
            texts = {
                side: tuple([entry[side]] if isinstance(entry[side], str) else entry[side]) for side in ("old", "new")
            }
            known = {**entry, **texts, "laws": frozenset(entry["laws"]), "without": tuple(entry.get("without", ()))}
            found.append(Mutation(name, **known))
    return found


MUTATIONS = mutations()


def changed(text: str, mutation: Mutation) -> str:
    for old, new in zip(mutation.old, mutation.new, strict=True):
        assert text.count(old) == 1, f"{mutation.name}: {mutation.where} has changed, mend the mutation"
        text = text.replace(old, new)
    return text


def sql_of(mutation: Mutation, *, guarded: bool) -> list[str]:
    """The statements that bring the defect into a database."""
    guards = [] if guarded else list(mutation.without)
    if ":" in mutation.where:
        return guards
    return [*guards, changed((files("loadtest.core") / mutation.where).read_text(), mutation)]


def code_of(mutation: Mutation) -> tuple[FunctionType, CodeType]:
    """The function of the core that has the defect, and its defective code."""
    module_name, _, path = mutation.where.partition(":")
    module = importlib.import_module(module_name)
    function: Any = module
    for part in path.split("."):
        function = getattr(function, part)
    source = changed(textwrap.dedent(inspect.getsource(function)), mutation)
    scope: dict[str, Any] = {}
    exec(compile(f"from __future__ import annotations\n{source}", mutation.name, "exec"), vars(module) | scope, scope)
    return function, scope[function.__name__].__code__


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose database `core` has the core's tables, functions and opening stock; in memory where there is."""
    tmp_path_factory.getbasetemp()  # is settled once, and not in memory
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > COPIES_BYTES
    with pytest.MonkeyPatch.context() as patch:
        if roomy:
            patch.setattr(tempfile, "tempdir", str(memory))
        with embedded_postgres() as url:
            asyncio.run(_prepare(url))
            yield url
            _drop_everything(url)


def _drop_everything(url: str) -> None:
    """End the server without a checkpoint of all the copies, which nobody needs any more."""
    folder = Path(parse_qs(urlsplit(url).query)["host"][0])
    os.kill(int((folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER ROLE postgres SET synchronous_commit = off")  # nothing is killed here
    await connection.execute("CREATE DATABASE core")
    await connection.close()
    core_url = database_url(url, "core")
    await apply_schema(core_url, stock_guard=True)
    async with shop(core_url) as seeded:
        status, answer = await seeded.call("back_office", "POST", "/v1/admin/seed", opening(), "seed")
        assert status == 200, answer


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count()


async def run(server: str, name: str, statements: list[str], load: Path) -> None:
    """The storm on a copy of the template, with the books of provider and client in `load` afterwards."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE core")
    await connection.close()
    url = database_url(server, name)
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
    async with shop(url) as running:
        await storm(running)
        running.keep(load)
        office.write_psp_tables(b"".join(running.psp.book.lines()), load / "books")


def judged(server: str, number: int, statements: list[str], load: Path) -> Audit:
    name = f"copy{number}"
    asyncio.run(run(server, name, statements, load))
    dump_core(database_url(server, name), load / "books")
    shelves = [{"location": "station", "sku": sku, "on_hand": units} for sku, units in UNITS.items()]
    write_book(load / "books", "opening", shelves)
    return audit(load)


def broken(found: Audit) -> dict[str, str]:
    return {verdict.law.name: verdict.findings[0].what for verdict in found.verdicts if verdict.broken}


def test_the_unbroken_core_passes_and_every_law_has_something_to_check(
    template: str, numbers: Iterator[int], tmp_path: Path
) -> None:
    found = judged(template, next(numbers), [], tmp_path)
    assert broken(found) == {}
    assert [verdict.law.name for verdict in found.verdicts if not verdict.checked] == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_audit_names_the_law_that_a_defect_breaks(
    mutation: Mutation, template: str, numbers: Iterator[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ":" in mutation.where:
        function, code = code_of(mutation)
        monkeypatch.setattr(function, "__code__", code)
    found = broken(judged(template, next(numbers), sql_of(mutation, guarded=False), tmp_path))
    assert mutation.laws <= found.keys(), found


@pytest.mark.parametrize("mutation", [m for m in MUTATIONS if m.without], ids=lambda mutation: mutation.name)
def test_the_database_refuses_what_a_defect_would_book(
    mutation: Mutation, template: str, numbers: Iterator[int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = broken(judged(template, next(numbers), sql_of(mutation, guarded=True), tmp_path))
    assert not mutation.laws & found.keys(), found
    assert caplog.records  # the command failed and was logged, nothing was booked


def test_there_are_enough_defects_and_their_laws_exist() -> None:
    assert len(MUTATIONS) >= 15
    assert frozenset().union(*(mutation.laws for mutation in MUTATIONS)) <= {law.name for law in LAWS}
