"""Taking a basket to the till: queue, pay, and carry the goods out, or leave them behind."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.errand import Errand
from sim.journeys.shelf import Lines, lose, put_back, worth
from sim.log.schema import Channel, Fulfilment, Kind, OrderState, Outcome, Place
from sim.orders import Order, book_sale, close_order
from sim.store.tills import queue_and_pay
from sim.town import Town

_PAID, _PAY_FAILED = int(Kind.PAID), int(Kind.PAY_FAILED)
_STORE, _CARRY = int(Channel.STORE), int(Fulfilment.CARRY)


def buy_at_till(town: Town, errand: Errand, basket: Lines, order: int) -> Generator[Any, Any, Outcome]:
    """Buy `basket` at a till of the errand's store; whoever gives up, or cannot pay, leaves it behind."""
    store = town.stores[errand.store]
    net_yen, cost_yen = worth(town, basket)
    items = sum(quantity for _, quantity in basket)
    settlement = yield from queue_and_pay(town, store, errand, order, items, net_yen)
    if settlement is None or not settlement.paid:
        put_back(town, errand.store, errand, basket, order)
        lose(town, errand, basket)
        if settlement is None:
            return Outcome.LOST_QUEUE
        town.note(errand, _PAY_FAILED, Place.STAFFED_TILL, amount_yen=net_yen, order=order)
        return Outcome.LOST_PAYMENT
    now_s = town.engine.now
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
    town.note(errand, _PAID, Place.STAFFED_TILL, items, net_yen, order, settlement.payment)
    book_sale(town.log, sale, now_s, 0.0)
    close_order(town.log, sale, now_s, OrderState.COMPLETED)
    return Outcome.STORE
