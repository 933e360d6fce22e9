"""The trace as the load generator reads it: per journey, its steps in order, from compact arrays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

_CODES: Final = ("action", "client", "location", "channel", "fulfilment", "brand")
_NUMBERS: Final = ("journey", "copy", "step", "due_s", "shopper", "amount_yen")
_LINE: Final = ("sku", "quantity", "unit_price_yen")
_DECODED: Final = 100
"""Journeys that are made into objects at a time: soon enough forgotten, and cheaper than one by one."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One article of a basket."""

    sku: int
    quantity: int
    unit_price_yen: int


class Step(NamedTuple):
    """One API step of a journey; `due_s` is its intended start on the clock of the replay."""

    journey: int
    copy: int
    step: int
    due_s: float
    action: str
    client: str
    location: str
    shopper: int
    lines: tuple[Line, ...]
    amount_yen: int
    channel: str
    fulfilment: str
    brand: str


@dataclass(frozen=True)
class Script:
    """The journeys of one share of a trace, in order of their first step.

    `bounds[i]` and `bounds[i + 1]` delimit the steps of journey i in the arrays; `line_bounds` does the same for
    the lines of a step. Plain arrays keep a trace of millions of steps small (about 80 bytes a step).
    """

    numbers: dict[str, NDArray[Any]]
    codes: dict[str, NDArray[np.int32]]
    names: dict[str, list[str]]
    line_bounds: NDArray[np.int64]
    lines: dict[str, NDArray[Any]]
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def starts_s(self) -> NDArray[np.float64]:
        """Intended start of each journey, ascending, shape (journeys,)."""
        starts: NDArray[np.float64] = self.numbers["due_s"][self.bounds[:-1]]
        return starts

    def journeys(self) -> Iterator[list[Step]]:
        """The steps of each journey, in order of the journeys' starts."""
        for first in range(0, len(self), _DECODED):
            bounds = self.bounds[first : first + _DECODED + 1].tolist()
            steps = self._steps(slice(bounds[0], bounds[-1]))
            for start, stop in itertools.pairwise(bounds):
                yield steps[start - bounds[0] : stop - bounds[0]]

    def _steps(self, part: slice) -> list[Step]:
        journey, copy, step, due, shopper, amount = (self.numbers[name][part].tolist() for name in _NUMBERS)
        action, client, location, channel, fulfilment, brand = (
            [self.names[name][code] for code in self.codes[name][part].tolist()] for name in _CODES
        )
        bounds = self.line_bounds[part.start : part.stop + 1].tolist()
        flat = list(map(Line, *(self.lines[name][bounds[0] : bounds[-1]].tolist() for name in _LINE)))
        lines = [tuple(flat[start - bounds[0] : stop - bounds[0]]) for start, stop in itertools.pairwise(bounds)]
        columns = (journey, copy, step, due, action, client, location, shopper, lines, amount)
        return list(map(Step, *columns, channel, fulfilment, brand))


def read_script(trace: Path, speed: float = 1.0, share: int = 0, shares: int = 1) -> Script:
    """The journeys of `trace` whose id falls to `share` of `shares`; `speed` divides every due time."""
    steps = pq.read_table(trace / "steps.parquet")
    if shares > 1:
        ids = steps["journey"].to_numpy()
        steps = steps.filter(pa.array(ids % shares == share))
    if not len(steps):
        return _script_of(steps.combine_chunks(), speed)
    return _script_of(_by_start(steps).combine_chunks(), speed)


def _by_start(steps: pa.Table) -> pa.Table:
    """The steps journey by journey, journeys in order of their first step."""
    steps = steps.sort_by([("journey", "ascending"), ("step", "ascending")])
    ids, due_s = steps["journey"].to_numpy(), steps["due_s"].to_numpy()
    edges = _edges(ids)
    lengths = np.diff(edges)
    order = np.argsort(due_s[edges[:-1]], kind="stable")
    shift = np.repeat(edges[:-1][order] - np.r_[0, np.cumsum(lengths[order])[:-1]], lengths[order])
    return steps.take(pa.array(np.arange(len(ids)) + shift))


def _edges(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Where the journeys of sorted steps begin, and where the last one ends."""
    edges: NDArray[np.int64] = np.r_[0, np.flatnonzero(ids[1:] != ids[:-1]) + 1, len(ids)].astype(np.int64)
    return edges


def _script_of(steps: pa.Table, speed: float) -> Script:
    numbers = {name: steps[name].to_numpy() for name in _NUMBERS}
    numbers["due_s"] = numbers["due_s"] / speed
    codes, names = {}, {}
    for name in _CODES:
        encoded = _encoded(steps[name])
        codes[name] = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        names[name] = [str(value) for value in encoded.dictionary.to_pylist()]
    lists: Any = steps["lines"].combine_chunks()
    flat = lists.flatten()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return Script(
        numbers=numbers,
        codes=codes,
        names=names,
        line_bounds=np.r_[0, np.cumsum(lengths)].astype(np.int64),
        lines={name: flat.field(name).to_numpy(zero_copy_only=False) for name in _LINE},
        bounds=_edges(numbers["journey"]) if len(steps) else np.zeros(1, np.int64),
    )


def _encoded(column: Any) -> Any:
    """`column` as one dictionary array, null as the empty string."""
    return pc.fill_null(column.cast(pa.string()), "").combine_chunks().dictionary_encode()
