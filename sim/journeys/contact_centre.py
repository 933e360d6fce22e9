"""Inquiries: where is my parcel, why was my order cancelled, why was I charged twice.

Agents who see one history over all channels answer at once; others ask other departments, and some shoppers must
call again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.log.schema import Kind, Place
from sim.loyalty.satisfaction import Feeling
from sim.orders import Order, book_inquiry
from sim.store.store import INFINITE_PATIENCE
from sim.town import Town

_INQUIRY = int(Kind.INQUIRY)
_CHARGED_TWICE = int(Feeling.CHARGED_TWICE)


def inquire(town: Town, errand: Errand, order: Order) -> None:
    """Somebody contacts us about `order`, while everything else goes on."""
    errand.open_parts += 1
    town.engine.start(_call(town, errand, order))


def sees_a_double_charge(town: Town, order: Order) -> None:
    """The payer's account shows the amount twice; most want to know when they get it back."""
    town.loyalty.feel(order.errand.shopper, _CHARGED_TWICE)
    if town.draw("double charge", order.id) < town.scenario.contact_centre.per_double_charge:
        inquire(town, order.errand, order)


def _call(town: Town, errand: Errand, order: Order) -> Generator[Any, Any, None]:
    rules = town.scenario.contact_centre
    one_view = town.open.contact_centre_view[-1] > 0
    calls = 1 if one_view or town.draw("inquiry", order.id) >= rules.again else 2
    for _ in range(calls):
        yield _opens_s(town, town.engine.now) - town.engine.now
        yield (town.agents, INFINITE_PATIENCE)
        minutes = rules.minutes * (1 if one_view else 1 + rules.without_view)
        yield minutes * 60
        town.agents.release()
        town.note(errand, _INQUIRY, Place.CONTACT_CENTRE, order=order.id)
        book_inquiry(town.log, order, town.engine.now, round(minutes * rules.wage_yen_per_hour / 60))
    town.part_done(errand)


def _opens_s(town: Town, at_s: float) -> float:
    """`at_s` while the centre is open, else its next opening."""
    rules = town.scenario.contact_centre
    midnight_s = at_s - at_s % DAY_S
    if at_s < midnight_s + rules.from_hour * HOUR_S:
        return midnight_s + rules.from_hour * HOUR_S
    return at_s if at_s < midnight_s + rules.to_hour * HOUR_S else midnight_s + DAY_S + rules.from_hour * HOUR_S
