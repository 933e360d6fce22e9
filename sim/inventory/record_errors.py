"""How the record and the truth come apart, and how a count brings them together again.

Three causes (DeHoratius and Raman 2008 found 65 % of 370,000 records in 37 stores wrong): units vanish, deliveries are
booked one unit too high or too low, and a similar item is scanned in the place of the one sold.
"""

from __future__ import annotations

import numpy as np

from scenarios.schema import Scenario
from sim.catalogue import Catalogue
from sim.inventory.night import Night, record_moves
from sim.log.schema import Account, MoveReason
from sim.needs import Ints


def shrink(night: Night, goods: Catalogue, per_unit: float) -> None:
    """At most one unit per SKU, location and night vanishes, with 1 - (1 - p)**free; the record does not notice."""
    p = 1 - (1 - per_unit) ** (night.on_hand - night.held)
    lost = (night.draws("shrink") < p).astype(np.int64)
    night.on_hand[:] -= lost
    record_moves(night.recorder, night.now_s, -lost, MoveReason.SHRINK)
    night.book(Account.SHRINK, (lost * goods.cost_yen).sum(axis=1))


def mix_up(night: Night, goods: Catalogue, sold: Ints, carried: Ints, per_unit: float) -> None:
    """Of `sold` units at most one per SKU, store and night was booked as the SKU's neighbour in its category.

    The record of the SKU sold stays one too high, the neighbour's becomes one too low. The warehouse picks by barcode
    and makes no such error.
    """
    if not per_unit:
        return
    draw = night.draws("mix-up")[:-1]
    p = 1 - (1 - per_unit) ** sold[:-1]
    store, sku = np.nonzero(draw < p)
    upward = draw[store, sku] < p[store, sku] / 2
    taken_for = np.where(upward, _neighbour(goods, 1)[sku], _neighbour(goods, -1)[sku])
    known = carried[store, taken_for] > 0
    np.add.at(night.recorded, (store[known], sku[known]), 1)
    np.subtract.at(night.recorded, (store[known], taken_for[known]), 1)


def miscount(night: Night, receipts: Ints, probability: float) -> Ints:
    """What is booked of `receipts`: here and there one unit too many or too few, with equal probability."""
    if not probability:
        return receipts
    draw = night.draws("miscount")
    error = np.where(draw < probability / 2, -1, np.where(draw < probability, 1, 0))
    return receipts + np.where(receipts > 0, error, 0)


def count(night: Night, scenario: Scenario, carried: Ints) -> None:
    """Everything is counted: the record becomes the truth, at the cost of the labour."""
    night.recorded[:] = night.on_hand
    hours = (carried > 0).sum(axis=1) * scenario.stock.count_s_per_record / 3600
    night.book(Account.COUNTING, hours * scenario.fulfilment.wage_yen_per_hour)


def _neighbour(goods: Catalogue, step: int) -> Ints:
    """The SKU next in rank of the same category, on the other side at its end, itself where it is alone."""
    at = np.arange(goods.size)
    for candidate in (at + step, at - step):
        inside = np.clip(candidate, 0, goods.size - 1)
        at = np.where((at == np.arange(goods.size)) & (goods.category[inside] == goods.category), inside, at)
    return at
