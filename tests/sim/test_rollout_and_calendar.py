"""Which capability is open when and how familiar; which days are special."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp

import numpy as np
import pytest

from scenarios.capabilities import MODES, Capabilities
from scenarios.loader import load
from scenarios.schema import Scenario
from sim.calendar import days
from sim.population import population
from sim.rollout import capex_yen, first_openings, monthly_opex_yen, open_today
from sim.streams import Streams


def ward(*sets: str) -> Scenario:
    return load("ward-siloed", ["horizon.days=120", *sets]).scenario


def test_a_mode_is_its_keys_and_single_keys_override_it() -> None:
    omo = Capabilities(mode="omo")
    assert {name: getattr(omo, name) for name in MODES["omo"]} == MODES["omo"]
    assert not Capabilities.model_validate({"mode": "omo", "scan_and_pay": False}).scan_and_pay
    assert Capabilities(mode="siloed").model_dump(exclude={"mode"}) == Capabilities().model_dump(exclude={"mode"})


def test_each_mode_adds_to_the_one_before_it() -> None:
    """O2O, omnichannel and OMO are upward compatible: nothing that was open is closed."""
    opened = [{name for name, value in MODES[mode].items() if value is True} for mode in ("o2o", "omnichannel", "omo")]
    assert opened[0] < opened[1] < opened[2]


def test_a_wave_opens_its_stores_from_its_day_on_and_familiarity_grows() -> None:
    scenario = ward('rollout.pilot={day=10,stores=["mall"],set={click_and_collect=true}}', "learning.days=20")
    mall = list(scenario.stores).index("mall")
    levels = [open_today(scenario, day).click_and_collect for day in (9, 10, 30)]
    assert levels[0] == [0.0] * 5
    assert levels[1][mall] == pytest.approx(1 - exp(-1 / 20))
    assert levels[2][mall] == pytest.approx(1 - exp(-21 / 20))
    assert sum(level > 0 for level in levels[2]) == 1
    assert open_today(scenario, 30).unfamiliar[mall] == pytest.approx(exp(-21 / 20))


def test_what_was_open_from_the_start_is_familiar_and_stays_so() -> None:
    scenario = ward("capabilities.mode=omo", 'rollout.again={day=5,mode="omo"}')
    assert open_today(scenario, 6).scan_and_pay == [1.0] * 5
    assert open_today(scenario, 6).unfamiliar == [0.0] * 5


def test_a_later_wave_can_take_back_what_an_earlier_one_gave() -> None:
    scenario = ward('rollout.on={day=5,mode="omo"}', "rollout.off={day=9,set={scan_and_pay=false}}")
    assert all(open_today(scenario, 8).scan_and_pay)
    assert not any(open_today(scenario, 9).scan_and_pay)


def test_costs_follow_what_is_open() -> None:
    scenario = ward(
        "capability_costs={click_and_collect={capex_yen=1000,opex_yen_per_month=100,opex_yen_per_store_month=10}}",
        'rollout.two={day=5,stores=["mall","temple"],set={click_and_collect=true}}',
    )
    assert monthly_opex_yen(scenario, open_today(scenario, 4)) == {}
    assert monthly_opex_yen(scenario, open_today(scenario, 5)) == {"click_and_collect": 120}
    assert capex_yen(scenario) == 1000


def test_what_was_opened_and_closed_again_has_been_paid_for_once() -> None:
    scenario = ward(
        "capability_costs={click_and_collect={capex_yen=1000},scan_and_pay={capex_yen=200},rfid={capex_yen=30}}",
        'rollout.pilot={day=5,stores=["mall"],set={click_and_collect=true}}',
        "rollout.stop={day=20,set={click_and_collect=false}}",
        "rollout.again={day=40,set={click_and_collect=true,scan_and_pay=true}}",
        "rollout.beyond_the_horizon={day=120,set={rfid=true}}",
    )
    assert first_openings(scenario) == {"click_and_collect": 5, "scan_and_pay": 40}
    assert capex_yen(scenario) == 1200


def test_a_value_costs_something_from_when_it_is_better_than_without_a_system() -> None:
    costs = "capability_costs={stock_sync_minutes={capex_yen=70,opex_yen_per_month=7}}"
    assert capex_yen(ward(costs)) == 0
    sooner = ward(costs, "rollout.sync={day=3,set={stock_sync_minutes=0}}")
    assert first_openings(sooner) == {"stock_sync_minutes": 3}
    assert monthly_opex_yen(sooner, open_today(sooner, 2)) == {}
    assert monthly_opex_yen(sooner, open_today(sooner, 3)) == {"stock_sync_minutes": 7}


def test_payday_and_pension_days_fall_on_the_working_day_before_a_weekend_or_holiday() -> None:
    """25 April 2026 is a Saturday, 15 August a Saturday after the holiday on the 11th, 15 June a Monday."""
    scenario = load("ward-siloed", ["horizon.start=2026-04-01", "horizon.days=150", "traffic.payday_factor=3"]).scenario
    first = scenario.horizon.start
    found = {first + timedelta(days=day.index): day for day in days(scenario)}
    usual = found[date(2026, 4, 23)].needs_factor
    assert found[date(2026, 4, 24)].needs_factor == pytest.approx(3 * usual, rel=0.15)
    assert found[date(2026, 4, 25)].needs_factor < 2 * usual
    assert [day for day, found_day in found.items() if found_day.pension] == [
        date(2026, 4, 15),
        date(2026, 6, 15),
        date(2026, 8, 14),
    ]


def test_golden_week_counts_as_holidays() -> None:
    scenario = load("ward-siloed", ["horizon.start=2026-04-27", "horizon.days=12"]).scenario
    found = {scenario.horizon.start + timedelta(days=day.index) for day in days(scenario) if day.holiday}
    assert {date(2026, 4, 29), date(2026, 5, 3), date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 6)} <= found


def test_events_bear_on_their_days_only() -> None:
    scenario = ward(
        "events={wet={kind='rain',day=3,days=2,visit=-1.0},sale={kind='competitor_promotion',day=4,rival=0.5},"
        "points={kind='points_day',day=6,points_factor=5,demand_factor=1.0}}"
    )
    found = days(scenario)
    assert [day.index for day in found if day.visit] == [3, 4]
    assert [day.index for day in found if day.rival] == [4]
    assert [day.index for day in found if day.points_factor > 1] == [6]


def test_districts_have_their_own_mix_of_ages_and_homes() -> None:
    scenario = load("ward-siloed", ["population.shoppers=20000"]).scenario
    people = population(scenario, Streams(1, 0))
    old = scenario.population.districts["old_town"]
    inside = np.hypot(people.home_x_km - old.x_km, people.home_y_km - old.y_km) <= old.radius_km
    eldest = list(scenario.population.age_bands).index("70s_up")
    assert inside.sum() > 3000
    assert (people.age_band[inside] == eldest).mean() > 1.5 * (people.age_band[~inside] == eldest).mean()
