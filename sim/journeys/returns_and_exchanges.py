"""Goods that come back: sent by parcel, or brought to a store, whichever channel they came from.

Whoever bought without knowing all about the fit may regret it. A return in a store takes staff time at the pickup
counter, puts the goods on that store's shelf, and may end in another purchase.
"""

from __future__ import annotations

from collections.abc import Generator
from math import exp
from typing import Any

from scipy.special import ndtri

from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.journeys.contact_centre import inquire
from sim.journeys.shelf import Lines, fill_basket, neighbour, worth
from sim.journeys.till_sale import buy_at_till
from sim.log.schema import Kind, MoveReason, Outcome, Place
from sim.loyalty.satisfaction import Feeling
from sim.orders import Order, book_refund, book_return, new_order_id
from sim.store.store import INFINITE_PATIENCE
from sim.town import Town

Steps = Generator[Any, Any, None]

_RETURNED, _ARRIVE, _LEAVE = int(Kind.RETURNED), int(Kind.ARRIVE), int(Kind.LEAVE)
_WRONG_ADVICE = int(Feeling.WRONG_ADVICE)
_EASY, _HARD = int(Feeling.RETURN_EASY), int(Feeling.RETURN_HARD)


def start_returns(town: Town) -> None:
    """Those who found today that they do not want to keep what they have."""
    draws = town.streams.uniforms("return", [order.id for order in town.coming_back], 8)
    for order, own in zip(town.coming_back, draws.tolist(), strict=True):
        town.engine.start(_give_back(town, order, own))
    town.coming_back.clear()


def _give_back(town: Town, order: Order, draws: list[float]) -> Steps:
    """`draws` are the uniforms of the order's return; its first one decided that there is a return."""
    rules, errand, engine = town.scenario.returns, order.errand, town.engine
    days = rules.median_days * exp(0.5 * float(ndtri(draws[1])))
    yield days * DAY_S
    lines = _lines(order, draws)
    if order.staff >= 0:
        town.loyalty.feel(errand.shopper, _WRONG_ADVICE)
    if order.returned_to == town.warehouse:
        yield DAY_S
        _refund(town, order, lines, town.warehouse, draws)
        parcel_yen = round(rules.parcel_paid_by_us * town.scenario.fulfilment.parcel_yen)
        book_return(town.log, order, engine.now, _handling_yen(town), parcel_yen)
        town.loyalty.feel(errand.shopper, _HARD)
    else:
        yield from _in_store(town, order, lines, draws)
    if draws[2] < town.scenario.contact_centre.per_return:
        inquire(town, errand, order)
    town.part_done(errand)


def _in_store(town: Town, order: Order, lines: Lines, draws: list[float]) -> Steps:
    """To the counter in opening hours, and perhaps on to the shelves."""
    errand, engine, at = order.errand, town.engine, order.returned_to
    store = town.stores[at]
    wishes_s = engine.now - engine.now % DAY_S + draws[3] * DAY_S
    opens_s = store.next_open_s(max(wishes_s, engine.now))
    yield opens_s + (HOUR_S if opens_s > wishes_s else 0.0) - engine.now
    home_store, errand.store = errand.store, at
    town.note(errand, _ARRIVE, Place.FLOOR)
    yield (store.pickup, INFINITE_PATIENCE)
    yield town.scenario.returns.handling_minutes * 60
    store.pickup.release()
    _refund(town, order, lines, at, draws)
    book_return(town.log, order, engine.now, _handling_yen(town), 0)
    town.loyalty.feel(errand.shopper, _EASY)
    if draws[4] < town.scenario.returns.exchange:
        yield from _exchange(town, errand, lines)
    town.note(errand, _LEAVE, Place.FLOOR)
    errand.store = home_store


def _exchange(town: Town, errand: Errand, lines: Lines) -> Generator[Any, Any, Outcome | None]:
    """Another item of the same kind, next to the one that did not fit."""
    order = new_order_id(errand)
    similar = [(neighbour(town, sku), quantity) for sku, quantity in lines]
    basket, _ = fill_basket(town, errand.store, errand, similar, order)
    if not basket:
        return None
    errand.inspects, errand.defect_draw = False, 1.0  # tried on the spot: this one is kept
    return (yield from buy_at_till(town, errand, basket, order))


def _lines(order: Order, draws: list[float]) -> Lines:
    """What comes back: everything, or one line of several (each as likely)."""
    held = order.held_lines()
    if len(held) == 1 or draws[5] < 0.5:
        return held
    return [held[int(draws[6] * len(held))]]


def _refund(town: Town, order: Order, lines: Lines, location: int, draws: list[float]) -> None:
    """Money back for `lines`; goods that can be sold again go to `location`, the others are written off."""
    now_s, errand = town.engine.now, order.errand
    again = draws[7] < town.scenario.returns.resellable
    net_yen, cost_yen = worth(town, lines)
    if again:
        for line in lines:
            town.stock.put_back(now_s, location, *line, errand.need, order.id, MoveReason.CUSTOMER_RETURN)
    commission = town.scenario.evaluation.commission_percent if order.staff >= 0 else 0.0
    book_refund(town.log, town.programme.points, order, now_s, net_yen, cost_yen if again else 0, commission)
    place = Place.PICKUP_COUNTER if location < town.warehouse else Place.WAREHOUSE
    town.note(errand, _RETURNED, place, sum(quantity for _, quantity in lines), net_yen, order.id)


def _handling_yen(town: Town) -> int:
    return round(town.scenario.returns.handling_minutes * town.scenario.fulfilment.wage_yen_per_hour / 60)
