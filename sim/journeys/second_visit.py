"""Going to a store for goods that were missing, or not decided on, at an earlier visit: straight to shelf and till."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.journeys.shelf import Lines, fill_basket, lose_missing
from sim.journeys.till_sale import buy_at_till
from sim.log.schema import Kind, Outcome, Place
from sim.orders import new_order_id
from sim.town import Town

Buying = Generator[Any, Any, Outcome]

_ARRIVE, _LEAVE = int(Kind.ARRIVE), int(Kind.LEAVE)
_TRAVEL_S = 0.5 * HOUR_S
"""From one of our stores to another (assumption)."""
_LATER_DAYS = 5.0
"""Whoever puts a purchase off comes back within so many days (assumption)."""


def visit_again(town: Town, errand: Errand, at: int, wanted: Lines) -> Buying:
    """To store number `at` when it is next open, with nothing on the mind but `wanted`."""
    store, first = town.stores[at], errand.store
    yield store.next_open_s(town.engine.now + 2 * HOUR_S * errand.later_draw) - town.engine.now
    errand.store = at
    town.note(errand, _ARRIVE, Place.FLOOR)
    yield errand.browse_s / 3
    order = new_order_id(errand)
    basket, missing = fill_basket(town, at, errand, wanted, order)
    lose_missing(town, errand, missing)
    outcome = Outcome.LOST_STOCK_OUT
    if basket:
        outcome = yield from buy_at_till(town, errand, basket, order)
    town.note(errand, _LEAVE, Place.FLOOR)
    errand.store = first
    return outcome


def try_our_other_store(town: Town, errand: Errand, wanted: Lines) -> Buying:
    """What is missing here may be in the store of ours that is next nearest to home."""
    other = town.nearest_open_store(errand.shopper, other_than=errand.store)
    if other < 0:
        lose_missing(town, errand, wanted)
        return Outcome.LOST_STOCK_OUT
    yield _TRAVEL_S
    return (yield from visit_again(town, errand, other, wanted))


def come_back_later(town: Town, errand: Errand, wanted: Lines) -> Buying:
    """The same store again, one to five days later."""
    yield (1.0 + (_LATER_DAYS - 1.0) * town.draw("put off", errand.need)) * DAY_S
    return (yield from visit_again(town, errand, errand.store, wanted))
