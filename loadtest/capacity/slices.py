"""A trace of a given rate and length, cut and laid over each other from a longer trace.

Every copy is a stretch of the trace that begins at a moment of its own, with shoppers of its own: more load is more
shoppers, and the rate is level from the first second to the last. As in `cut_trace`, look-ups belong to the stretch
they fall into, and an order to the one in which it is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loadtest.demand.count import BACK_OFFICE
from loadtest.trace_schema import STEPS, STOCK, Trace, header_of
from sim.streams import Streams

PRE_ROLL_S: Final = 10.0
"""What a stretch needs from before its start is spread over as many seconds, or a third of its length if less."""
_LOOKS: Final = ("product", "availability", "scan")

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Slice:
    """One stretch: the rows of the trace that it takes, and when they are due from its start."""

    rows: Numbers
    due_s: Floats


@dataclass(frozen=True)
class _Source:
    due_s: Floats
    journey: Numbers
    looks: Mask
    later: Mask
    """Steps of the back office, after payment."""
    paid_s: Floats
    """Of each journey, when its last payment is due; minus infinity without one."""


def rate_of(trace: Trace) -> float:
    """Steps per second of the trace, without what lies before its start."""
    due = trace.steps["due_s"].to_numpy()
    due = due[due >= 0]
    return len(due) / max(float(due.max()), 1.0) if len(due) else 0.0


def pre_roll_s(seconds: float) -> float:
    """Length of what precedes a stretch of `seconds`."""
    return min(PRE_ROLL_S, seconds / 3)


def at_rate(trace: Trace, per_s: float, seconds: float, seed: int = 0) -> Trace:
    """About `per_s` steps a second for `seconds`, from as many stretches as that takes; the last one is thinned."""
    copies = per_s / rate_of(trace)
    source, streams = _source_of(trace.steps), Streams(seed, 0)
    whole = max(1, int(np.ceil(copies)))
    room_s = max(0.0, float(source.due_s.max()) - seconds)
    starts_s = room_s * streams.uniforms("capacity slice", np.arange(whole), 1)[:, 0]
    slices = []
    for copy in range(whole):
        kept = np.full(len(source.paid_s), True)
        if copy == whole - 1:
            kept = streams.uniforms("capacity thinning", np.arange(len(source.paid_s)), 1)[:, 0] < copies - copy
        draws = streams.uniforms(f"capacity pre-roll {copy}", np.arange(len(source.paid_s)), 1)[:, 0]
        slices.append(_cut(source, float(starts_s[copy]), seconds, draws, kept))
    steps = _lay(trace.steps, slices, source)
    origin = {key: trace.header[key] for key in ("run", "day", "from_s", "to_s", "tenders") if key in trace.header}
    stock = trace.stock.set_column(2, STOCK.field(2), pc.multiply(trace.stock["on_hand"], pa.scalar(whole, pa.int64())))
    return Trace(header_of(steps, origin, whole), steps, trace.catalogue, stock)


def _source_of(steps: pa.Table) -> _Source:
    due, journey = steps["due_s"].to_numpy(), steps["journey"].to_numpy()
    action = np.asarray(steps["action"].to_pylist())
    paid_s = np.full(int(journey.max()) + 1, -np.inf)
    pays = action == "pay"
    np.maximum.at(paid_s, journey[pays], due[pays])
    return _Source(due, journey, np.isin(action, _LOOKS), np.isin(action, BACK_OFFICE), paid_s)


def _cut(source: _Source, start_s: float, seconds: float, draws: Floats, kept: Mask) -> Slice:
    """The stretch [start_s, start_s + seconds); `draws` and `kept` have one value for each journey."""
    due = source.due_s - start_s
    inside = (due >= 0) & (due < seconds) & kept[source.journey]
    served = np.zeros(len(source.paid_s), bool)
    served[source.journey[inside & source.later]] = True
    paid = source.paid_s - start_s
    bought = ((paid >= 0) & (paid < seconds) & kept) | served
    buys = ~source.looks & ~source.later & bought[source.journey]
    rows = np.flatnonzero((inside & (source.looks | source.later)) | buys)
    at_s = due[rows]
    early = buys[rows] & (at_s < 0)
    at_s[early] = -pre_roll_s(seconds) * draws[source.journey[rows[early]]]
    return Slice(rows, at_s)


def _lay(steps: pa.Table, slices: list[Slice], source: _Source) -> pa.Table:
    """One table of all stretches, each with journeys and shoppers of its own."""
    rows = np.concatenate([each.rows for each in slices])
    copy = np.repeat(np.arange(len(slices)), [len(each.rows) for each in slices])
    shoppers = int(pc.max(steps["shopper"]).as_py() or 0) + 1
    taken = steps.take(pa.array(rows))
    changes: dict[str, Any] = {
        "journey": taken["journey"].to_numpy() + copy * len(source.paid_s),
        "shopper": taken["shopper"].to_numpy() + copy * shoppers,
        "due_s": np.concatenate([each.due_s for each in slices]),
        "copy": copy.astype(np.int32),
    }
    for name, column in changes.items():
        index = STEPS.get_field_index(name)
        taken = taken.set_column(index, STEPS.field(index), pa.array(column, STEPS.field(index).type))
    return taken.sort_by([("due_s", "ascending"), ("journey", "ascending"), ("step", "ascending")])
