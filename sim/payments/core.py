"""The payment core that the stores share: what it adds to a payment at the load of the moment, as measured.

Between payments the core is a fluid: work flows in at the rate of late, times the towns that share it, and out at the
capacity that the load test found. Below capacity a payment takes longer by the measured quantiles; what flows in above
it waits, first come, first served.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from typing import Final

import numpy as np

from scenarios.payments import CoreUnderLoad
from sim.streams import Floats

RATE_OVER_S: Final = 600.0
"""Time constant of the payment rate. A small town stands for many, and their chance evens out: in one minute of its
own it would not."""


@dataclass
class SharedCore:
    """Rate and backlog of the core; `patience_s` is after how long those who wait have given up."""

    rules: CoreUnderLoad
    patience_s: float
    rate_per_s: float = 0.0
    """Payments per second of this town alone, smoothed."""
    backlog: float = 0.0
    """Payments of all towns that wait."""
    at_s: float = 0.0
    _added_s: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._added_s = np.array(self.rules.added_s)

    def count(self, at_s: float) -> None:
        """A payment starts at `at_s`."""
        passed_s = at_s - self.at_s
        if passed_s > 0:
            left = exp(-passed_s / RATE_OVER_S)
            inflow = self.rules.copies * self.rate_per_s * RATE_OVER_S * (1 - left)
            waiting = max(0.0, self.backlog + inflow - self.rules.capacity_per_s * passed_s)
            self.backlog = min(waiting, self.rules.capacity_per_s * self.patience_s)
            self.rate_per_s *= left
            self.at_s = at_s
        self.rate_per_s += 1 / RATE_OVER_S

    def added_s(self, draw: float) -> float:
        """Seconds that a payment takes longer now than at an idle core; `draw` in (0, 1) is its place among others."""
        load = self.rules.copies * self.rate_per_s
        at_loads = [np.interp(draw, self.rules.quantiles, row) for row in self._added_s]
        return float(np.interp(load, self.rules.per_s, at_loads)) + self.backlog / self.rules.capacity_per_s
