"""The lines in front of the tills: one for all staffed tills, or one for each, and one for the self-checkouts.

`lines = "pooled"` is the single line that feeds whichever till is free next; with `lines = "separate"` each till has
its own line, and whoever joined the wrong one may change it (`jockeying.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify

from scenarios.places import Store as StoreTable
from scenarios.places import Tills
from sim.engine import Engine, Pool
from sim.engine.actors import Ticket
from sim.log.schema import Place


class OwnLine(Pool):
    """The line of a single till: its last shopper may leave for another line."""

    __slots__ = ()

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, 1)

    def give_last(self) -> Ticket:
        """Take whoever stands last out of the line. There must be somebody waiting."""
        last = max(entry for entry in self._waiters if entry[2].actor is not None)
        self._waiters.remove(last)
        heapify(self._waiters)
        self.queue_length -= 1
        return last[2]


@dataclass(slots=True)
class Line:
    """One line and what a shopper can see of it."""

    place: Place
    pool: Pool
    mean_service_s: float
    """What an experienced shopper reckons for each person in the line."""
    weights: list[float]
    """What a basket of 0, 1, 2, ... items adds to `load`; empty when the rule of choice does not look into baskets."""
    load: float = 0.0
    """Of everybody waiting and being served."""

    def weight(self, items: int) -> float:
        """What a basket of this many items adds to the load."""
        return self.weights[min(items, len(self.weights) - 1)] if self.weights else 0.0


def staffed_lines(
    engine: Engine, pooled: Pool, table: StoreTable, tills: Tills, mean_service_s: float, weights: list[float]
) -> list[Line]:
    """The store's lines at staffed tills: `pooled` alone, or one for each till that may ever be open."""
    place = Place.STAFFED_TILL
    if tills.lines == "pooled":
        return [Line(place, pooled, mean_service_s, weights)]
    most = max(table.staffed_tills) + table.back_room_staff
    return [Line(place, OwnLine(engine), mean_service_s, weights) for _ in range(most)]
