"""The traffic of a drill: waves of shoppers, and the trace that they make.

A wave is a Poisson stream of journeys of one kind at a steady rate. `till`: an item is looked up, ordered and paid at
the till. `online`: product, availability, order, payment, to be shipped. `look`: the app is opened (product,
availability, and the payment code that only a member who is logged in gets); a share of those who look buy online.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, model_validator

from loadtest.faults.timetable import Brand, Share
from loadtest.trace_schema import CATALOGUE, STEPS, STOCK, Trace, header_of

OPENED: Final = 0.05
"""Share of a push's receivers who open it: 3 to 8 % (assumption; no Japanese source was found)."""

HOT: Final = 1
_ITEMS: Final = 60
_STORES: Final = ("station", "mall", "harbour")
_THINK_S: Final = 0.3

_Rows = list[dict[str, Any]]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wave(_Table):
    """Journeys of one kind between two seconds of the drill: `per_s` of them, or a push that brings them."""

    kind: Literal["till", "online", "look"]
    from_s: float = Field(ge=0)
    to_s: float = Field(gt=0, le=3600)
    per_s: float = Field(0.0, ge=0)
    pushes_per_s: float = Field(0.0, ge=0, description="messages sent a second, for a while already")
    opened: Share = OPENED
    buys: Share = Field(0.0, description="share of `look` that buys")
    hot: Share = Field(0.0, description="share of journeys that are about the hot item")

    @model_validator(mode="after")
    def _makes_sense(self) -> Wave:
        if self.to_s <= self.from_s:
            raise ValueError("to_s must be later than from_s")
        if (self.per_s > 0) == (self.pushes_per_s > 0):
            raise ValueError("give either per_s or pushes_per_s, above 0")
        return self

    def rate_per_s(self) -> float:
        """Journeys a second."""
        return self.per_s or self.pushes_per_s * self.opened


class Traffic(_Table):
    """All waves; how shoppers pay, and with what when that fails; units of the hot item in each store and online."""

    waves: list[Wave] = Field(min_length=1)
    brands: dict[Brand, Annotated[float, Field(gt=0)]] = {"card": 0.5, "qr": 0.3, "cash": 0.2}
    second_try: Brand | None = None
    hot_units: int | None = Field(None, ge=1, description="at scale 1; left out: enough")


def make_trace(traffic: Traffic, scale: float, seed: int = 1) -> Trace:
    """The trace of `traffic` with `scale` times as many shoppers and hot units; the clock is never compressed."""
    rng = np.random.default_rng(seed)
    rows: _Rows = []
    journey = 0
    for wave in traffic.waves:
        count = rng.poisson(scale * wave.rate_per_s() * (wave.to_s - wave.from_s))
        for start_s in np.sort(rng.uniform(wave.from_s, wave.to_s, count)).tolist():
            rows += _journey(journey, start_s, wave, traffic, rng)
            journey += 1
    rows.sort(key=lambda row: (row["due_s"], row["journey"], row["step"]))
    steps = pa.Table.from_pylist(rows, schema=STEPS)
    hot = 2 * journey + 100 if traffic.hot_units is None else max(round(scale * traffic.hot_units), 1)
    stock = [
        {"location": at, "sku": sku, "on_hand": hot if sku == HOT else 2 * journey + 100}
        for at in (*_STORES, "ec")
        for sku in range(1, _ITEMS + 1)
    ]
    goods = [
        {"sku": sku, "name": f"item {sku}", "price_yen": _price_yen(sku), "rating": 4.0, "reviews": 10}
        for sku in range(1, _ITEMS + 1)
    ]
    return Trace(
        header_of(steps, {"run": "drill", "seed": seed, "scale": scale}, 1),
        steps,
        pa.Table.from_pylist(goods, schema=CATALOGUE),
        pa.Table.from_pylist(stock, schema=STOCK),
    )


def _price_yen(sku: int) -> int:
    return 120 + 40 * sku


def _journey(journey: int, start_s: float, wave: Wave, traffic: Traffic, rng: np.random.Generator) -> _Rows:
    sku = HOT if rng.random() < wave.hot else int(rng.integers(2, _ITEMS + 1))
    quantity = 1 if sku == HOT else int(rng.integers(1, 3))
    at_till = wave.kind == "till"
    brand = _drawn(traffic, rng) if at_till else "card_online"
    base = {
        "journey": journey,
        "copy": 0,
        "shopper": 1 + journey,
        "amount_yen": quantity * _price_yen(sku),
        "location": str(rng.choice(_STORES)) if at_till else "ec",
        "channel": "store" if at_till else "app",
        "fulfilment": "carry" if at_till else "ship",
        "lines": [{"sku": sku, "quantity": quantity, "unit_price_yen": _price_yen(sku)}],
    }
    plan = _plan(wave, traffic, brand, buys=rng.random() < wave.buys)
    return [
        base | {"step": step, "due_s": start_s + _THINK_S * step, "action": action, "client": client, "brand": paid}
        for step, (action, client, paid) in enumerate(plan)
    ]


def _drawn(traffic: Traffic, rng: np.random.Generator) -> str:
    weights = np.array(list(traffic.brands.values()))
    return str(rng.choice(list(traffic.brands), p=weights / weights.sum()))


def _plan(wave: Wave, traffic: Traffic, brand: str, *, buys: bool) -> list[tuple[str, str, str]]:
    """Action, client and brand of each step."""
    if wave.kind == "till":
        code = [("payment_code", "app", brand)] if brand == "qr" else []
        again = [("pay", "till", traffic.second_try)] if traffic.second_try and brand != "cash" else []
        return [("product", "till", brand), ("order", "till", brand), *code, ("pay", "till", brand), *again]
    look = [("product", "app", brand), ("availability", "app", brand)]
    code = [("payment_code", "app", brand)] if wave.kind == "look" else []
    buy = [("order", "app", brand), ("pay", "app", brand)] if buys or wave.kind == "online" else []
    return [*look, *code, *buy]
