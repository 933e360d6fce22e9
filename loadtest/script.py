"""The trace as the load generator reads it: per journey, its steps in order, from compact arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

_CODES: Final = ("action", "client", "location", "channel", "fulfilment", "brand")
_NUMBERS: Final = ("journey", "copy", "step", "due_s", "shopper", "amount_yen")
_LINE: Final = ("sku", "quantity", "unit_price_yen")


class Line(NamedTuple):
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
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)

    def starts_s(self) -> NDArray[np.float64]:
        """Intended start of each journey, ascending, shape (journeys,)."""
        starts: NDArray[np.float64] = self.numbers["due_s"][self.first]
        return starts

    def steps(self, index: int) -> list[Step]:
        """The steps of journey `index`, in order."""
        part = slice(int(self.first[index]), int(self.last[index]))
        journey, copy, step, due, shopper, amount = (self.numbers[name][part].tolist() for name in _NUMBERS)
        action, client, location, channel, fulfilment, brand = (
            [self.names[name][code] for code in self.codes[name][part].tolist()] for name in _CODES
        )
        bounds = self.line_bounds[part.start : part.stop + 1].tolist()
        return [
            Step(
                journey[k], copy[k], step[k], due[k], action[k], client[k], location[k], shopper[k],
                self._lines(bounds[k], bounds[k + 1]), amount[k], channel[k], fulfilment[k], brand[k],
            )
            for k in range(len(step))
        ]  # fmt: skip

    def _lines(self, start: int, stop: int) -> tuple[Line, ...]:
        return tuple(map(Line, *(self.lines[name][start:stop].tolist() for name in _LINE)))


def read_script(trace: Path, speed: float = 1.0, share: int = 0, shares: int = 1) -> Script:
    """The journeys of `trace` whose id falls to `share` of `shares`; `speed` divides every due time."""
    steps = pq.read_table(trace / "steps.parquet")
    if shares > 1:
        ids = steps["journey"].to_numpy()
        steps = steps.filter(pa.array(ids % shares == share))
    steps = steps.sort_by([("journey", "ascending"), ("step", "ascending")]).combine_chunks()
    return _script_of(steps, speed)


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
    ids = numbers["journey"]
    edges = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]]) if len(ids) else np.zeros(0, np.int64)
    ends = np.r_[edges[1:], len(ids)] if len(ids) else np.zeros(0, np.int64)
    order = np.argsort(numbers["due_s"][edges], kind="stable")
    return Script(
        numbers=numbers,
        codes=codes,
        names=names,
        line_bounds=np.r_[0, np.cumsum(lengths)].astype(np.int64),
        lines={name: flat.field(name).to_numpy(zero_copy_only=False) for name in _LINE},
        first=edges[order].astype(np.int64),
        last=ends[order].astype(np.int64),
    )


def _encoded(column: Any) -> Any:
    """`column` as one dictionary array, null as the empty string."""
    return pc.fill_null(column.cast(pa.string()), "").combine_chunks().dictionary_encode()
