"""The edge cases of bookkeeping, each on a ledger of a few rows; the expected yen are worked out in the docstring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from small_ledgers import booked, books, sent
from towns import small

from scenarios.evaluation import Booking
from scenarios.fulfilment import Fulfilment
from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.evaluation.ledgers.credit import assistants, evaluation_credits
from sim.evaluation.ledgers.points_liability import RollForward, roll_forward
from sim.evaluation.ledgers.siloed import UNALLOCATED, profit_and_loss
from sim.evaluation.measures import BY_NAME
from sim.evaluation.tables import single
from sim.orders import shipping_fee_yen

EC_SHIP = ("ec", "ship")
EC_COLLECT = ("ec", "collect")
TILL = ("store", "carry", "station")
CATALOGUE = [{"sku": 1, "price_yen": 7_001}, {"sku": 2, "price_yen": 1_000}]


def _totals(statement: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Each owner's P/L; those that come to nothing are left out."""
    owners = {owner for owner, _ in statement}
    totals = {owner: sum(yen for (who, _), yen in statement.items() if who == owner) for owner in owners}
    return {owner: yen for owner, yen in totals.items() if yen}


def _paying(*sets: str) -> Scenario:
    return small("ward-siloed", [f"evaluation.{key}" for key in sets]).scenario


def test_a_return_in_another_channel_and_another_period() -> None:
    """Bought from EC for 8,000 (cost 5,000) on day 3, brought back to a store on day 40; handling costs 591.

    The first month has EC +3,000. The second has -8,000 + 5,000 - 591 = -3,591: EC's where returns are booked at the
    sale, the stores' where they are booked where they come back. Both months together are -591 for the company.
    """
    ledger = [
        booked("revenue", 8_000, 1, *EC_SHIP, time_s=3 * DAY_S),
        booked("cost_of_goods", -5_000, 1, *EC_SHIP, time_s=3 * DAY_S),
        booked("refund", -8_000, 1, *EC_SHIP, time_s=40 * DAY_S),
        booked("cost_of_goods", 5_000, 1, *EC_SHIP, time_s=40 * DAY_S),
        booked("return_handling", -591, 1, *EC_SHIP, time_s=40 * DAY_S),
    ]
    came_back = [{"kind": "returned", "place": "pickup_counter", "order": 1}]
    first, second = f"time_s < {30 * DAY_S}", f"time_s >= {30 * DAY_S}"
    with books(ledger=ledger, events=came_back) as db:
        for rule, owner in (("sale", "ec"), ("return_channel", "store")):
            booking = Booking(returns=rule)
            assert _totals(profit_and_loss(db, booking, first)) == {"ec": 3_000}
            assert _totals(profit_and_loss(db, booking, second)) == {owner: -3_591}
            assert sum(profit_and_loss(db, booking).values()) == -591


def test_points_at_grant_at_use_and_at_expiry() -> None:
    """100 points are granted, 60 used, 40 expire; 6 % are expected to expire, so 94 % of a balance is provided for.

    Grant: 94 are put aside. Use of 60: the provision falls from 94 to 38 (94 % of 40, 37.6), 60 have been given away:
    a cost of 4 more. Expiry: 38 come back. In all 94 + 4 - 38 = 60: what was used. Earned at EC: EC's, however much of
    it was used in a store; the stores' or nobody's where the switch says so.
    """
    ledger = [booked("points", -94, 1, *EC_SHIP), booked("points", -4, 2, *TILL), booked("points", 38, channel="ec")]
    moves = [(1, "issued", 100), (2, "used", -60), (None, "expired", -40)]
    points = [{"shopper": 5, "order": order, "kind": kind, "purse": "ec", "points": n} for order, kind, n in moves]
    shoppers = [{"shopper": 5, "points_store": 0, "points_ec": 0}]
    with books(ledger=ledger, points=points, shoppers=shoppers) as db:
        assert _totals(profit_and_loss(db, Booking())) == {"ec": -56, "store": -4}
        assert _totals(profit_and_loss(db, Booking(points="store"))) == {"store": -60}
        assert _totals(profit_and_loss(db, Booking(points="unallocated"))) == {UNALLOCATED: -60}
        assert roll_forward(db)["ec"] == RollForward(0, 100, -60, -40, 0, 0)


def test_a_coupon_costs_whoever_funds_it() -> None:
    """A till sale of 5,000 (cost 3,000) with a coupon of 500 that EC has sent.

    As booked: the store has 5,000 - 3,000 = 2,000, EC -500. Borne by the stores: 1,500. Borne by the company: 2,000,
    and -500 in neither P/L.
    """
    ledger = [
        booked("revenue", 5_000, 1, *TILL),
        booked("cost_of_goods", -3_000, 1, *TILL),
        booked("coupon", -500, 1, *TILL, order_channel="ec"),
    ]
    with books(ledger=ledger) as db:
        assert _totals(profit_and_loss(db, Booking())) == {"store": 2_000, "ec": -500}
        assert _totals(profit_and_loss(db, Booking(coupons="store"))) == {"store": 1_500}
        assert _totals(profit_and_loss(db, Booking(coupons="unallocated"))) == {"store": 2_000, UNALLOCATED: -500}


def test_shipping_is_free_from_the_threshold_on_and_its_fee_stays_when_goods_come_back() -> None:
    """Goods of 3,979 are below 3,980: the shopper pays 550 more, 4,529; goods of 3,980 ship free. A parcel costs 721.

    The first leave EC 4,529 - 721 = 3,808, the second 3,980 - 721 = 3,259. When the first come back, their 3,979 go
    back and the fee does not: 550 - 721 = -171.
    """
    rules = Fulfilment()
    paid = [goods + shipping_fee_yen(rules, goods) for goods in (3_979, 3_980)]
    ledger = [
        booked(account, yen, order, *EC_SHIP)
        for order, revenue in enumerate(paid)
        for account, yen in (("revenue", revenue), ("parcel", -rules.parcel_yen))
    ]
    ledger.append(booked("refund", -3_979, 0, *EC_SHIP, time_s=DAY_S))
    with books(ledger=ledger) as db:
        assert profit_and_loss(db, Booking(), '"order" = 0 and time_s = 0')["ec", "revenue"] == 4_529
        assert _totals(profit_and_loss(db, Booking(), '"order" = 0')) == {"ec": -171}
        assert _totals(profit_and_loss(db, Booking(), '"order" = 1')) == {"ec": 3_259}


def test_a_split_shipment_belongs_to_each_sender_in_proportion_to_its_goods() -> None:
    """The warehouse sends goods of 7,001, a store goods of 1,000; they cost 5,001 together.

    Booked at the sender: the store has revenue 1,000 and cost 5,001 * 1,000 / 8,001 = 625.05, so 625: 375. EC has
    7,001 - 4,376 = 2,625. Booked at EC with a transfer of 30 % of what stores send: 300 to the store.
    """
    ledger = [booked("revenue", 8_001, 1, *EC_SHIP), booked("cost_of_goods", -5_001, 1, *EC_SHIP)]
    moves = [sent(1, "ec", 1), sent(1, "station", 2)]
    with books(ledger=ledger, stock_moves=moves, catalogue=CATALOGUE) as db:
        at_sender = profit_and_loss(db, Booking(ship_from_store_sales="store"))
        assert at_sender == {
            ("store", "revenue"): 1_000,
            ("store", "cost_of_goods"): -625,
            ("ec", "revenue"): 7_001,
            ("ec", "cost_of_goods"): -4_376,
        }
        transferred = profit_and_loss(db, Booking(ship_from_store_percent=0.3))
        assert _totals(transferred) == {"store": 300, "ec": 2_700}


def test_a_no_show_costs_the_fee_and_the_labour() -> None:
    """An order of 3,000 (cost 1,800) to be collected: fee 90, picking 217; nobody comes, 3,000 go back, not the fee.

    EC: 3,000 - 1,800 - 90 - 3,000 + 1,800 = -90. The store, which picked: -217. It counts for nobody's evaluation.
    """
    amounts = [("revenue", 3_000), ("cost_of_goods", -1_800), ("payment_fee", -90), ("picking", -217)]
    amounts += [("refund", -3_000), ("cost_of_goods", 1_800)]
    ledger = [booked(account, yen, 1, *EC_COLLECT, "station") for account, yen in amounts]
    with books(ledger=ledger) as db:
        assert _totals(profit_and_loss(db, Booking())) == {"ec": -90, "store": -217}
        credits = evaluation_credits(db, _paying("collect_store_credit=1.0"))
    assert (credits.sales_yen, credits.evaluation) == (0, {})


def test_ship_from_store_is_paid_by_a_transfer_that_is_nothing_to_the_company() -> None:
    """A store sends an order of 5,000 (cost 3,100, parcel 721), of which 1,000 go back; EC pays 25 % of 4,000.

    EC: 5,000 - 1,000 - 3,100 - 721 - 1,000 = -821; the store: +1,000. Company: 179, with or without the transfer.
    """
    amounts = [("revenue", 5_000), ("refund", -1_000), ("cost_of_goods", -3_100), ("parcel", -721)]
    ledger = [booked(account, yen, 1, *EC_SHIP) for account, yen in amounts]
    with books(ledger=ledger, stock_moves=[sent(1, "station", 1)], catalogue=CATALOGUE) as db:
        found = profit_and_loss(db, Booking(ship_from_store_percent=0.25))
        assert _totals(found) == {"ec": -821, "store": 1_000}
        assert (found["store", "transfer"], found["ec", "transfer"]) == (1_000, -1_000)
        assert _totals(profit_and_loss(db, Booking())) == {"ec": 179}
        assert _totals(profit_and_loss(db, Booking(ship_from_store_sales="store"))) == {"store": 179}


def test_a_guest_in_the_store_who_is_a_member_online() -> None:
    """One person buys for 4,000 at a till without being known, and for 6,000 online.

    Sales are 10,000, of which the company can name 6,000: 60 %. Only those earn points (1 %: 60). The till sale counts
    for its store all the same, the other for EC: identity moves no yen.
    """
    ledger = [booked("revenue", 4_000, 1, *TILL), booked("revenue", 6_000, 2, *EC_SHIP), booked("points", -56, 2, "ec")]
    orders: list[dict[str, Any]] = [
        {"order": order, "shopper": 7, "net_yen": yen, "state": "completed", "identified": known}
        for order, yen, known in ((1, 4_000, False), (2, 6_000, True))
    ]
    points = [{"shopper": 7, "order": 2, "kind": "issued", "purse": "ec", "points": 60}]
    shoppers = [{"shopper": 7, "points_store": 0, "points_ec": 60}]
    with books(ledger=ledger, orders=orders, points=points, shoppers=shoppers) as db:
        query = BY_NAME["identified_sales"].query
        assert query is not None
        assert single(db, query) == pytest.approx(0.6)
        assert evaluation_credits(db, _paying()).evaluation == {"station": 4_000, "ec": 6_000}
        assert {purse: moved.issued for purse, moved in roll_forward(db).items()} == {"store": 0, "ec": 60}


def test_two_assistants_on_one_order_share_it_to_the_yen() -> None:
    """Staff 1 of the station, then 3 of the mall advise a shopper who follows both; the order of 1,001 carries code 3.

    Each has half: 501 for the earlier contact, 500. By the code alone it counts for the mall. Where each line has a
    code of its own, 600 under 1 and 401 under 3, the stores have just these.
    """
    order = {"order": 9, "need": 4, "placed_s": 500.0}
    advice = [
        (100.0, 3, "mall", False),
        (200.0, 1, "station", True),
        (300.0, 3, "mall", True),
        (900.0, 1, "station", True),
    ]
    contacts = [
        {"time_s": at_s, "need": 4, "staff": staff, "store": store, "accepted": accepted}
        for at_s, staff, store, accepted in advice
    ]
    whole = [booked("revenue", 1_001, 9, "app", "ship", "mall", need=4, staff=3)]
    by_line = [
        booked("revenue", yen, 9, "app", "ship", "mall", need=4, staff=staff) for yen, staff in ((600, 1), (401, 3))
    ]
    pay = _paying("code_store_credit=1.0")
    with books(ledger=whole, orders=[order], staff_contacts=contacts) as db:
        assert assistants(db) == {9: {1: 501, 3: 500}}
        assert evaluation_credits(db, pay).evaluation == {"mall": 1_001}
    with books(ledger=by_line, orders=[order], staff_contacts=contacts) as db:
        assert evaluation_credits(db, pay).evaluation == {"station": 600, "mall": 401}
        assert assistants(db) == {9: {1: 501, 3: 500}}


def test_an_order_that_is_open_at_the_horizon_is_closed_in_the_days_after_it() -> None:
    """Paid on the last of seven days: 2,500 (cost 1,500). Not collected: on day 9 all goes back; its fee was 75.

    Up to the horizon EC has 2,500 - 1,500 - 75 = 925; to the end of the run -75. An order that an interrupted run left
    without its row in `orders` counts all the same: 925 of sales less costs are in the ledger.
    """
    amounts = [("revenue", 2_500, 6), ("cost_of_goods", -1_500, 6), ("payment_fee", -75, 6)]
    later = [("refund", -2_500, 9), ("cost_of_goods", 1_500, 9)]
    ledger = [booked(name, yen, 1, *EC_COLLECT, "mall", time_s=day * DAY_S) for name, yen, day in amounts + later]
    with books(ledger=ledger) as db:
        assert _totals(profit_and_loss(db, Booking(), f"time_s < {7 * DAY_S}")) == {"ec": 925}
        assert _totals(profit_and_loss(db, Booking())) == {"ec": -75}
    with books(ledger=ledger[:3]) as db:
        assert evaluation_credits(db, _paying("collect_store_credit=0.5")).evaluation == {"mall": 1_250, "ec": 1_250}


def test_yen_that_do_not_divide_go_to_the_largest_remainder() -> None:
    """Systems cost 101 yen, shared by half: 50.5 each, the first takes the yen, 51 and 50. At 30 %: 30.3 and 70.7.

    A sale of 101 that counts 30 % for a store: 30, and 71 for EC; of 100 between three assistants: 34, 33, 33.
    """
    with books(ledger=[booked("capability_opex", -101)]) as db:
        assert _totals(profit_and_loss(db, Booking())) == {"store": -51, "ec": -50}
        assert _totals(profit_and_loss(db, Booking(shared_store_share=0.3))) == {"store": -30, "ec": -71}
    with books(ledger=[booked("revenue", 101, 1, *EC_COLLECT, "mall")]) as db:
        assert evaluation_credits(db, _paying("collect_store_credit=0.3")).evaluation == {"mall": 30, "ec": 71}
    sale = [booked("revenue", 100, 1, "app", "ship", "mall", need=1)]
    contacts = [{"time_s": float(at), "need": 1, "staff": at, "store": "mall", "accepted": True} for at in (1, 2, 3)]
    with books(ledger=sale, orders=[{"order": 1, "placed_s": 9.0}], staff_contacts=contacts) as db:
        assert assistants(db) == {1: {1: 34, 2: 33, 3: 33}}
