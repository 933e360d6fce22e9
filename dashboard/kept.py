"""Documents and load directories under the folder of the runs, found by their schema or by their name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from dashboard.load_runs import LoadRun, read_json, read_load
from dashboard.run_list import when

_DEPTHS: Final = ("*.json", "*/*.json")
_HEAD: Final = 400
"""Bytes in which a document of ours has named its schema."""
_SCHEMA: Final = re.compile(rb'"schema":\s*"(omo\.[a-z-]+/\d+)"')


@dataclass(frozen=True)
class Kept:
    """A document; `name` is its stable id, its path in the folder of the runs. `problem`: why it cannot be read."""

    path: Path
    name: str
    document: dict[str, Any]
    written: float
    problem: str = ""

    @property
    def written_at(self) -> str:
        """As people write it: `2026-11-21 22:53` (UTC)."""
        return when(datetime.fromtimestamp(self.written, UTC).isoformat())


def documents(root: Path, schema: str) -> list[Kept]:
    """The documents of `schema` in `root` and in its folders, newest first."""
    return _newest_first(
        _read(root, path) for pattern in _DEPTHS for path in root.glob(pattern) if _schema(path) == schema
    )


def answers(root: Path, kind: str) -> list[Kept]:
    """The documents `<root>/KIND-<hash>.json` of a question that costs worlds, newest first."""
    return _newest_first(_read(root, path) for path in root.glob(f"{kind}-*.json"))


def load_directories(root: Path) -> dict[str, LoadRun]:
    """Load directories by their path in `root`, those of drills and soaks among them, newest first."""
    files = [path for pattern in ("*/load.json", "*/load/load.json") for path in root.glob(pattern)]
    files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    found = {str(path.parent.relative_to(root)): read_load(path.parent) for path in files}
    return {name: load for name, load in found.items() if load is not None}


def _newest_first(found: Iterable[Kept]) -> list[Kept]:
    return sorted(found, key=lambda one: -one.written)


def _schema(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            match = _SCHEMA.search(file.read(_HEAD))
    except OSError:
        return None
    return match[1].decode() if match else None


def _read(root: Path, path: Path) -> Kept:
    name, written = str(path.relative_to(root)), path.stat().st_mtime
    document = read_json(path)
    return Kept(path, name, document or {}, written, "" if document else name)
