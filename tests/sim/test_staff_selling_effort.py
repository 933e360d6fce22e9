"""What the staff of stores are paid for a sale, and how hard they try to make one."""

from __future__ import annotations

import pyarrow.compute as pc
import pytest
from towns import lived, small

from scenarios.evaluation import POLICIES, Evaluation
from scenarios.staff import Staff
from sim.staff.selling_effort import paid_percent, selling_effort


def _effort(*sets: str) -> float:
    return selling_effort(small("ward-siloed", sets).scenario)


def test_the_usual_bonus_leaves_stores_as_appealing_as_the_scenario_says() -> None:
    assert _effort() == 0.0


def test_without_pay_for_sales_there_is_the_least_effort() -> None:
    assert _effort("evaluation.policy=fixed_wage") == -1.0
    assert all(_effort(f"evaluation.policy={policy}") >= -1.0 for policy in POLICIES)


def test_a_double_bonus_brings_less_than_double_effort() -> None:
    assert 1 + _effort("evaluation.store_bonus_percent=1.0") == pytest.approx(2**0.5)


def test_a_sale_that_does_not_count_for_the_store_is_not_paid() -> None:
    assert paid_percent(Staff(), Evaluation(till_sale_store_credit=0.0)) == 0.0


def test_a_commission_is_paid_only_where_somebody_has_served() -> None:
    pay = Evaluation(policy="till_only", till_commission_percent=2.0)
    assert paid_percent(Staff(prior_served=0.25), pay) == pytest.approx(0.25 * 2.0)


def test_pay_for_the_company_counts_as_far_as_staff_identify_with_it_and_the_company_keeps_something() -> None:
    company = Evaluation(policy="company_ltv", company_bonus_percent=2.0)
    assert paid_percent(Staff(company_as_own=0.0), company) == 0.0
    assert paid_percent(Staff(company_as_own=1.0, prior_margin=0.4), company) == pytest.approx(2.0 * 0.4)


def test_a_team_bonus_raises_a_stores_sales_by_about_three_percent() -> None:
    """Friebel et al. 2017: +3 % in 193 shops, at a bonus of 0.79 % of sales; the very same shoppers live twice."""
    town = ["population.shoppers=3000", "horizon.days=14"]

    def sold_yen(percent: float) -> int:
        ledger = lived(small("ward-siloed", [*town, f"evaluation.store_bonus_percent={percent}"])).table("ledger")
        mine = pc.and_(pc.equal(ledger["account"], "revenue"), pc.equal(ledger["order_channel"], "store"))
        return int(pc.sum(ledger.filter(mine)["amount_yen"]).as_py())

    assert 0.015 < sold_yen(0.79) / sold_yen(0.0) - 1 < 0.045
