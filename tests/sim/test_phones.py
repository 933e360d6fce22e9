"""A phone without coverage or battery is of no use in the store: whatever needs one is done without, in that visit."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pytest
from towns import lived, small

from sim.evaluation.measures import BY_NAME
from sim.log.recorder import Memory
from sim.log.schema import TABLES

KEEN = ("population.app_share=1", "population.card_share=0", "push.opt_in=1", "push.open_rate=1")
DEAD, FINE = ("phones.empty_battery=1",), ("phones.no_coverage=0", "phones.empty_battery=0")
PUSHED = 'events.go={kind="push",day=1,discount=0.2,valid_days=5,funder="ec"}'


def ask(world: Memory, query: str) -> float:
    with duckdb.connect() as db:
        for name in TABLES:
            db.register(name, world.table(name))
        row = db.execute(query).fetchone()
    return float(row[0] or 0) if row else 0.0


def town(sets: Sequence[str]) -> Memory:
    return lived(small("ward-omo", [*KEEN, PUSHED, *sets]))


@pytest.fixture(scope="module")
def dead() -> Memory:
    return town(DEAD)


@pytest.fixture(scope="module")
def fine() -> Memory:
    return town(FINE)


_TILL_ORDERS = "select count(*) from orders join needs using (need) where order_channel = 'store'"
USES = {
    "looks up and scans": "select count(*) from events where kind in ('scan', 'look_up') and place = 'floor'",
    "pays in the app": "select count(*) from events where journey = 'scan_and_pay'",
    "pays by code at a till": "select count(*) from payments where brand = 'qr' and channel = 'store'",
    "is known at a till": f"{_TILL_ORDERS} and identified and journey <> 'ec_order'",
    "shows a coupon at a till": "select count(*) from events where kind = 'coupon_used'",
}
JOINED = "select count(*) from staff_contacts where signed_up"
"""What is exchanged at a till for goods that were ordered from home is another visit, days later: it is left out."""


@pytest.mark.parametrize("use", USES)
def test_whatever_needs_a_phone_is_done_without(dead: Memory, fine: Memory, use: str) -> None:
    assert ask(fine, USES[use]) > 10
    assert ask(dead, USES[use]) == 0


def test_nobody_joins_on_a_phone_that_does_not_work() -> None:
    nobody_yet = ["population.app_share=0", "staff.joining=2.0"]
    assert ask(town([*FINE, *nobody_yet]), JOINED) > 10
    assert ask(town([*DEAD, *nobody_yet]), JOINED) == 0


def test_who_would_have_paid_in_the_app_queues_at_the_till(dead: Memory, fine: Memory) -> None:
    tills = "select sum(joined + balked) from queues where place in ('staffed_till', 'self_checkout')"
    assert ask(dead, tills) > 1.1 * ask(fine, tills)


def test_orders_from_home_do_not_know_of_it(dead: Memory, fine: Memory) -> None:
    """On the first day nobody has memories yet, and EC orders are the same."""
    first = """select sum(hash(need, units, o.net_yen, identified)) from orders o join needs using (need)
        where order_channel = 'ec' and fulfilment = 'ship' and placed_s < 86400 and journey = 'ec_order'"""
    assert ask(fine, first) == ask(dead, first) > 0


def test_a_card_makes_a_member_known_without_a_phone() -> None:
    world = town([*DEAD, "population.card_share=1"])
    assert ask(world, USES["is known at a till"]) > 100
    assert ask(world, USES["shows a coupon at a till"]) > 10


def test_needs_stay_the_same_however_bad_the_connection(dead: Memory, fine: Memory) -> None:
    needs = "select sum(hash(need, shopper, mission, items)) from needs"
    assert ask(dead, needs) == ask(fine, needs)


def test_the_share_of_visits_is_that_of_the_survey() -> None:
    """36.9 % with trouble in 26 weeks of one visit each, and 0.5 % of batteries: seen in who is known at tills."""
    phones = small().scenario.phones
    assert 1 - (1 - phones.no_coverage) ** 26 == pytest.approx(0.369, abs=0.01)
    clear = ["capabilities.match_rate=1", "capabilities.scan_and_pay=false", "population.shoppers=6000"]
    usual, always = (ask(town([*clear, *sets]), USES["is known at a till"]) for sets in ((), FINE))
    trouble = 1 - (1 - phones.no_coverage) * (1 - phones.empty_battery)
    assert 1 - usual / always == pytest.approx(trouble, abs=0.007)


def test_app_sessions_and_requests_are_counted_while_shoppers_are_in_the_store(dead: Memory, fine: Memory) -> None:
    peak, requests = (BY_NAME[name].query or "" for name in ("app_sessions_peak", "app_requests_busiest_hour"))
    assert ask(dead, peak) == 0
    events = fine.table("events").to_pandas()
    at_hand = events[events.kind.isin(["scan", "look_up"]) & (events.place == "floor")]
    first = at_hand.groupby("need").time_s.min()
    leaves = events[events.kind == "leave"][["need", "time_s"]]
    ends = {need: leaves[(leaves.need == need) & (leaves.time_s >= at)].time_s.min() for need, at in first.items()}
    together = max(sum(start <= moment < ends[need] for need, start in first.items()) for moment in first)
    assert ask(fine, peak) == together > 1
    assert len(at_hand) / (7 * 24) < ask(fine, requests) < len(at_hand)
