"""Several tasks under one linear contract: why credit for one channel alone moves effort away from the other.

Holmstrom & Milgrom 1991, Multitask principal-agent analyses, Journal of Law, Economics & Organization 7, section 3: an
agent puts effort a into tasks worth B'a to the company, at the private cost a'Ca / 2, is paid a fixed wage plus b'x for
the signals x = a + noise with covariance Sigma, and dislikes risk with constant absolute aversion r.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tasks:
    """The setting. Off-diagonal cost > 0: effort on one task makes the other harder (substitutes)."""

    value: ArrayLike
    """B, worth of a unit of effort to the company, shape (n,)."""
    cost: ArrayLike
    """C, symmetric positive definite, shape (n, n)."""
    noise: ArrayLike
    """Sigma, covariance of the signals, shape (n, n)."""
    risk_aversion: float
    """r >= 0."""


def best_rates(tasks: Tasks) -> Floats:
    """The piece rates b* = (I + r C Sigma)^-1 B that maximise the joint surplus, shape (n,).

    A task that is measured badly gets a low rate, and so does its substitute: a high one would draw effort away.
    """
    value = np.asarray(tasks.value, dtype=float)
    spread = tasks.risk_aversion * np.asarray(tasks.cost, dtype=float) @ np.asarray(tasks.noise, dtype=float)
    rates: Floats = np.linalg.solve(np.eye(len(value)) + spread, value)
    return rates


def efforts(tasks: Tasks, rates: ArrayLike) -> Floats:
    """What the agent does at piece rates `rates`: a = C^-1 b, shape (n,). It may be negative, as in the paper."""
    found: Floats = np.linalg.solve(np.asarray(tasks.cost, dtype=float), np.asarray(rates, dtype=float))
    return found


def surplus(tasks: Tasks, rates: ArrayLike) -> float:
    """What company and agent have together: B'a - a'Ca / 2 - r b' Sigma b / 2 at the agent's own effort."""
    b, a = np.asarray(rates, dtype=float), efforts(tasks, rates)
    risk = tasks.risk_aversion * b @ np.asarray(tasks.noise, dtype=float) @ b
    return float(np.asarray(tasks.value, dtype=float) @ a - (a @ np.asarray(tasks.cost, dtype=float) @ a + risk) / 2)
