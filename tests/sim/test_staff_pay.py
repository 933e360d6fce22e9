"""Bonus in the ledger against the tables it was earned in, added up here in another way."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from towns import lived, rows, small

from sim.calendar import DAY_S
from sim.log.recorder import Memory

_IDLE = ("nothing", "deflect")
TOWN = ("capabilities.mode=omo", "population.shoppers=1500", "horizon.days=40", "evaluation.policy=fixed_wage")


def _world(*sets: str) -> Memory:
    return lived(small("ward-siloed", [*TOWN, *sets]))


def _bonus(memory: Memory, key: str) -> dict[Any, int]:
    paid: dict[Any, int] = defaultdict(int)
    for row in rows(memory, "ledger"):
        if row["account"] == "bonus":
            paid[row[key]] -= row["amount_yen"]  # type: ignore[operator]
    return paid


def _sales(memory: Memory) -> list[dict[str, Any]]:
    return [row for row in rows(memory, "ledger") if row["account"] in ("revenue", "refund")]


def test_a_fixed_wage_pays_no_bonus() -> None:
    assert not _bonus(_world(), "staff")


def test_a_store_bonus_is_its_percentage_of_what_counts_for_the_store() -> None:
    """Half of app sales in the store, all of collected orders and of till sales, each once."""
    sets = ["till_sale_store_credit=1", "app_sale_store_credit=0.5", "collect_store_credit=1", "store_bonus_percent=2"]
    memory = _world(*(f"evaluation.{key}" for key in sets), "capabilities.staff_code=false")
    counted: dict[Any, float] = defaultdict(float)
    kinds = set()
    for row in _sales(memory):
        if row["store"] in (None, "ec"):
            continue
        kind = row["order_channel"] if row["order_channel"] != "ec" else row["fulfilment"]
        kinds.add(kind)
        counted[row["store"]] += {"store": 1.0, "app": 0.5, "collect": 1.0}.get(kind, 0.0) * row["amount_yen"]
    assert kinds >= {"store", "app", "collect"}
    paid = _bonus(memory, "store")
    assert set(paid) == set(counted)
    for store, yen in counted.items():
        assert paid[store] == pytest.approx(0.02 * yen, rel=1e-3)


def test_parcels_sent_near_a_store_count_for_the_nearest_within_the_radius() -> None:
    near, far = (
        _world("evaluation.radius_store_credit=1", "evaluation.store_bonus_percent=1", f"evaluation.radius_km={km}")
        for km in (1000, 0.000001)
    )
    shipped = sum(
        row["amount_yen"]
        for row in _sales(near)
        if row["order_channel"] == "ec" and row["fulfilment"] == "ship" and row["staff"] is None
    )
    assert sum(_bonus(near, "store").values()) == pytest.approx(0.01 * shipped, abs=60)
    assert len(_bonus(near, "store")) == 4
    assert not _bonus(far, "store")


def test_a_join_fee_is_paid_for_each_sign_up_real_or_hollow() -> None:
    memory = _world("evaluation.join_fee_yen=250")
    signed: dict[Any, int] = defaultdict(int)
    for row in rows(memory, "staff_contacts"):
        signed[row["staff"]] += bool(row["signed_up"] or row["hollow"])
    assert _bonus(memory, "staff") == {staff: 250 * count for staff, count in signed.items() if count}


def test_till_commission_goes_to_whoever_served_the_shopper() -> None:
    memory = _world("evaluation.till_commission_percent=2")
    served = {row["need"]: row["staff"] for row in rows(memory, "staff_contacts")}
    sold: dict[Any, float] = defaultdict(float)
    for row in _sales(memory):
        if row["order_channel"] == "store" and row["need"] in served:
            sold[served[row["need"]]] += row["amount_yen"]
    paid = _bonus(memory, "staff")
    assert sum(paid.values()) == pytest.approx(0.02 * sum(sold.values()), rel=0.02)
    for staff, yen in sold.items():
        assert paid[staff] == pytest.approx(0.02 * yen, rel=0.15, abs=5)


def test_the_company_bonus_is_shared_by_all_alike() -> None:
    memory = _world("evaluation.company_bonus=0.5", "evaluation.company_bonus_percent=2")
    paid = _bonus(memory, "staff")
    contribution = sum(row["amount_yen"] for row in rows(memory, "ledger") if row["account"] != "bonus")  # type: ignore[misc]
    assert max(paid.values()) - min(paid.values()) <= 3
    assert sum(paid.values()) == pytest.approx(0.01 * contribution, rel=0.05)


def test_recruiters_share_in_what_their_recruits_contribute_and_in_nothing_before() -> None:
    memory = _world("evaluation.ltv_share_percent=10")
    joined = {row["need"]: row["staff"] for row in rows(memory, "staff_contacts") if row["signed_up"]}
    recruiter = {need // (4096 * 32): (staff, need) for need, staff in joined.items()}  # type: ignore[operator]
    earned: dict[Any, float] = defaultdict(float)
    for row in rows(memory, "ledger"):
        if row["need"] is not None and row["need"] // (4096 * 32) in recruiter:  # type: ignore[operator]
            staff, since = recruiter[row["need"] // (4096 * 32)]  # type: ignore[operator]
            earned[staff] += 0.1 * row["amount_yen"] * (row["need"] >= since)  # type: ignore[operator]
    paid = _bonus(memory, "staff")
    assert sum(paid.values()) == pytest.approx(sum(earned.values()), rel=0.1)


def test_rule_based_pay_credits_contacts_that_did_nothing() -> None:
    """The last-touch rule pays for every online order after a contact, advised or not."""
    memory = _world("evaluation.attribution_percent=5")
    contacts = {row["need"]: row for row in rows(memory, "staff_contacts")}
    idle = {row["staff"] for row in contacts.values()}
    online: dict[Any, float] = defaultdict(float)
    undeserved = 0.0
    for row in _sales(memory):
        contact = contacts.get(row["need"])
        if contact is not None and row["order_channel"] != "store":
            online[contact["staff"]] += 0.05 * row["amount_yen"]
            undeserved += 0.05 * row["amount_yen"] * (contact["action"] in _IDLE)
    assert idle
    assert sum(_bonus(memory, "staff").values()) == pytest.approx(sum(online.values()), rel=0.1)
    assert undeserved > 0.2 * sum(online.values())


def test_shapley_pay_is_at_most_half_of_last_touch_pay() -> None:
    last, shapley = (
        sum(_bonus(_world("evaluation.attribution_percent=5", f"evaluation.attribution_rule={rule}"), "staff").values())
        for rule in ("last", "shapley")
    )
    assert 0 < shapley <= 0.5 * last


def test_measured_uplift_is_the_difference_between_contacts_with_and_without_advice() -> None:
    """Within one month, as the ledger stands at its end, separately for goods that are there and that are missing."""
    thin = ("stock.cover_days=0.5", "stock.safety_factor=0", "horizon.start=2026-05-01", "horizon.days=31")
    kept = ("returns.regret_below=-9.0", "returns.defect=0.0")
    memory = _world("evaluation.incremental_percent=50", *thin, *kept)
    brought: dict[Any, int] = defaultdict(int)
    for row in rows(memory, "ledger"):
        if row["time_s"] < 31 * DAY_S:  # type: ignore[operator]
            brought[row["need"]] += row["amount_yen"]  # type: ignore[operator]
    contacts = rows(memory, "staff_contacts")
    expected: dict[Any, float] = defaultdict(float)
    for missing in (False, True):
        with_advice, without = (
            [row for row in contacts if row["stocked_out"] is missing and (row["action"] not in _IDLE) is advised]
            for advised in (True, False)
        )
        means = [sum(brought[row["need"]] for row in group) / len(group) for group in (with_advice, without)]  # type: ignore[misc]
        for row in with_advice:
            expected[row["staff"]] += 0.5 * (means[0] - means[1])
    paid = _bonus(memory, "staff")
    assert max(expected.values()) > 200
    assert sum(paid.values()) == pytest.approx(sum(max(0.0, yen) for yen in expected.values()), abs=len(paid))
