"""Which of a model's inputs matter: Morris screening and Sobol indices by SALib, over any function of many rows.

Rows are points in the space of the inputs; outcomes come by replication, which share the shoppers, so that what does
not matter at all has an effect of exactly zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scenarios.errors import UsageError

Floats = NDArray[np.float64]

LEVELS: Final = 4
_SPARE: Final = 60
"""Trajectories are the best spread ones of a pool with up to so many more (Campolongo et al. 2007)."""
_RESAMPLES: Final = 2000
_PURPOSE: Final = 7402
_CHANCE: Final = (2 / np.pi) ** 0.5
"""Mean of |z| for a standard normal z."""


@dataclass(frozen=True)
class Space:
    """The inputs: names and bounds."""

    names: list[str]
    bounds: list[tuple[float, float]]

    @property
    def problem(self) -> dict[str, Any]:
        """As SALib wants it; it writes into what it is given, so each call gets its own."""
        return {
            "num_vars": len(self.names),
            "names": list(self.names),
            "bounds": [list(bounds) for bounds in self.bounds],
        }


@dataclass(frozen=True)
class Estimate:
    """A number with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Screened:
    """One input's elementary effects: change of the outcome per full range of the input.

    `noise` is what |effect| would be by chance alone (None for one replication). `sign_changes` counts, of `steps`,
    those across which the outcome changes its sign.
    """

    mu: Estimate
    mu_star: Estimate
    sigma: Estimate
    noise: float | None
    sign_changes: int
    steps: int


@dataclass(frozen=True)
class Indices:
    """One input's share of the outcome's variance: alone, and with all its interactions."""

    first: Estimate
    total: Estimate


def morris_rows(space: Space, trajectories: int, seed: int) -> Floats:
    """Rows of `trajectories` one-at-a-time paths, (trajectories * (inputs + 1), inputs)."""
    if trajectories < 2:
        raise UsageError(f"--trajectories {trajectories}: an interval needs two at least")
    sample = _salib("sample.morris")
    pool = trajectories + min(9 * trajectories, _SPARE)
    rows = sample.sample(space.problem, pool, num_levels=LEVELS, optimal_trajectories=trajectories, seed=seed)
    return np.asarray(rows, dtype=float)


def screen(space: Space, rows: Floats, outcomes: Floats, seed: int) -> list[Screened]:
    """Morris' measures of each input (Morris 1991; mu* by Campolongo et al. 2007). `outcomes`: (rows, replications).

    Values are SALib's; bounds are percentiles of a bootstrap over whole trajectories.
    """
    means = outcomes.mean(axis=1)
    found = _salib("analyze.morris").analyze(space.problem, rows, means, num_levels=LEVELS, seed=seed)
    effects = elementary_effects(space, rows, outcomes)
    per_path = effects.mean(axis=2)
    resampled = _resampled(per_path, seed)
    flips = _sign_changes(space, rows, means)
    screened = []
    for at in range(len(space.names)):
        own = resampled[:, :, at]
        screened.append(
            Screened(
                mu=_bounded(found["mu"][at], own.mean(axis=1)),
                mu_star=_bounded(found["mu_star"][at], np.abs(own).mean(axis=1)),
                sigma=_bounded(found["sigma"][at], own.std(axis=1, ddof=1)),
                noise=_noise(effects[:, at]),
                sign_changes=int(flips[:, at].sum()),
                steps=len(per_path),
            )
        )
    return screened


def elementary_effects(space: Space, rows: Floats, outcomes: Floats) -> Floats:
    """(trajectories, inputs, replications): change of the outcome per full range, at the step that moves the input."""
    moved = _moves(space, rows)
    paths = outcomes.reshape(len(moved), len(space.names) + 1, -1)
    change = paths[:, 1:] - paths[:, :-1]
    which = np.abs(moved).argmax(axis=2)
    size = np.take_along_axis(moved, which[:, :, None], axis=2)
    effects = np.empty_like(change)
    np.put_along_axis(effects, which[:, :, None], change / size, axis=1)
    return effects


def sobol_rows(space: Space, base: int, seed: int) -> Floats:
    """Saltelli's rows for first-order and total indices, (base * (inputs + 2), inputs)."""
    if base < 2 or base & (base - 1):
        raise UsageError(f"--trajectories {base}: Sobol's sequence needs a power of two")
    return np.asarray(_salib("sample.sobol").sample(space.problem, base, calc_second_order=False, seed=seed))


def indices(space: Space, outcomes: Floats, seed: int) -> list[Indices]:
    """First-order and total indices of each input from the outcomes of `sobol_rows`, means over replications."""
    means = outcomes.mean(axis=1)
    if np.ptp(means) == 0:
        raise UsageError("the outcome is the same at every point: none of these keys changes it")
    found = _salib("analyze.sobol").analyze(
        space.problem, means, calc_second_order=False, num_resamples=_RESAMPLES, seed=seed + 1
    )

    def estimate(name: str, at: int) -> Estimate:
        value, half_width = float(found[name][at]), float(found[f"{name}_conf"][at])
        return Estimate(value, value - half_width, value + half_width)

    return [Indices(estimate("S1", at), estimate("ST", at)) for at in range(len(space.names))]


def _moves(space: Space, rows: Floats) -> Floats:
    """(trajectories, steps, inputs): how far each step moves each input, in shares of its range."""
    low, high = np.array(space.bounds).T
    paths = ((rows - low) / (high - low)).reshape(-1, len(space.names) + 1, len(space.names))
    return np.asarray(np.diff(paths, axis=1))


def _sign_changes(space: Space, rows: Floats, means: Floats) -> NDArray[np.bool_]:
    """(trajectories, inputs): the outcome's mean changes its sign at the step that moves the input."""
    moved = _moves(space, rows)
    signs = np.sign(means).reshape(len(moved), -1)
    changed = signs[:, 1:] * signs[:, :-1] < 0
    by_input = np.zeros(changed.shape, dtype=bool)
    np.put_along_axis(by_input, np.abs(moved).argmax(axis=2), changed, axis=1)
    return by_input


def _noise(effects: Floats) -> float | None:
    """`effects`: (trajectories, replications) of one input."""
    replications = effects.shape[1]
    if replications < 2:
        return None
    return float(_CHANCE * (effects.std(axis=1, ddof=1) / replications**0.5).mean())


def _resampled(per_path: Floats, seed: int) -> Floats:
    rng = np.random.default_rng([seed, _PURPOSE])
    return np.asarray(per_path[rng.integers(len(per_path), size=(_RESAMPLES, len(per_path)))])


def _bounded(value: Any, resampled: Floats) -> Estimate:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Estimate(float(value), float(low), float(high))


def _salib(module: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(f"SALib.{module}")
    except ImportError:
        raise UsageError("omo sensitivity needs SALib: pip install 'omotwin[search]'") from None
