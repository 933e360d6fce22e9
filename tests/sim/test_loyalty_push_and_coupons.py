"""Push messages tire people; coupons bring some to the stores and are paid for by whoever issued them."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from towns import Nights, lived, nights, small

from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.evaluation.ledgers.siloed import owner_sql
from sim.log.recorder import Memory
from sim.log.schema import TABLES
from sim.loyalty.coupons import Coupon, Coupons
from sim.loyalty.push import Push
from sim.population import population
from sim.streams import Floats, Streams

PUSH = 'events={{go={{kind="push",day=1,discount=0.2,valid_days=5,funder="{funder}"}}}}'
KEEN = ("push.opt_in=1", "push.open_rate=1", "population.app_share=1", "capabilities.store_coupons=true")


def opens(town: Nights, gaps_days: list[float]) -> list[float]:
    """Share of those still willing who open each message of a series."""
    push = _push(town.scenario)
    now_s, shares = 0.0, []
    for gap in gaps_days:
        now_s += gap * DAY_S
        who = np.flatnonzero(push.willing)
        shares.append(float(push.send(who, now_s, town.loyalty).mean()))
    return shares


def test_the_more_messages_the_fewer_are_opened() -> None:
    """Without opting out, message k is opened at the open rate times exp(-fatigue * what is remembered)."""
    town = nights("push.opt_in=1", "push.open_rate=0.5", "push.fatigue=0.3", "push.opt_out=0", shoppers=20_000)
    daily = opens(town, [1.0] * 6)
    remembered = 0.0
    for share in daily:
        assert share == pytest.approx(0.5 * np.exp(-0.3 * remembered), abs=0.012)
        remembered = (remembered + 1) * np.exp(-1 / 14)
    assert daily[-1] < daily[0] - 0.1
    assert opens(town, [200.0] * 3)[-1] == pytest.approx(0.5, abs=0.012)


def test_too_many_messages_make_people_opt_out_and_annoy_those_who_stay() -> None:
    town = nights("push.opt_in=1", "push.opt_out=0.05", "push.too_often_from=2", shoppers=5000)
    push = _push(town.scenario)
    left = []
    for day in town.days[:8]:
        push.send(np.flatnonzero(push.willing), day.start_s, town.loyalty)
        town.loyalty.overnight(day)
        left.append(int(push.willing.sum()))
    assert left[0] == 5000
    assert left == sorted(left, reverse=True)
    assert left[-1] < 4000
    assert town.loyalty.satisfaction.mean() < 0


def test_a_coupon_is_valid_in_its_days_and_used_once() -> None:
    town = nights()
    coupons = Coupons(town.scenario, 3)
    coupons.give(1, Coupon(0.10, 1 * DAY_S, 3 * DAY_S, funder=2))
    coupons.give(1, Coupon(0.05, 1 * DAY_S, 9 * DAY_S, funder=0))  # worse: the better one is kept
    values = [coupons.value(day)[1] for day in town.days[:4]]
    assert values == [0.0, 0.10, 0.10, 0.0]
    assert coupons.redeem(1, 0.5 * DAY_S, 1000) == (0, -1)
    assert coupons.redeem(1, 2.0 * DAY_S, 1005) == (100, 2)
    assert coupons.redeem(1, 2.0 * DAY_S, 1000) == (0, -1)
    assert not coupons.value(town.days[1]).any()


def test_a_push_campaign_brings_people_to_the_stores() -> None:
    quiet = lived(small("ward-siloed", KEEN))
    pushed = lived(small("ward-siloed", [*KEEN, PUSH.format(funder="ec")]))
    visits = [_days_of_arrivals(world) for world in (quiet, pushed)]
    assert visits[1][1:6].sum() > 1.02 * visits[0][1:6].sum()
    assert visits[1][0] == visits[0][0]
    assert "coupon_visit" in set(pushed.table("needs")["journey"].to_pylist())


def test_a_push_campaign_is_silent_where_stores_take_no_coupons() -> None:
    closed = [*KEEN[:3], "capabilities.store_coupons=false"]
    quiet = lived(small("ward-siloed", closed))
    pushed = lived(small("ward-siloed", [*closed, PUSH.format(funder="ec")]))
    for table in ("events", "ledger", "needs"):
        assert quiet.table(table).equals(pushed.table(table))


@pytest.mark.parametrize("funder", ["store", "ec"])
def test_coupons_are_paid_by_the_division_that_issued_them(funder: str) -> None:
    world = lived(small("ward-siloed", [*KEEN, PUSH.format(funder=funder)]))
    loaded = small("ward-siloed").scenario
    with duckdb.connect() as db:
        for name in TABLES:
            db.register(name, world.table(name))
        query = f"select distinct {owner_sql(loaded.evaluation.booking)} from ledger where account = 'coupon'"
        assert db.execute(query).fetchall() == [(funder,)]


def _push(scenario: Scenario) -> Push:
    streams = Streams(1, 0)
    return Push(scenario, streams, population(scenario, streams))


def _days_of_arrivals(world: Memory) -> Floats:
    events = world.table("events").to_pandas()
    day = (events[events.kind == "arrive"].time_s // DAY_S).astype(int)
    return np.bincount(day, minlength=8)[:8].astype(float)
