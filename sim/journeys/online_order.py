"""What all online orders share: look, reserve, pay, and later be picked from where the goods are held."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.errand import Errand
from sim.inventory.ship_from_store import allocate, allocate_for_pickup
from sim.inventory.stock import Reserved
from sim.journeys.contact_centre import inquire
from sim.journeys.paid import has_paid
from sim.journeys.proposals import propose_on_screen
from sim.journeys.shelf import Lines, lose, lose_missing, worth
from sim.log.schema import Channel, Fulfilment, Kind, MoveReason, OrderState, Outcome, Place
from sim.loyalty.paying import pay_with_points
from sim.loyalty.satisfaction import Feeling
from sim.orders import Order, book_refund, close_order, new_order_id, shipping_fee_yen
from sim.payments.slips import end_slip
from sim.town import Town

_LOOK_UP, _PLACED, _PAY_FAILED, _STOCK_OUT, _CANCELLED = (
    int(kind) for kind in (Kind.LOOK_UP, Kind.ORDER_PLACED, Kind.PAY_FAILED, Kind.STOCK_OUT, Kind.CANCELLED)
)

_TURNED_AWAY = int(Kind.TURNED_AWAY)
_ORDER_CANCELLED, _NOT_PAID = int(Feeling.ORDER_CANCELLED), int(Feeling.PAYMENT_FAILED)


def order_and_pay(
    town: Town,
    errand: Errand,
    wanted: Lines,
    channel: Channel,
    fulfilment: Fulfilment,
    location: int,
    staff: int = -1,
) -> Generator[Any, Any, Order | Outcome]:
    """Order `wanted` from the stock of `location` and pay; the order, or the outcome when there is none.

    What `location` lacks may come from another one. Lines that are shown as sold out are dropped; those that only the
    record believes in are the order's phantoms.
    """
    if not (yield from _shop_is_open(town, errand)):
        lose(town, errand, wanted)
        return Outcome.LOST_OUTAGE
    order_id = new_order_id(errand)
    for sku, quantity in wanted:
        town.note(errand, _LOOK_UP, Place.APP, quantity, 0, order_id, sku=sku)
    ships = fulfilment is Fulfilment.SHIP
    parts = allocate(town, wanted) if ships else allocate_for_pickup(town, location, wanted)
    lines, phantoms = _reserve(town, errand, parts, order_id)
    if not lines:
        return Outcome.LOST_STOCK_OUT
    if more := propose_on_screen(town, errand, lines, location, order_id):
        parts.append((location, more))
        added, not_there = _reserve(town, errand, parts[-1:], order_id)
        lines, phantoms = lines + added, phantoms + not_there
    net_yen, cost_yen = worth(town, lines)
    if ships:
        net_yen += shipping_fee_yen(town.scenario.fulfilment, net_yen)
    town.note(errand, _PLACED, Place.APP, errand.items, net_yen, order_id)
    placed_s = town.engine.now
    settlement = pay_with_points(town, errand, order_id, int(channel), Place.APP, net_yen, placed_s, in_store=False)
    yield settlement.seconds
    if settlement.slip is not None:
        yield settlement.slip.waits_s
        end_slip(town.log, settlement.slip, town.engine.now)
    order = Order(
        id=order_id,
        errand=errand,
        placed_s=placed_s,
        order_channel=int(channel),
        pay_channel=int(channel),
        fulfilment=int(fulfilment),
        store=errand.store,
        ships_from=location,
        lines=lines,
        net_yen=net_yen,
        cost_yen=cost_yen,
        staff=staff,
        settlement=settlement,
        phantoms=phantoms,
        elsewhere={sku: place for place, part in parts for sku, _ in part if place != location},
    )
    if not settlement.paid:
        for place, part in parts:
            held = [line for line in part if line in lines and line not in phantoms]
            release_lines(town, errand, place, held, order_id)
        lose(town, errand, lines)
        town.loyalty.feel(errand.shopper, _NOT_PAID)
        town.note(errand, _PAY_FAILED, Place.APP, amount_yen=net_yen, order=order_id)
        if settlement.slip is not None:
            close_order(town.log, order, town.engine.now, OrderState.CANCELLED)
        return Outcome.LOST_PAYMENT
    has_paid(town, order, Place.APP, errand.items)
    return order


def _shop_is_open(town: Town, errand: Errand) -> Generator[Any, Any, bool]:
    """Whoever finds the EC shop down comes back when it is up again, or never."""
    outages = town.tenders.outages
    while outages.ec_is_down(town.engine.now):
        town.note(errand, _TURNED_AWAY, Place.APP)
        draws = (town.draw("turned away", errand.need), town.draw("turned away", errand.need, 1))
        again_s = outages.ec_back_s(town.engine.now, *draws)
        if again_s is None:
            return False
        yield again_s - town.engine.now
    return True


def order_was_cancelled(town: Town, order: Order) -> None:
    """The shopper hears that the goods were not there after all; some want to know why."""
    town.loyalty.feel(order.errand.shopper, _ORDER_CANCELLED)
    if town.draw("cancelled", order.id) < town.scenario.contact_centre.per_cancellation:
        inquire(town, order.errand, order)


def _reserve(town: Town, errand: Errand, parts: list[tuple[int, Lines]], order: int) -> tuple[Lines, Lines]:
    """Reserve line by line; returns (accepted, phantoms among them). Refused lines are lost sales."""
    accepted: Lines = []
    phantoms: Lines = []
    for location, sku, quantity in ((place, *line) for place, part in parts for line in part):
        outcome = town.stock.reserve(town.engine.now, location, sku, quantity, errand.need, order)
        if outcome is Reserved.REFUSED:
            town.note(errand, _STOCK_OUT, Place.APP, quantity, town.price_yen[sku] * quantity, order, sku=sku)
            lose_missing(town, errand, [(sku, quantity)])
            continue
        accepted.append((sku, quantity))
        if outcome is Reserved.PHANTOM:
            phantoms.append((sku, quantity))
    return accepted, phantoms


def release_lines(town: Town, errand: Errand, location: int, held: Lines, order: int) -> None:
    """Give up the holds of an order that will not be paid."""
    for line in held:
        town.stock.release(town.engine.now, location, *line, errand.need, order)


def pick_lines(town: Town, order: Order, reason: MoveReason) -> bool:
    """Take the order's goods from where they are; refund what is not there. True when anything is left to hand over."""
    now_s, errand, phantoms = town.engine.now, order.errand, order.phantoms
    for line in order.held_lines():
        town.stock.hand_out(now_s, order.place_of(line[0]), *line, errand.need, order.id, reason)
    if phantoms:
        for sku, _ in phantoms:
            town.stock.correct_record(order.place_of(sku), sku)
        net_yen, cost_yen = worth(town, phantoms)
        if len(phantoms) == len(order.lines):
            net_yen = order.net_yen
        book_refund(
            town.log,
            town.programme.points,
            order,
            now_s,
            net_yen,
            cost_yen,
            town.scenario.evaluation.commission_percent,
        )
        lose_missing(town, errand, phantoms)
        town.note(errand, _CANCELLED, Place.WAREHOUSE, len(phantoms), net_yen, order.id)
    return order.refunded_yen < order.net_yen
