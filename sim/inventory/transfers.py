"""Goods on their way between our own locations: nightly balancing of stores, and what somebody waits for."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from sim.calendar import DAY_S
from sim.errand import Errand
from sim.inventory.night import Night, record_moves
from sim.inventory.stock import Reserved
from sim.log.rows import LEDGER
from sim.log.schema import Account, MoveReason
from sim.needs import Ints
from sim.town import Town


def rebalance(night: Night, levels: Ints, coming: Ints, yen_per_unit: int) -> Ints:
    """For each SKU the store with most beyond half its level sends to the store that needs it most.

    A store needs a SKU that its record shows as sold out and of which nothing is `coming`: half its level. What the
    sender cannot find is not sent, and puts its record right. Returns what is on its way, by receiver, shape
    (n_stores + 1, n_skus).
    """
    believed = (night.recorded - night.held)[:-1]
    half = levels[:-1] // 2
    spare = np.maximum(0, believed - half)
    wanted = np.where((levels[:-1] > 0) & (believed <= 0) & (coming[:-1] == 0), np.maximum(1, half), 0)
    sku = np.arange(levels.shape[1])
    sender, receiver = spare.argmax(axis=0), wanted.argmax(axis=0)
    asked = np.minimum(spare[sender, sku], wanted[receiver, sku])
    units = np.minimum(asked, (night.on_hand - night.held)[sender, sku])
    out, to = np.zeros_like(levels), np.zeros_like(levels)
    out[sender, sku], to[receiver, sku] = units, units
    night.on_hand[:] -= out
    night.recorded[:] -= out
    short = units < asked
    night.recorded[sender[short], sku[short]] = night.on_hand[sender[short], sku[short]]
    night.in_transit[:] += to
    record_moves(night.recorder, night.now_s, -out, MoveReason.TRANSFER_OUT)
    night.book(Account.TRANSFER, to.sum(axis=1) * yen_per_unit)
    return to


def receive(night: Night, arriving: Ints) -> None:
    """Transferred goods reach their shelves."""
    night.in_transit[:] -= arriving
    night.on_hand[:] += arriving
    night.recorded[:] += arriving
    record_moves(night.recorder, night.now_s, arriving, MoveReason.TRANSFER_IN)


def bring_to_store(
    town: Town, errand: Errand, sku: int, quantity: int, store: int, order: int
) -> Generator[Any, Any, bool]:
    """Have a missing item sent to `store` for collection: from the warehouse, else from the store with most of it.

    It leaves with the van at midnight and is there, held for `order`, when the store opens `transfer_days` later.
    False when no location could promise it, or when it was not on the shelf that the record named.
    """
    stock, engine, rules = town.stock, town.engine, town.scenario.stock
    source = _source(town, sku, quantity, store)
    if source < 0:
        return False
    reserved = stock.reserve(engine.now, source, sku, quantity, errand.need, order)
    yield DAY_S - engine.now % DAY_S
    if reserved is not Reserved.HELD:
        stock.correct_record(source, sku)
        return False
    stock.hand_out(engine.now, source, sku, quantity, errand.need, order, MoveReason.TRANSFER_OUT)
    stock.in_transit[store][sku] += quantity
    _book(town, errand, store, order, quantity * rules.transfer_yen_per_unit)
    there_s = town.stores[store].next_open_s(engine.now + (rules.transfer_days - 1) * DAY_S)
    yield there_s - engine.now
    stock.arrive(engine.now, store, sku, quantity, errand.need, order, held=True)
    return True


def _source(town: Town, sku: int, quantity: int, store: int) -> int:
    online = town.stock.online
    if online.units(town.warehouse, sku) >= quantity:
        return town.warehouse
    others = [at for at in range(town.warehouse) if at != store and online.units(at, sku) >= quantity]
    return max(others, key=lambda at: (online.units(at, sku), -at), default=-1)


def _book(town: Town, errand: Errand, store: int, order: int, cost_yen: int) -> None:
    if cost_yen:
        errand.contribution_yen -= cost_yen
        row = (-cost_yen, -1, -1, -1, store, -1, errand.need, order)
        town.log.ledger.extend(LEDGER(town.engine.now, int(Account.TRANSFER), *row))
