"""Walk into a store: browse, look closely, perhaps meet staff, fill the basket, then the till or the app.

What is missing on the shelf may be ordered online, replaced, looked for elsewhere, or lost. Whoever cannot make up
their mind thinks it over at home.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sim.errand import Errand, merge_lines
from sim.journeys import scan_and_pay
from sim.journeys.booked_visit import Came, come_by_booking
from sim.journeys.confusion import find_another_price, get_confused
from sim.journeys.considering import Decision, decide, known_fit, reads_reviews
from sim.journeys.endless_aisle import order_missing, orders_online
from sim.journeys.proposals import propose_on_the_floor
from sim.journeys.second_visit import come_back_later, try_our_other_store
from sim.journeys.shelf import NOTHING_MISSING, Lines, fill_basket, lose, lose_missing, put_back, substitute
from sim.journeys.showroom import only_shows, order_what_was_shown
from sim.journeys.thinking_it_over import think_it_over
from sim.journeys.till_sale import buy_at_till
from sim.log.schema import Journey, Kind, Outcome, Place
from sim.loyalty.satisfaction import Feeling
from sim.orders import new_order_id
from sim.staff.decision import NO_ADVICE, Advice, meet_staff
from sim.town import Town

Steps = Generator[Any, Any, None]
Buying = Generator[Any, Any, Outcome]

_ARRIVE, _LEAVE, _FLOOR = int(Kind.ARRIVE), int(Kind.LEAVE), int(Place.FLOOR)
_MISSING, _ANNOYED = int(Feeling.STOCK_OUT), int(Feeling.ANNOYED)


def walk_in(town: Town, errand: Errand) -> Steps:
    """The whole visit, and what follows from home afterwards."""
    came = Came.BY_CHANCE
    if errand.inspects and town.open.visit_booking[errand.store]:
        came = yield from come_by_booking(town, errand)
        if came is Came.NOT_AT_ALL:
            return
    if came is Came.BY_CHANCE:
        town.note(errand, _ARRIVE, _FLOOR)
        yield errand.browse_s
        if town.open.unfamiliar[errand.store]:
            yield from get_confused(town, town.stores[errand.store], errand)
    town.close(errand, (yield from _shop(town, errand)))


def _shop(town: Town, errand: Errand) -> Buying:
    """From the shelf to the door, and on."""
    order = new_order_id(errand)
    reads = errand.inspects and reads_reviews(town, errand)
    if reads:
        find_another_price(town, errand)
    on_display = only_shows(town, errand)
    basket, missing = ([], []) if on_display else fill_basket(town, errand.store, errand, errand.lines, order)
    advice = NO_ADVICE
    if errand.meets_staff or errand.host >= 0:
        advice = yield from meet_staff(town, town.stores[errand.store], errand, bool(missing))
    if advice.annoyed:
        return _leave_annoyed(town, errand, basket, missing, order)
    if errand.inspects:
        known = known_fit(town, errand, reads)
        decision = decide(town, errand, known, advice.served)
        if decision is not Decision.BUY:
            return (yield from _leave_without(town, errand, basket, order, decision, known, reads))
    if on_display:
        town.note(errand, _LEAVE, _FLOOR)
        return (yield from order_what_was_shown(town, errand, advice))
    if advice.ships_instead:
        put_back(town, errand.store, errand, basket, order)
        basket, missing = [], basket
    return (yield from _buy(town, errand, basket, missing, order, advice))


def _buy(town: Town, errand: Errand, basket: Lines, missing: Lines, order: int, advice: Advice) -> Buying:
    """Pay for what is there; order what is missing, replace it, look for it elsewhere, or go without."""
    online = missing if missing and orders_online(town, errand, advice) else []
    reacted = NOTHING_MISSING
    if missing and not online:
        town.loyalty.feel(errand.shopper, _MISSING)
        reacted = substitute(town, errand.store, errand, missing, order)
        basket = merge_lines(basket + reacted.taken)
        lose_missing(town, errand, reacted.lost)
    outcome = Outcome.LOST_STOCK_OUT
    if basket:
        basket = propose_on_the_floor(town, errand, basket, order, advice)
        outcome = yield from _check_out(town, errand, basket, order, advice)
    town.note(errand, _LEAVE, _FLOOR)
    if online:
        outcome = _better(outcome, (yield from order_missing(town, errand, online, advice)))
    if reacted.our_other_store:
        outcome = _better(outcome, (yield from try_our_other_store(town, errand, reacted.our_other_store)))
    if reacted.later:
        outcome = _better(outcome, (yield from come_back_later(town, errand, reacted.later)))
    return outcome


def _better(so_far: Outcome, then: Outcome) -> Outcome:
    """How the need ends: with its first purchase, if it has one."""
    return so_far if so_far >= Outcome.STORE else then


def _leave_annoyed(town: Town, errand: Errand, basket: Lines, missing: Lines, order: int) -> Outcome:
    """The app was pushed once too often."""
    put_back(town, errand.store, errand, basket, order)
    lose(town, errand, basket + missing)
    town.loyalty.feel(errand.shopper, _ANNOYED)
    town.note(errand, _LEAVE, _FLOOR)
    return Outcome.NOTHING


def _leave_without(
    town: Town, errand: Errand, basket: Lines, order: int, decision: Decision, known: float, scanned: bool
) -> Buying:
    """Put everything back and go; some go on thinking."""
    put_back(town, errand.store, errand, basket, order)
    town.note(errand, _LEAVE, _FLOOR)
    if decision is Decision.LEAVE:
        return Outcome.NOTHING
    return (yield from think_it_over(town, errand, list(errand.lines), known, scanned))


def _check_out(town: Town, errand: Errand, basket: Lines, order: int, advice: Advice) -> Buying:
    """The steps of paying: in the app, or at a till."""
    store = town.stores[errand.store]
    if not advice.deflected and scan_and_pay.prefers_app(town, errand, store, advice.accepted):
        errand.journey = int(Journey.SCAN_AND_PAY)
        return scan_and_pay.pay_in_app(town, errand, basket, order, advice.code)
    return buy_at_till(town, errand, basket, order)
