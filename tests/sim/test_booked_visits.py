"""Visits that are booked: nobody is given a slot twice, each booking ends once, and who is received is received."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import sqrt
from typing import Any

import pytest
from scipy.stats import norm
from towns import lived, rows, small

from scenarios.loader import load
from sim.calendar import HOUR_S
from sim.log.recorder import Memory
from sim.log.schema import TABLES

OPEN = "capabilities.visit_booking=true"
EVERYBODY = (OPEN, "visit_booking.books=1.0", "visit_booking.books_after_research=1.0")
CROWD = (*EVERYBODY, "population.needs_per_week=4.0")
BOUGHT = {"store", "app_carry", "app_ship", "ec_ship", "collect"}


@cache
def world(*sets: str) -> Memory:
    return lived(small("ward-omo", ["population.shoppers=2500", *sets]))


def bookings(*sets: str) -> list[dict[str, Any]]:
    return rows(world(*sets), "visit_bookings")


def ended(*sets: str) -> Counter[str]:
    return Counter(row["state"] for row in bookings(*sets))


def slots_by_hour(store: str, *sets: str) -> list[int]:
    table = small("ward-omo", sets).scenario.stores[store]
    return [min(table.visit_slots_per_hour, staff) for staff in table.floor_staff]


def test_a_capability_that_nobody_wants_to_use_changes_nothing() -> None:
    nobody = ("visit_booking.books=0.0", "visit_booking.books_after_research=0.0", "visit_booking.research=0.0")
    without, having = lived(small()), lived(small(sets=[OPEN, *nobody]))
    for table in TABLES:
        assert without.table(table).equals(having.table(table)), table


def test_only_goods_that_are_looked_at_first_are_booked_and_only_where_it_is_open() -> None:
    only_mall = "rollout.try={day=0,stores=['mall'],set={visit_booking=true}}"
    memory = world(only_mall, *EVERYBODY[1:], "learning.days=0.01")
    booked = {row["need"]: row["store"] for row in rows(memory, "visit_bookings")}
    assert len(booked) > 30
    assert set(booked.values()) == {"mall"}
    missions = load("ward-omo").scenario.missions
    assert all(missions[str(row["mission"])].inspected for row in rows(memory, "needs") if row["need"] in booked)


def test_each_booking_ends_once_with_its_event() -> None:
    memory = world(*CROWD)
    kinds = {"booked_visit": "kept", "booking_missed": "missed", "booking_cancelled": "cancelled"}
    events = rows(memory, "events")
    by_events = {(row["need"], row["time_s"], kinds[row["kind"]]) for row in events if row["kind"] in kinds}
    by_rows = [(row["need"], row["ended_s"], row["state"]) for row in bookings(*CROWD)]
    assert len(by_rows) == len(set(by_rows)) == len({row[0] for row in by_rows})
    assert set(by_rows) == by_events
    assert {row[0] for row in by_rows} == {row["need"] for row in events if row["kind"] == "visit_booked"}


@pytest.mark.parametrize("slots", [1, 2])
def test_no_hour_has_more_bookings_than_the_store_gives(slots: int) -> None:
    given = [f"stores.{store}.visit_slots_per_hour={slots}" for store in ("station", "mall", "riverside", "temple")]
    sets = (*CROWD, *given)
    taken = Counter((row["store"], row["slot_s"] // HOUR_S) for row in bookings(*sets) if row["state"] != "cancelled")
    full = 0
    for (store, hour), count in taken.items():
        limit = slots_by_hour(store, *given)[int(hour) % 24]
        assert count <= limit
        full += count == limit
    assert full > 50
    assert all(row["slot_s"] >= row["booked_s"] + 2 * HOUR_S for row in bookings(*sets))


def test_a_store_that_gives_no_slots_is_walked_into() -> None:
    none = [f"stores.{store}.visit_slots_per_hour=0" for store in ("station", "mall", "riverside", "temple")]
    sets = (*EVERYBODY, *none, "visit_booking.research=0.0")
    assert not bookings(*sets)
    assert rows(world(*sets), "needs") == rows(world(), "needs")


@pytest.mark.parametrize(("shows", "lateness", "wait"), [(0.95, 6.0, 15.0), (0.8, 15.0, 10.0)])
def test_as_many_come_as_the_scenario_says(shows: float, lateness: float, wait: float) -> None:
    """Kept with probability shows x Phi(wait / lateness): late by the positive half of a normal."""
    sets = (f"shows={shows}", f"lateness_minutes={lateness}", f"wait_minutes={wait}", "cancels=0.1")
    found = ended(*CROWD, *(f"visit_booking.{one}" for one in sets))
    expected = shows * float(norm.cdf(wait / lateness))
    due = found["kept"] + found["missed"]
    assert due > 400
    assert abs(found["kept"] - due * expected) < 4 * sqrt(due * expected * (1 - expected))
    assert abs(found["cancelled"] - 0.1 * found.total()) < 4 * sqrt(0.09 * found.total())


def test_whoever_keeps_a_booking_is_received_by_the_one_who_was_kept_free() -> None:
    met = {row["need"]: row["staff"] for row in rows(world(*CROWD), "staff_contacts")}
    kept = [row for row in bookings(*CROWD) if row["state"] == "kept"]
    assert len(kept) > 400
    assert all(met[row["need"]] == row["staff"] for row in kept if row["staff"] is not None)
    assert sum(row["staff"] is None for row in kept) <= 0.01 * len(kept)


def test_a_booked_visit_sells_more_often_than_the_same_shopper_walking_in() -> None:
    kept = {row["need"] for row in bookings(*CROWD) if row["state"] == "kept"}
    walking = {row["need"]: row for row in rows(world("population.needs_per_week=4.0"), "needs")}
    same = {need for need in kept if walking[need]["journey"] not in ("ec_order", "rival", "none")}
    booked = {row["need"]: row["outcome"] in BOUGHT for row in rows(world(*CROWD), "needs") if row["need"] in same}
    assert len(same) > 300
    assert sum(booked.values()) > 1.05 * sum(walking[need]["outcome"] in BOUGHT for need in same)


def test_bookings_that_nobody_keeps_cost_others_their_contact() -> None:
    """With everybody a no-show, the staff wait for nothing and other shoppers meet nobody."""
    alone = [f"stores.{store}.floor_staff={[0] * 9 + [1] * 13 + [0] * 2}" for store in ("station", "mall")]
    waste = (*CROWD, *alone, "visit_booking.shows=0.0", "visit_booking.cancels=0.0", "visit_booking.research=0.0")
    missed = [row for row in bookings(*waste) if row["state"] == "missed"]
    assert len(missed) == len(bookings(*waste)) > 100
    most = (10 + 15) * 60
    assert sum(row["staff_s"] for row in missed) > 0.8 * most * len(missed)
    assert max(row["staff_s"] for row in missed) <= most + 1e-6
    booked = {row["need"] for row in missed}
    with_waste, without = (
        sum(row["need"] not in booked and row["store"] in ("station", "mall") for row in rows(memory, "staff_contacts"))
        for memory in (world(*waste), world("population.needs_per_week=4.0", *alone))
    )
    assert with_waste < 0.9 * without


def test_who_does_not_come_buys_nothing_and_who_comes_too_late_walks_in() -> None:
    late = ("visit_booking.shows=1.0", "visit_booking.lateness_minutes=60.0", "visit_booking.wait_minutes=5.0")
    for sets, comes in ((late, True), (("visit_booking.shows=0.0",), False)):
        missed = {row["need"] for row in bookings(*CROWD, *sets) if row["state"] == "missed"}
        came = {row["need"] for row in rows(world(*CROWD, *sets), "events") if row["kind"] == "arrive"}
        assert len(missed) > 100
        assert missed <= came if comes else not missed & came
        outcomes = {row["outcome"] for row in rows(world(*CROWD, *sets), "needs") if row["need"] in missed}
        assert outcomes & BOUGHT if comes else outcomes == {"nothing"}
