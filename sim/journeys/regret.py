"""Whether goods that a shopper now has will come back: regretted for their fit, or broken."""

from __future__ import annotations

from sim.journeys.considering import fit
from sim.log.schema import Fulfilment
from sim.orders import Order
from sim.town import Town

_SHIPPED = int(Fulfilment.SHIP)


def has_the_goods(town: Town, order: Order) -> None:
    """The shopper has the goods of `order`; those who will give them back set out in the days to come."""
    errand, rules = order.errand, town.scenario.returns
    regretted = errand.inspects and fit(town, errand) < rules.regret_below
    if not regretted and errand.defect_draw >= rules.defect:
        return
    order.returned_to = place_of_return(town, order)
    by_parcel = order.returned_to == town.warehouse
    share = 1.0 if not regretted else rules.by_parcel if by_parcel else rules.in_store
    if town.draw("return", order.id) < share:
        errand.open_parts += 1
        town.coming_back.append(order)


def place_of_return(town: Town, order: Order) -> int:
    """Where the goods go: the store that handed them over; for a parcel the nearest store if it takes online orders
    back, else the warehouse."""
    if order.fulfilment != _SHIPPED:
        return order.store
    if not town.open.return_in_store[-1]:
        return town.warehouse
    errand = order.errand
    return errand.store if errand.store >= 0 else town.nearest_open_store(errand.shopper)
