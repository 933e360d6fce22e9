"""In front of the shelf: filling the basket, and what to do when something is missing."""

from __future__ import annotations

from collections.abc import Iterable

from sim.errand import Errand
from sim.log.rows import EVENT
from sim.log.schema import Kind, Place
from sim.town import Town

Lines = list[tuple[int, int]]

_STOCK_OUT, _LOST = int(Kind.STOCK_OUT), int(Kind.LOST_SALE)
_FLOOR = int(Place.FLOOR)
_GOLDEN = 0.6180339887498949


def fill_basket(
    town: Town, location: int, errand: Errand, wanted: Iterable[tuple[int, int]], order: int
) -> tuple[Lines, Lines]:
    """Take what is there; returns (basket, missing). Each missing line is an event with its yen."""
    now_s = town.engine.now
    stock, basket, missing = town.stock, [], []
    for sku, asked in wanted:
        town.lines_wanted[location] += 1
        got = min(asked, stock.free(location, sku))
        if got > 0:
            stock.take(now_s, location, sku, got, errand.need, order)
            basket.append((sku, got))
        if got < asked:
            town.lines_missing[location] += 1
            missing.append((sku, asked - got))
            _note(town, errand, _STOCK_OUT, sku, asked - got)
    return basket, missing


def put_back(town: Town, location: int, errand: Errand, basket: Lines, order: int) -> None:
    """Leave the basket behind."""
    for sku, quantity in basket:
        town.stock.put_back(town.engine.now, location, sku, quantity, errand.need, order)


def lose(town: Town, errand: Errand, lines: Lines) -> None:
    """These goods will not be bought from us."""
    for sku, quantity in lines:
        _note(town, errand, _LOST, sku, quantity)


def substitute(town: Town, location: int, errand: Errand, missing: Lines, order: int) -> tuple[Lines, Lines]:
    """Each missing line alone: some take a similar item of the category, the rest is not bought here today.

    Returns (taken instead, still missing). Buying later counts as lost: a world of weeks does not see it again.
    """
    rules, stock, now_s = town.scenario.stock_out, town.stock, town.engine.now
    taken: Lines = []
    left: Lines = []
    for rank, (sku, quantity) in enumerate(missing):
        draw = (errand.react_draw + rank * _GOLDEN) % 1.0
        other = -1
        if draw < rules.other_brand + rules.same_brand:
            other = _similar(town, location, sku, quantity)
        if other >= 0:
            stock.take(now_s, location, other, quantity, errand.need, order)
            taken.append((other, quantity))
        else:
            left.append((sku, quantity))
    return taken, left


def worth(town: Town, lines: Lines) -> tuple[int, int]:
    """Price and cost of `lines` in yen."""
    price, cost = town.price_yen, town.cost_yen
    price_yen = cost_yen = 0
    for sku, quantity in lines:
        price_yen += price[sku] * quantity
        cost_yen += cost[sku] * quantity
    return price_yen, cost_yen


def _similar(town: Town, location: int, sku: int, quantity: int) -> int:
    """The nearest SKU of the category, by popularity rank, of which enough is there; -1 for none of six."""
    category = town.category
    for step in (1, -1, 2, -2, 3, -3):
        other = sku + step
        same = 0 <= other < len(category) and category[other] == category[sku]
        if same and town.stock.free(location, other) >= quantity:
            return other
    return -1


def neighbour(town: Town, sku: int) -> int:
    """The next SKU of the same category by popularity rank, or the one before for the last."""
    category = town.category
    other = sku + 1 if sku + 1 < len(category) and category[sku + 1] == category[sku] else sku - 1
    return other if other >= 0 and category[other] == category[sku] else sku


def _note(town: Town, errand: Errand, kind: int, sku: int, quantity: int) -> None:
    town.log.events.extend(
        EVENT(
            town.engine.env._now,
            errand.shopper,
            errand.need,
            errand.journey,
            errand.store,
            kind,
            _FLOOR,
            sku,
            quantity,
            town.price_yen[sku] * quantity,
            -1,
            -1,
            -1,
        )
    )
