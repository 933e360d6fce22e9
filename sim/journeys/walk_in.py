"""Walk into a store: browse, perhaps meet staff, fill the basket, then queue at the till or pay in the app.

What is missing on the shelf may be ordered online, on the spot or later from home; the rest is replaced or lost.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.errand import Errand, hours_later, merge_lines
from sim.journeys import scan_and_pay
from sim.journeys.ec_order import order_online
from sim.journeys.shelf import Lines, fill_basket, lose, put_back, substitute, worth
from sim.log.schema import Channel, Fulfilment, Journey, Kind, OrderState, Outcome, Place
from sim.orders import Order, book_sale, close_order, new_order_id
from sim.staff.incentives import NO_ADVICE, Advice, meet_staff
from sim.store.tills import queue_and_pay

if TYPE_CHECKING:
    from sim.world import World

Steps = Generator[Any, Any, None]
Buying = Generator[Any, Any, Outcome]

_ARRIVE, _PAID, _PAY_FAILED, _LEAVE = (int(k) for k in (Kind.ARRIVE, Kind.PAID, Kind.PAY_FAILED, Kind.LEAVE))
_STORE, _CARRY = int(Channel.STORE), int(Fulfilment.CARRY)


def walk_in(world: World, errand: Errand) -> Steps:
    """The whole visit, and an order from home afterwards where it comes to that."""
    store = world.stores[errand.store]
    world.note(errand, _ARRIVE, Place.FLOOR)
    yield errand.browse_s
    order = new_order_id(errand)
    basket, missing = fill_basket(world, errand.store, errand, order)
    advice = NO_ADVICE
    if errand.meets_staff:
        advice = yield from meet_staff(world, store, errand, bool(missing))
    if advice.annoyed:
        put_back(world, errand.store, errand, basket, order)
        lose(world, errand, basket + missing)
        world.note(errand, _LEAVE, Place.FLOOR)
        world.close(errand, Outcome.NOTHING)
        return
    online = missing if missing and _orders_online(world, errand, advice) else []
    if missing and not online:
        taken, left = substitute(world, errand.store, errand, missing, order)
        basket = merge_lines(basket + taken)
        lose(world, errand, left)
    outcome = Outcome.LOST_STOCK_OUT
    if basket:
        outcome = yield from _check_out(world, errand, basket, order, advice)
    world.note(errand, _LEAVE, Place.FLOOR)
    if online:
        outcome = yield from _order_missing(world, errand, online, advice, outcome)
    world.close(errand, outcome)


def _orders_online(world: World, errand: Errand, advice: Advice) -> bool:
    """Whether missing goods are ordered from our EC: on advice, or unprompted with the app at hand."""
    if advice.accepted:
        return True
    return world.has_app(errand) and errand.own_phone_draw < world.scenario.stock_out.own_phone


def _check_out(world: World, errand: Errand, basket: Lines, order: int, advice: Advice) -> Buying:
    store = world.stores[errand.store]
    if scan_and_pay.prefers_app(world, errand, store.people_queueing(), advice.accepted):
        errand.journey = int(Journey.SCAN_AND_PAY)
        return (yield from scan_and_pay.pay_in_app(world, errand, basket, order, advice.staff))
    net_yen, cost_yen = worth(world, basket)
    items = sum(quantity for _, quantity in basket)
    settlement = yield from queue_and_pay(world, store, errand, order, items, net_yen)
    if settlement is None or not settlement.paid:
        put_back(world, errand.store, errand, basket, order)
        lose(world, errand, basket)
        if settlement is None:
            return Outcome.LOST_QUEUE
        world.note(errand, _PAY_FAILED, Place.STAFFED_TILL, amount_yen=net_yen, order=order)
        return Outcome.LOST_PAYMENT
    now_s = world.engine.now
    sale = Order(
        id=order,
        errand=errand,
        placed_s=now_s,
        order_channel=_STORE,
        pay_channel=_STORE,
        fulfilment=_CARRY,
        store=errand.store,
        ships_from=errand.store,
        lines=basket,
        net_yen=net_yen,
        cost_yen=cost_yen,
        settlement=settlement,
    )
    world.note(errand, _PAID, Place.STAFFED_TILL, items, net_yen, order, settlement.payment)
    book_sale(world.log, sale, now_s, 0.0)
    close_order(world.log, sale, now_s, OrderState.COMPLETED)
    return Outcome.STORE


def _order_missing(world: World, errand: Errand, missing: Lines, advice: Advice, so_far: Outcome) -> Buying:
    """Order what was missing: in the app on the spot where that is possible, else from home in the evening."""
    channel = Channel.APP
    if not world.scenario.capabilities.endless_aisle:
        yield hours_later(errand)
        channel = Channel.EC
    staff = advice.staff if advice.accepted else -1
    ordered = yield from order_online(world, errand, missing, channel, staff)
    return so_far if so_far >= Outcome.STORE else ordered
