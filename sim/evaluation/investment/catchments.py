"""Who lives next to each store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.schema import Scenario
from sim.evaluation.tables import opened


def catchments(scenario: Scenario, directories: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """By store: shoppers who live nearer to it than to the others, their share of all needs, ages and affinity.

    Means over the replications; ages and affinity are weighted by how often people shop. Distance as the crow flies.
    """
    names, bands = list(scenario.stores), list(scenario.population.age_bands)
    each = [_of_replication(scenario, bands, directory) for directory in directories]
    found = {}
    for at, name in enumerate(names):
        shoppers, needs, affinity, *ages = np.mean([table[at] for table in each], axis=0).tolist()
        found[name] = {
            "shoppers": shoppers,
            "share_of_needs": needs,
            "digital_affinity": affinity,
            "age_shares": dict(zip(bands, ages, strict=True)),
        }
    return found


def _of_replication(scenario: Scenario, bands: Sequence[str], directory: Path) -> np.ndarray[Any, Any]:
    """Rows by store: shoppers, share of needs, mean affinity, shares of the age bands."""
    with opened(directory) as db:
        people = db.execute(
            "select home_x_km x, home_y_km y, needs_per_day n, digital_affinity a, age_band::varchar band from shoppers"
        ).fetchnumpy()
    x = np.array([store.x_km for store in scenario.stores.values()])
    y = np.array([store.y_km for store in scenario.stores.values()])
    nearest = np.hypot(people["x"][:, None] - x, people["y"][:, None] - y).argmin(axis=1)
    rate = np.asarray(people["n"])
    rows = []
    for store in range(len(x)):
        near = nearest == store
        weight = np.where(near, rate, 0.0)
        total = weight.sum() or 1.0  # a store without neighbours has zeros
        ages = [weight[people["band"] == band].sum() / total for band in bands]
        rows.append([near.sum(), weight.sum() / rate.sum(), (weight * people["a"]).sum() / total, *ages])
    return np.array(rows, dtype=float)
