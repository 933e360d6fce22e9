"""Order online: look, reserve in the warehouse, pay, have it picked, shipped and delivered."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from sim.world import World

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


def ec_order(world: World, errand: Errand) -> Steps:
    """An order from home."""
    outcome = yield from order_online(world, errand, list(errand.lines), Channel.EC, -1)
    world.close(errand, outcome)


def order_online(world: World, errand: Errand, wanted: Lines, channel: Channel, staff: int) -> Buying:
    """Order `wanted` for shipment. Lines that are sold out are dropped; what the shelf then lacks is refunded."""
    order_id = new_order_id(errand)
    for sku, quantity in wanted:
        world.note(errand, _LOOK_UP, Place.APP, quantity, 0, order_id, sku=sku)
    lines, phantoms = reserve_lines(world, errand, world.warehouse, wanted, order_id)
    if not lines:
        return Outcome.LOST_STOCK_OUT
    goods_yen, cost_yen = worth(world, lines)
    net_yen = goods_yen + shipping_fee_yen(world.scenario.fulfilment, goods_yen)
    world.note(errand, _PLACED, Place.APP, errand.items, net_yen, order_id)
    placed_s = world.engine.now
    settlement = pay(world.tenders, world.log, errand, order_id, int(channel), Place.APP, net_yen, placed_s)
    yield settlement.seconds
    if not settlement.paid:
        release_lines(world, errand, world.warehouse, lines, phantoms, order_id)
        lose(world, errand, lines)
        world.note(errand, _PAY_FAILED, Place.APP, amount_yen=net_yen, order=order_id)
        return Outcome.LOST_PAYMENT
    order = Order(
        id=order_id,
        errand=errand,
        placed_s=placed_s,
        order_channel=int(channel),
        pay_channel=int(channel),
        fulfilment=_SHIP,
        store=errand.store,
        ships_from=world.warehouse,
        lines=lines,
        net_yen=net_yen,
        cost_yen=cost_yen,
        staff=staff,
        settlement=settlement,
    )
    world.note(errand, _PAID, Place.APP, errand.items, net_yen, order_id, settlement.payment)
    book_sale(world.log, order, world.engine.now, world.scenario.evaluation.commission_percent)
    yield from ship_when_due(world, order, phantoms)
    if order.refunded_yen == order.net_yen:
        return Outcome.LOST_STOCK_OUT
    return Outcome.APP_SHIP if channel is Channel.APP else Outcome.EC_SHIP


def reserve_lines(world: World, errand: Errand, location: int, wanted: Lines, order: int) -> tuple[Lines, Lines]:
    """Reserve line by line; returns (accepted, phantoms among them). Refused lines are lost sales."""
    accepted: Lines = []
    phantoms: Lines = []
    for sku, quantity in wanted:
        outcome = world.stock.reserve(world.engine.now, location, sku, quantity, errand.need, order)
        if outcome is Reserved.REFUSED:
            world.note(
                errand, int(Kind.STOCK_OUT), Place.APP, quantity, world.price_yen[sku] * quantity, order, sku=sku
            )
            lose(world, errand, [(sku, quantity)])
            continue
        accepted.append((sku, quantity))
        if outcome is Reserved.PHANTOM:
            phantoms.append((sku, quantity))
    return accepted, phantoms


def release_lines(world: World, errand: Errand, location: int, lines: Lines, phantoms: Lines, order: int) -> None:
    """Give up the holds of an order that will not be paid."""
    for line in lines:
        if line not in phantoms:
            world.stock.release(world.engine.now, location, *line, errand.need, order)


def pick_lines(world: World, order: Order, phantoms: Lines, reason: MoveReason) -> bool:
    """Take the order's goods from its location; refund what is not there. True when anything is left to hand over."""
    now_s, errand = world.engine.now, order.errand
    for line in order.lines:
        if line not in phantoms:
            world.stock.hand_out(now_s, order.ships_from, *line, errand.need, order.id, reason)
    if phantoms:
        for sku, _ in phantoms:
            world.stock.correct_record(order.ships_from, sku)
        net_yen, cost_yen = worth(world, phantoms)
        if len(phantoms) == len(order.lines):
            net_yen = order.net_yen
        book_refund(world.log, order, now_s, net_yen, cost_yen, world.scenario.evaluation.commission_percent)
        lose(world, errand, phantoms)
        world.note(errand, _CANCELLED, Place.WAREHOUSE, len(phantoms), net_yen, order.id)
    return order.refunded_yen < order.net_yen


def ship_when_due(world: World, order: Order, phantoms: Lines) -> Steps:
    """Pick and ship at the next cut-off, deliver some days later, and close the order."""
    rules = world.scenario.fulfilment
    now_s = world.engine.now
    cut_off_s = now_s - now_s % DAY_S + rules.ship_cut_off_hour * HOUR_S
    yield cut_off_s - now_s if now_s <= cut_off_s else cut_off_s + DAY_S - now_s
    errand, log = order.errand, world.log
    if not pick_lines(world, order, phantoms, MoveReason.SHIP):
        close_order(log, order, world.engine.now, OrderState.CANCELLED)
        return
    book_picking(log, order, world.engine.now, rules.warehouse_pick_minutes, rules.wage_yen_per_hour)
    book_parcel(log, order, world.engine.now, rules.parcel_yen)
    world.note(errand, _SHIPPED, Place.WAREHOUSE, order=order.id)
    yield rules.delivery_days * DAY_S
    world.note(errand, _DELIVERED, Place.HOME, order=order.id)
    close_order(log, order, world.engine.now, OrderState.COMPLETED)
