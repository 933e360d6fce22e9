"""Where in a TOML file each key stands, and the comment behind it.

TOML parsers give no positions, so this scans the text for headers and keys. It reads what `tomllib` has accepted:
values that span lines are skipped by counting brackets and triple quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<path>[^\]]+?)\s*\]\]?\s*(?:#\s*(?P<comment>.*))?$")
_KEY = re.compile(
    r"^\s*(?P<key>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=(?P<rest>.*)$"
)
_LONG_QUOTES = ('"""', "'''")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'")


@dataclass(frozen=True)
class Origin:
    """Where a key was set: a file (or `--set`), its line, and the comment on that line or on its table's header.

    `header` marks the header of a table, which says where the table is and not where its values come from.
    """

    file: str
    line: int
    comment: str = ""
    header: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def _parts(path: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.split(r"\s*\.\s*(?=(?:[^\"']*[\"'][^\"']*[\"'])*[^\"']*$)", path)]


def _split_comment(rest: str) -> tuple[str, str]:
    bare = _STRINGS.sub(lambda match: "_" * len(match.group()), rest)
    at = bare.find("#")
    return (bare, "") if at < 0 else (bare[:at], rest[at + 1 :].strip())


def key_origins(text: str, file: Path) -> dict[str, Origin]:
    """The origin of every table and key in `text`, by dotted path."""
    origins: dict[str, Origin] = {}
    table: list[str] = []
    table_comment = ""
    depth = 0
    closing = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            if closing in line:
                closing = ""
            continue
        if depth > 0:
            bare, _ = _split_comment(line)
            depth += bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
            continue
        if match := _HEADER.match(line):
            table, table_comment = _parts(match["path"]), (match["comment"] or "").strip()
            origins[".".join(table)] = Origin(str(file), number, table_comment, header=True)
        elif match := _KEY.match(line):
            path = [*table, *_parts(match["key"])]
            bare, comment = _split_comment(match["rest"])
            origins[".".join(path)] = Origin(str(file), number, comment or table_comment)
            depth = bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
            value = match["rest"].lstrip()
            if value[:3] in _LONG_QUOTES and value.count(value[:3]) == 1:
                closing, depth = value[:3], 0
    return origins
