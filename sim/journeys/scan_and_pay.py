"""Scan in the store and pay in the app: carry the goods out past the till, or have them shipped home."""

from __future__ import annotations

from collections.abc import Generator
from math import exp
from typing import TYPE_CHECKING, Any

from sim.errand import Errand
from sim.journeys.ec_order import release_lines, ship_when_due
from sim.journeys.shelf import Lines, lose, put_back, worth
from sim.log.schema import Channel, Fulfilment, Kind, OrderState, Outcome, Place
from sim.orders import Order, book_sale, close_order, shipping_fee_yen
from sim.payments.tenders import pay

if TYPE_CHECKING:
    from sim.world import World

_SCAN, _PAID, _PAY_FAILED = int(Kind.SCAN), int(Kind.PAID), int(Kind.PAY_FAILED)
_APP, _CARRY, _SHIP = int(Channel.APP), int(Fulfilment.CARRY), int(Fulfilment.SHIP)


def prefers_app(world: World, errand: Errand, queueing: int, recommended: bool) -> bool:
    """Whether somebody with a full basket pays in the app rather than at the till (logit)."""
    if not world.scenario.capabilities.scan_and_pay or not world.has_app(errand):
        return False
    rules = world.scenario.scan_and_pay
    utility = (
        rules.base
        + rules.digital_affinity * errand.affinity
        + rules.per_person_queueing * queueing
        + rules.recommended * recommended
    )
    return errand.app_draw < 1 / (1 + exp(-utility))


def pay_in_app(world: World, errand: Errand, basket: Lines, order: int, staff: int) -> Generator[Any, Any, Outcome]:
    """Scan each item, pay, and either walk out or leave the goods to be shipped from the warehouse."""
    rules, engine = world.scenario.scan_and_pay, world.engine
    for sku, quantity in basket:
        world.note(errand, _SCAN, Place.FLOOR, quantity, world.price_yen[sku] * quantity, order, sku=sku)
    goods_yen, cost_yen = worth(world, basket)
    fee_yen = shipping_fee_yen(world.scenario.fulfilment, goods_yen)
    ships = _would_rather_have_it_shipped(world, errand, fee_yen) and _hold_in_warehouse(world, errand, basket, order)
    net_yen = goods_yen + fee_yen * ships
    settlement = pay(world.tenders, world.log, errand, order, _APP, Place.APP, net_yen, engine.now + rules.pay_s)
    yield rules.pay_s + settlement.seconds
    if not settlement.paid:
        if ships:
            release_lines(world, errand, world.warehouse, basket, [], order)
        put_back(world, errand.store, errand, basket, order)
        lose(world, errand, basket)
        world.note(errand, _PAY_FAILED, Place.APP, amount_yen=net_yen, order=order)
        return Outcome.LOST_PAYMENT
    if ships:
        put_back(world, errand.store, errand, basket, order)
    sale = Order(
        id=order,
        errand=errand,
        placed_s=engine.now,
        order_channel=_APP,
        pay_channel=_APP,
        fulfilment=_SHIP if ships else _CARRY,
        store=errand.store,
        ships_from=world.warehouse if ships else errand.store,
        lines=basket,
        net_yen=net_yen,
        cost_yen=cost_yen,
        staff=staff,
        settlement=settlement,
    )
    world.note(errand, _PAID, Place.APP, errand.items, net_yen, order, settlement.payment)
    book_sale(world.log, sale, engine.now, world.scenario.evaluation.commission_percent)
    if ships:
        errand.open_parts += 1
        engine.start(_ship(world, sale))
        return Outcome.APP_SHIP
    close_order(world.log, sale, engine.now, OrderState.COMPLETED)
    return Outcome.APP_CARRY


def _ship(world: World, order: Order) -> Generator[Any, Any, None]:
    """The parcel's way, while the shopper goes on."""
    yield from ship_when_due(world, order, phantoms=[])
    world.part_done(order.errand)


def _would_rather_have_it_shipped(world: World, errand: Errand, fee_yen: int) -> bool:
    rules = world.scenario.scan_and_pay
    utility = rules.ship_home_slope * (errand.weight_kg - rules.ship_home_above_kg)
    utility += world.scenario.choice.per_100_yen_fee * fee_yen / 100
    return errand.ship_draw < 1 / (1 + exp(-utility))


def _hold_in_warehouse(world: World, errand: Errand, basket: Lines, order: int) -> bool:
    """Hold the whole basket in the warehouse, if all of it is there in truth and on record."""
    stock, warehouse = world.stock, world.warehouse
    if any(min(stock.free(warehouse, s), stock.recorded_free(warehouse, s)) < quantity for s, quantity in basket):
        return False
    for sku, quantity in basket:
        stock.reserve(world.engine.now, warehouse, sku, quantity, errand.need, order)
    return True
