"""Paying with what the retailer has handed out: first the coupon comes off, then points, and money pays the rest.

Revenue stays gross: money + points + coupon = revenue, order by order. Something is always left to pay in money, so
that each order has a payment.
"""

from __future__ import annotations

from sim.errand import Errand
from sim.log.schema import Channel, Kind, Place
from sim.loyalty.coupons import Coupon
from sim.loyalty.satisfaction import Feeling
from sim.payments.tenders import Settlement, pay
from sim.town import Town

_STORE = int(Channel.STORE)
_INCONSISTENT, _COUPON_USED = int(Kind.INCONSISTENT), int(Kind.COUPON_USED)
_TOLD_OTHERWISE = int(Feeling.INCONSISTENT)


def is_known(town: Town, errand: Errand, channel: int) -> bool:
    """Whether the company knows who is paying: always online, at a till only members, and not always."""
    return channel != _STORE or (errand.member and errand.known_draw < town.open.match_rate[errand.store])


def pay_with_points(
    town: Town, errand: Errand, order: int, channel: int, place: Place, net_yen: int, at_s: float, in_store: bool
) -> Settlement:
    """Pay for an order worth `net_yen` from `at_s` on, with coupon and points as far as they go.

    `in_store` says that the goods were chosen in a store, where store coupons are valid. Points that are used or
    earned, and the coupon, change hands only when the payment succeeds.
    """
    coupon = _coupon(town, errand) if in_store and town.programme.coupons.held else None
    coupon_yen = round(net_yen * coupon.discount) if coupon else 0
    known = is_known(town, errand, channel)
    points = _points_to_use(town, errand, channel, place, in_store, net_yen - coupon_yen - 1) if known else 0
    due_yen = net_yen - coupon_yen - points
    refused = town.stores[errand.store].directions.refused if channel == _STORE else frozenset()
    settlement = pay(
        town.tenders, town.log, errand, order, channel, place, due_yen, at_s, goods_wait=not in_store, refused=refused
    )
    if not settlement.paid or not (known or coupon):
        return settlement
    if coupon:
        town.programme.coupons.redeem(errand.shopper, town.engine.now, net_yen)
        town.note(errand, _COUPON_USED, place, amount_yen=coupon_yen, order=order)
        settlement.coupon_yen, settlement.funder = coupon_yen, coupon.funder
    if known:
        purses, earned = town.programme.points, town.programme.points.points_for(due_yen)
        who = (town.engine.now, errand.shopper, errand.need, order, channel)
        cost_yen = purses.use(*who, points) if points else 0
        settlement.points_cost_yen = cost_yen + purses.earn(*who, earned)
        settlement.points_used, settlement.points_earned = points, earned
    return settlement


def _coupon(town: Town, errand: Errand) -> Coupon | None:
    """The coupon that is shown at the till, or that the member barcode applies by itself."""
    if not town.open.store_coupons[errand.store]:
        return None
    coupon = town.programme.coupons.of(errand.shopper, town.engine.now)
    if coupon is None or (errand.member and town.open.member_barcode[errand.store]):
        return coupon
    if errand.offline and town.has_app(errand):
        return None  # it is in the app
    remembered = town.draw("coupon", errand.need) < town.scenario.coupons.remembered
    return coupon if remembered else None


def _points_to_use(town: Town, errand: Errand, channel: int, place: Place, in_store: bool, most_yen: int) -> int:
    """Points that a known shopper pays with; whoever finds them locked in the other channel is annoyed."""
    rules, purses = town.scenario.points, town.programme.points
    # Given that a till receipt is linked, its draw over the match rate is a uniform of its own.
    draw = errand.known_draw / (town.open.match_rate[errand.store] if channel == _STORE else 1.0)
    if draw >= rules.use:
        return 0
    at = errand.store if in_store else -1
    usable = purses.usable(errand.shopper, channel, at)
    if usable >= rules.use_from_yen:
        return max(0, min(usable, most_yen))
    if purses.locked(errand.shopper, channel, at) >= rules.use_from_yen:
        town.note(errand, _INCONSISTENT, place)
        town.loyalty.feel(errand.shopper, _TOLD_OTHERWISE)
    return 0
