"""Figures from the tables of a run: one query per figure, asked of every replication, with intervals over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final

import duckdb

from sim.evaluation.statistics import t_interval
from sim.log.run_directory import replication_path

Key = tuple[Any, ...]
DAY_S: Final = 86_400


@dataclass(frozen=True)
class Query:
    """SQL over the tables of one replication; `keys` columns name a row, the others are its figures.

    The view `horizon` has one row: `days`, the simulated ones. Where a replication lacks a row, its figures are 0 there
    when they are counts or sums (`adds`), and say nothing otherwise.
    """

    sql: str
    keys: int
    adds: bool = True
    interval: bool = True
    """Whether an interval is shown; without, only the mean is computed, which long series want."""


@dataclass(frozen=True)
class Row:
    """One row: its key, and each figure as `{mean, half_width}`; None where it cannot be said."""

    key: Key
    values: tuple[dict[str, float | None], ...]

    @property
    def means(self) -> tuple[float, ...]:
        """The means; what cannot be said counts nothing."""
        return tuple(value["mean"] or 0.0 for value in self.values)


Answers = dict[str, list[Row]]


def answers(run: Path, replications: Sequence[int], days: int, queries: Mapping[str, Query]) -> Answers:
    """Each query's rows, in the order in which the replications have them.

    Raises duckdb.Error or OSError where a table cannot be read.
    """
    found: dict[str, list[dict[Key, tuple[Any, ...]]]] = {name: [] for name in queries}
    for replication in replications:
        with duckdb.connect() as db:
            for file in sorted(replication_path(run, replication).glob("*.parquet")):
                db.read_parquet(str(file)).create_view(file.stem)
            db.execute(f"CREATE VIEW horizon AS SELECT {int(days)} AS days, {int(days) * DAY_S} AS end_s")
            for name, query in queries.items():
                rows = db.execute(query.sql).fetchall()
                found[name].append({row[: query.keys]: row[query.keys :] for row in rows})
    return {name: _rows(found[name], queries[name]) for name in queries}


def numbers(rows: Sequence[Row]) -> list[list[Any]]:
    """Rows for a file: the key, then mean and half-width of each figure."""
    return [[*row.key, *(part for value in row.values for part in value.values())] for row in rows]


def _rows(found: Sequence[Mapping[Key, tuple[Any, ...]]], query: Query) -> list[Row]:
    keys = dict.fromkeys(key for rows in found for key in rows)
    rows = []
    for key in keys:
        width = len(next(rows[key] for rows in found if key in rows))
        missing = (0.0,) * width if query.adds else (None,) * width
        columns = zip(*(rows.get(key, missing) for rows in found), strict=True)
        rows.append(Row(key, tuple(_figure(column, query.interval) for column in columns)))
    return rows


def _figure(values: Sequence[Any], wanted: bool) -> dict[str, float | None]:
    known = [float(value) for value in values if value is not None and not isnan(float(value))]
    if not known:
        return {"mean": None, "half_width": None}
    if not wanted:
        return {"mean": sum(known) / len(known), "half_width": None}
    interval = t_interval(known)
    return {"mean": interval.mean, "half_width": None if isnan(interval.half_width) else interval.half_width}
