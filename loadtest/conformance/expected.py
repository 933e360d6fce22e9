"""The books that the core must have after the day, and what lies between them and the world's.

Stock: the core begins with what is free, loses what was handed over, and keeps what was paid and not handed over as
allocated. Ledger: what was captured, in time or too late, what went back, and what the provider keeps, by tender.

The world knows of more than the core is told: deliveries, shrink, goods that come back, other days' orders, several
places of one order. Each of these is an adjusting movement with a reason, taken from the world's tables, so that

    core's on hand + adjusting movements = world's on hand        (each location and SKU)
    core's money   + adjusting items     = world's money          (each tender: gross, refunds, fees)

hold to the item and the yen, or the difference is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from loadtest.conformance.world import Attempt, DayOrder, Place, World
from loadtest.core.messages import Tender
from loadtest.tenders import fee_yen

MONEY: Final = ("gross_yen", "refunds_yen", "fee_yen")
_MONEY_CAME: Final = ("captured", "timed_out_captured")

Money = tuple[str, str]
"""Tender and one of MONEY."""


@dataclass
class Expected:
    """Books of the core by location and SKU, and by account and tender; adjustments by reason on top of them."""

    opening: dict[Place, int]
    stock: dict[tuple[Place, str], int] = field(default_factory=Counter)
    ledger: dict[tuple[str, str], int] = field(default_factory=Counter)
    money: dict[Money, int] = field(default_factory=Counter)
    stock_adjustments: dict[tuple[str, Place], int] = field(default_factory=Counter)
    money_adjustments: dict[tuple[str, Money], int] = field(default_factory=Counter)
    world_money: dict[Money, int] = field(default_factory=Counter)


def expect(world: World, tenders: list[Tender]) -> Expected:
    """What the core must have in its books after the replay of `world`'s day."""
    wanted: Counter[Place] = Counter()
    for order in world.orders:
        for (_, sku), units in order.goods.items():
            wanted[order.place, sku] += units
    free = Counter({place: int(units) for place, units in world.free.items()})
    expected = Expected({place: max(free[place], wanted[place]) for place in free.keys() | wanted.keys()})
    _expect_stock(expected, world, free)
    terms = {tender.brand: tender for tender in tenders}
    for order in world.orders:
        _expect_money(expected, order, terms)
    _expect_ledger(expected)
    _world_money(expected, world)
    return expected


def _expect_stock(expected: Expected, world: World, free: Mapping[Place, int]) -> None:
    adjust = expected.stock_adjustments
    for place, units in expected.opening.items():
        expected.stock[place, "on_hand"] += units
        adjust["opening_lifted", place] -= units - free[place]
    for place, held in world.set_aside.items():
        adjust["set_aside_for_others", place] += int(held)
    for (reason, place), units in world.movements.items():
        adjust[reason, place] += int(units)
    for order in world.orders:
        gone = order.paid and (order.is_carried or order.handed_over)
        allocated = order.paid and not gone and not order.no_show
        for (_, sku), units in order.goods.items():
            expected.stock[(order.place, sku), "on_hand"] -= units * gone
            expected.stock[(order.place, sku), "allocated"] += units * allocated
        _between(adjust, order, gone=gone)


def _between(adjust: dict[tuple[str, Place], int], order: DayOrder, *, gone: bool) -> None:
    """Where an order's goods left the world's stock and the core's at different places or times."""
    out: Counter[int] = Counter()
    for (_, sku), units in order.left.items():
        out[sku] += units
    ordered: Counter[int] = Counter()
    for (_, sku), units in order.goods.items():
        ordered[sku] += units
    for sku in ordered.keys() | out.keys():
        here = ordered[sku] if gone else 0
        if out[sku] == here:
            reason = "left_from_another_place"
        elif not here and order.bought_before:
            reason = "bought_again_and_not_handed_over"
        elif not here and order.paid:
            reason = "picked_and_not_handed_over"
        elif not here:
            reason = "in_a_basket"
        else:
            continue  # nothing that we know of: the difference will show
        for (location, item), units in order.left.items():
            if item == sku:
                adjust[reason, (location, sku)] -= units
        adjust[reason, (order.place, sku)] += here


def _expect_money(expected: Expected, order: DayOrder, terms: Mapping[str, Tender]) -> None:
    for attempt in order.attempts:
        if attempt.outcome not in _MONEY_CAME:
            continue
        brand, late = attempt.brand, attempt.outcome != "captured"
        fee = fee_yen(terms.get(brand), order.amount_yen) if brand != "cash" else 0
        back = order.amount_yen if late else _given_back(order)
        for kind, yen in zip(MONEY, (order.amount_yen, back, fee), strict=True):
            expected.money[brand, kind] += yen
        expected.ledger["sales", brand] -= 0 if late else order.amount_yen
        expected.ledger["sales_returns", brand] += 0 if late else back
        _adjust_money(expected, order, attempt, fee)


def _given_back(order: DayOrder) -> int:
    """What the core gives back of a payment that was captured in time."""
    if order.no_show and not order.is_carried:
        return order.amount_yen
    return sum(min(yen, order.amount_yen) for yen in order.returned_yen)


def _adjust_money(expected: Expected, order: DayOrder, attempt: Attempt, fee: int) -> None:
    adjust, brand = expected.money_adjustments, attempt.brand
    late = attempt.outcome != "captured"
    if not attempt.inside:
        reason = "bought_again" if order.bought_before else "answered_on_another_day"
        adjust[reason, (brand, "gross_yen")] -= order.amount_yen
        adjust[reason, (brand, "fee_yen")] -= fee
    else:
        for reason, yen in _shortfall(order, attempt):
            adjust[reason, (brand, "gross_yen")] += yen
        if late:
            adjust["fee_of_late_captures", (brand, "fee_yen")] -= fee
        elif attempt.amount_yen != order.amount_yen:
            adjust["fee_of_other_amounts", (brand, "fee_yen")] += attempt.fee_yen - fee
    if late:
        adjust["late_captures_given_back_at_once", (brand, "refunds_yen")] -= order.amount_yen


def _shortfall(order: DayOrder, attempt: Attempt) -> Iterator[tuple[str, int]]:
    """What was paid beyond the order in the core: for goods that were not there, and what unit prices in whole yen,
    at least one, cannot say: less than one yen a unit."""
    missing = attempt.amount_yen - max(1, attempt.amount_yen - order.missing_yen)
    rounded = attempt.amount_yen - missing - order.amount_yen
    yield "goods_not_there", missing
    if abs(rounded) < sum(order.goods.values()):
        yield "rounding", rounded


def _expect_ledger(expected: Expected) -> None:
    """The accounts once the provider's file is matched: nothing is left open."""
    for brand in {brand for brand, _ in expected.money}:
        gross, back, fee = (expected.money[brand, kind] for kind in MONEY)
        if brand == "cash":
            expected.ledger["cash_drawer", brand] = gross - back
        else:
            expected.ledger["settlement_due", brand] = gross - back - fee
            expected.ledger["psp_fees", brand] = fee


def _world_money(expected: Expected, world: World) -> None:
    """The world's totals of the day by tender, and the rest of what lies between."""
    totals, adjust = expected.world_money, expected.money_adjustments
    replayed = {order.order: order for order in world.orders}
    inside = [attempt for order in world.orders for attempt in order.attempts if attempt.inside]
    for attempt in (*inside, *world.others):
        if attempt.outcome in _MONEY_CAME:
            totals[attempt.brand, "gross_yen"] += attempt.amount_yen
            totals[attempt.brand, "fee_yen"] += attempt.fee_yen
    for attempt in world.others:
        reason = "of_orders_not_replayed"
        adjust[reason, (attempt.brand, "gross_yen")] += attempt.amount_yen
        adjust[reason, (attempt.brand, "fee_yen")] += attempt.fee_yen
    for refund in world.refunds:
        totals[refund.brand, "refunds_yen"] += refund.yen
        known = replayed.get(refund.order)
        if known is None or refund.why not in ("returned", "no_show"):
            reason = "goods_not_there" if refund.why == "cancelled" else "of_orders_of_other_days"
            adjust[reason, (refund.brand, "refunds_yen")] += refund.yen
        elif refund.yen != (back := _part(known, refund.why, refund.yen)):
            adjust["refund_of_another_amount", (refund.brand, "refunds_yen")] += refund.yen - back


def _part(order: DayOrder, why: str, yen: int) -> int:
    return order.amount_yen if why == "no_show" else min(yen, order.amount_yen)
