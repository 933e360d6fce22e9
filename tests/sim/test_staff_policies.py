"""Evaluation policies: one vector with named presets, and what it promises to whom."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from towns import small

from scenarios.errors import ScenarioInvalid
from scenarios.evaluation import POLICIES, Booking, Evaluation, Policy
from scenarios.staff import Staff
from sim.log.schema import StaffAction
from sim.staff.beliefs import first_beliefs, stakes_yen, utilities
from sim.staff.calibration import rate
from sim.staff.managers import ec_effort, held_back, hold_back_units
from sim.staff.pay import IN_STOCK, STOCKED_OUT, Component, promised_yen
from sim.staff.people import experienced
from sim.streams import Streams


def _promise(**pay: object) -> np.ndarray:
    return promised_yen(Staff(), Evaluation(**pay), team=4, company=16)


def test_every_policy_has_a_preset_and_no_two_are_alike() -> None:
    assert set(get_args(Policy)) == set(POLICIES)
    vectors = {tuple(Evaluation(policy=name).model_dump(exclude={"policy", "booking"}).values()) for name in POLICIES}
    assert len(vectors) == len(POLICIES)


def test_single_keys_override_the_policy() -> None:
    pay = small("ward-siloed", ["evaluation.policy=hybrid", "evaluation.join_fee_yen=70"]).scenario.evaluation
    assert pay.join_fee_yen == 70
    assert pay.company_bonus == POLICIES["hybrid"]["company_bonus"]


def test_an_unknown_policy_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ScenarioInvalid, match="siloed_pl"):
        small(sets=["evaluation.policy=silo"])


def test_a_fixed_wage_promises_nothing_for_anything() -> None:
    assert not _promise(policy="fixed_wage").any()


def test_commission_promises_its_percentage_of_what_is_followed() -> None:
    rules, promise = Staff(), _promise(policy="commission")
    expected = 0.03 * rules.prior_sale_yen * rules.prior_followed
    assert promise[Component.COMMISSION, StaffAction.RECOMMEND, IN_STOCK] == pytest.approx(expected)
    assert promise[Component.COMMISSION, StaffAction.RECOMMEND_JOINING].sum() == 0


def test_a_till_based_bonus_makes_advice_cost_and_deflecting_pay() -> None:
    for policy in ("siloed_pl", "till_only"):
        own = _promise(policy=policy).sum(axis=0)
        assert own[StaffAction.RECOMMEND, IN_STOCK] < own[StaffAction.RECOMMEND, STOCKED_OUT] < 0
        assert own[StaffAction.DEFLECT, IN_STOCK] > 0


def test_full_credit_makes_the_channel_all_the_same_in_stock() -> None:
    """What the app takes from the till comes back as credit; a sale saved at an empty shelf comes on top."""
    bonus = _promise(policy="home_store")[Component.STORE_BONUS]
    assert bonus[StaffAction.RECOMMEND, IN_STOCK] == pytest.approx(0)
    assert bonus[StaffAction.RECOMMEND, STOCKED_OUT] > 0


def test_a_company_wide_bonus_alone_is_thin() -> None:
    """One in sixteen of one percent of what a contact adds: less than a yen."""
    company = _promise(company_bonus=1.0)[Component.COMPANY_BONUS]
    assert 0 < company.max() < 1
    commission = _promise(policy="commission")[Component.COMMISSION]
    assert company.max() < commission.max() / 20


def test_siloed_pay_is_close_to_a_fixed_wage_and_credit_and_commission_raise_advice() -> None:
    rates = {name: rate(Staff(), Evaluation(policy=name), 0.75, IN_STOCK) for name in POLICIES}
    assert rates["fixed_wage"] == pytest.approx(rates["siloed_pl"], rel=0.1)
    assert rates["till_only"] < rates["siloed_pl"]
    for name in ("home_store", "split", "commission", "join_fee", "company_ltv", "hybrid"):
        assert rates[name] > 1.15 * rates["siloed_pl"], name
    assert rates["siloed_pl"] < rates["split"] < rates["home_store"]


def test_accounting_credit_changes_nothing_in_what_staff_do() -> None:
    """Booked to the store or to EC: evaluation is another matter [S162]."""
    booked = Evaluation(booking=Booking(app_sales="store", collect_sales="store"))
    assert rate(Staff(), booked, 1.0, IN_STOCK) == rate(Staff(), Evaluation(), 1.0, IN_STOCK)


def test_sensitivity_to_money_decides_who_moves() -> None:
    rules, pay = Staff(), Evaluation(policy="commission")
    u = np.full((2, 5), 0.5)
    u[1, 1] = 0.9
    people = experienced(rules, u)
    stakes = stakes_yen(first_beliefs(rules, pay, 2), np.broadcast_to(_promise(policy="commission"), (2, 8, 5, 2)))
    found = utilities(rules, pay, people, stakes, people.threat, np.full(2, 0.1))
    assert found[1, StaffAction.RECOMMEND, IN_STOCK] > found[0, StaffAction.RECOMMEND, IN_STOCK] + 0.2


def test_managers_hold_back_less_the_more_a_collected_order_counts() -> None:
    units = [
        hold_back_units(small("ward-siloed", [f"evaluation.collect_store_credit={credit}"]).scenario)
        for credit in (0.0, 0.4, 1.0)
    ]
    assert units == pytest.approx([2.0, 2 - 2 * 0.4**0.5, 0.0])
    assert hold_back_units(small("ward-siloed", ["evaluation.policy=fixed_wage"]).scenario) == 0


def test_what_is_held_back_is_whole_units_of_the_right_mean_and_only_falls_with_the_credit() -> None:
    streams = Streams(1, 0)
    tables = [
        np.array(
            held_back(small("ward-siloed", [f"evaluation.collect_store_credit={credit}"]).scenario, streams, 5_000)
        )
        for credit in (0.0, 0.4, 0.7, 1.0)
    ]
    assert set(np.unique(tables[0])) == {2}
    assert set(np.unique(tables[1])) == {0, 1}
    assert tables[1].mean() == pytest.approx(2 - 2 * 0.4**0.5, abs=0.02)
    assert not tables[-1].any()
    for less, more in pairwise(tables):
        assert (less >= more).all()


def test_ec_lets_up_when_its_sales_are_given_away_but_not_when_they_are_counted_twice() -> None:
    assert ec_effort(Evaluation()) == 0
    efforts = [ec_effort(Evaluation(policy=name)) for name in ("siloed_pl", "split", "home_store")]
    assert efforts == sorted(efforts, reverse=True)
    assert efforts[-1] == pytest.approx(-1)
    assert ec_effort(Evaluation(policy="double_credit")) == 0
    assert ec_effort(Evaluation(policy="company_ltv")) == 0
