"""Reason at the tills: what more of them, and more patience, must do to the lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sim.log.recorder import Memory
from sim.theory import mmc
from sim.verify.closed_forms import SEEDS, SERVICE_S, agrees, exponential_hall, exponential_tills
from sim.verify.trials import Answer, Question, Sample, Trial
from sim.verify.worlds import lived, town

_STORES: Final = ("station", "mall", "riverside", "temple")
_WAITED: Final = ("staffed_till", "self_checkout")
_EXACT: Final = 10
"""Seeds for what must hold to the last row."""


_CROWD: Final = ("population.needs_per_week=5.0", "stores.station.self_checkouts=0")
_NOTHING_FOLLOWS: Final = (
    "patience.leaving_factor=1e9",
    "patience.balk_logit_per_person=0.0",
    "choice.per_expected_wait_minute=0.0",
    "staff.per_person_queueing=0.0",
    "staff.annoyed_per_person_queueing=0.0",
    "loyalty.feelings.long_wait=0.0",
    "loyalty.feelings.served=0.0",
    "stock.shelf_minimum=60",
    *(f"stores.{store}.assortment=1.0" for store in _STORES),
    "considering.buy_above=-10.0",
    "returns.exchange=0.0",
)
"""Nobody minds waiting, so that every world has the same shoppers in the same lines: being served after a
long wait is felt as being served at once, shelves are full and minds made up, so that nobody comes a second time."""


def _roster(tills: int) -> tuple[str, ...]:
    hours = [0] * 9 + [tills] * 13 + [0] * 2
    return tuple(f"stores.{store}.staffed_tills={hours}" for store in _STORES)


def _more_tills(seed: int) -> Sample:
    """One till per store, and two: how long each shopper waits when nobody minds, and the means when people do."""
    waits = [_waits(lived(town("ward-siloed", *_CROWD, *_NOTHING_FOLLOWS, *_roster(n)), seed)) for n in (1, 2)]
    both = waits[0].keys() & waits[1].keys()
    means = [_mean_wait_s(lived(town("ward-siloed", *_CROWD, *_roster(n)), seed)) for n in (1, 2)]
    return {
        "longer_s": max(waits[1][who] - waits[0][who] for who in both),
        "shoppers": len(both),
        "others": len(waits[0].keys() ^ waits[1].keys()),
        "mean_s": float(np.mean([waits[0][who] for who in both])),
        "change_s": means[1] - means[0],
    }


def _waits(memory: Memory) -> dict[tuple[int, int], float]:
    """Seconds in line by (need, order) of everybody served at a till."""
    events = memory.table("events")
    kinds = events["kind"].to_pylist()
    columns = zip(kinds, *(events[name].to_numpy().tolist() for name in ("need", "order", "time_s")), strict=True)
    joined: dict[tuple[int, int], float] = {}
    started: dict[tuple[int, int], float] = {}
    for kind, need, order, time_s in columns:
        if kind == "queue_join":
            joined[need, order] = time_s
        elif kind == "till_start":
            started[need, order] = time_s
    return {who: started[who] - joined[who] for who in started}


def _mean_wait_s(memory: Memory) -> float:
    queues = memory.table("queues")
    tills = queues.filter(pc.is_in(queues["place"].cast(pa.string()), pa.array(_WAITED)))
    return float(pc.sum(tills["wait_s"]).as_py() / pc.sum(tills["served"]).as_py())


def _nobody_longer(samples: Sequence[Sample]) -> Answer:
    worst = [sample["longer_s"] for sample in samples]
    fine = [sample["longer_s"] <= 1e-6 and not sample["others"] for sample in samples]
    shoppers = sum(sample["shoppers"] for sample in samples)
    before = float(np.mean([sample["mean_s"] for sample in samples]))
    found = f"at most {max(worst):+.2g} s over {shoppers:,.0f} shoppers, who waited {before:.0f} s with one till"
    return Answer("at most 0 s", found, all(fine), sum(fine) / len(fine), worst)


def _shorter(samples: Sequence[Sample]) -> Answer:
    changes = [sample["change_s"] for sample in samples]
    fine = [change <= 0 for change in changes]
    found = f"{min(changes):.0f} to {max(changes):+.0f} s in the mean wait"
    return Answer("below 0 in every seed", found, all(fine), sum(fine) / len(fine), changes)


def _endless_patience(seed: int) -> Sample:
    """Who leaves or turns away in crowded stores with endless patience, and with the patience that people have."""
    patient = ("patience.leaving_factor=1e9", "patience.balk_logit_per_person=0.0")
    left = []
    for sets in (patient, ()):
        queues = lived(town("ward-omo", "population.needs_per_week=5.0", *sets), seed).table("queues")
        left.append(pc.sum(queues["reneged"]).as_py() + pc.sum(queues["balked"]).as_py())
    return {"left": left[0], "left_otherwise": left[1]}


def _nobody_leaves(samples: Sequence[Sample]) -> Answer:
    left = [sample["left"] for sample in samples]
    otherwise = sum(sample["left_otherwise"] for sample in samples)
    found = f"at most {max(left):.0f}; {otherwise:,.0f} in all with ordinary patience"
    fine = [not count for count in left]
    return Answer("0", found, all(fine) and otherwise > 0, sum(fine) / len(fine), left)


_POOLED: Final = (2.1, 3)


def _pooled_tills(seed: int) -> Sample:
    """The store's own three tills behind one line, endless patience, exponential services."""
    return {"wait_s": exponential_tills(exponential_hall(_POOLED[1], "tills.lines=pooled"), seed, _POOLED[0])}


def _erlang_c() -> float:
    return mmc.mean_wait_s(_POOLED[0] / SERVICE_S, 1 / SERVICE_S, _POOLED[1])


REASON_AT_TILLS: Final[tuple[Trial, ...]] = (
    Trial(
        "reason",
        _more_tills,
        (
            Question("RE-01a", "Two tills per store instead of one: nobody waits longer", "D", _nobody_longer),
            Question("RE-01b", "... and the mean wait falls when people turn away, leave and remember", "D", _shorter),
        ),
    ),
    Trial(
        "reason",
        _endless_patience,
        (Question("RE-02a", "Endless patience: nobody turns away from a line or leaves it", "D", _nobody_leaves),),
        at_most=_EXACT,
    ),
    Trial(
        "reason",
        _pooled_tills,
        (
            Question(
                "RE-02b",
                "... and a store's 3 tills at 2.1 erlangs are Erlang's queue: mean wait",
                "Erlang C",
                agrees("wait_s", _erlang_c, "s"),
            ),
        ),
        SEEDS,
    ),
)
