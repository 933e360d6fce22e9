"""What the town remembers of each store: how long one waited there lately, and how often goods were missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.log.schema import Place
from sim.store.store import Store
from sim.streams import Floats
from sim.town import Town

MEMORY: Final = 0.7
"""Weight of the past (assumption): a week of waits or empty shelves fades in days."""


@dataclass
class Reputation:
    """Arrays of shape (n_stores,)."""

    wait_min: Floats
    missing: Floats
    """Share of the lines looked for that were not there."""

    def overnight(self, town: Town) -> None:
        """Today joins the past."""
        waits = np.array([_mean_wait_min(store) for store in town.stores])
        wanted, missing = np.array(town.lines_wanted), np.array(town.lines_missing)
        self.wait_min = MEMORY * self.wait_min + (1 - MEMORY) * waits
        self.missing = MEMORY * self.missing + (1 - MEMORY) * missing / np.maximum(1, wanted)


def _mean_wait_min(store: Store) -> float:
    hours = [*store.queues[Place.STAFFED_TILL], *store.queues[Place.SELF_CHECKOUT]]
    served = sum(hour.served for hour in hours)
    return sum(hour.wait_s for hour in hours) / 60 / served if served else 0.0
