"""BG/NBD: how often customers come back, and when they are lost (Fader, Hardie and Lee, Marketing Science 24(2), 2005).

Each customer buys at a rate that is Gamma(r, alpha) over customers and is lost after each repeat purchase with a
probability that is Beta(a, b) over customers. A customer's history is (x, t_x, T): repeat purchases, time of the last
one (0 for none), time observed. Oracle for the twin's receipts and estimator of what they say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BgNbd:
    """The four parameters; `alpha` is in units of time."""

    r: float
    alpha: float
    a: float
    b: float

    @property
    def mean_rate(self) -> float:
        """Mean purchases per unit of time while a customer is there."""
        return self.r / self.alpha

    @property
    def mean_drop_out(self) -> float:
        """Mean probability of being lost after a repeat purchase."""
        return self.a / (self.a + self.b)


def log_likelihood(model: BgNbd, x: ArrayLike, t_x: ArrayLike, observed: ArrayLike) -> float:
    """Log-likelihood of histories, arrays of shape (n,)."""
    return float(_log_likelihoods(model, *(np.asarray(column, float) for column in (x, t_x, observed))).sum())


def _log_likelihoods(model: BgNbd, x: Floats, t_x: Floats, observed: Floats) -> Floats:
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    still_there = -(r + x) * np.log(alpha + observed)
    # Against having survived x times, having been lost the last time is as likely as a / (b + x - 1) to 1.
    repeats = np.maximum(x, 1)
    lost = np.log(a) - np.log(b + repeats - 1) - (r + x) * np.log(alpha + t_x)
    total: Floats = common + np.logaddexp(still_there, np.where(x > 0, lost, -np.inf))
    return total


def fit(x: ArrayLike, t_x: ArrayLike, observed: ArrayLike) -> BgNbd:
    """Maximum-likelihood parameters of histories, arrays of shape (n,); `RuntimeError` where none is found."""
    x, t_x, observed = np.asarray(x, float), np.asarray(t_x, float), np.asarray(observed, float)
    histories, counts = np.unique(np.column_stack([x, t_x, observed]), axis=0, return_counts=True)
    n = len(x)

    def loss(log_parameters: Floats) -> float:
        return -float(_log_likelihoods(BgNbd(*np.exp(log_parameters)), *histories.T) @ counts) / n

    start = np.log([1.0, max(float(observed.mean()) / 4, 1e-9), 1.0, 1.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-12, 12)] * 4, options={"ftol": 1e-13, "gtol": 1e-8})
    if not found.success:
        raise RuntimeError(f"BG/NBD: {found.message}")
    return BgNbd(*(float(value) for value in np.exp(found.x)))


def expected_purchases(model: BgNbd, time: float) -> float:
    """Mean repeat purchases of a new customer in `time` (equation 9 of the paper)."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    share = time / (alpha + time)
    series = float(hyp2f1(r, b, a + b - 1, share))
    mean: float = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + time)) ** r * series)
    return mean


def expected_future(model: BgNbd, time: float, x: int, t_x: float, observed: float) -> float:
    """Mean purchases in the next `time` of a customer with this history (equation 10)."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    end = alpha + observed + time
    series = float(hyp2f1(r + x, b + x, a + b + x - 1, time / end))
    mean: float = (a + b + x - 1) / (a - 1) * (1 - ((alpha + observed) / end) ** (r + x) * series)
    return mean * probability_alive(model, x, t_x, observed)


def probability_alive(model: BgNbd, x: int, t_x: float, observed: float) -> float:
    """Probability that a customer with this history is still there; 1 without a repeat purchase."""
    if x == 0:
        return 1.0
    ratio = (model.alpha + observed) / (model.alpha + t_x)
    alive: float = 1 / (1 + model.a / (model.b + x - 1) * ratio ** (model.r + x))
    return alive
