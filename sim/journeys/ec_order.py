"""Order online: look, reserve in the warehouse, pay, have it picked, shipped and delivered."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.inventory.stock import Reserved
from sim.journeys.shelf import Lines, lose, worth
from sim.log.schema import Channel, Fulfilment, Kind, MoveReason, OrderState, Outcome, Place
from sim.orders import (
    Order,
    book_parcel,
    book_picking,
    book_refund,
    book_sale,
    close_order,
    new_order_id,
    shipping_fee_yen,
)
from sim.payments.tenders import pay
from sim.town import Town

Steps = Generator[Any, Any, None]
Buying = Generator[Any, Any, Outcome]

_LOOK_UP, _PLACED, _PAID, _PAY_FAILED, _SHIPPED, _DELIVERED, _CANCELLED = (
    int(kind)
    for kind in (
        Kind.LOOK_UP,
        Kind.ORDER_PLACED,
        Kind.PAID,
        Kind.PAY_FAILED,
        Kind.SHIPPED,
        Kind.DELIVERED,
        Kind.CANCELLED,
    )
)
_SHIP = int(Fulfilment.SHIP)


def ec_order(town: Town, errand: Errand) -> Steps:
    """An order from home."""
    outcome = yield from order_online(town, errand, list(errand.lines), Channel.EC, -1)
    town.close(errand, outcome)


def order_online(town: Town, errand: Errand, wanted: Lines, channel: Channel, staff: int) -> Buying:
    """Order `wanted` for shipment. Lines that are sold out are dropped; what the shelf then lacks is refunded."""
    order_id = new_order_id(errand)
    for sku, quantity in wanted:
        town.note(errand, _LOOK_UP, Place.APP, quantity, 0, order_id, sku=sku)
    lines, phantoms = reserve_lines(town, errand, town.warehouse, wanted, order_id)
    if not lines:
        return Outcome.LOST_STOCK_OUT
    goods_yen, cost_yen = worth(town, lines)
    net_yen = goods_yen + shipping_fee_yen(town.scenario.fulfilment, goods_yen)
    town.note(errand, _PLACED, Place.APP, errand.items, net_yen, order_id)
    placed_s = town.engine.now
    settlement = pay(town.tenders, town.log, errand, order_id, int(channel), Place.APP, net_yen, placed_s)
    yield settlement.seconds
    if not settlement.paid:
        release_lines(town, errand, town.warehouse, lines, phantoms, order_id)
        lose(town, errand, lines)
        town.note(errand, _PAY_FAILED, Place.APP, amount_yen=net_yen, order=order_id)
        return Outcome.LOST_PAYMENT
    order = Order(
        id=order_id,
        errand=errand,
        placed_s=placed_s,
        order_channel=int(channel),
        pay_channel=int(channel),
        fulfilment=_SHIP,
        store=errand.store,
        ships_from=town.warehouse,
        lines=lines,
        net_yen=net_yen,
        cost_yen=cost_yen,
        staff=staff,
        settlement=settlement,
    )
    town.note(errand, _PAID, Place.APP, errand.items, net_yen, order_id, settlement.payment)
    book_sale(town.log, order, town.engine.now, town.scenario.evaluation.commission_percent)
    yield from ship_when_due(town, order, phantoms)
    if order.refunded_yen == order.net_yen:
        return Outcome.LOST_STOCK_OUT
    return Outcome.APP_SHIP if channel is Channel.APP else Outcome.EC_SHIP


def reserve_lines(town: Town, errand: Errand, location: int, wanted: Lines, order: int) -> tuple[Lines, Lines]:
    """Reserve line by line; returns (accepted, phantoms among them). Refused lines are lost sales."""
    accepted: Lines = []
    phantoms: Lines = []
    for sku, quantity in wanted:
        outcome = town.stock.reserve(town.engine.now, location, sku, quantity, errand.need, order)
        if outcome is Reserved.REFUSED:
            town.note(errand, int(Kind.STOCK_OUT), Place.APP, quantity, town.price_yen[sku] * quantity, order, sku=sku)
            lose(town, errand, [(sku, quantity)])
            continue
        accepted.append((sku, quantity))
        if outcome is Reserved.PHANTOM:
            phantoms.append((sku, quantity))
    return accepted, phantoms


def release_lines(town: Town, errand: Errand, location: int, lines: Lines, phantoms: Lines, order: int) -> None:
    """Give up the holds of an order that will not be paid."""
    for line in lines:
        if line not in phantoms:
            town.stock.release(town.engine.now, location, *line, errand.need, order)


def pick_lines(town: Town, order: Order, phantoms: Lines, reason: MoveReason) -> bool:
    """Take the order's goods from its location; refund what is not there. True when anything is left to hand over."""
    now_s, errand = town.engine.now, order.errand
    for line in order.lines:
        if line not in phantoms:
            town.stock.hand_out(now_s, order.ships_from, *line, errand.need, order.id, reason)
    if phantoms:
        for sku, _ in phantoms:
            town.stock.correct_record(order.ships_from, sku)
        net_yen, cost_yen = worth(town, phantoms)
        if len(phantoms) == len(order.lines):
            net_yen = order.net_yen
        book_refund(town.log, order, now_s, net_yen, cost_yen, town.scenario.evaluation.commission_percent)
        lose(town, errand, phantoms)
        town.note(errand, _CANCELLED, Place.WAREHOUSE, len(phantoms), net_yen, order.id)
    return order.refunded_yen < order.net_yen


def ship_when_due(town: Town, order: Order, phantoms: Lines) -> Steps:
    """Pick and ship at the next cut-off, deliver some days later, and close the order."""
    rules = town.scenario.fulfilment
    now_s = town.engine.now
    cut_off_s = now_s - now_s % DAY_S + rules.ship_cut_off_hour * HOUR_S
    yield cut_off_s - now_s if now_s <= cut_off_s else cut_off_s + DAY_S - now_s
    errand, log = order.errand, town.log
    if not pick_lines(town, order, phantoms, MoveReason.SHIP):
        close_order(log, order, town.engine.now, OrderState.CANCELLED)
        return
    book_picking(log, order, town.engine.now, rules.warehouse_pick_minutes, rules.wage_yen_per_hour)
    book_parcel(log, order, town.engine.now, rules.parcel_yen)
    town.note(errand, _SHIPPED, Place.WAREHOUSE, order=order.id)
    yield rules.delivery_days * DAY_S
    town.note(errand, _DELIVERED, Place.HOME, order=order.id)
    close_order(log, order, town.engine.now, OrderState.COMPLETED)
