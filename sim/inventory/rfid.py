"""Tags on the goods, read on the shelf every night: the record becomes what the reader has seen.

Each unit's tag is read or not, so a reading is never too high and sometimes too low; the next night's puts that right.
A reader sees what vanished, what was booked wrongly at receipt and what was mixed up at the till.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr

import scenarios.sensors
from sim.catalogue import Catalogue
from sim.inventory.night import Night
from sim.needs import Ints
from sim.streams import Floats


def read_tags(night: Night, goods: Catalogue, rules: scenarios.sensors.Rfid, levels: Sequence[float]) -> None:
    """Correct the records of tagged goods at the locations whose `levels` (stores, then the warehouse) are above 0."""
    readers = np.array(levels) > 0
    if not readers.any():
        return
    tagged = np.array([not rules.categories or name in rules.categories for name in goods.category_names])
    read = readers[:, None] & tagged[goods.category]
    seen = night.on_hand - _unread(night.on_hand, 1 - rules.read_rate, night.draws("rfid"))
    night.recorded[read] = seen[read]


def _unread(units: Ints, missed: float, uniform: Floats) -> Ints:
    """How many of so many tags are not read: a binomial number by inversion of its distribution function."""
    unread = np.zeros_like(units)
    while (more := bdtr(unread.astype(float), units, missed) < uniform).any():
        unread += more
    return unread
