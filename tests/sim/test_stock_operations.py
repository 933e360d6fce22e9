"""Whatever is done to stock, in whatever order: nothing is lost, and no hold exceeds what is there."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import small

from sim.catalogue import catalogue
from sim.inventory.replenishment import Replenishment, record_opening
from sim.inventory.shown_online import nightly_batch
from sim.inventory.stock import Reserved, Stock
from sim.log.recorder import Memory, Recorder
from sim.log.schema import MoveReason
from sim.streams import Streams

LOCATIONS, SKUS = 5, 6
TINY = [f"categories.{name}.skus=1" for name in ("food", "household", "heavy", "apparel", "living", "cosmetics")]
ERRING = ["receipt_miscount=0.5", "till_mix_up=0.5", "shrink_per_unit_and_day=0.2", "rebalance=true"]
SCENARIO = small(sets=[*TINY, *(f"stock.{key}" for key in ERRING), "stock.lead_days_store=3"]).scenario
GOODS = catalogue(SCENARIO, 1)

operations = st.lists(
    st.tuples(
        st.sampled_from(["take", "put_back", "reserve", "release", "hand_out", "send", "arrive", "night", "batch"]),
        st.integers(0, LOCATIONS - 1),
        st.integers(0, SKUS - 1),
        st.integers(1, 4),
    ),
    max_size=60,
)


class Shop:
    """Stock under random operations, with the holds and parcels that somebody has to remember."""

    def __init__(self, buffer: int) -> None:
        self.memory = Memory()
        self.log = Recorder(list(SCENARIO.stores), list(SCENARIO.missions), ["any"], self.memory)
        levels = np.arange(LOCATIONS * SKUS, dtype=np.int64).reshape(LOCATIONS, SKUS) % 7
        display = np.zeros_like(levels)
        display[0, 5] = 1
        self.nights = Replenishment(SCENARIO, GOODS, levels, display)
        self.opening = self.nights.opening()
        record_opening(self.log, self.opening, display)
        self.stock = Stock(self.opening.tolist(), self.log, display.tolist(), buffer)
        self.holds: list[tuple[int, int, int]] = []
        self.travelling: list[tuple[int, int, int]] = []
        self.day = 0

    def do(self, what: str, location: int, sku: int, quantity: int) -> None:
        stock, now_s, who = self.stock, 86400.0 * self.day, (1, 1)
        if what == "take" and stock.free(location, sku) >= quantity:
            stock.take(now_s, location, sku, quantity, *who)
        elif what == "put_back":
            stock.put_back(now_s, location, sku, quantity, *who)
        elif what == "reserve" and stock.reserve(now_s, location, sku, quantity, *who) is Reserved.HELD:
            self.holds.append((location, sku, quantity))
        elif what == "release" and self.holds:
            stock.release(now_s, *self.holds.pop(), *who)
        elif what == "hand_out" and self.holds:
            stock.hand_out(now_s, *self.holds.pop(), *who, MoveReason.SHIP)
        elif what == "send" and self.holds:
            source, item, units = self.holds.pop()
            stock.hand_out(now_s, source, item, units, *who, MoveReason.TRANSFER_OUT)
            stock.in_transit[location][item] += units
            self.travelling.append((location, item, units))
        elif what == "arrive" and self.travelling:
            stock.arrive(now_s, *self.travelling.pop(), *who, held=bool(quantity % 2))
        elif what == "night":
            self.day += 1
            self.nights.overnight(self.day - 1, 86400.0 * self.day, stock, self.log, Streams(1, 0))
        elif what == "batch":
            nightly_batch(stock.online, [1440.0] * (LOCATIONS - 1))


@settings(max_examples=150, deadline=None)
@given(operations, st.integers(0, 2))
def test_stock_is_conserved_and_holds_never_exceed_it(doing: list[tuple[str, int, int, int]], buffer: int) -> None:
    shop = Shop(buffer)
    for operation in doing:
        shop.do(*operation)
        on_hand, held = np.array(shop.stock.on_hand), np.array(shop.stock.held)
        assert (held >= 0).all()
        assert (held <= on_hand).all()
        assert (np.array(shop.stock.in_transit) >= 0).all()
    shop.log.flush(everything=True)
    moves = shop.memory.table("stock_moves").to_pylist()
    names = [*SCENARIO.stores, "ec"]
    booked_on_hand, booked_held = np.zeros((LOCATIONS, SKUS), int), np.zeros((LOCATIONS, SKUS), int)
    for move in moves:
        at = names.index(move["location"]), move["sku"]
        booked_on_hand[at] += move["on_hand_change"]
        booked_held[at] += move["held_change"]
    assert (booked_on_hand == shop.stock.on_hand).all()
    assert (booked_held == shop.stock.held).all()
    sent = -sum(move["on_hand_change"] for move in moves if move["reason"].startswith("transfer"))
    assert sent == np.sum(shop.stock.in_transit)
