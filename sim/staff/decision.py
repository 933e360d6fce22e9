"""What a member of the floor staff does at a contact: nothing, one of three kinds of advice, or deflecting.

A multinomial logit whose utilities are in `sim/staff/beliefs.py`; here it is drawn, takes time, and meets a shopper.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import exp
from typing import Any, Final

from sim.errand import Errand
from sim.log.rows import EVENT, STAFF_CONTACT
from sim.log.schema import Kind, Place, StaffAction
from sim.staff.gaming import ships_instead
from sim.store.store import Store
from sim.town import Town

_CONTACT, _RECOMMENDED, _FLOOR = int(Kind.STAFF_CONTACT), int(Kind.RECOMMENDED), int(Place.FLOOR)
NOTHING: Final = int(StaffAction.NOTHING)
RECOMMEND: Final = int(StaffAction.RECOMMEND)
JOINING: Final = int(StaffAction.RECOMMEND_JOINING)
SCANNING: Final = int(StaffAction.RECOMMEND_SCAN_AND_PAY)
DEFLECT: Final = int(StaffAction.DEFLECT)


@dataclass(slots=True)
class Advice:
    """What came of a contact. `staff` is -1 when nobody was met."""

    staff: int = -1
    served: bool = False
    action: int = NOTHING
    recommended: bool = False
    """Advised anything about the app."""
    accepted: bool = False
    """Will order, or scan and pay, in the app."""
    annoyed: bool = False
    deflected: bool = False
    """Talked out of using the app in this visit."""
    code: int = -1
    """The staff code that goes on what the shopper orders in the app, -1 for none."""
    ships_instead: bool = False
    """Will leave the goods in hand and order them from EC."""
    joined: bool = False
    """Got the app on the spot."""
    hollow: bool = False
    """Signed up on paper only."""


NO_ADVICE: Final = Advice()


def choose_action(weights: tuple[float, float, float, float], queue_factor: float, draw: float) -> int:
    """The action of a contact by its uniform: weights of recommending, joining, scanning, deflecting, against 1.

    Advice comes first on the scale, so whatever raises it turns contacts into advice and never the other way round.
    """
    order, join, scan, deflect = weights
    at = draw * (1.0 + deflect + queue_factor * (order + join + scan))
    at -= queue_factor * order
    if at < 0:
        return RECOMMEND
    at -= queue_factor * join
    if at < 0:
        return JOINING
    at -= queue_factor * scan
    if at < 0:
        return SCANNING
    return NOTHING if at < 1.0 else DEFLECT


def _all_for_orders(town: Town, store: Store) -> bool:
    """Whether nobody may begin to talk, because whoever does not is there for orders only."""
    kept = store.directions.to_orders
    return kept > 0 and town.crew.talking(store.index) >= store.floor.capacity - kept


def _as_told(advises: bool, action: int) -> int:
    """The action under orders: the app at every contact, or not a word for it; talking out of it is own judgement."""
    if advises:
        return action if NOTHING < action < DEFLECT else RECOMMEND
    return action if action == DEFLECT else NOTHING


def meet_staff(town: Town, store: Store, errand: Errand, stocked_out: bool) -> Generator[Any, Any, Advice]:
    """A contact on the floor, if somebody is free or has been kept free: it takes both sides' time."""
    crew, engine, rules, at = town.crew, town.engine, town.scenario.staff, store.index
    if errand.host < 0 and (_all_for_orders(town, store) or not store.floor.take()):
        return NO_ADVICE
    staff = errand.host if errand.host >= 0 else crew.somebody_free(at, errand.need)
    crew.busy[staff] = True
    queue = store.people_queueing()
    scan_open = not stocked_out and town.open.scan_and_pay[at] > 0
    weights = crew.weights[staff][2 if stocked_out else int(scan_open)]
    action = choose_action(weights, exp(rules.per_person_queueing * queue), errand.recommend_draw)
    if store.directions.advises is not None:
        action = _as_told(store.directions.advises, action)
    started_s = engine.now
    advising = NOTHING < action < DEFLECT
    if advising:
        advice = _advise(town, errand, staff, action, stocked_out, queue)
    else:
        advice = Advice(staff, True, action, deflected=action == DEFLECT)
    _put_code(town, errand, advice, at)
    seconds = rules.contact_median_s * exp(rules.contact_sigma * errand.contact_z) + rules.recommending_s * advising
    unfamiliar = town.scenario.learning.extra_staff_time * town.open.unfamiliar[at]
    yield seconds * crew.time_factor[staff] * (1.0 + unfamiliar)
    crew.busy[staff] = False
    store.floor.release()
    _note(town, errand, advice, started_s, stocked_out, queue)
    return advice


def _advise(town: Town, errand: Errand, staff: int, action: int, stocked_out: bool, queue: int) -> Advice:
    """How the shopper takes the advice; whoever follows it has the app from now on."""
    rules, crew = town.scenario.staff, town.crew
    advice = Advice(staff, True, action, recommended=True)
    if not errand.smartphone:
        advice.annoyed = errand.annoyed_draw < rules.annoyed
        return advice
    base = rules.accept_stock_out if stocked_out else rules.accept_in_stock
    logit = base + rules.accept_digital_affinity * errand.affinity + crew.persuasion[staff]
    follows = errand.accept_draw < 1 / (1 + exp(-logit))
    app_from_s = town.people.app_from_s
    has_app = app_from_s[errand.shopper] <= town.engine.now
    if errand.offline and not (has_app and action == RECOMMEND):
        return advice  # neither joining nor scanning is possible; ordering is, on the store's screen
    if follows:
        advice.accepted = action != JOINING
        if not has_app:
            app_from_s[errand.shopper] = town.engine.now
            advice.joined = True
            crew.recruited(errand.shopper, staff)
        accepted_in_stock = action == RECOMMEND and not stocked_out
        advice.ships_instead = ships_instead(town.scenario.evaluation, accepted_in_stock, errand.own_phone_draw)
        return advice
    advice.annoyed = errand.annoyed_draw < rules.annoyed_per_person_queueing * queue
    hollow = crew.hollow_share[staff]
    if action == JOINING and hollow and not has_app:
        advice.hollow = town.draw("hollow sign-up", errand.need) < hollow
    return advice


def _put_code(town: Town, errand: Errand, advice: Advice, at: int) -> None:
    """Whose code goes on the orders that follow: the adviser's, or of somebody who puts it there unasked."""
    if not town.open.staff_code[at]:
        return
    if advice.accepted or (not advice.recommended and errand.accept_draw < town.crew.code_share[advice.staff]):
        advice.code = advice.staff


def _note(town: Town, errand: Errand, advice: Advice, started_s: float, stocked_out: bool, queue: int) -> None:
    staff, need = advice.staff, errand.need
    town.log.staff_contacts.extend(
        STAFF_CONTACT(
            started_s,
            errand.store,
            staff,
            need,
            stocked_out,
            queue,
            advice.action,
            advice.accepted or advice.joined,
            advice.joined,
            advice.hollow,
            advice.annoyed,
        )
    )
    events, journey = town.log.events, errand.journey
    events.extend(
        EVENT(started_s, errand.shopper, need, journey, errand.store, _CONTACT, _FLOOR, -1, 0, 0, -1, -1, staff)
    )
    if advice.recommended:
        events.extend(
            EVENT(started_s, errand.shopper, need, journey, errand.store, _RECOMMENDED, _FLOOR, -1, 0, 0, -1, -1, staff)
        )
