"""Order online, collect in a store: reserve store stock, pay, have it picked by floor staff, collect or not."""

from __future__ import annotations

from collections.abc import Generator
from math import exp
from typing import Any

from sim.calendar import HOUR_S
from sim.errand import Errand
from sim.journeys.ec_order import pick_lines, release_lines, reserve_lines
from sim.journeys.shelf import fill_basket, lose, worth
from sim.journeys.till_sale import buy_at_till
from sim.log.schema import Channel, Fulfilment, Kind, MoveReason, OrderState, Outcome, Place
from sim.orders import Order, book_picking, book_refund, book_sale, close_order, new_order_id
from sim.payments.tenders import pay
from sim.store.store import INFINITE_PATIENCE, Store
from sim.town import Town

Steps = Generator[Any, Any, None]

_LOOK_UP, _PLACED, _PAID, _PAY_FAILED, _PICKED, _READY, _COLLECTED, _NO_SHOW = (
    int(kind)
    for kind in (
        Kind.LOOK_UP,
        Kind.ORDER_PLACED,
        Kind.PAID,
        Kind.PAY_FAILED,
        Kind.PICKED,
        Kind.READY,
        Kind.COLLECTED,
        Kind.NO_SHOW,
    )
)
_EC, _COLLECT = int(Channel.EC), int(Fulfilment.COLLECT)
_AFTER_SHOPPERS = 1


def click_and_collect(town: Town, errand: Errand) -> Steps:
    """The order from home or from the train, and the way to the counter."""
    store = town.stores[errand.store]
    order_id = new_order_id(errand)
    wanted = list(errand.lines)
    for sku, quantity in wanted:
        town.note(errand, _LOOK_UP, Place.APP, quantity, 0, order_id, sku=sku)
    lines, phantoms = reserve_lines(town, errand, errand.store, wanted, order_id)
    if not lines:
        town.close(errand, Outcome.LOST_STOCK_OUT)
        return
    net_yen, cost_yen = worth(town, lines)
    town.note(errand, _PLACED, Place.APP, errand.items, net_yen, order_id)
    placed_s = town.engine.now
    settlement = pay(town.tenders, town.log, errand, order_id, _EC, Place.APP, net_yen, placed_s)
    yield settlement.seconds
    if not settlement.paid:
        release_lines(town, errand, errand.store, lines, phantoms, order_id)
        lose(town, errand, lines)
        town.note(errand, _PAY_FAILED, Place.APP, amount_yen=net_yen, order=order_id)
        town.close(errand, Outcome.LOST_PAYMENT)
        return
    order = Order(
        id=order_id,
        errand=errand,
        placed_s=placed_s,
        order_channel=_EC,
        pay_channel=_EC,
        fulfilment=_COLLECT,
        store=errand.store,
        ships_from=errand.store,
        lines=lines,
        net_yen=net_yen,
        cost_yen=cost_yen,
        settlement=settlement,
    )
    town.note(errand, _PAID, Place.APP, errand.items, net_yen, order_id, settlement.payment)
    book_sale(town.log, order, town.engine.now, town.scenario.evaluation.commission_percent)
    outcome = yield from _pick_and_hand_over(town, store, order, phantoms)
    town.close(errand, outcome)


def _pick_and_hand_over(
    town: Town, store: Store, order: Order, phantoms: list[tuple[int, int]]
) -> Generator[Any, Any, Outcome]:
    rules, errand, log, engine = town.scenario.fulfilment, order.errand, town.log, town.engine
    yield store.next_open_s(engine.now) - engine.now
    yield (store.floor, INFINITE_PATIENCE, _AFTER_SHOPPERS)
    yield rules.store_pick_minutes * 60
    store.floor.release()
    book_picking(log, order, engine.now, rules.store_pick_minutes, rules.wage_yen_per_hour)
    if not pick_lines(town, order, phantoms, MoveReason.PICK):
        close_order(log, order, engine.now, OrderState.CANCELLED)
        return Outcome.LOST_STOCK_OUT
    town.note(errand, _PICKED, Place.FLOOR, order=order.id)
    town.note(errand, _READY, Place.PICKUP_COUNTER, order=order.id)
    if errand.no_show_draw < rules.no_show:
        yield rules.hold_hours * HOUR_S
        return _no_show(town, order, phantoms)
    yield _comes_s(store, errand, engine.now + rules.collect_after_hours * HOUR_S * exp(errand.collect_z)) - engine.now
    hour = store.queues[Place.PICKUP_COUNTER][int(engine.now / HOUR_S) % 24]
    came_s = engine.now
    hour.joined += 1
    yield (store.pickup, INFINITE_PATIENCE)
    service_s = rules.hand_over_median_s * exp(errand.hand_over_z)
    hour.served += 1
    hour.wait_s += engine.now - came_s
    hour.longest_wait_s = max(hour.longest_wait_s, engine.now - came_s)
    hour.service_s += service_s
    yield service_s
    store.pickup.release()
    town.note(errand, _COLLECTED, Place.PICKUP_COUNTER, order=order.id)
    close_order(log, order, engine.now, OrderState.COMPLETED)
    if errand.add_on:
        yield from _buy_something_more(town, errand)
    return Outcome.COLLECT


def _buy_something_more(town: Town, errand: Errand) -> Generator[Any, Any, None]:
    """Whoever is in the store anyway may see something; what is missing is not missed."""
    order = new_order_id(errand)
    basket, _ = fill_basket(town, errand.store, errand, errand.add_on, order)
    if basket:
        yield from buy_at_till(town, errand, basket, order)


def _comes_s(store: Store, errand: Errand, wishes_s: float) -> float:
    """When the shopper comes: as wished, or some time in the first hours of the next opening."""
    opens_s = store.next_open_s(wishes_s)
    return wishes_s if opens_s == wishes_s else opens_s + 4 * HOUR_S * errand.later_draw


def _no_show(town: Town, order: Order, phantoms: list[tuple[int, int]]) -> Outcome:
    """Nobody came: the goods go back to the shelf and the money to the shopper."""
    now_s, errand = town.engine.now, order.errand
    for line in order.lines:
        if line not in phantoms:
            town.stock.put_back(now_s, order.ships_from, *line, errand.need, order.id)
    net_yen, cost_yen = worth(town, [line for line in order.lines if line not in phantoms])
    book_refund(town.log, order, now_s, net_yen, cost_yen, town.scenario.evaluation.commission_percent)
    town.note(errand, _NO_SHOW, Place.PICKUP_COUNTER, amount_yen=net_yen, order=order.id)
    close_order(town.log, order, now_s, OrderState.NO_SHOW)
    return Outcome.NO_SHOW
