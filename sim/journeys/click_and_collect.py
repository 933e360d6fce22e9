"""Order online, collect in a store: reserve store stock, pay, have it picked by floor staff, collect or not."""

from __future__ import annotations

from collections.abc import Generator
from math import exp
from typing import Any

from sim.calendar import HOUR_S
from sim.errand import Errand
from sim.inventory.transfers import bring_to_store
from sim.journeys.online_order import order_and_pay, order_was_cancelled, pick_lines
from sim.journeys.regret import has_the_goods
from sim.journeys.shelf import fill_basket, worth
from sim.journeys.till_sale import buy_at_till
from sim.log.schema import Channel, Fulfilment, Kind, MoveReason, OrderState, Outcome, Place
from sim.loyalty.satisfaction import Feeling
from sim.orders import Order, book_picking, book_refund, close_order, new_order_id
from sim.store.floor_tasks import FloorTask
from sim.store.pickup_counter import clear_away, collect_order, comes_s, keep_ready
from sim.store.store import INFINITE_PATIENCE, Store
from sim.town import Town

Steps = Generator[Any, Any, None]

_PICKED, _READY, _COLLECTED, _NO_SHOW = (int(kind) for kind in (Kind.PICKED, Kind.READY, Kind.COLLECTED, Kind.NO_SHOW))
_SERVED = int(Feeling.SERVED)


def click_and_collect(town: Town, errand: Errand) -> Steps:
    """The order from home or from the train, and the way to the counter."""
    order = yield from order_and_pay(
        town, errand, list(errand.lines), Channel.EC, Fulfilment.COLLECT, location=errand.store
    )
    if isinstance(order, Order):
        outcome = yield from _pick_and_hand_over(town, town.stores[errand.store], order)
    else:
        outcome = order
    town.close(errand, outcome)


def _pick_and_hand_over(town: Town, store: Store, order: Order) -> Generator[Any, Any, Outcome]:
    rules, errand, log, engine = town.scenario.fulfilment, order.errand, town.log, town.engine
    yield from bring_to_store(town, order)
    yield store.next_open_s(engine.now) - engine.now
    yield (store.pickers, INFINITE_PATIENCE, int(FloorTask.PICK_ORDER))
    yield rules.store_pick_minutes * 60
    store.pickers.release()
    book_picking(log, order, engine.now, rules.store_pick_minutes, rules.wage_yen_per_hour)
    if not pick_lines(town, order, MoveReason.PICK):
        close_order(log, order, engine.now, OrderState.CANCELLED)
        order_was_cancelled(town, order)
        return Outcome.LOST_STOCK_OUT
    town.note(errand, _PICKED, Place.FLOOR, order=order.id)
    kept = keep_ready(town, store)
    town.note(errand, _READY, kept, order=order.id)
    if errand.no_show_draw < rules.no_show:
        yield rules.hold_hours * HOUR_S
        clear_away(store, kept)
        return _no_show(town, order)
    wishes_s = engine.now + rules.collect_after_hours * HOUR_S * exp(errand.collect_z)
    yield comes_s(store, errand, wishes_s, kept) - engine.now
    yield from collect_order(town, store, errand, order.id, kept)
    town.note(errand, _COLLECTED, kept, order=order.id)
    close_order(log, order, engine.now, OrderState.COMPLETED)
    town.loyalty.feel(errand.shopper, _SERVED)
    has_the_goods(town, order)
    if errand.add_on and kept is not Place.LOCKER:
        yield from _buy_something_more(town, errand)
    return Outcome.COLLECT


def _buy_something_more(town: Town, errand: Errand) -> Generator[Any, Any, None]:
    """Whoever is in the store anyway may see something; what is missing is not missed."""
    order = new_order_id(errand)
    basket, _ = fill_basket(town, errand.store, errand, errand.add_on, order)
    if basket:
        yield from buy_at_till(town, errand, basket, order)


def _no_show(town: Town, order: Order) -> Outcome:
    """Nobody came: the goods go back to the shelf and the money to the shopper."""
    now_s, errand = town.engine.now, order.errand
    for line in order.held_lines():
        town.stock.put_back(now_s, order.ships_from, *line, errand.need, order.id)
    net_yen, cost_yen = worth(town, order.held_lines())
    book_refund(
        town.log, town.programme.points, order, now_s, net_yen, cost_yen, town.scenario.evaluation.commission_percent
    )
    town.note(errand, _NO_SHOW, Place.PICKUP_COUNTER, amount_yen=net_yen, order=order.id)
    close_order(town.log, order, now_s, OrderState.NO_SHOW)
    return Outcome.NO_SHOW
