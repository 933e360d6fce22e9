"""A payment has gone through: what every sale has in common, at the till, in the app and from home."""

from __future__ import annotations

from sim.journeys.contact_centre import sees_a_double_charge
from sim.log.schema import Kind, Place
from sim.orders import Order, book_sale
from sim.town import Town

_PAID = int(Kind.PAID)


def has_paid(town: Town, order: Order, place: Place, units: int) -> None:
    """Record and book the sale of `order`; the shopper is a buyer, and may find that the money was taken twice."""
    errand, settlement = order.errand, order.settlement
    assert settlement is not None
    town.note(errand, _PAID, place, units, order.net_yen, order.id, settlement.payment)
    book_sale(town.log, order, town.engine.now, town.scenario.evaluation.commission_percent)
    town.recommender.remember(order)
    town.loyalty.bought(errand.shopper, errand.need)
    if settlement.charged_twice:
        sees_a_double_charge(town, order)
