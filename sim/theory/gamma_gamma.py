"""Gamma-Gamma: what customers spend per purchase (Fader, Hardie and Lee, Journal of Marketing Research 42(4), 2005).

The amount of each purchase is Gamma(p, nu) around the customer's own mean, and nu is Gamma(q, gamma) over customers.
A customer's history is (x, z): number of purchases and their mean amount. Amounts and purchase rates are taken to be
independent, which is to be looked at in the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """The three parameters; `gamma` is in units of money."""

    p: float
    q: float
    gamma: float

    @property
    def mean_spend(self) -> float:
        """Mean amount of a purchase over customers; infinite for q of at most 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("inf")


def log_likelihood(model: GammaGamma, x: ArrayLike, mean_spend: ArrayLike) -> float:
    """Log-likelihood of histories, arrays of shape (n,), x and amounts above 0."""
    return float(log_likelihoods(model, np.asarray(x, float), np.asarray(mean_spend, float)).sum())


def log_likelihoods(model: GammaGamma, x: Floats, mean_spend: Floats) -> Floats:
    """Log-likelihood of each history, shape (n,)."""
    p, q, gamma = model.p, model.q, model.gamma
    total: Floats = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
    total = total + (p * x - 1) * np.log(mean_spend) + p * x * np.log(x)
    return total - (p * x + q) * np.log(gamma + x * mean_spend)


def fit(x: ArrayLike, mean_spend: ArrayLike) -> GammaGamma:
    """Maximum-likelihood parameters of histories, arrays of shape (n,); `RuntimeError` where none is found."""
    x, mean_spend = np.asarray(x, float), np.asarray(mean_spend, float)
    unit = float(mean_spend.mean())

    def loss(log_parameters: Floats) -> float:
        return -float(log_likelihoods(GammaGamma(*np.exp(log_parameters)), x, mean_spend / unit).mean())

    start = np.log([2.0, 3.0, 1.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-12, 12)] * 3, options={"ftol": 1e-13, "gtol": 1e-8})
    if not found.success:
        raise RuntimeError(f"Gamma-Gamma: {found.message}")
    p, q, gamma = (float(value) for value in np.exp(found.x))
    return GammaGamma(p, q, gamma * unit)


def expected_spend(model: GammaGamma, x: ArrayLike, mean_spend: ArrayLike) -> Floats:
    """Mean amount of the next purchases of customers with these histories, x of at least 0.

    It is the weighted mean of the customer's own mean and that of all (needs q above 1 where x is 0).
    """
    x, mean_spend = np.asarray(x, float), np.asarray(mean_spend, float)
    mean: Floats = model.p * (model.gamma + x * mean_spend) / (model.p * x + model.q - 1)
    return mean
