"""What the online systems show and promise of each location's stock.

The warehouse belongs to the EC shop, so its record is always the present one. A store's record is known as of the last
synchronisation: the night before, or at most so many minutes ago. Between two synchronisations the online systems
count what they have promised themselves, but they see nothing of what happens in the store: that is where a stale
record oversells. Of store stock nothing is shown at or below the safety buffer plus what the store holds back.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from sim.needs import Ints

_LIVE_UP_TO_MINUTES: Final = 1.0
_DAY_MINUTES: Final = 1440.0


class ShownOnline:
    """Units by [location][sku]; the last location is the warehouse. Reads `recorded` and `held`, changes neither."""

    def __init__(self, recorded: list[list[int]], held: list[list[int]], buffer: int) -> None:
        stores = len(recorded) - 1
        self.hold_back = [[0] * len(recorded[0]) for _ in range(stores)]
        """Units on top of the buffer, by [store][sku], that staff keep from online orders."""
        self._recorded = recorded
        self._held = held
        self._buffer = buffer
        self._known: list[list[int] | None] = [None] * len(recorded)
        """Free units at the last synchronisation less what was promised since; None where the record is live."""

    def units(self, location: int, sku: int) -> int:
        """Units that may be ordered online from `location` now."""
        known = self._known[location]
        units = self._recorded[location][sku] - self._held[location][sku] if known is None else known[sku]
        if location < len(self.hold_back) and units <= self._buffer + self.hold_back[location][sku]:
            return 0
        return units

    def promised(self, location: int, sku: int, quantity: int) -> None:
        """The online systems have promised `quantity` (negative: have given a promise up)."""
        known = self._known[location]
        if known is not None:
            known[sku] -= quantity

    def tables(self) -> tuple[Ints, Ints]:
        """Units shown of the stores, shape (n_stores, n_skus), and of the warehouse, shape (n_skus,)."""
        units = np.array([self._synchronised(at) if known is None else known for at, known in enumerate(self._known)])
        kept = self._buffer + np.array(self.hold_back, dtype=np.int64)
        return np.where(units[:-1] > kept, units[:-1], 0), np.maximum(units[-1], 0)

    def synchronise(self, store: int, live: bool = False) -> None:
        """Bring what is known of `store` up to date; `live` keeps it so."""
        self._known[store] = None if live else self._synchronised(store)

    def _synchronised(self, location: int) -> list[int]:
        return [recorded - held for recorded, held in zip(self._recorded[location], self._held[location], strict=True)]


def nightly_batch(online: ShownOnline, minutes: Sequence[float]) -> None:
    """Synchronise every store at midnight; `minutes` is the age that its record may have, by store."""
    for store in range(len(online.hold_back)):
        online.synchronise(store, live=minutes[store] <= _LIVE_UP_TO_MINUTES)


def synchronisation(online: ShownOnline, minutes: Sequence[float]) -> Generator[Any, Any, None]:
    """A day's synchronisations between two nightly batches, started at midnight."""
    due = sorted(
        (at, store)
        for store in range(len(online.hold_back))
        if _LIVE_UP_TO_MINUTES < minutes[store] < _DAY_MINUTES
        for at in np.arange(minutes[store], _DAY_MINUTES, minutes[store]).tolist()
    )
    for (before, _), (at, store) in pairwise([(0.0, -1), *due]):
        if at > before:
            yield (at - before) * 60
        online.synchronise(store)
