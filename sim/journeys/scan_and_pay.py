"""Scan in the store and pay in the app: carry the goods out past the till, or have them shipped home."""

from __future__ import annotations

from collections.abc import Generator
from math import exp
from typing import Any

from sim.errand import Errand
from sim.journeys.ec_order import ship_when_due
from sim.journeys.online_order import release_lines
from sim.journeys.shelf import Lines, lose, put_back, worth
from sim.log.schema import Channel, Fulfilment, Kind, OrderState, Outcome, Place
from sim.orders import Order, book_sale, close_order, shipping_fee_yen
from sim.payments.tenders import pay
from sim.town import Town

_SCAN, _PAID, _PAY_FAILED = int(Kind.SCAN), int(Kind.PAID), int(Kind.PAY_FAILED)
_APP, _CARRY, _SHIP = int(Channel.APP), int(Fulfilment.CARRY), int(Fulfilment.SHIP)


def prefers_app(town: Town, errand: Errand, queueing: int, recommended: bool) -> bool:
    """Whether somebody with a full basket pays in the app rather than at the till (logit)."""
    if not town.scenario.capabilities.scan_and_pay or not town.has_app(errand):
        return False
    rules = town.scenario.scan_and_pay
    utility = (
        rules.base
        + rules.digital_affinity * errand.affinity
        + rules.per_person_queueing * queueing
        + rules.recommended * recommended
    )
    return errand.app_draw < 1 / (1 + exp(-utility))


def pay_in_app(town: Town, errand: Errand, basket: Lines, order: int, staff: int) -> Generator[Any, Any, Outcome]:
    """Scan each item, pay, and either walk out or leave the goods to be shipped from the warehouse."""
    rules, engine = town.scenario.scan_and_pay, town.engine
    for sku, quantity in basket:
        town.note(errand, _SCAN, Place.FLOOR, quantity, town.price_yen[sku] * quantity, order, sku=sku)
    goods_yen, cost_yen = worth(town, basket)
    fee_yen = shipping_fee_yen(town.scenario.fulfilment, goods_yen)
    ships = _would_rather_have_it_shipped(town, errand, fee_yen) and _hold_in_warehouse(town, errand, basket, order)
    net_yen = goods_yen + fee_yen * ships
    settlement = pay(town.tenders, town.log, errand, order, _APP, Place.APP, net_yen, engine.now + rules.pay_s)
    yield rules.pay_s + settlement.seconds
    if not settlement.paid:
        if ships:
            release_lines(town, errand, town.warehouse, basket, order)
        put_back(town, errand.store, errand, basket, order)
        lose(town, errand, basket)
        town.note(errand, _PAY_FAILED, Place.APP, amount_yen=net_yen, order=order)
        return Outcome.LOST_PAYMENT
    if ships:
        put_back(town, errand.store, errand, basket, order)
    sale = Order(
        id=order,
        errand=errand,
        placed_s=engine.now,
        order_channel=_APP,
        pay_channel=_APP,
        fulfilment=_SHIP if ships else _CARRY,
        store=errand.store,
        ships_from=town.warehouse if ships else errand.store,
        lines=basket,
        net_yen=net_yen,
        cost_yen=cost_yen,
        staff=staff,
        settlement=settlement,
    )
    town.note(errand, _PAID, Place.APP, errand.items, net_yen, order, settlement.payment)
    book_sale(town.log, sale, engine.now, town.scenario.evaluation.commission_percent)
    if ships:
        errand.open_parts += 1
        engine.start(_ship(town, sale))
        return Outcome.APP_SHIP
    close_order(town.log, sale, engine.now, OrderState.COMPLETED)
    return Outcome.APP_CARRY


def _ship(town: Town, order: Order) -> Generator[Any, Any, None]:
    """The parcel's way, while the shopper goes on."""
    yield from ship_when_due(town, order)
    town.part_done(order.errand)


def _would_rather_have_it_shipped(town: Town, errand: Errand, fee_yen: int) -> bool:
    rules = town.scenario.scan_and_pay
    utility = rules.ship_home_slope * (errand.weight_kg - rules.ship_home_above_kg)
    utility += town.scenario.choice.per_100_yen_fee * fee_yen / 100
    return errand.ship_draw < 1 / (1 + exp(-utility))


def _hold_in_warehouse(town: Town, errand: Errand, basket: Lines, order: int) -> bool:
    """Hold the whole basket in the warehouse, if all of it is there in truth and on record."""
    stock, warehouse = town.stock, town.warehouse
    if any(min(stock.free(warehouse, s), stock.recorded_free(warehouse, s)) < quantity for s, quantity in basket):
        return False
    for sku, quantity in basket:
        stock.reserve(town.engine.now, warehouse, sku, quantity, errand.need, order)
    return True
