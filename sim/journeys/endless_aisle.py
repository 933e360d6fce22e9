"""Missing on the shelf, ordered online: on the spot from the store's screen or the own phone, or from home later."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.errand import Errand, hours_later
from sim.journeys.ec_order import order_online
from sim.journeys.shelf import Lines
from sim.log.schema import Channel, Outcome
from sim.loyalty.satisfaction import Feeling
from sim.staff.decision import Advice
from sim.town import Town

_HELPED = int(Feeling.HELPED)


def orders_online(town: Town, errand: Errand, advice: Advice) -> bool:
    """Whether missing goods are ordered from our EC: on advice, or unprompted with the app at hand."""
    if advice.accepted:
        return True
    usual = town.scenario.stock_out.own_phone
    return not advice.deflected and town.app_at_hand(errand) and errand.own_phone_draw < usual


def order_missing(town: Town, errand: Errand, missing: Lines, advice: Advice) -> Generator[Any, Any, Outcome]:
    """Order what was missing: in the app on the spot where that is possible, else from home in the evening."""
    channel = Channel.APP
    if not town.open.endless_aisle[errand.store]:
        yield hours_later(errand)
        channel = Channel.EC
    outcome = yield from order_online(town, errand, missing, channel, advice.code)
    if outcome >= Outcome.STORE:
        town.loyalty.feel(errand.shopper, _HELPED)
    return outcome
