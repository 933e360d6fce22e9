"""In front of goods that are not bought blindly: touch, scan for reviews, decide, or leave to think it over."""

from __future__ import annotations

from enum import IntEnum
from math import sqrt

from sim.errand import Errand
from sim.log.schema import Journey, Kind, Place
from sim.town import Town

_LOOK_UP = int(Kind.LOOK_UP)
_RESEARCH = int(Journey.RESEARCH_THEN_STORE)


class Decision(IntEnum):
    """What somebody decides in front of the shelf."""

    BUY = 0
    THINK = 1
    LEAVE = 2


def fit(town: Town, errand: Errand) -> float:
    """How well the goods really fit, standard normal: known to the shopper once they are used."""
    weight = town.scenario.considering.touch_weight
    return weight * errand.touch + sqrt(1 - weight * weight) * errand.reviews


def reads_reviews(town: Town, errand: Errand) -> bool:
    """Whether the shopper on the floor knows the reviews: from research at home, or by scanning the barcode now."""
    if errand.journey == _RESEARCH:
        return True
    if not town.open.scan_look_up[errand.store] or not town.app_at_hand(errand):
        return False
    if errand.scan_draw >= town.scenario.considering.scan_affinity * errand.affinity:
        return False
    for sku, quantity in errand.lines:
        town.note(errand, _LOOK_UP, Place.FLOOR, quantity, 0, sku=sku)
    return True


def known_fit(town: Town, errand: Errand, reads: bool) -> float:
    """What somebody with the goods in hand knows of their fit."""
    weight = town.scenario.considering.touch_weight
    return weight * errand.touch + (sqrt(1 - weight * weight) * errand.reviews if reads else 0.0)


def decide(town: Town, errand: Errand, known: float, advised: bool) -> Decision:
    """Buy, think it over or leave, by what is known of the fit; staff who serve make up minds, the more so where they
    see what a member has bought and looked at online, or have prepared for a booked visit."""
    rules = town.scenario.considering
    score = known
    if advised:
        score += rules.advice + rules.advice_with_history * (
            errand.member and town.open.shared_history[errand.store] > 0
        )
        score += town.scenario.visit_booking.prepared * (errand.host >= 0)
    if score > rules.buy_above:
        return Decision.BUY
    return Decision.THINK if score > rules.think_above else Decision.LEAVE
