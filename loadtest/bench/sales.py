"""Made-up traces of sales at a till, for measuring: so many a second, arrivals at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace, header_of

ITEMS: Final = 200
PRICE_YEN: Final = 250
STORES: Final = ("station", "mall")
THINK_S: Final = 0.2
"""From one step of a sale to the next."""


def till_sales(per_second: float, seconds: float, actions: Sequence[str], seed: int = 1) -> Trace:
    """Sales paid in cash, each the steps `actions` of one journey; as many as `per_second` times `seconds`.

    Given their number, the arrivals of a Poisson process are uniform. A basket has one to three lines.
    """
    rng = np.random.default_rng(seed)
    sales = max(round(per_second * seconds), 1)
    starts = np.sort(rng.uniform(0.0, seconds, sales))
    lines = rng.integers(1, 4, sales)
    first = rng.integers(0, ITEMS, sales)
    stores = rng.integers(0, len(STORES), sales)
    rows: list[dict[str, Any]] = []
    for sale, start_s in enumerate(starts.tolist()):
        basket = [
            {"sku": int(1 + (first[sale] + k) % ITEMS), "quantity": 1, "unit_price_yen": PRICE_YEN}
            for k in range(lines[sale])
        ]
        rows += _steps(sale, start_s, STORES[stores[sale]], basket, actions)
    rows.sort(key=lambda row: (row["due_s"], row["journey"], row["step"]))
    steps = pa.Table.from_pylist(rows, schema=STEPS)
    header = header_of(steps, {"run": "till sales", "day": 0, "from": "12:00", "to": "12:01"}, 1)
    return Trace(header, steps, *_shop(units=3 * sales + 100))


def _steps(
    sale: int, start_s: float, store: str, basket: list[dict[str, int]], actions: Sequence[str]
) -> list[dict[str, Any]]:
    same = {"journey": sale, "copy": 0, "shopper": sale, "client": "till", "location": store, "lines": basket}
    same |= {"amount_yen": PRICE_YEN * len(basket), "channel": "store", "fulfilment": "carry", "brand": "cash"}
    return [
        {**same, "step": number, "due_s": start_s + THINK_S * number, "action": action}
        for number, action in enumerate(actions)
    ]


def _shop(units: int) -> tuple[pa.Table, pa.Table]:
    goods = [
        {"sku": sku, "name": f"item {sku}", "price_yen": PRICE_YEN, "rating": 4.0, "reviews": 3}
        for sku in range(1, ITEMS + 1)
    ]
    shelves = [{"location": store, "sku": sku, "on_hand": units} for store in STORES for sku in range(1, ITEMS + 1)]
    return pa.Table.from_pylist(goods, schema=CATALOGUE), pa.Table.from_pylist(shelves, schema=STOCK)
