"""The goods: SKUs with price, cost, weight and popularity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from scenarios.people import Mission
from scenarios.schema import Scenario
from sim.streams import Floats, Streams


@dataclass(frozen=True)
class Catalogue:
    """All SKUs, arrays of shape (n_skus,). SKUs of a category are contiguous, best seller first."""

    category: NDArray[np.int64]
    category_names: list[str]
    first_sku: dict[str, int]
    price_yen: NDArray[np.int64]
    cost_yen: NDArray[np.int64]
    weight_kg: Floats
    popularity: Floats
    """Share of a category's demand; sums to 1 inside each category."""
    rank_share: Floats
    """Rank inside the category as a share: 0 for the best seller, towards 1 for the worst."""

    @property
    def size(self) -> int:
        """Number of SKUs."""
        return len(self.price_yen)

    def demand_shares(self, mission: Mission) -> Floats:
        """Probability that a line of `mission` asks for each SKU, shape (n_skus,)."""
        weight = np.array([mission.categories.get(name, 0.0) for name in self.category_names])
        shares: Floats = (weight / weight.sum())[self.category] * self.popularity
        return shares


def catalogue(scenario: Scenario, seed: int) -> Catalogue:
    """The goods of a retailer: the same in all replications of a seed."""
    streams = Streams(seed, -1)
    category: list[NDArray[np.int64]] = []
    price: list[NDArray[np.int64]] = []
    cost: list[NDArray[np.int64]] = []
    weight: list[Floats] = []
    popularity: list[Floats] = []
    rank: list[Floats] = []
    first_sku = {}
    for code, (name, table) in enumerate(scenario.categories.items()):
        n = table.skus
        first_sku[name] = len(np.concatenate(category)) if category else 0
        z = ndtri(streams.uniform(f"price/{name}", np.arange(n)))
        spread = table.price_spread
        yen = np.maximum(10, np.rint(table.price_mean_yen * np.exp(spread * z - spread**2 / 2))).astype(np.int64)
        zipf = np.arange(1, n + 1, dtype=float) ** -table.popularity_exponent
        category.append(np.full(n, code))
        price.append(yen)
        cost.append(np.rint(yen * (1 - table.gross_margin)).astype(np.int64))
        weight.append(np.full(n, table.weight_kg))
        popularity.append(zipf / zipf.sum())
        rank.append(np.arange(n) / n)
    return Catalogue(
        category=np.concatenate(category),
        category_names=list(scenario.categories),
        first_sku=first_sku,
        price_yen=np.concatenate(price),
        cost_yen=np.concatenate(cost),
        weight_kg=np.concatenate(weight),
        popularity=np.concatenate(popularity),
        rank_share=np.concatenate(rank),
    )
