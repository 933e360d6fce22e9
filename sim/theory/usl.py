"""The universal scalability law: throughput against load, with waiting for one another and with keeping in step.

Gunther 2007, Guerrilla Capacity Planning, chapter 4: X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scalability:
    """A fitted law."""

    contention: float
    """sigma: share of the work that has to queue, 0 to 1."""
    coherence: float
    """kappa: cost of each pair of workers keeping in step, >= 0."""
    rate: float
    """lambda: throughput of one worker."""

    def throughput(self, load: ArrayLike) -> Floats:
        """X(N), shape of `load`, in the unit of `rate`."""
        n = np.asarray(load, dtype=float)
        x: Floats = self.rate * n / (1 + self.contention * (n - 1) + self.coherence * n * (n - 1))
        return x

    @property
    def best_load(self) -> float:
        """Load of the largest throughput, sqrt((1 - sigma) / kappa); infinite where it never falls."""
        return sqrt((1 - self.contention) / self.coherence) if self.coherence > 0 else inf


def fit(load: ArrayLike, throughput: ArrayLike) -> Scalability:
    """Least squares of relative residuals, with sigma in [0, 1] and kappa >= 0.

    `load` >= 1 and `throughput` > 0 have one shape. Raises ValueError for fewer than three different loads: three
    numbers are to be found.
    """
    n, x = np.asarray(load, dtype=float), np.asarray(throughput, dtype=float)
    if len(np.unique(n)) < 3 or n.shape != x.shape:
        raise ValueError(f"three different loads are needed, each with its throughput (got {n.shape} and {x.shape})")
    if n.min() < 1 or x.min() <= 0:
        raise ValueError("loads are at least 1 and throughputs above 0")

    def residuals(parameters: Floats) -> Floats:
        off: Floats = Scalability(*parameters).throughput(n) / x - 1
        return off

    start = (0.01, 1e-4, float((x / n).max()))
    # Throughputs may be thousands a second beside a kappa of 1e-6: each parameter is scaled by its own column.
    found = least_squares(
        residuals, start, bounds=((0, 0, 0), (1, inf, inf)), x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    return Scalability(*found.x.tolist())
