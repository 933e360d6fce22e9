"""Breaks take the right time off the roster, never the last person, and leave a store without breaks alone."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from till_hall import Hall, crowd, mean_wait_s

from sim.calendar import DAY_S, HOUR_S
from sim.log.schema import Place
from sim.store.rosters_and_breaks import breaks_of_day

ROSTER = [0] * 9 + [1, 2, 3, 4, 4, 3, 2, 1, 2, 3, 3, 1, 1] + [0] * 2
ROSTERS = st.lists(st.integers(0, 12), min_size=24, max_size=24)


@given(roster=ROSTERS, minutes=st.floats(1, 60))
def test_breaks_fall_where_somebody_else_is_on_duty(roster: list[int], minutes: float) -> None:
    breaks = breaks_of_day(roster, minutes)
    assert len(breaks) == (sum(roster) // 6 if max(roster) > 1 else 0)
    for start_s, end_s in breaks:
        assert end_s - start_s == pytest.approx(minutes * 60)
        hours = range(int(start_s / HOUR_S), int((end_s - 1e-6) / HOUR_S) + 1)
        assert all(roster[hour] >= 2 for hour in hours)
    assert breaks == sorted(breaks)


def _unit_minutes(hall: Hall, days: int = 1) -> tuple[float, float]:
    """Minutes that staffed tills were open and floor staff present, watched every half minute; least seen of each."""
    seen: list[tuple[int, int]] = []

    def watch() -> Generator[float, Any, None]:
        yield 15.0
        while True:
            seen.append((hall.store.tills.capacity, hall.store.floor.capacity))
            yield 30.0

    hall.town.engine.start(watch())
    hall.run([], until_s=days * DAY_S)
    return sum(tills for tills, _ in seen) / 2, sum(floor for _, floor in seen) / 2


def test_breaks_take_their_unit_minutes_off_the_roster() -> None:
    rosters = [f"stores.station.staffed_tills={ROSTER}", f"stores.station.floor_staff={ROSTER}"]
    without = _unit_minutes(Hall(rosters))
    hall = Hall([*rosters, "stores.station.break_minutes=45"])
    tills, floor = _unit_minutes(hall)
    count = sum(ROSTER) // 6
    assert without == (60 * sum(ROSTER) + 60, 60 * sum(ROSTER)), "one till is open for an hour after closing"
    assert without[0] - tills == pytest.approx(45 * count, abs=0.5 * count)
    assert without[1] - floor == pytest.approx(45 * count, abs=0.5 * count)


def test_the_units_written_down_are_the_roster_less_the_breaks() -> None:
    hall = Hall([f"stores.station.staffed_tills={ROSTER}", "stores.station.break_minutes=60"])
    hall.run([], until_s=DAY_S)
    written = [hall.store.open_units(Place.STAFFED_TILL, hour) for hour in range(24)]
    assert sum(ROSTER) - sum(written) == pytest.approx(sum(ROSTER) // 6, abs=2)
    assert all(found <= planned for found, planned in zip(written, ROSTER, strict=True))


@pytest.mark.parametrize("lines", ["pooled", "separate"])
def test_breaks_do_not_shorten_waits(lines: str) -> None:
    shoppers = crowd(3_000, arrivals_per_s=2.6 / 60, mean_service_s=60.0)
    waits = [
        mean_wait_s(Hall([f'tills.lines="{lines}"', f"stores.station.break_minutes={minutes}"]).run(shoppers))
        for minutes in (0, 60)
    ]
    assert waits[0] < waits[1]


def test_a_store_is_closed_before_its_opening_day() -> None:
    hall = Hall(["stores.station.opens_day=2", "stores.station.break_minutes=30"])
    tills, floor = _unit_minutes(hall, days=3)
    once_tills, once_floor = _unit_minutes(Hall(["stores.station.break_minutes=30"]))
    assert (tills, floor) == (once_tills, once_floor)
    assert [hall.store.is_open_on(day) for day in range(4)] == [False, False, True, True]
    assert hall.store.next_open_s(0.0) == 2 * DAY_S
    assert hall.store.next_open_s(2.5 * DAY_S) == 2.5 * DAY_S
