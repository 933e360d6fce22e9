"""In front of the shelf: filling the basket, and what to do when something is missing."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from sim.errand import Errand
from sim.log.rows import EVENT
from sim.log.schema import Kind, Place
from sim.town import Town

Lines = list[tuple[int, int]]

_STOCK_OUT, _LOST, _IN_NETWORK = int(Kind.STOCK_OUT), int(Kind.LOST_SALE), int(Kind.LOST_IN_NETWORK)
_SUBSTITUTED, _ELSEWHERE, _PUT_OFF, _GAVE_UP = (
    int(kind) for kind in (Kind.SUBSTITUTED, Kind.WENT_ELSEWHERE, Kind.PUT_OFF, Kind.GAVE_UP)
)
_FLOOR = int(Place.FLOOR)
_GOLDEN = 0.6180339887498949


class Reaction(IntEnum):
    """What somebody does about one missing line."""

    OTHER_BRAND = 0
    SAME_BRAND = 1
    OUR_OTHER_STORE = 2
    RIVAL = 3
    LATER = 4
    NEVER = 5


class Reacted(NamedTuple):
    """What became of missing lines. `later` and `our_other_store` are those of `left` that we may see again."""

    taken: Lines
    """Taken instead, from the shelf."""
    left: Lines
    """Not bought here now."""
    later: Lines
    our_other_store: Lines

    @property
    def lost(self) -> Lines:
        """Those of `left` that nobody will look for in a store of ours again."""
        again = self.later + self.our_other_store
        return [line for line in self.left if line not in again]


NOTHING_MISSING = Reacted([], [], [], [])


def fill_basket(
    town: Town, location: int, errand: Errand, wanted: Iterable[tuple[int, int]], order: int
) -> tuple[Lines, Lines]:
    """Take what is there; returns (basket, missing). Each missing line is an event with its yen."""
    now_s = town.engine.env._now
    stock, basket, missing = town.stock, [], []
    on_hand, held = stock.on_hand[location], stock.held[location]
    for sku, asked in wanted:
        town.lines_wanted[location] += 1
        got = min(asked, on_hand[sku] - held[sku])
        if got > 0:
            stock.take(now_s, location, sku, got, errand.need, order)
            basket.append((sku, got))
        if got < asked:
            town.lines_missing[location] += 1
            missing.append((sku, asked - got))
            _note(town, errand, _STOCK_OUT, sku, asked - got)
    return basket, missing


def put_back(town: Town, location: int, errand: Errand, basket: Lines, order: int) -> None:
    """Leave the basket behind."""
    for sku, quantity in basket:
        town.stock.put_back(town.engine.now, location, sku, quantity, errand.need, order)


def lose(town: Town, errand: Errand, lines: Lines) -> None:
    """These goods will not be bought from us."""
    for sku, quantity in lines:
        _note(town, errand, _LOST, sku, quantity)


def lose_missing(town: Town, errand: Errand, lines: Lines) -> None:
    """These goods will not be bought from us because they were not there; says so where we had them elsewhere."""
    lose(town, errand, lines)
    for sku, quantity in lines:
        if town.stock.anywhere(sku, quantity):
            _note(town, errand, _IN_NETWORK, sku, quantity)


def substitute(town: Town, location: int, errand: Errand, missing: Lines, order: int) -> Reacted:
    """Each missing line alone: some take a similar item of the category, the rest is not bought here now.

    Whoever would take a similar item and finds none goes to a rival.
    """
    reacted = Reacted([], [], [], [])
    for rank, (sku, quantity) in enumerate(missing):
        reaction = react(town, errand, sku, rank)
        other = _similar(town, location, sku, quantity) if reaction <= Reaction.SAME_BRAND else -1
        if other >= 0:
            town.stock.take(town.engine.now, location, other, quantity, errand.need, order)
            reacted.taken.append((other, quantity))
            _note(town, errand, _SUBSTITUTED, other, quantity)
            continue
        reacted.left.append((sku, quantity))
        if reaction is Reaction.LATER:
            reacted.later.append((sku, quantity))
        elif reaction is Reaction.OUR_OTHER_STORE:
            reacted.our_other_store.append((sku, quantity))
        left_for = {Reaction.LATER: _PUT_OFF, Reaction.NEVER: _GAVE_UP}
        _note(town, errand, left_for.get(reaction, _ELSEWHERE), sku, quantity)
    return reacted


def react(town: Town, errand: Errand, sku: int, rank: int) -> Reaction:
    """What the shopper does about missing line number `rank`, as usual in the SKU's category."""
    usual = town.scenario.stock_out
    category = list(town.scenario.categories.values())[town.category[sku]]
    shares = category.substitution or usual
    draw = (errand.react_draw + rank * _GOLDEN) % 1.0
    ours = shares.elsewhere * usual.our_other_store
    for reaction, share in (
        (Reaction.OTHER_BRAND, shares.other_brand),
        (Reaction.SAME_BRAND, shares.same_brand),
        (Reaction.OUR_OTHER_STORE, ours),
        (Reaction.RIVAL, shares.elsewhere - ours),
        (Reaction.LATER, shares.later),
    ):
        if draw < share:
            return reaction
        draw -= share
    return Reaction.NEVER


def worth(town: Town, lines: Lines) -> tuple[int, int]:
    """Price and cost of `lines` in yen."""
    price, cost = town.price_yen, town.cost_yen
    price_yen = cost_yen = 0
    for sku, quantity in lines:
        price_yen += price[sku] * quantity
        cost_yen += cost[sku] * quantity
    return price_yen, cost_yen


def _similar(town: Town, location: int, sku: int, quantity: int) -> int:
    """The nearest SKU of the category, by popularity rank, of which enough is there; -1 for none of six."""
    category = town.category
    for step in (1, -1, 2, -2, 3, -3):
        other = sku + step
        same = 0 <= other < len(category) and category[other] == category[sku]
        if same and town.stock.free(location, other) >= quantity:
            return other
    return -1


def neighbour(town: Town, sku: int) -> int:
    """The next SKU of the same category by popularity rank, or the one before for the last."""
    category = town.category
    other = sku + 1 if sku + 1 < len(category) and category[sku + 1] == category[sku] else sku - 1
    return other if other >= 0 and category[other] == category[sku] else sku


def _note(town: Town, errand: Errand, kind: int, sku: int, quantity: int) -> None:
    town.log.events.extend(
        EVENT(
            town.engine.env._now,
            errand.shopper,
            errand.need,
            errand.journey,
            errand.store,
            kind,
            _FLOOR,
            sku,
            quantity,
            town.price_yen[sku] * quantity,
            -1,
            -1,
            -1,
        )
    )
