"""Stock per location and SKU, with its record and holds.

`on_hand` is the truth, `recorded` what the systems believe, `held` what is set aside for orders or kept on display.
The law 0 <= held <= on_hand holds at all times: whoever stands in the store can only take what is not held, and a
hold is only placed on goods that are really there. A reservation that the record allows but the shelf does not is
accepted and fails at picking, as in a real store. Goods in transit belong to no shelf.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from sim.inventory.shown_online import ShownOnline
from sim.log.recorder import Recorder
from sim.log.rows import STOCK_MOVE
from sim.log.schema import MoveReason

_SALE: Final = int(MoveReason.SALE)
_RESERVE: Final = int(MoveReason.RESERVE)
_RELEASE: Final = int(MoveReason.RELEASE)
_ARRIVE: Final = int(MoveReason.TRANSFER_IN)


class Reserved(IntEnum):
    """What became of a reservation."""

    REFUSED = 0
    """The record, as the online systems know it, shows too little."""
    HELD = 1
    PHANTOM = 2
    """The record shows enough, the shelf does not: picking will fail."""


class Stock:
    """Units by [location][sku]. Every change of stock or holds writes a row of `stock_moves`.

    `opening` is on hand and on record at the start; of it `display` (same shape, none when left out) is for looking
    at only, and held for good.
    """

    def __init__(
        self, opening: list[list[int]], recorder: Recorder, display: list[list[int]] | None = None, buffer: int = 0
    ) -> None:
        self.on_hand = [list(row) for row in opening]
        self.recorded = [list(row) for row in opening]
        self.held = [list(row) for row in display] if display else [[0] * len(row) for row in opening]
        self.in_transit = [[0] * len(row) for row in opening]
        """Units on their way to each location from another one of ours."""
        self.online = ShownOnline(self.recorded, self.held, buffer)
        self._moves = recorder.stock_moves

    def free(self, location: int, sku: int) -> int:
        """Units that somebody standing there could take."""
        return self.on_hand[location][sku] - self.held[location][sku]

    def recorded_free(self, location: int, sku: int) -> int:
        """Units that the systems of the location itself would promise."""
        return self.recorded[location][sku] - self.held[location][sku]

    def anywhere(self, sku: int, quantity: int) -> bool:
        """Whether any of our locations has that many free in truth."""
        return any(
            row[sku] - held[sku] >= quantity for row, held in zip(self.on_hand, self.held, strict=True) if row[sku]
        )

    def take(self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int) -> None:
        """Goods leave the shelf with a shopper. The caller has checked that they are free."""
        self.on_hand[location][sku] -= quantity
        self.recorded[location][sku] -= quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, -quantity, 0, _SALE, need, order))

    def put_back(
        self,
        now_s: float,
        location: int,
        sku: int,
        quantity: int,
        need: int,
        order: int,
        reason: MoveReason = MoveReason.RETURN_TO_SHELF,
    ) -> None:
        """Goods come back to the shelf: a basket left behind, an order not collected, a return."""
        self.on_hand[location][sku] += quantity
        self.recorded[location][sku] += quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, quantity, 0, int(reason), need, order))

    def reserve(self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int) -> Reserved:
        """Hold goods for an order, as what is shown online allows."""
        if self.online.units(location, sku) < quantity:
            return Reserved.REFUSED
        self.online.promised(location, sku, quantity)
        held = self.held[location]
        if self.on_hand[location][sku] - held[sku] < quantity:
            return Reserved.PHANTOM
        held[sku] += quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, 0, quantity, _RESERVE, need, order))
        return Reserved.HELD

    def release(self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int) -> None:
        """Give up a hold."""
        self.held[location][sku] -= quantity
        self.online.promised(location, sku, -quantity)
        self._moves.extend(STOCK_MOVE(now_s, location, sku, 0, -quantity, _RELEASE, need, order))

    def hand_out(
        self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int, reason: MoveReason
    ) -> None:
        """Held goods leave the location: picked for collection, shipped, or sent to another location."""
        self.on_hand[location][sku] -= quantity
        self.recorded[location][sku] -= quantity
        self.held[location][sku] -= quantity
        self._moves.extend(STOCK_MOVE(now_s, location, sku, -quantity, -quantity, int(reason), need, order))

    def arrive(
        self, now_s: float, location: int, sku: int, quantity: int, need: int, order: int, held: bool = False
    ) -> None:
        """Goods in transit reach their location: onto the shelf, or `held` for the order they were sent for."""
        self.in_transit[location][sku] -= quantity
        self.on_hand[location][sku] += quantity
        self.recorded[location][sku] += quantity
        hold = quantity if held else 0
        self.held[location][sku] += hold
        self._moves.extend(STOCK_MOVE(now_s, location, sku, quantity, hold, _ARRIVE, need, order))

    def correct_record(self, location: int, sku: int) -> None:
        """Somebody has looked: the record becomes the truth."""
        self.recorded[location][sku] = self.on_hand[location][sku]
