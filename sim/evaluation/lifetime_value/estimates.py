"""Both models fitted to histories, with intervals from the observed information.

The log-likelihood is taken to be quadratic in the logarithms of the parameters around its top. Its curvature there,
by central differences, gives their covariance, and the delta method that of anything computed from them. Intervals
speak of the parameters alone; what customers do by chance comes on top.

Along some directions receipts may say nothing, say of drop-out where hardly anybody is ever lost. These are held
fixed, and a number that depends on them has no interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import Any, Final

import numpy as np

from scenarios.errors import UsageError
from sim.evaluation.lifetime_value.receipts import Histories
from sim.streams import Floats
from sim.theory import bg_nbd, gamma_gamma
from sim.theory.bg_nbd import BgNbd
from sim.theory.gamma_gamma import GammaGamma

INTERVALS: Final = "95 %, observed information in log parameters (delta method); uncertainty of the parameters alone"

_NORMAL: Final = 1.959964
_STEP: Final = 1e-3
_FLAT: Final = 1.0
"""Log-likelihood that curves less than this along a direction knows it to a factor of exp(2) at best."""
_DEPENDS: Final = 0.01
"""Relative change along such a direction, per unit of the logarithm, from which on a number depends on it."""


@dataclass(frozen=True)
class Estimate:
    """Fitted parameters of a model, in their order (k of them)."""

    values: tuple[float, ...]
    names: tuple[str, ...]
    log_likelihood: float
    covariance: Floats
    """Shape (k, k), of the logarithms."""
    flat: Floats
    """Shape (m, k): the directions of which receipts say nothing."""

    def described(self) -> dict[str, Any]:
        """Each parameter with its interval."""
        widths = self._widths(np.eye(len(self.values)), np.ones(len(self.values)))
        found = {
            name: bounded(value, value * np.exp(-width), value * np.exp(width))
            for name, value, width in zip(self.names, self.values, widths, strict=True)
        }
        return found | {"log_likelihood": self.log_likelihood}

    def half_widths(self, function: Callable[[Floats], Floats]) -> Floats:
        """Half-width of the interval of each number that `function` computes from the parameters; nan for none."""
        at = np.log(self.values)
        steps = _STEP * np.eye(len(at))
        slopes = np.array([(function(np.exp(at + s)) - function(np.exp(at - s))) / (2 * _STEP) for s in steps])
        return self._widths(slopes, np.abs(function(np.exp(at))))

    def _widths(self, slopes: Floats, size: Floats) -> Floats:
        """Half-widths of n numbers from their slopes, shape (k, n), and their size, shape (n,)."""
        widths = _NORMAL * np.sqrt(np.einsum("in,ij,jn->n", slopes, self.covariance, slopes))
        unknown = np.any(np.abs(self.flat @ slopes) > _DEPENDS * size, axis=0)
        return np.where(unknown, np.nan, widths)


def bounded(value: float, low: float, high: float) -> dict[str, float | None]:
    """A number with its interval; null where there is none."""
    numbers = {"value": float(value), "low": float(low), "high": float(high)}
    return {name: number if np.isfinite(number) else None for name, number in numbers.items()}


def fit_purchases(known: Histories) -> Estimate:
    """BG/NBD of these histories."""
    try:
        found = bg_nbd.fit(known.x, known.t_x, known.observed)
    except RuntimeError:
        raise UsageError(
            f"the purchases of these {len(known.x)} customers fit no BG/NBD model: take more customers or a longer time"
        ) from None

    def likelihood(log_parameters: Floats) -> float:
        return bg_nbd.log_likelihood(BgNbd(*np.exp(log_parameters)), known.x, known.t_x, known.observed)

    return _estimate(found, likelihood)


def fit_spend(known: Histories) -> Estimate:
    """Gamma-Gamma of those who have come back and paid something."""
    again = known.spend > 0
    if not again.any():
        raise UsageError("no repeat purchase has an amount above 0")
    x, spend = known.x[again], known.spend[again]
    try:
        found = gamma_gamma.fit(x, spend)
    except RuntimeError:
        raise UsageError(
            f"what these {len(x)} customers who came back spent fits no Gamma-Gamma model: take more of them"
        ) from None

    def likelihood(log_parameters: Floats) -> float:
        return gamma_gamma.log_likelihood(GammaGamma(*np.exp(log_parameters)), x, spend)

    return _estimate(found, likelihood)


def _estimate(model: BgNbd | GammaGamma, likelihood: Callable[[Floats], float]) -> Estimate:
    values = astuple(model)
    at = np.log(values)
    curvature, directions = np.linalg.eigh(_information(likelihood, at))
    known = curvature > _FLAT
    covariance = (directions[:, known] / curvature[known]) @ directions[:, known].T
    names = tuple(field.name for field in fields(model))
    return Estimate(values, names, likelihood(at), covariance, directions[:, ~known].T)


def _information(likelihood: Callable[[Floats], float], at: Floats) -> Floats:
    """Minus the matrix of second derivatives at `at`."""
    steps = _STEP * np.eye(len(at))
    information = np.empty((len(at), len(at)))
    for i, one in enumerate(steps):
        for j, other in enumerate(steps):
            corners = (at + one + other, at + one - other, at - one + other, at - one - other)
            up, right, left, down = (likelihood(corner) for corner in corners)
            information[i, j] = -(up - right - left + down) / (4 * _STEP**2)
    return information
