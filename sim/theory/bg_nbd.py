"""BG/NBD: how often customers come back, and when they are lost (Fader, Hardie and Lee, Marketing Science 24(2), 2005).

Each customer buys at a rate that is Gamma(r, alpha) over customers and is lost after each repeat purchase with a
probability that is Beta(a, b) over customers. A customer's history is (x, t_x, T): repeat purchases, time of the last
one (0 for none), time observed. Oracle for the twin's receipts and estimator of what they say.

Given a history and being there at its end, rate and probability are independent, Gamma(r + x, alpha + T) and
Beta(a, b + x). Expectations of the future are integrals over the latter (equations 9 and 10 of the paper write them
with 2F1, which SciPy cannot evaluate for customers who buy often), taken over its quantiles by Gauss and Legendre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln, gammaln, xlogy

Floats = NDArray[np.float64]

_RULE: Final = np.polynomial.legendre.leggauss(96)
_POINTS, _WEIGHTS = (1 + _RULE[0]) / 2, _RULE[1] / 2
"""Of Gauss and Legendre's rule on (0, 1)."""
_SMALLEST: Final = 1e-200
"""Stands for a probability of being lost that is too small for a float: then the mean is the rate times the time."""


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
    return float(log_likelihoods(model, *(np.asarray(column, float) for column in (x, t_x, observed))).sum())


def log_likelihoods(model: BgNbd, x: Floats, t_x: Floats, observed: Floats) -> Floats:
    """Log-likelihood of each history, shape (n,) (equation 6)."""
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
        return -float(log_likelihoods(BgNbd(*np.exp(log_parameters)), *histories.T) @ counts) / n

    start = np.log([1.0, max(float(observed.mean()) / 4, 1e-9), 1.0, 1.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-12, 12)] * 4, options={"ftol": 1e-13, "gtol": 1e-8})
    if not found.success:
        raise RuntimeError(f"BG/NBD: {found.message}")
    return BgNbd(*(float(value) for value in np.exp(found.x)))


def expected_purchases(model: BgNbd, time: ArrayLike) -> Floats:
    """Mean repeat purchases of a new customer in each `time` (equation 9), in its shape."""
    return purchases_while_there(model, time, x=0, observed=0.0)


def expected_future(model: BgNbd, time: ArrayLike, x: ArrayLike, t_x: ArrayLike, observed: ArrayLike) -> Floats:
    """Mean purchases in the next `time` of customers with these histories (equation 10), arrays that broadcast."""
    return purchases_while_there(model, time, x, observed) * probability_alive(model, x, t_x, observed)


def purchases_while_there(model: BgNbd, time: ArrayLike, x: ArrayLike, observed: ArrayLike) -> Floats:
    """Mean purchases in the next `time` of customers who are there at the end of their histories; arrays broadcast.

    At a probability p of being lost and a rate that is Gamma(k, c) it is (1 - (c / (c + p time))^k) / p.
    """
    time, x, observed = (np.asarray(column, float) for column in (time, x, observed))
    return _mean_over(_losses(model, x), model, time, x, observed)


def purchase_curves(model: BgNbd, times: Floats, x: Floats, observed: Floats) -> Floats:
    """The same for each of `times`, shape (m,), and each history, shape (n,): shape (m, n)."""
    losses = _losses(model, x)
    return np.array([_mean_over(losses, model, time, x, observed) for time in times])


def _losses(model: BgNbd, x: Floats) -> Floats:
    """Quantiles of the probability of being lost after `x` repeat purchases that were not the last, one axis more."""
    counts, which = np.unique(x, return_inverse=True)
    quantiles = betaincinv(model.a, model.b + counts[:, None], _POINTS)
    losses: Floats = np.maximum(quantiles, _SMALLEST)[which.reshape(x.shape)]
    return losses


def _mean_over(losses: Floats, model: BgNbd, time: Floats, x: Floats, observed: Floats) -> Floats:
    shape, scale = (model.r + x)[..., None], (model.alpha + observed)[..., None]
    each = -np.expm1(-shape * np.log1p(losses * np.asarray(time)[..., None] / scale)) / losses
    mean: Floats = each @ _WEIGHTS
    return mean


def probability_alive(model: BgNbd, x: ArrayLike, t_x: ArrayLike, observed: ArrayLike) -> Floats:
    """Probability that customers with these histories are still there; 1 without a repeat purchase."""
    x, t_x, observed = (np.asarray(column, float) for column in (x, t_x, observed))
    ratio = (model.alpha + observed) / (model.alpha + t_x)
    lost = model.a / (model.b + np.maximum(x, 1) - 1) * ratio ** (model.r + x)
    alive: Floats = np.where(x == 0, 1.0, 1 / (1 + lost))
    return alive


def count_probabilities(model: BgNbd, time: ArrayLike, most: int) -> Floats:
    """Probability of 0, 1, ... `most` repeat purchases in `time` of shape (n,), shape (n, most + 1) (equation 8)."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    time, x = np.asarray(time, float)[..., None], np.arange(most + 1)
    log_negative_binomial = gammaln(r + x) - gammaln(r) - gammaln(x + 1)
    log_negative_binomial = log_negative_binomial + r * np.log(alpha / (alpha + time))
    negative_binomial = np.exp(log_negative_binomial + xlogy(x, time / (alpha + time)))
    fewer = np.cumsum(negative_binomial, axis=-1) - negative_binomial
    there = np.exp(betaln(a, b + x) - betaln(a, b)) * negative_binomial
    last = np.exp(betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b)) * (1 - fewer)
    probability: Floats = there + np.where(x > 0, last, 0.0)
    return probability
