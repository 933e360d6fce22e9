"""Left the store without the goods: days later they are ordered from us, fetched, bought from a rival, or forgotten.

The basket and what the shopper knows of the goods stay with the need. A reminder may come in between: it presses
whoever is still thinking and revives the wish of whoever has let it rest.
"""

from __future__ import annotations

from collections.abc import Generator
from enum import IntEnum
from math import exp, log
from typing import Any, NamedTuple

from scipy.special import ndtri

from sim.calendar import DAY_S, HOUR_S
from sim.errand import Errand
from sim.journeys.ec_order import order_online
from sim.journeys.reminder import is_reminded, remind, remind_in_vain
from sim.journeys.second_visit import visit_again
from sim.journeys.shelf import Lines, lose
from sim.log.schema import Channel, Journey, Kind, Outcome, Place
from sim.town import Town

Buying = Generator[Any, Any, Outcome]

_THINKING = int(Kind.THINKING)


_LONGEST_S = 14 * DAY_S
"""Whoever has not decided after two weeks decides then (assumption): the tail of the log-normal has no meaning."""


class Wish(NamedTuple):
    """What stays with the shopper: the fit as far as it is known, and whether the goods wait in the app's basket."""

    known: float
    in_basket: bool


class Way(IntEnum):
    """Where the thinking ends."""

    OUR_EC = 0
    STORE_AGAIN = 1
    RIVAL = 2
    NOTHING = 3


def think_it_over(town: Town, errand: Errand, wanted: Lines, known: float, scanned: bool) -> Buying:
    """From leaving the store to the decision and what follows from it; `known` is the fit as the shopper sees it."""
    engine, rules = town.engine, town.scenario.thinking
    wish = Wish(known, _in_basket(town, errand, known, scanned))
    town.note(errand, _THINKING, Place.HOME, quantity=errand.items * wish.in_basket)
    left_s = engine.now
    hours = rules.median_hours * exp(rules.sigma * float(ndtri(town.draw("thinking", errand.need))))
    decides_s = left_s + min(hours * HOUR_S, _LONGEST_S)
    reminded_s = left_s + town.scenario.reminder.delay_hours * HOUR_S if is_reminded(town, errand, scanned) else None
    pressed = 0.0
    if reminded_s is not None and reminded_s < decides_s:
        yield reminded_s - left_s
        pressed = remind(town, errand, town.scenario.reminder.reactance)
    yield decides_s - engine.now
    way = _choose(town, errand, wish, engine.now - left_s, pressed)
    if reminded_s is not None and reminded_s > decides_s:
        if way in (Way.NOTHING, Way.RIVAL):
            yield reminded_s - engine.now
            revived = remind(town, errand, town.scenario.reminder.revives)
            if way is Way.NOTHING and revived:
                way = _choose(town, errand, wish, 0.0, revived, first_column=4)
        else:
            remind_in_vain(town, errand, bought_in_store=way is Way.STORE_AGAIN, at_s=reminded_s)
    return (yield from _go(town, errand, wanted, way))


def _in_basket(town: Town, errand: Errand, known: float, scanned: bool) -> bool:
    """Whether the goods are put into the app's basket: by those who scanned them and were close to buying."""
    rules = town.scenario.considering
    close = known > (rules.buy_above + rules.think_above) / 2
    return scanned and close and town.open.shared_basket[-1] > 0 and town.has_app(errand)


def _choose(town: Town, errand: Errand, wish: Wish, thought_s: float, message: float, first_column: int = 0) -> Way:
    """Random utility among our EC, the store again, a rival's web shop and nothing; forgetting favours nothing."""
    rules, choice, missions = town.scenario.thinking, town.scenario.choice, list(town.scenario.missions.values())
    if town.draw("forgetting", errand.need, first_column) > exp(-thought_s / DAY_S / rules.forget_days):
        return Way.NOTHING
    ours = rules.per_fit * wish.known + message
    online = choice.digital_affinity * errand.affinity + choice.has_app * town.has_app(errand)
    basket = rules.shared_basket * wish.in_basket
    appeal = missions[errand.mission].ec_appeal
    utilities = {
        Way.OUR_EC: choice.ec + online + appeal + basket + ours if errand.smartphone else None,
        Way.STORE_AGAIN: choice.store
        + rules.store_again
        + ours
        + choice.per_km * float(town.km[errand.shopper, errand.store]),
        Way.RIVAL: choice.rival + rules.rival_web + online if errand.smartphone else choice.rival + rules.rival_web,
        Way.NOTHING: choice.nothing,
    }
    best, chosen = -float("inf"), Way.NOTHING
    for way, utility in utilities.items():
        if utility is not None:
            total = utility - log(-log(town.draw("thinking/taste", errand.need, first_column + way)))
            if total > best:
                best, chosen = total, way
    return chosen


def _go(town: Town, errand: Errand, wanted: Lines, way: Way) -> Buying:
    if way is Way.OUR_EC:
        errand.journey = int(Journey.SHOWROOM_THEN_HOME)
        return (yield from order_online(town, errand, wanted, Channel.EC, -1))
    if way is Way.STORE_AGAIN:
        return (yield from visit_again(town, errand, errand.store, wanted))
    lose(town, errand, wanted)
    return Outcome.RIVAL if way is Way.RIVAL else Outcome.NOTHING
