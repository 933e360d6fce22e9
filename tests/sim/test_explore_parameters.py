"""How the numbers that are varied are written, and what becomes of them."""

from __future__ import annotations

import pytest

from scenarios.errors import ScenarioInvalid, UsageError
from scenarios.loader import load
from sim.evaluation.exploring.parameters import (
    SHORTHANDS,
    numbers_of,
    parameter,
    refuse_idle_credit,
    refuse_shared_keys,
    varied,
)
from sim.evaluation.exploring.sweep import axis

OMO = load("ward-omo")
SILOED = load("ward-siloed")


def test_both_ends_and_what_lies_evenly_between() -> None:
    assert axis("staff.skill=0:1:11", OMO).values == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def test_whole_numbers_stay_whole_and_are_not_repeated() -> None:
    one = axis("evaluation.join_fee_yen=0:3:7", OMO)
    assert one.values == (0.0, 1.0, 2.0, 3.0)
    assert varied("ward-omo", [], one.parameter.assignments(3.0, numbers_of(OMO))).scenario.evaluation.join_fee_yen == 3


def test_linked_keys_move_together() -> None:
    one = parameter("choice.ec+choice.collect", "-1:1", OMO)
    world = varied("ward-omo", ["staff.skill=0.1"], one.assignments(0.25, numbers_of(OMO))).scenario
    assert (world.choice.ec, world.choice.collect, world.staff.skill) == (0.25, 0.25, 0.1)
    assert world.choice.rival == OMO.scenario.choice.rival
    assert "choice.ec=0.25" in world.title


def test_credit_is_the_stores_share_in_all_sales_with_the_app_and_ec() -> None:
    world = varied("ward-siloed", [], parameter("credit", "0:1", SILOED).assignments(0.3, numbers_of(SILOED))).scenario
    assert {getattr(world.evaluation, key.removeprefix("evaluation.")) for key in SHORTHANDS["credit"]} == {0.3}


def test_opex_is_all_running_costs() -> None:
    costs = OMO.scenario.capability_costs
    one = parameter("opex", "x0.5:x2", OMO)
    world = varied("ward-omo", [], one.assignments(2, numbers_of(OMO))).scenario.capability_costs
    for name, cost in costs.items():
        assert world[name].opex_yen_per_month == 2 * cost.opex_yen_per_month
        assert world[name].opex_yen_per_store_month == 2 * cost.opex_yen_per_store_month
        assert world[name].capex_yen == cost.capex_yen


def test_a_factor_multiplies_what_each_key_has() -> None:
    one = parameter("choice.per_km+stock.cover_days", "x0.5:x2", OMO)
    assert one.assignments(0.5, numbers_of(OMO)) == {"choice.per_km": -0.275, "stock.cover_days": 2.5}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("staff.intercep=0:1:3", r"did you mean staff\.intercept\?"),
        ("staff.zzzzzzzzzz=0:1:3", r"there are: staff\.intercept, "),
        ("qqqq=0:1:3", "there are: credit, "),
        ("capabilities.scan_and_pay=0:1:3", "no number"),
        ("seed=0:1:3", "no number"),
        ("staff.skill=0:1", "LOW:HIGH:STEPS"),
        ("staff.skill=0:1:1", "LOW:HIGH:STEPS"),
        ("staff.skill", "LOW:HIGH:STEPS"),
        ("staff.skill=1:0:3", "the lower first"),
        ("staff.skill=a:b:3", "the lower first"),
        ("staff.skill=0:inf:3", "the lower first"),
        ("evaluation.join_fee_yen=x0.5:x2:3", "a factor of that changes nothing"),
    ],
)
def test_what_makes_no_axis_is_explained(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        axis(text, OMO)


def test_a_value_out_of_range_names_the_key() -> None:
    with pytest.raises(ScenarioInvalid, match=r"evaluation\.code_store_credit"):
        varied("ward-omo", [], {"evaluation.code_store_credit": 1.5})


def test_a_reference_that_fixes_the_key_is_refused() -> None:
    with pytest.raises(UsageError, match=r"fixes staff\.skill"):
        varied("ward-omo+staff.skill=0.9", [], {"staff.skill": 0.2})


def test_two_parameters_cannot_write_one_key() -> None:
    parameters = [parameter(name, "0:1", OMO) for name in ("credit", "evaluation.code_store_credit")]
    with pytest.raises(UsageError, match="is in credit and in"):
        refuse_shared_keys(parameters)


def test_credit_without_a_bonus_that_it_counts_for_is_refused() -> None:
    with pytest.raises(UsageError, match="no bonus on sales"):
        refuse_idle_credit([parameter("credit", "0:1", OMO)], OMO)
    refuse_idle_credit([parameter("credit", "0:1", SILOED)], SILOED)
    bonus = [parameter("credit", "0:1", OMO), parameter("evaluation.store_bonus_percent", "0:1", OMO)]
    refuse_idle_credit(bonus, OMO)
