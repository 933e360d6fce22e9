"""Scan in the store and pay in the app: carry the goods out past the till, or have them shipped home.

A basket may be split: what is small is carried, what is heavy is shipped from the warehouse.
"""

from __future__ import annotations

from collections.abc import Generator
from math import exp
from typing import Any

from sim.errand import Errand
from sim.journeys.ec_order import ship_when_due
from sim.journeys.online_order import release_lines
from sim.journeys.paid import has_paid
from sim.journeys.regret import has_the_goods
from sim.journeys.shelf import Lines, lose, put_back, worth
from sim.log.schema import Channel, Fulfilment, Kind, OrderState, Outcome, Place
from sim.loyalty.paying import pay_with_points
from sim.loyalty.satisfaction import Feeling
from sim.orders import Order, close_order, new_order_id, shipping_fee_yen
from sim.store.store import Store
from sim.town import Town

_SCAN, _PAY_FAILED = int(Kind.SCAN), int(Kind.PAY_FAILED)
_APP, _CARRY, _SHIP = int(Channel.APP), int(Fulfilment.CARRY), int(Fulfilment.SHIP)
_SERVED, _NOT_PAID = int(Feeling.SERVED), int(Feeling.PAYMENT_FAILED)


def prefers_app(town: Town, errand: Errand, store: Store, recommended: bool) -> bool:
    """Whether somebody with a full basket pays in the app rather than at the till (logit)."""
    familiarity = town.open.scan_and_pay[store.index]
    if not familiarity or not town.app_at_hand(errand) or town.tenders.outages.ec_is_down(town.engine.now):
        return False
    rules = town.scenario.scan_and_pay
    utility = (
        rules.base
        + rules.digital_affinity * errand.affinity
        + rules.per_person_queueing * store.people_queueing()
        + rules.recommended * recommended
        + town.scenario.learning.utility * (1 - familiarity)
    )
    return errand.app_draw < 1 / (1 + exp(-utility))


def pay_in_app(town: Town, errand: Errand, basket: Lines, order: int, staff: int) -> Generator[Any, Any, Outcome]:
    """Scan each item and pay; then walk out with what is carried, while the rest is shipped from the warehouse."""
    for sku, quantity in basket:
        town.note(errand, _SCAN, Place.FLOOR, quantity, town.price_yen[sku] * quantity, order, sku=sku)
    carried, shipped = _split(town, errand, basket)
    if shipped and not _hold_in_warehouse(town, errand, shipped, order):
        carried, shipped = basket, []
    paying_s = town.scenario.scan_and_pay.pay_s
    outcome = Outcome.LOST_PAYMENT
    if shipped:
        outcome = yield from _pay(town, errand, shipped, order, staff, _SHIP, paying_s)
        order, paying_s = new_order_id(errand), 0.0
    if carried:
        taken = yield from _pay(town, errand, carried, order, staff, _CARRY, paying_s)
        outcome = outcome if outcome is Outcome.APP_SHIP else taken
    return outcome


def _pay(
    town: Town, errand: Errand, lines: Lines, order: int, staff: int, fulfilment: int, paying_s: float
) -> Generator[Any, Any, Outcome]:
    """One order of the visit: pay for `lines`, which are in the basket and, to be shipped, held in the warehouse."""
    engine, ships = town.engine, fulfilment == _SHIP
    goods_yen, cost_yen = worth(town, lines)
    net_yen = goods_yen + (shipping_fee_yen(town.scenario.fulfilment, goods_yen) if ships else 0)
    settlement = pay_with_points(town, errand, order, _APP, Place.APP, net_yen, engine.now + paying_s, in_store=True)
    yield paying_s + settlement.seconds
    if ships or not settlement.paid:
        put_back(town, errand.store, errand, lines, order)
    if not settlement.paid:
        if ships:
            release_lines(town, errand, town.warehouse, lines, order)
        lose(town, errand, lines)
        town.loyalty.feel(errand.shopper, _NOT_PAID)
        town.note(errand, _PAY_FAILED, Place.APP, amount_yen=net_yen, order=order)
        return Outcome.LOST_PAYMENT
    sale = Order(
        id=order,
        errand=errand,
        placed_s=engine.now,
        order_channel=_APP,
        pay_channel=_APP,
        fulfilment=fulfilment,
        store=errand.store,
        ships_from=town.warehouse if ships else errand.store,
        lines=lines,
        net_yen=net_yen,
        cost_yen=cost_yen,
        staff=staff,
        settlement=settlement,
    )
    has_paid(town, sale, Place.APP, sum(quantity for _, quantity in lines))
    if ships:
        errand.open_parts += 1
        engine.start(_ship(town, sale))
        return Outcome.APP_SHIP
    close_order(town.log, sale, engine.now, OrderState.COMPLETED)
    town.loyalty.feel(errand.shopper, _SERVED)
    has_the_goods(town, sale)
    return Outcome.APP_CARRY


def _ship(town: Town, order: Order) -> Generator[Any, Any, None]:
    """The parcel's way, while the shopper goes on."""
    yield from ship_when_due(town, order)
    town.part_done(order.errand)


def _split(town: Town, errand: Errand, basket: Lines) -> tuple[Lines, Lines]:
    """(carried, shipped): nothing is shipped, only the heavy lines, or everything where all lines are heavy."""
    rules, weight_kg = town.scenario.scan_and_pay, town.weight_kg
    heavy = [(sku, quantity) for sku, quantity in basket if weight_kg[sku] * quantity >= rules.heavy_line_kg]
    if not heavy:
        return basket, []
    heavy_yen, _ = worth(town, heavy)
    heavy_kg = sum(weight_kg[sku] * quantity for sku, quantity in heavy)
    utility = rules.ship_home_slope * (heavy_kg - rules.ship_home_above_kg)
    fee_yen = shipping_fee_yen(town.scenario.fulfilment, heavy_yen)
    utility += town.scenario.choice.per_100_yen_fee * fee_yen / 100
    if errand.ship_draw >= 1 / (1 + exp(-utility)):
        return basket, []
    return [line for line in basket if line not in heavy], heavy


def _hold_in_warehouse(town: Town, errand: Errand, lines: Lines, order: int) -> bool:
    """Hold all of `lines` in the warehouse, if all of it is there in truth and on record."""
    stock, warehouse = town.stock, town.warehouse
    if any(min(stock.free(warehouse, s), stock.recorded_free(warehouse, s)) < quantity for s, quantity in lines):
        return False
    for sku, quantity in lines:
        stock.reserve(town.engine.now, warehouse, sku, quantity, errand.need, order)
    return True
