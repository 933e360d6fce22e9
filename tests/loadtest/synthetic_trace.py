"""Made-up traces for tests: till sales, scan and pay, online orders, click & collect and no-shows at a given rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace, header_of

PRICES = {sku: 100 + 37 * sku for sku in range(1, 41)}
LOCATIONS = ("station", "mall", "ec")


def synthetic_trace(
    payments: int, per_second: float, seed: int = 1, stock: int | None = None, items: int = 40
) -> Trace:
    """A trace of `payments` journeys; `stock` units of each of `items` items everywhere (None: enough)."""
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.uniform(0.0, payments / per_second, payments))
    rows: list[dict[str, Any]] = []
    for journey in range(payments):
        rows += _journey(journey, float(starts[journey]), list(PRICES)[:items], rng)
    rows.sort(key=lambda row: (row["due_s"], row["journey"], row["step"]))
    steps = pa.Table.from_pylist(rows, schema=STEPS)
    units = stock if stock is not None else 2 * payments + 100
    shelves = [{"location": loc, "sku": sku, "on_hand": units} for loc in LOCATIONS for sku in PRICES]
    goods = [
        {"sku": sku, "name": f"item {sku}", "price_yen": price, "rating": 4.0, "reviews": 3}
        for sku, price in PRICES.items()
    ]
    return Trace(
        header_of(steps, {"run": "synthetic", "day": 0, "from": "12:00", "to": "12:10"}, 1),
        steps,
        pa.Table.from_pylist(goods, schema=CATALOGUE),
        pa.Table.from_pylist(shelves, schema=STOCK),
    )


def _journey(journey: int, start_s: float, skus: list[int], rng: np.random.Generator) -> list[dict[str, Any]]:
    kind = rng.choice(5, p=[0.57, 0.15, 0.15, 0.1, 0.03])
    chosen = rng.choice(skus, min(len(skus), rng.integers(1, 4)), replace=False)
    lines = [_line(int(sku), int(rng.integers(1, 3))) for sku in chosen]
    store = str(rng.choice(LOCATIONS[:2]))
    plan = _plans(store, str(rng.choice(["cash", "card", "contactless", "qr"])))[kind]
    amount = sum(line["quantity"] * line["unit_price_yen"] for line in lines)
    base = {
        "journey": journey,
        "copy": 0,
        "shopper": 1000 + journey,
        "amount_yen": amount,
        "location": plan["location"],
        "channel": plan["channel"],
        "fulfilment": plan["fulfilment"],
        "brand": plan["brand"],
    }
    rows = []
    for step, (action, client) in enumerate(plan["steps"]):
        some = lines[:1] if action in ("product", "availability", "scan") else lines
        rows.append(
            base | {"step": step, "due_s": start_s + 0.3 * step, "action": action, "client": client, "lines": some}
        )
    return rows


def _line(sku: int, quantity: int) -> dict[str, int]:
    return {"sku": sku, "quantity": quantity, "unit_price_yen": PRICES[sku]}


def _plans(store: str, brand: str) -> list[dict[str, Any]]:
    code = [("payment_code", "app")] if brand == "qr" else []
    till = [("product", "till"), ("order", "till"), *code, ("pay", "till")]
    app = [("scan", "app"), ("order", "app"), ("pay", "app")]
    ship = [("product", "app"), ("availability", "app"), ("reserve", "app"), ("order", "app"), ("pay", "app")]
    collect = [("reserve", "app"), ("order", "app"), ("pay", "app")]
    return [
        {"location": store, "channel": "store", "fulfilment": "carry", "brand": brand, "steps": till},
        {"location": store, "channel": "app", "fulfilment": "carry", "brand": "wallet", "steps": app},
        {
            "location": "ec",
            "channel": "ec",
            "fulfilment": "ship",
            "brand": "card_online",
            "steps": [*ship, ("ship", "back_office")],
        },
        {
            "location": store,
            "channel": "ec",
            "fulfilment": "collect",
            "brand": "wallet",
            "steps": [*collect, ("ready", "back_office"), ("collect", "back_office")],
        },
        {
            "location": store,
            "channel": "ec",
            "fulfilment": "collect",
            "brand": "wallet",
            "steps": [*collect, ("ready", "back_office"), ("cancel", "back_office")],
        },
    ]
