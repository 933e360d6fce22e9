"""Goods on their way between our own locations: nightly balancing of stores, and what is sent for collection."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from sim.calendar import DAY_S
from sim.inventory.night import Night, record_moves
from sim.log.schema import Account, MoveReason
from sim.needs import Ints
from sim.orders import Order, book_transfer
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


def bring_to_store(town: Town, order: Order) -> Generator[Any, Any, None]:
    """Lines of an order to be collected that another location holds come to its store, and are held there.

    They leave with the van at midnight and are there when the store opens `transfer_days` later. What the other
    location does not find is not sent: its record is put right, and the line is missing at picking.
    """
    stock, engine, rules, need = town.stock, town.engine, town.scenario.stock, order.errand.need
    abroad = [(line, order.place_of(line[0])) for line in order.lines if order.place_of(line[0]) != order.store]
    if not abroad:
        return
    yield DAY_S - engine.now % DAY_S
    sent = []
    for (sku, quantity), source in abroad:
        del order.elsewhere[sku]
        if (sku, quantity) in order.phantoms:
            stock.correct_record(source, sku)
            continue
        stock.hand_out(engine.now, source, sku, quantity, need, order.id, MoveReason.TRANSFER_OUT)
        stock.in_transit[order.store][sku] += quantity
        sent.append((sku, quantity))
        book_transfer(town.log, order, engine.now, quantity * rules.transfer_yen_per_unit)
    yield town.stores[order.store].next_open_s(engine.now + (rules.transfer_days - 1) * DAY_S) - engine.now
    for sku, quantity in sent:
        stock.arrive(engine.now, order.store, sku, quantity, need, order.id, held=True)
