"""Taking a basket to the till: queue, pay, and carry the goods out, or leave them behind."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.errand import Errand
from sim.journeys.paid import has_paid
from sim.journeys.regret import has_the_goods
from sim.journeys.shelf import Lines, lose, put_back, worth
from sim.log.schema import Channel, Fulfilment, Kind, OrderState, Outcome, Place
from sim.loyalty.paying import is_known
from sim.loyalty.satisfaction import Feeling
from sim.orders import Order, close_order, units_of
from sim.store.tills import queue_and_pay
from sim.town import Town

_PAY_FAILED = int(Kind.PAY_FAILED)
_QUEUE_LEFT, _NOT_PAID, _LONG_WAIT, _SERVED = (
    int(feeling) for feeling in (Feeling.QUEUE_LEFT, Feeling.PAYMENT_FAILED, Feeling.LONG_WAIT, Feeling.SERVED)
)
_SERVICE_S = 60.0
"""Being served does not irritate; only what goes beyond counts as waiting."""
_STORE, _CARRY, _TILL = int(Channel.STORE), int(Fulfilment.CARRY), int(Place.STAFFED_TILL)


def _showing_card_s(town: Town, errand: Errand) -> float:
    """Seconds in which a member shows the card, or the app's barcode where tills read it."""
    if not errand.member:
        return 0.0
    tills = town.scenario.tills
    return tills.member_barcode_s if town.open.member_barcode[errand.store] else tills.member_card_s


def buy_at_till(town: Town, errand: Errand, basket: Lines, order: int) -> Generator[Any, Any, Outcome]:
    """Buy `basket` at a till of the errand's store; whoever gives up, or cannot pay, leaves it behind."""
    store = town.stores[errand.store]
    net_yen, cost_yen = worth(town, basket)
    items = units_of(basket)
    came_s = town.engine.env._now
    settlement = yield from queue_and_pay(town, store, errand, order, items, net_yen, _showing_card_s(town, errand))
    feel = town.loyalty.feel
    if settlement is None or not settlement.paid:
        put_back(town, errand.store, errand, basket, order)
        lose(town, errand, basket)
        if settlement is None:
            feel(errand.shopper, _QUEUE_LEFT)
            return Outcome.LOST_QUEUE
        feel(errand.shopper, _NOT_PAID)
        town.note(errand, _PAY_FAILED, Place.STAFFED_TILL, amount_yen=net_yen, order=order)
        return Outcome.LOST_PAYMENT
    now_s = town.engine.env._now
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
        identified=is_known(town, errand, _STORE),
    )
    irritated_s = errand.patience_s / town.scenario.patience.leaving_factor
    feel(errand.shopper, _LONG_WAIT if now_s - came_s > irritated_s + _SERVICE_S else _SERVED)
    has_paid(town, sale, Place.STAFFED_TILL, items)
    close_order(town.log, sale, now_s, OrderState.COMPLETED)
    has_the_goods(town, sale)
    return Outcome.STORE
