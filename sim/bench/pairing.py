"""How much pairing saves: the variance of a policy difference with common random numbers and with independent seeds."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from scenarios.loader import load
from sim.experiment import Watcher, run
from sim.log.run_directory import Request, replication_path

_TOWN: Final = ("population.shoppers=2000", "horizon.days=7")
_PAIR: Final = ("ward-siloed", "ward-omo")
_MEASURE: Final = "contribution_yen"


def measure_pairing(replications: int = 24, jobs: int | None = None, watch: Watcher | None = None) -> dict[str, Any]:
    """Run both scenarios on a small town and compare the variances of their difference in contribution.

    Replication r of both uses the same streams, so B(r) - A(r) is the paired difference; with independent seeds the
    variance of a difference is Var(A) + Var(B). The catalogue belongs to the seed, not to the replication: with other
    seeds it would differ too, so the ratio is rather too small.
    """
    with tempfile.TemporaryDirectory() as folder:
        requests = [Request(load(name, list(_TOWN)), 1, replications) for name in _PAIR]
        paths = run(requests, Path(folder), jobs, watch=watch)
        a, b = (np.array([_value(path, r) for r in range(replications)]) for path in paths)
    low, high = ratio_interval(a, b)
    return {
        "measure": _MEASURE,
        "scenarios": list(_PAIR),
        "town": list(_TOWN),
        "replications": replications,
        "mean_difference_yen": float((b - a).mean()),
        "sd_paired_yen": float((b - a).std(ddof=1)),
        "sd_independent_yen": float((a.var(ddof=1) + b.var(ddof=1)) ** 0.5),
        "correlation": float(np.corrcoef(a, b)[0, 1]),
        "variance_independent_over_paired": variance_ratio(a, b),
        "variance_ratio_low": low,
        "variance_ratio_high": high,
    }


def variance_ratio(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    """Variance of a difference with independent seeds over its variance with pairs."""
    return float((a.var(ddof=1) + b.var(ddof=1)) / (b - a).var(ddof=1))


def ratio_interval(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> tuple[float, float]:
    """95 % interval of `variance_ratio` by the jackknife on its logarithm."""
    n = len(a)
    keep = ~np.eye(n, dtype=bool)
    without = np.log([variance_ratio(a[rows], b[rows]) for rows in keep])
    centre = n * np.log(variance_ratio(a, b)) - (n - 1) * without.mean()
    error = ((n - 1) / n * ((without - without.mean()) ** 2).sum()) ** 0.5
    return float(np.exp(centre - 1.96 * error)), float(np.exp(centre + 1.96 * error))


def _value(run_path: Path, replication: int) -> float:
    return float(json.loads((replication_path(run_path, replication) / "summary.json").read_text())[_MEASURE])
