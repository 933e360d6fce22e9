"""Stock per location and SKU, with its record and holds.

`on_hand` is the truth, `recorded` what the systems believe, `held` what is set aside for orders. The law
0 <= held <= on_hand holds at all times: whoever stands in the store can only take what is not held, and a hold is
only placed on goods that are really there. A reservation that the record allows but the shelf does not is accepted
and fails at picking, as in a real store.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from sim.log.recorder import Recorder
from sim.log.rows import STOCK_MOVE
from sim.log.schema import MoveReason

_SALE: Final = int(MoveReason.SALE)
_RESERVE: Final = int(MoveReason.RESERVE)
_RELEASE: Final = int(MoveReason.RELEASE)
_BACK: Final = int(MoveReason.RETURN_TO_SHELF)


class Reserved(IntEnum):
    """What became of a reservation."""

    REFUSED = 0
    """The record shows too little."""
    HELD = 1
    PHANTOM = 2
    """The record shows enough, the shelf does not: picking will fail."""


class Stock:
    """Units by [location][sku]. Every change writes a row of `stock_moves`."""

    def __init__(self, opening: list[list[int]], recorder: Recorder) -> None:
        self.on_hand = [list(row) for row in opening]
        self.recorded = [list(row) for row in opening]
        self.held = [[0] * len(row) for row in opening]
        self._moves = recorder.stock_moves

    def free(self, location: int, sku: int) -> int:
        """Units that somebody standing there could take."""
        return self.on_hand[location][sku] - self.held[location][sku]

    def recorded_free(self, location: int, sku: int) -> int:
        """Units that the systems would promise."""
        return self.recorded[location][sku] - self.held[location][sku]

    def take(self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int) -> None:
        """Goods leave the shelf with a shopper. The caller has checked that they are free."""
        self.on_hand[location][sku] -= quantity
        self.recorded[location][sku] -= quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, -quantity, 0, _SALE, need, order))

    def put_back(self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int) -> None:
        """Goods come back to the shelf: a basket left behind, an order not collected."""
        self.on_hand[location][sku] += quantity
        self.recorded[location][sku] += quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, quantity, 0, _BACK, need, order))

    def reserve(self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int) -> Reserved:
        """Hold goods for an order, as the record allows."""
        held = self.held[location]
        if self.recorded[location][sku] - held[sku] < quantity:
            return Reserved.REFUSED
        if self.on_hand[location][sku] - held[sku] < quantity:
            return Reserved.PHANTOM
        held[sku] += quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, 0, quantity, _RESERVE, need, order))
        return Reserved.HELD

    def release(self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int) -> None:
        """Give up a hold."""
        self.held[location][sku] -= quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, 0, -quantity, _RELEASE, need, order))

    def hand_out(
        self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int, reason: MoveReason
    ) -> None:
        """Held goods leave the location: picked for collection, or shipped."""
        self.on_hand[location][sku] -= quantity
        self.recorded[location][sku] -= quantity
        self.held[location][sku] -= quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, -quantity, -quantity, int(reason), need, order))

    def correct_record(self, location: int, sku: int) -> None:
        """Somebody has looked: the record becomes the truth."""
        self.recorded[location][sku] = self.on_hand[location][sku]
