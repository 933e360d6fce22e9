"""A store that sells from display: touch the goods here, have them shipped from the warehouse."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.errand import Errand
from sim.journeys.ec_order import order_online
from sim.log.schema import Channel, Outcome
from sim.staff.decision import Advice
from sim.town import Town


def only_shows(town: Town, errand: Errand) -> bool:
    """Whether the store keeps what the shopper has come for on display only."""
    return errand.inspects and town.open.showroom[errand.store] > 0


def order_what_was_shown(town: Town, errand: Errand, advice: Advice) -> Generator[Any, Any, Outcome]:
    """The order, placed before leaving."""
    return (yield from order_online(town, errand, list(errand.lines), Channel.APP, advice.code))
