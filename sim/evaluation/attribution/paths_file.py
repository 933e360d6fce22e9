"""Paths of touches from a retailer's own CSV file, with every bad row by its line.

Columns: `path` (touches joined by " > "), `total_conversions`; optional `total_conversion_value`, `total_null` (how
often the path ended without a conversion) and `times` (hours of each touch before the conversion, joined likewise).
The names are those of the R package ChannelAttribution, so its files can be read as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from scenarios.errors import DataInvalid
from sim.calibrate.tables import Reader

WANTED: Final = ("path", "total_conversions")
SEPARATOR: Final = ">"


@dataclass(frozen=True, slots=True)
class TouchPath:
    """Equal paths of one row: their touches in order, how many converted and did not, and the conversions' value."""

    touches: tuple[str, ...]
    conversions: float = 0.0
    value: float = 0.0
    nulls: float = 0.0
    hours_before: tuple[float, ...] | None = None
    """Hours of each touch before the conversion; None where they are not known."""


@dataclass(frozen=True)
class PathsFile:
    """The rows of a file, and which of the optional columns it has."""

    paths: list[TouchPath]
    has_value: bool
    has_nulls: bool
    has_times: bool


def read_paths(path: Path) -> PathsFile:
    """Read a file of paths.

    Raises `UsageError` where there is no such file and `DataInvalid` with every problem as `file:line: column: what`.
    """
    reader = Reader(path)
    rows = reader.rows(WANTED)
    found = [_path(reader, line, row) for line, row in rows]
    paths = [row for row in found if row is not None]
    if not reader.problems and not any(row.conversions for row in paths):
        reader.complain(
            1, "total_conversions: is 0 in every row, so there is nothing to attribute; add paths that convert"
        )
    if reader.problems:
        raise DataInvalid(reader.problems)
    columns = rows[0][1]
    return PathsFile(paths, "total_conversion_value" in columns, "total_null" in columns, "times" in columns)


def _path(reader: Reader, line: int, row: Mapping[str, str]) -> TouchPath | None:
    """One row, or None with at least one complaint."""
    before = len(reader.problems)
    touches = tuple(touch.strip() for touch in row["path"].split(SEPARATOR))
    if not all(touches):
        reader.complain(line, f'path: wanted touches joined by " > ", none of them empty (got {row["path"]!r})')
    conversions = reader.number(line, row, "total_conversions") or 0.0
    value, nulls = (_optional(reader, line, row, column) for column in ("total_conversion_value", "total_null"))
    good = len(reader.problems) == before
    if good and conversions + nulls == 0:
        reader.complain(
            line,
            "total_conversions: 0, and total_null gives no path either; write in total_null how many ended without a "
            "conversion, or take the row out",
        )
    if good and value and not conversions:
        reader.complain(
            line, f"total_conversion_value: {value:g} without a conversion; it belongs to paths that convert"
        )
    hours = _hours_before(reader, line, row, touches) if conversions and good else None
    return TouchPath(touches, conversions, value, nulls, hours) if len(reader.problems) == before else None


def _optional(reader: Reader, line: int, row: Mapping[str, str], column: str) -> float:
    """A number of zero or more; 0 where the file has no such column or the field is empty."""
    return (reader.number(line, row, column) or 0.0) if row.get(column, "").strip() else 0.0


def _hours_before(
    reader: Reader, line: int, row: Mapping[str, str], touches: tuple[str, ...]
) -> tuple[float, ...] | None:
    """The row's `times`, None where the file has no such column or with a complaint."""
    if "times" not in row:
        return None
    text = row["times"]
    try:
        hours = tuple(float(part) for part in text.split(SEPARATOR))
    except ValueError:
        reader.complain(line, f'times: wanted hours before the conversion joined by " > " (got {text!r})')
        return None
    if len(hours) != len(touches):
        reader.complain(line, f"times: wanted one for each of the {len(touches)} touches (got {len(hours)})")
        return None
    falling = all(earlier >= later for earlier, later in pairwise(hours))
    if not falling or not 0 <= hours[-1] <= hours[0] < float("inf"):
        reader.complain(line, f"times: hours before the conversion must fall along the path, to 0 or more (got {text})")
        return None
    return hours
