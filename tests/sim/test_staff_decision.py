"""What staff do at a contact, and what that makes of shoppers, against reason and published effects."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towns import lived, rows, small

from sim.log.recorder import Memory
from sim.staff.decision import DEFLECT, JOINING, NOTHING, RECOMMEND, SCANNING, choose_action

OMO = ("capabilities.mode=omo", "population.shoppers=3000", "horizon.days=28")
WEIGHT = st.floats(0, 20)


@lru_cache(maxsize=12)
def _world(*sets: str, seed: int = 1) -> Memory:
    return lived(small("ward-siloed", [*OMO, *sets]), seed=seed)


def _actions(memory: Memory) -> np.ndarray:
    return np.array([row["action"] for row in rows(memory, "staff_contacts") if not row["stocked_out"]]).astype(str)


def _advice_rate(memory: Memory) -> float:
    return float(np.char.startswith(_actions(memory), "recommend").mean())


def _contribution(memory: Memory) -> int:
    return sum(row["amount_yen"] for row in rows(memory, "ledger"))  # type: ignore[misc]


def _net(memory: Memory, *, coded: bool = False, online: bool = False) -> int:
    return sum(
        row["amount_yen"]  # type: ignore[misc]
        for row in rows(memory, "ledger")
        if row["account"] in ("revenue", "refund")
        and (not coded or row["staff"] is not None)
        and (not online or row["order_channel"] != "store")
    )


@given(weights=st.tuples(WEIGHT, WEIGHT, WEIGHT, WEIGHT), queue=st.floats(0.1, 1))
def test_actions_come_up_as_often_as_the_logit_says(weights: tuple[float, float, float, float], queue: float) -> None:
    draws = (np.arange(4000) + 0.5) / 4000
    found = [choose_action(weights, queue, draw) for draw in draws.tolist()]
    utility = {RECOMMEND: queue * weights[0], JOINING: queue * weights[1], SCANNING: queue * weights[2]}
    utility |= {NOTHING: 1.0, DEFLECT: weights[3]}
    for action, weight in utility.items():
        assert found.count(action) / 4000 == pytest.approx(weight / sum(utility.values()), abs=0.001)


@given(order=WEIGHT, more=WEIGHT, deflect=WEIGHT, draw=st.floats(0.0001, 0.9999))
def test_a_stronger_reason_to_advise_never_silences_anybody(
    order: float, more: float, deflect: float, draw: float
) -> None:
    before = choose_action((order, 0.1, 0.0, deflect), 1.0, draw)
    after = choose_action((order + more, 0.1, 0.0, deflect), 1.0, draw)
    if before in (RECOMMEND, JOINING):
        assert after in (RECOMMEND, JOINING)


def test_commission_moves_advice_as_reported_and_company_sales_far_less_than_coded_sales() -> None:
    """VT-30: +63 % activity, +32 % attributed sales after 3 % [S119]; what the company gains is another matter."""
    without = [_world(seed=seed) for seed in (1, 2)]
    paid = [_world("evaluation.policy=commission", seed=seed) for seed in (1, 2)]
    assert sum(map(_advice_rate, paid)) / sum(map(_advice_rate, without)) == pytest.approx(1.6, abs=0.25)
    coded = [sum(_net(memory, coded=True) for memory in group) for group in (without, paid)]
    everything = [sum(_net(memory) for memory in group) for group in (without, paid)]
    assert 1.1 < coded[1] / coded[0] < 1.7
    assert everything[1] - everything[0] < 0.5 * (coded[1] - coded[0])


def test_codes_go_on_orders_that_nobody_advised_only_where_that_pays() -> None:
    for sets, gamed in (((), False), (("evaluation.policy=commission", "staff.code_gaming=1"), True)):
        memory = _world(*sets)
        idle = {row["need"] for row in rows(memory, "staff_contacts") if row["action"] in ("nothing", "deflect")}
        coded = {row["need"] for row in rows(memory, "orders") if row["staff"] is not None}
        assert bool(coded & idle) is gamed


def test_no_code_without_the_capability() -> None:
    memory = _world("evaluation.policy=commission", "capabilities.staff_code=false")
    assert _net(memory, coded=True) == 0
    assert not [row for row in rows(memory, "ledger") if row["account"] == "commission"]


def test_paid_by_the_till_staff_talk_shoppers_out_of_the_app() -> None:
    """VT-34: an app that bypasses the till was banned where it cut commission on till sales [S163]."""
    neutral, till = (
        float((_actions(_world(f"evaluation.policy={policy}")) == "deflect").mean())
        for policy in ("fixed_wage", "till_only")
    )
    assert till > 1.4 * neutral > 0


def test_whoever_is_talked_out_of_the_app_does_not_pay_in_it() -> None:
    memory = _world("staff.deflect=1.0")
    deflected = {row["need"] for row in rows(memory, "staff_contacts") if row["action"] == "deflect"}
    in_app = {row["need"] for row in rows(memory, "orders") if row["order_channel"] == "app"}
    assert len(deflected) > 500
    assert len(in_app) > 50
    assert not deflected & in_app


@pytest.mark.slow
def test_ec_share_as_a_target_raises_ec_share_and_lowers_contribution() -> None:
    """VT-36: a target that invites damage to stores [S165]."""
    before, after = (
        [_world(*sets, seed=seed) for seed in (1, 2, 3)] for sets in ((), ("evaluation.ec_ratio_kpi=0.6",))
    )
    shares = [sum(_net(m, online=True) for m in group) / sum(map(_net, group)) for group in (before, after)]
    assert shares[1] > 1.05 * shares[0]
    assert sum(map(_contribution, after)) < sum(map(_contribution, before))


def test_a_join_fee_brings_sign_ups_and_some_that_nobody_uses() -> None:
    without, fee = _world(), _world("evaluation.policy=join_fee")
    signed = [sum(bool(row["signed_up"]) for row in rows(memory, "staff_contacts")) for memory in (without, fee)]
    hollow = [[row for row in rows(memory, "staff_contacts") if row["hollow"]] for memory in (without, fee)]
    assert signed[1] > 1.15 * signed[0]
    assert not hollow[0]
    assert len(hollow[1]) > 3
    assert not [row for row in hollow[1] if row["signed_up"] or row["accepted"]]


@pytest.mark.slow
def test_credit_for_stores_brings_the_company_less_and_less() -> None:
    """VT-14, VT-37: with little of it managers hold back stock, with much EC lets up and bonus grows [S151].

    Whether the last step still gains depends on the town (`omo verify --only VT-14`); that it gains least does not.
    """

    def contribution(credit: float) -> int:
        keys = ("app_sale_store_credit", "code_store_credit", "collect_store_credit")
        sets = [f"evaluation.{key}={credit}" for key in keys]
        return sum(_contribution(_world(*sets, seed=seed)) for seed in (1, 2, 3, 4))

    nothing, some, most, everything = (contribution(credit) for credit in (0.0, 0.4, 0.6, 1.0))
    assert some - nothing > 1.5 * (everything - most)


def test_shoppers_who_leave_without_buying_make_ec_a_threat_and_training_softens_it() -> None:
    """VT-35: perceived showrooming lowers what sales staff do; coping softens it [S164]."""
    fearful = ("staff.showrooming_usual=0", "staff.threat_per_showrooming=3", "staff.threat_days=5", "staff.peer=0")
    calm = ("staff.showrooming_usual=0", "staff.threat_per_showrooming=0", "staff.threat_days=5", "staff.peer=0")
    hours = "staff.training_hours=24"
    plain = _advice_rate(_world(*calm)) / _advice_rate(_world(*fearful))
    trained = _advice_rate(_world(*calm, hours)) / _advice_rate(_world(*fearful, hours))
    assert plain > 1.15
    assert 1.0 <= trained < plain


def test_a_long_queue_makes_staff_recommend_less() -> None:
    short, long = (
        _advice_rate(_world(f"staff.per_person_queueing={slope}", "tills.staffed_log_mean=4.2")) for slope in (0, -0.3)
    )
    assert long < short
