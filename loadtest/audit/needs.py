"""Which books and columns a law reads, and which of them a target has not.

Our core has all of them. Another system has what its adapter reads back, and a law that needs more must not judge.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from loadtest.audit.books import CORE, OTHERS
from loadtest.audit.law import Law

Columns = Mapping[str, frozenset[str]]
_BOOKS: Final[Mapping[str, Mapping[str, Any]]] = {**CORE, **OTHERS}


def columns_of(load: Path) -> Columns | None:
    """Book -> columns that the target of the load directory `load` has; None where it has all (our core)."""
    path = load / "books" / "books.json"
    note = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if "columns" not in note:
        return None
    return {book: frozenset(columns) for book, columns in note["columns"].items()}


def lacking(db: duckdb.DuckDBPyConnection, law: Law, has: Columns) -> str:
    """What `law` needs and a target with the books `has` lacks, in words; empty when it can be judged."""
    needed = read_by(db, law)
    missing = [book for book in sorted(needed) if not has.get(book)]
    columns = [
        f"{book}.{name}" for book in sorted(needed.keys() - set(missing)) for name in sorted(needed[book] - has[book])
    ]
    return ", ".join((*missing, *columns))


def read_by(db: duckdb.DuckDBPyConnection, law: Law) -> dict[str, set[str]]:
    """The books that `law` reads, each with the columns that it reads of it, by DuckDB's own parser."""
    needed: dict[str, set[str]] = {}
    for query in (law.checked, law.broken):
        tree = json.loads(db.execute("SELECT json_serialize_sql(?::VARCHAR)", [query]).fetchall()[0][0])
        _visit(tree, {}, frozenset(), needed)
    return needed


def _visit(tree: Any, outer: Mapping[str, str], common: frozenset[str], needed: dict[str, set[str]]) -> None:
    """Walk a syntax tree. `outer`: alias -> book of the selects around; `common`: names that are no books here."""
    if isinstance(tree, list):
        for inner in tree:
            _visit(inner, outer, common, needed)
    elif isinstance(tree, dict):
        if "cte_map" in tree:
            common |= {entry["key"] for entry in tree["cte_map"]["map"]}
        if tree.get("type") == "SELECT_NODE":
            tables = {
                node["alias"] or node["table_name"]: node["table_name"]
                for node in _own(tree["from_table"])
                if node.get("type") == "BASE_TABLE" and node["table_name"] in _BOOKS.keys() - common
            }
            for book in tables.values():
                needed.setdefault(book, set())
            for node in _own({key: value for key, value in tree.items() if key != "cte_map"}):
                _note(node, tables, outer, needed)
            outer = {**outer, **tables}
        for inner in tree.values():
            _visit(inner, outer, common, needed)


def _note(
    node: Mapping[str, Any], tables: Mapping[str, str], outer: Mapping[str, str], needed: dict[str, set[str]]
) -> None:
    for name in node.get("using_columns", ()):
        for book in tables.values():
            needed[book] |= {name} & _BOOKS[book].keys()
    if node.get("class") != "COLUMN_REF":
        return
    *alias, name = node["column_names"]
    books = {{**outer, **tables}.get(alias[-1], "")} if alias else set(tables.values()) or set(outer.values())
    for book in books:
        if name in _BOOKS.get(book, ()):
            needed[book].add(name)


def _own(tree: Any) -> Iterator[dict[str, Any]]:
    """The nodes of one select, without those of selects inside it."""
    if isinstance(tree, dict):
        yield tree
        inner = [value for key, value in tree.items() if key not in ("node", "cte_map")]
    else:
        inner = tree if isinstance(tree, list) else []
    for each in inner:
        yield from _own(each)
