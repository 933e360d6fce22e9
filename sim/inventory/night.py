"""The stock of all locations between closing and opening, as arrays, and how a night's work is booked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.inventory.stock import Stock
from sim.log.recorder import Recorder
from sim.log.rows import LEDGER
from sim.log.schema import Account, MoveReason
from sim.needs import Ints
from sim.streams import Floats, Streams


@dataclass(frozen=True)
class Night:
    """One night. Arrays have shape (n_stores + 1, n_skus), the warehouse last; work changes them in place."""

    day: int
    """The day that has just ended."""
    now_s: float
    on_hand: Ints
    held: Ints
    recorded: Ints
    in_transit: Ints
    recorder: Recorder
    streams: Streams

    def draws(self, purpose: str) -> Floats:
        """A uniform of this night for each location and SKU."""
        cell = self.day * self.on_hand.size + np.arange(self.on_hand.size)
        return self.streams.uniform(purpose, cell).reshape(self.on_hand.shape)

    def book(self, account: Account, cost_yen: Floats | Ints) -> None:
        """Costs by location, shape (n_stores + 1,), rounded to whole yen."""
        for location, cost in enumerate(np.rint(cost_yen).astype(np.int64).tolist()):
            if cost:
                row = LEDGER(self.now_s, int(account), -cost, -1, -1, -1, location, -1, -1, -1)
                self.recorder.ledger.extend(row)

    def write_back(self, stock: Stock) -> None:
        """Opening: the stock is what the night has made of it."""
        stock.on_hand[:] = self.on_hand.tolist()
        stock.recorded[:] = self.recorded.tolist()
        stock.in_transit[:] = self.in_transit.tolist()


def night_of(stock: Stock, day: int, now_s: float, recorder: Recorder, streams: Streams) -> Night:
    """The night after `day`."""
    return Night(
        day=day,
        now_s=now_s,
        on_hand=np.array(stock.on_hand),
        held=np.array(stock.held),
        recorded=np.array(stock.recorded),
        in_transit=np.array(stock.in_transit),
        recorder=recorder,
        streams=streams,
    )


def record_moves(recorder: Recorder, now_s: float, change: Ints, reason: MoveReason, hold: bool = False) -> None:
    """One row of `stock_moves` for each location and SKU whose stock (or, with `hold`, whose holds) changed."""
    location, sku = np.nonzero(change)
    if not len(sku):
        return
    units = change[location, sku]
    zero = np.zeros_like(units)
    columns = {"time_s": zero + now_s, "location": location, "sku": sku, "need": zero - 1, "order": zero - 1}
    columns |= {"on_hand_change": zero if hold else units, "held_change": units if hold else zero}
    recorder.extend("stock_moves", columns | {"reason": zero + int(reason)})
