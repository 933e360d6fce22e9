"""Whether a member of the floor staff recommends the app, by what the evaluation pays.

logit P(recommend) = intercept + stock_out + commission + store credit + company bonus + till queue. The siloed
default reproduces the survey of 882 sales staff: 11.2 % recommend EC, 32.1 % in front of an empty shelf.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import exp
from typing import Any

from scenarios.schema import Scenario
from sim.errand import Errand
from sim.log.rows import EVENT, STAFF_CONTACT
from sim.log.schema import Kind, Place, StaffAction
from sim.store.store import Store
from sim.town import Town

_CONTACT, _RECOMMENDED = int(Kind.STAFF_CONTACT), int(Kind.RECOMMENDED)


@dataclass(frozen=True, slots=True)
class Advice:
    """What came of a contact. `staff` is -1 when nobody was met."""

    staff: int = -1
    recommended: bool = False
    accepted: bool = False
    annoyed: bool = False

    @property
    def served(self) -> bool:
        """Whether somebody of the staff has looked after the shopper."""
        return self.staff >= 0 and not self.annoyed


NO_ADVICE = Advice()


def recommend_logit(scenario: Scenario) -> float:
    """The logit of recommending, item in stock and nobody queueing, under the scenario's evaluation."""
    staff, pay = scenario.staff, scenario.evaluation
    return (
        staff.intercept
        + staff.per_commission_percent * pay.commission_percent
        + staff.store_credit * pay.app_sale_store_credit
        + staff.company_bonus * pay.company_bonus
    )


def meet_staff(town: Town, store: Store, errand: Errand, stocked_out: bool) -> Generator[Any, Any, Advice]:
    """A contact on the floor, if somebody is free: it takes the staff member's time and the shopper's."""
    if not store.floor.take():
        return NO_ADVICE
    rules = town.scenario.staff
    # Staff on the floor are told apart by how many are busy: the k-th busy one is number k of the store.
    staff = store.first_staff + store.floor.in_use - 1
    queue = store.people_queueing()
    logit = town.recommend_logit + rules.stock_out * stocked_out + rules.per_person_queueing * queue
    recommended = errand.recommend_draw < 1 / (1 + exp(-logit))
    advice = _reaction(town, errand, staff, stocked_out) if recommended else Advice(staff)
    started_s = town.engine.now
    seconds = rules.contact_median_s * exp(rules.contact_sigma * errand.contact_z)
    yield seconds + rules.recommending_s * recommended
    store.floor.release()
    action = StaffAction.RECOMMEND if recommended else StaffAction.NOTHING
    log = town.log
    log.staff_contacts.extend(
        STAFF_CONTACT(started_s, store.index, staff, errand.need, stocked_out, queue, action, advice.accepted)
    )
    who = (errand.shopper, errand.need, errand.journey, errand.store)
    for kind in (_CONTACT, _RECOMMENDED)[: 1 + recommended]:
        log.events.extend(EVENT(started_s, *who, kind, int(Place.FLOOR), -1, 0, 0, -1, -1, staff))
    return advice


def _reaction(town: Town, errand: Errand, staff: int, stocked_out: bool) -> Advice:
    """How the shopper takes the advice; whoever follows it has the app from now on."""
    rules = town.scenario.staff
    if not errand.smartphone:
        return Advice(staff, recommended=True, annoyed=errand.annoyed_draw < rules.annoyed)
    base = rules.accept_stock_out if stocked_out else rules.accept_in_stock
    accepted = errand.accept_draw < 1 / (1 + exp(-(base + rules.accept_digital_affinity * errand.affinity)))
    if accepted:
        app_from_s = town.people.app_from_s
        app_from_s[errand.shopper] = min(app_from_s[errand.shopper], town.engine.now)
    return Advice(staff, recommended=True, accepted=accepted)
