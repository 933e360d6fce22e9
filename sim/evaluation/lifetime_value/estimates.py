"""Both models fitted to histories, with intervals from the observed information.

The log-likelihood is taken to be quadratic in the logarithms of the parameters around its top. Its curvature there,
by central differences, gives their covariance, and the delta method that of anything computed from them. Intervals
speak of the parameters alone; what customers do by chance comes on top. Where the likelihood has no top inside the
bounds (say, nobody seems ever to be lost) there are none.
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


@dataclass(frozen=True)
class Estimate:
    """Fitted parameters of a model in their order, and the covariance of their logarithms, None where there is none."""

    values: tuple[float, ...]
    names: tuple[str, ...]
    log_likelihood: float
    covariance: Floats | None

    def described(self) -> dict[str, Any]:
        """Each parameter with its interval."""
        spread = np.full(len(self.values), np.nan)
        if self.covariance is not None:
            spread = _NORMAL * np.sqrt(np.diag(self.covariance))
        found = {
            name: bounded(value, value * np.exp(-width), value * np.exp(width))
            for name, value, width in zip(self.names, self.values, spread, strict=True)
        }
        return found | {"log_likelihood": self.log_likelihood}

    def half_widths(self, function: Callable[[Floats], Floats]) -> Floats:
        """Half-width of the interval of each number that `function` computes from the parameters; nan for none."""
        at = np.log(self.values)
        steps = _STEP * np.eye(len(at))
        slopes = np.array([(function(np.exp(at + s)) - function(np.exp(at - s))) / (2 * _STEP) for s in steps])
        if self.covariance is None:
            return np.full(slopes.shape[1], np.nan)
        variances = np.einsum("in,ij,jn->n", slopes, self.covariance, slopes)
        widths: Floats = _NORMAL * np.sqrt(variances)
        return widths


def bounded(value: float, low: float, high: float) -> dict[str, float | None]:
    """A number with its interval; null where there is none."""
    numbers = {"value": float(value), "low": float(low), "high": float(high)}
    return {name: number if np.isfinite(number) else None for name, number in numbers.items()}


def fit_purchases(known: Histories) -> Estimate:
    """BG/NBD of these histories."""
    try:
        found = bg_nbd.fit(known.x, known.t_x, known.observed)
    except RuntimeError as error:
        raise UsageError(f"{error}; more customers or more time are needed") from None

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
    except RuntimeError as error:
        raise UsageError(f"{error}; more customers who have come back are needed") from None

    def likelihood(log_parameters: Floats) -> float:
        return gamma_gamma.log_likelihood(GammaGamma(*np.exp(log_parameters)), x, spend)

    return _estimate(found, likelihood)


def _estimate(model: BgNbd | GammaGamma, likelihood: Callable[[Floats], float]) -> Estimate:
    values = astuple(model)
    at = np.log(values)
    names = tuple(field.name for field in fields(model))
    return Estimate(values, names, likelihood(at), _covariance(likelihood, at))


def _covariance(likelihood: Callable[[Floats], float], at: Floats) -> Floats | None:
    """Inverse of the observed information at `at`; None where it is no maximum in every direction."""
    steps = _STEP * np.eye(len(at))
    information = np.empty((len(at), len(at)))
    for i, one in enumerate(steps):
        for j, other in enumerate(steps):
            corners = (at + one + other, at + one - other, at - one + other, at - one - other)
            up, right, left, down = (likelihood(corner) for corner in corners)
            information[i, j] = -(up - right - left + down) / (4 * _STEP**2)
    values = np.linalg.eigvalsh(information)
    flat = not np.all(values > 1e-6 * max(1.0, float(values[-1])))
    return None if flat else np.asarray(np.linalg.inv(information), float)
