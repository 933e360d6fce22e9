"""Points: nothing is lost or made, no balance is negative, and a point costs one yen when it is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from towns import lived, small

from scenarios.loader import load
from sim.calendar import DAY_S, days
from sim.experiment import run_replication
from sim.log.recorder import Memory, Recorder
from sim.log.schema import Channel
from sim.loyalty.points import EC_PURSE, STORE_PURSE, Points
from sim.population import population
from sim.rollout import open_today
from sim.streams import Streams

STORE, EC = int(Channel.STORE), int(Channel.EC)


def purses(*sets: str, shoppers: int = 4) -> tuple[Points, Memory, Recorder]:
    """Purses of their own, without a world around them."""
    scenario = load("ward-siloed", [f"population.shoppers={shoppers}", "horizon.days=400", *sets]).scenario
    streams, memory = Streams(1, 0), Memory()
    log = Recorder(list(scenario.stores), list(scenario.missions), list(scenario.population.age_bands), memory)
    points = Points(scenario, streams, population(scenario, streams), log)
    points.start_day(days(scenario)[0], open_today(scenario, 0))
    return points, memory, log


STEPS = st.tuples(
    st.sampled_from(["earn", "use", "give_back", "take_back"]),
    st.integers(0, 3),
    st.sampled_from([STORE, EC]),
    st.integers(0, 300),
)


@settings(max_examples=80, deadline=None)
@given(steps=st.lists(STEPS, max_size=40), breakage=st.floats(0, 1), expires=st.booleans())
def test_whatever_happens_points_are_conserved_and_cost_what_was_used(
    steps: list[tuple[str, int, int, int]], breakage: float, expires: bool
) -> None:
    points, memory, log = purses(f"points.breakage={breakage}", "points.opening_mean_yen=200", "points.expiry_days=30")
    provision = sum(points.provision_yen(balance) for purse in points.balance for balance in purse)
    cost, used = 0, 0
    for number, (what, shopper, channel, size) in enumerate(steps):
        where = (number * 60.0, shopper, 7, number, channel)
        if what == "use":
            size = min(size, points.usable(shopper, channel, -1))
        cost += getattr(points, what)(*where, size)
        used += {"use": size, "give_back": -size}.get(what, 0)
    if expires:
        points.expire(days(load("ward-siloed", ["horizon.days=400"]).scenario)[100])
    log.flush(everything=True)
    table = memory.table("points").to_pandas()
    moved = table.groupby(["purse", "shopper"], observed=True).points
    assert (moved.cumsum() >= 0).all()
    for name, purse in (("store", STORE_PURSE), ("ec", EC_PURSE)):
        booked = table[table.purse == name].groupby("shopper").points.sum()
        assert booked.reindex(range(4), fill_value=0).tolist() == list(points.balance[purse])
    ledger = memory.table("ledger").to_pandas()
    left = sum(points.provision_yen(balance) for purse in points.balance for balance in purse)
    assert cost - ledger.amount_yen.sum() == used + left - provision
    if expires:
        assert left == 0


def test_a_point_that_expires_costs_nothing_in_the_end() -> None:
    points, memory, log = purses("points.opening_mean_yen=0", "points.expiry_days=5", "points.breakage=0.1")
    cost = points.earn(3600.0, 2, 1, 1, STORE, 200)
    assert cost == 180
    calendar = days(load("ward-siloed", ["horizon.days=400"]).scenario)
    points.expire(calendar[3])
    assert points.balance[STORE_PURSE][2] == 200
    points.expire(calendar[6])
    assert points.balance[STORE_PURSE][2] == 0
    log.flush(everything=True)
    assert memory.table("ledger")["amount_yen"].to_pylist() == [180]


def test_points_are_locked_in_their_channel_until_they_are_shared() -> None:
    apart, _, _ = purses("points.opening_mean_yen=0")
    shared, _, _ = purses("points.opening_mean_yen=0", "capabilities.points_shared=true")
    for points in (apart, shared):
        points.earn(0.0, 1, 1, 1, EC, 500)
    assert (apart.usable(1, STORE, 0), apart.locked(1, STORE, 0)) == (0, 500)
    assert (shared.usable(1, STORE, 0), shared.locked(1, STORE, 0)) == (500, 0)
    shared.use(0.0, 1, 2, 2, STORE, 300)
    assert shared.usable(1, EC, -1) == 200


def test_shoppers_who_cannot_use_their_points_find_the_company_inconsistent() -> None:
    sets = ["points.opening_mean_yen=2000", "points.use=0.8", "considering.price_differs=0", "points.earn=0"]
    apart = lived(small("ward-siloed", [*sets, "capabilities.match_rate=1"]))
    shared = lived(small("ward-siloed", [*sets, "capabilities.match_rate=1", "capabilities.points_shared=true"]))
    found = [
        sum(kind == "inconsistent" for kind in world.table("events")["kind"].to_pylist()) for world in (apart, shared)
    ]
    assert found[0] > 10
    # Whoever has points in one purse has them for all channels.
    assert found[1] == 0


def test_points_days_multiply_what_is_earned() -> None:
    event = 'events={many={kind="points_day",day=3,points_factor=5,demand_factor=1}}'
    sets = ["points.use=0", "points.opening_mean_yen=0", "points.earn=0.01", event]
    world = lived(small(sets=sets))
    issued = world.table("points").to_pandas().query("kind == 'issued'")
    orders = world.table("orders").to_pandas().set_index("order")
    rate = issued.points / issued.order.map(orders.net_yen)
    on_day = (issued.time_s // DAY_S) == 3
    assert rate[on_day].median() == pytest.approx(0.05, rel=0.05)
    assert rate[~on_day].median() == pytest.approx(0.01, rel=0.05)


def test_without_points_there_is_no_trace_of_them() -> None:
    world = lived(small(sets=["points.earn=0", "points.opening_mean_yen=0"]))
    assert world.table("points").num_rows == 0
    assert "points" not in world.table("ledger")["account"].to_pylist()


def test_laws_hold_with_points_coupons_returns_and_no_shows(tmp_path: Path) -> None:
    """Money, points and coupons make up each order's worth, also after part or all of it has been refunded."""
    sets = [
        "points.earn=0.2",
        "points.use=0.9",
        "points.use_from_yen=1",
        "push.open_rate=1",
        "push.opt_in=1",
        "population.app_share=0.8",
        "fulfilment.no_show=0.3",
        "returns.regret_below=0",
        "capabilities.points_shared=true",
        "capabilities.store_coupons=true",
        'events={go={kind="push",day=1,discount=0.33,funder="company"},tv={kind="marketing",day=0,days=5}}',
        "word_of_mouth.aware_share=0.6",
    ]
    for _ in run_replication(small(sets=sets).scenario, 3, 0, tmp_path):
        pass
    used = pd.read_parquet(tmp_path / "points.parquet").query("kind == 'used'").points
    ledger = pd.read_parquet(tmp_path / "ledger.parquet")
    coupons = ledger[ledger.account == "coupon"].amount_yen
    assert min((used < 0).sum(), (used > 0).sum()) > 5
    assert min((coupons < 0).sum(), (coupons > 0).sum()) > 2
    assert np.isclose(coupons[coupons < 0].sum(), -0.33 * _worth_of_coupon_orders(ledger), rtol=0.05)


def _worth_of_coupon_orders(ledger: pd.DataFrame) -> int:
    with_coupon = set(ledger[ledger.account == "coupon"].order)
    return int(ledger[(ledger.account == "revenue") & ledger.order.isin(with_coupon)].amount_yen.sum())
