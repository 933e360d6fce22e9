"""One more item is proposed: by the clerk, whose tablet shows the shopper's history, or on the screen at an order.

What is proposed and whether it is taken are the need's own numbers. It is taken where one uniform lies below the hit
rate, so whoever knows more of the shopper makes the same hits and some more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from sim.errand import Errand
from sim.journeys.shelf import Lines
from sim.log.schema import Kind, Place
from sim.loyalty.satisfaction import Feeling
from sim.staff.decision import Advice
from sim.town import Town

_PROPOSED, _TAKEN = int(Kind.PROPOSED), int(Kind.PROPOSAL_TAKEN)
_DOES_NOT_FIT = int(Feeling.WRONG_ADVICE)
_ONLINE: Final = -1
"""EC's place among the levels of a capability."""
_NEARBY: Final = (0, 1, -1, 2, -2)


def propose_on_the_floor(town: Town, errand: Errand, basket: Lines, order: int, advice: Advice) -> Lines:
    """The basket after the clerk's proposal: at a contact, where staff have the tablet."""
    at = errand.store
    if not advice.served or not town.open.shared_history[at]:
        return basket
    taken = _propose(town, errand, basket, at, partial(town.stock.free, at), order, advice.staff)
    for sku, quantity in taken:
        town.stock.take(town.engine.env._now, at, sku, quantity, errand.need, order)
    return basket + taken


def propose_on_screen(town: Town, errand: Errand, lines: Lines, location: int, order: int) -> Lines:
    """What is added to an online order of `lines` because it was shown; `location` promises to have it."""
    return _propose(town, errand, lines, _ONLINE, partial(town.stock.online.units, location), order)


def channels_known(town: Town, errand: Errand, at: int) -> int:
    """Of how many channels the shopper's history is known in store number `at`, or online (-1): 0 to 2.

    The channel at hand knows its own. The other's is seen where histories are shared on one id and the shopper's
    receipts are linked to it.
    """
    opened, known = town.open, town.recommender
    linked = errand.member and errand.known_draw < opened.match_rate[at]
    shared = opened.shared_history[at] > 0 and opened.unified_id[at] > 0
    browses = town.people.app_from_s.item(errand.shopper) <= errand.start_s
    online = browses or known.online[errand.shopper] > 0
    in_store = linked and known.in_store[errand.shopper] > 0
    if at == _ONLINE:
        return online + (shared and in_store)
    return in_store + (shared and linked and online)


def _propose(
    town: Town, errand: Errand, lines: Lines, at: int, units: Callable[[int], int], order: int, staff: int = -1
) -> Lines:
    """Propose one item in store number `at`, or online (-1): the item where it is taken, nothing where it is not."""
    rules, online = town.scenario.proposals, at == _ONLINE
    place, column = (Place.APP, 4) if online else (Place.FLOOR, 0)
    item = _item(town, errand, lines, town.draw("proposal", errand.need, column), units)
    if item < 0:
        return []
    channels, price_yen = channels_known(town, errand, at), town.price_yen[item]
    town.note(errand, _PROPOSED, place, channels, price_yen, order, sku=item, staff=staff)
    rate = rules.screen if online else rules.clerk
    rate += rules.own_history * (channels > 0) + rules.both_histories * (channels > 1)
    if town.draw("proposal", errand.need, column + 1) < rate:
        town.note(errand, _TAKEN, place, 1, price_yen, order, sku=item, staff=staff)
        return [(item, 1)]
    if town.draw("proposal", errand.need, column + 2) < rules.misses_annoy:
        town.loyalty.feel(errand.shopper, _DOES_NOT_FIT)
    return []


def _item(town: Town, errand: Errand, lines: Lines, draw: float, units: Callable[[int], int]) -> int:
    """What is proposed: something the mission asks for that is there and not in the basket; -1 for none of five."""
    category, chosen = town.category, {sku for sku, _ in lines}
    first = town.recommender.item(errand.mission, draw)
    for step in _NEARBY:
        sku = first + step
        same = 0 <= sku < len(category) and category[sku] == category[first]
        if same and sku not in chosen and units(sku) > 0:
            return sku
    return -1
