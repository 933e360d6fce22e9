"""Order online and have it shipped: picked and sent at the warehouse's next cut-off, delivered some days later."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.inventory.ship_from_store import book_parcels, pick_in_stores, stores_ship
from sim.journeys.contact_centre import inquire
from sim.journeys.online_order import order_and_pay, order_was_cancelled, pick_lines
from sim.journeys.regret import has_the_goods
from sim.journeys.shelf import Lines
from sim.log.schema import Channel, Fulfilment, Kind, MoveReason, OrderState, Outcome, Place
from sim.loyalty.satisfaction import Feeling
from sim.orders import Order, close_order
from sim.town import Town

Steps = Generator[Any, Any, None]
Buying = Generator[Any, Any, Outcome]

_SHIPPED, _DELIVERED = int(Kind.SHIPPED), int(Kind.DELIVERED)
_SERVED = int(Feeling.SERVED)


def ec_order(town: Town, errand: Errand) -> Steps:
    """An order from home."""
    outcome = yield from order_online(town, errand, list(errand.lines), Channel.EC, -1)
    town.close(errand, outcome)


def order_online(town: Town, errand: Errand, wanted: Lines, channel: Channel, staff: int) -> Buying:
    """Order `wanted` for shipment and wait for the parcel; `staff` is the code on the order, -1 for none."""
    order = yield from order_and_pay(town, errand, wanted, channel, Fulfilment.SHIP, town.warehouse, staff)
    if isinstance(order, Outcome):
        return order
    yield from ship_when_due(town, order)
    if order.refunded_yen == order.net_yen:
        return Outcome.LOST_STOCK_OUT
    return Outcome.APP_SHIP if channel is Channel.APP else Outcome.EC_SHIP


def ship_when_due(town: Town, order: Order) -> Steps:
    """Pick and ship at the next cut-off, deliver some days later, and close the order."""
    rules = town.scenario.fulfilment
    now_s = town.engine.now
    cut_off_s = now_s - now_s % DAY_S + rules.ship_cut_off_hour * HOUR_S
    yield cut_off_s - now_s if now_s <= cut_off_s else cut_off_s + DAY_S - now_s
    errand, log = order.errand, town.log
    if stores_ship(town):
        yield from pick_in_stores(town, order)
    if not pick_lines(town, order, MoveReason.SHIP):
        close_order(log, order, town.engine.now, OrderState.CANCELLED)
        order_was_cancelled(town, order)
        return
    book_parcels(town, order)
    town.note(errand, _SHIPPED, Place.WAREHOUSE, order=order.id)
    yield rules.delivery_days * DAY_S
    town.note(errand, _DELIVERED, Place.HOME, order=order.id)
    close_order(log, order, town.engine.now, OrderState.COMPLETED)
    town.loyalty.feel(errand.shopper, _SERVED)
    if town.draw("parcel", order.id) < town.scenario.contact_centre.per_parcel:
        inquire(town, errand, order)
    has_the_goods(town, order)
