"""A target's own books after a load: requests that return orders, stock and payments, as the audit's tables."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from loadtest.api import Request as Sent
from loadtest.audit.books import schema_of, write_book
from loadtest.targets.answers import condition, document_of, keys_of, matched, number_of, value_at, whole
from loadtest.targets.back_office import BackOffice
from loadtest.targets.schema import BookOf, Mapped, Read
from loadtest.targets.template import names_in, path_of, relative, text_of
from scenarios.errors import TargetUnreachable

Row = tuple[Any, ...]
"""A row and what it stands in, outermost first: the answer, the order, the line."""

Ids = Mapping[str, Mapping[int, Any]]
"""What the target answered in seeding: name -> SKU -> id."""

_PAGES: Final = 100_000


def read_rows(reads: Mapping[str, Read], office: BackOffice, wanted: set[str]) -> dict[str, list[Row]]:
    """The rows of the reads `wanted`, and of those that they go through. Raises TargetUnreachable."""
    rows: dict[str, list[Row]] = {}

    def fetch(name: str) -> list[Row]:
        if name not in rows:
            read = reads[name]
            above: list[Row] = [()] if read.for_each is None else fetch(read.for_each)
            rows[name] = [row for chain in above for row in _pages(name, read, chain, office)]
        return rows[name]

    for name in reads:
        if name in wanted:
            fetch(name)
    return rows


def _pages(name: str, read: Read, above: Row, office: BackOffice) -> Iterator[Row]:
    scope = {field: value_at(above[-1], (field,)) if above else None for field in names_in(read.path)}
    path = path_of(read.path, office.url)(scope)
    head = "".join(f"{key}: {text_of(value)(scope)}\r\n" for key, value in read.headers.items())
    body = b""
    if read.graphql is not None:
        body, head = json.dumps({"query": read.graphql}).encode(), f"{head}Content-Type: application/json\r\n"
    for _ in range(_PAGES):
        reply = office.ask(Sent("POST" if body else "GET", path, body, "", head), read.client)
        document = document_of(reply)
        if not 200 <= reply.status < 300 or document is None:
            raise TargetUnreachable(
                f"read_back.{name}: {path} answered {reply.status}: {reply.content[:200].decode(errors='replace')}"
            )
        if value_at(document, keys_of(read.rows.partition("[]")[0])) is None:
            raise TargetUnreachable(f"read_back.{name}: the answer of {path} has nothing at rows = {read.rows!r}")
        yield from below((*above, document), read.rows)
        following = value_at(document, keys_of(read.next)) if read.next else None
        if not following:
            return
        path = relative(str(following), office.url)


def below(chain: Row, path: str) -> Iterator[Row]:
    """The rows that `path` leads to from the last of `chain`; every list on the way is gone through."""
    step, _, rest = path.partition("[].")
    found = value_at(chain[-1], keys_of(step))
    for each in found if isinstance(found, list) else [] if found is None else [found]:
        here = (*chain, each) if step or isinstance(found, list) else chain
        if rest:
            yield from below(here, rest)
        else:
            yield here


def column_of(book: str, column: str, wanted: str | bool | int | Mapped, ids: Ids) -> Callable[[Row], Any]:
    """The function that gives a column's value of a row."""
    convert = _converter(column, schema_of(book).field(column).type)
    if isinstance(wanted, str) and wanted.startswith("="):
        text = wanted[1:]
        return lambda _: convert(text)
    if isinstance(wanted, int | bool):
        return lambda _: wanted
    if isinstance(wanted, str):
        find = place_of(wanted)
        return lambda row: convert(find(row))
    find, codes = place_of(wanted.source), wanted.codes
    pattern = re.compile(wanted.match) if wanted.match else None
    skus = {str(value): sku for sku, value in ids.get(wanted.ids, {}).items()} if wanted.ids else None

    def value(row: Row) -> Any:
        found = matched(pattern, find(row)) if pattern else find(row)
        if skus is not None:
            found = skus.get(str(found))
        if codes:
            found = codes.get(str(found), codes.get("*", found))
        return convert(found)

    return value


def place_of(path: str) -> Callable[[Row], Any]:
    """The function that finds a value in a row; each leading `^` goes one row up."""
    name = path.lstrip("^")
    up, keys = len(path) - len(name) + 1, keys_of(name)
    return lambda row: value_at(row[-up], keys) if up <= len(row) else None


def write_books(
    books: Mapping[str, BookOf],
    rows: Mapping[str, Sequence[Row]],
    ids: Mapping[str, Mapping[int, Any]],
    directory: Path,
) -> dict[str, list[str]]:
    """Write each book; the columns that each has."""
    for name, book in books.items():
        columns = {column: column_of(name, column, wanted, ids) for column, wanted in book.columns.items()}
        chosen = [row for above in rows[book.source] for row in below(above, book.rows) if _holds(book.where, row)]
        write_book(directory, name, [{column: find(row) for column, find in columns.items()} for row in chosen])
    return {name: list(book.columns) for name, book in books.items()}


def write_note(directory: Path, target: str, columns: Mapping[str, Sequence[str]]) -> None:
    """Say in `books.json` which columns of which books the target has, for the laws that need more."""
    note = {"schema": "omo.books/1", "dumped_at_s": time.time(), "target": target, "columns": dict(columns)}
    (directory / "books.json").write_text(json.dumps(note) + "\n", encoding="utf-8")


def _holds(where: Sequence[str], row: Row) -> bool:
    for text in where:
        bare = text.lstrip("^")
        up = len(text) - len(bare) + 1
        if up > len(row) or not condition(bare)(row[-up]):
            return False
    return True


def _converter(column: str, kind: pa.DataType) -> Callable[[Any], Any]:
    if column == "id" or column.endswith("_id"):
        return str if pa.types.is_string(kind) else number_of
    if pa.types.is_integer(kind):
        return whole
    if pa.types.is_floating(kind):
        return _seconds
    if pa.types.is_boolean(kind):
        return lambda value: None if value is None else str(value).lower() in ("true", "1", "yes")
    return lambda value: None if value is None else str(value)


def _seconds(value: Any) -> float | None:
    if value is None or isinstance(value, int | float):
        return value
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return None
