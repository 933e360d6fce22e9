"""Outages: the lunch-time outage of a QR payment with its double charges, and who is hit by which outage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from till_rolls import company

from scenarios.payments import LatencyProfile
from scenarios.schema import Scenario
from sim.calendar import DAY_S, HOUR_S
from sim.experiment import run_replication
from sim.payments.load import BrandLoad
from sim.payments.outages import outages_of

FROM_S, TO_S = DAY_S + 11.5 * HOUR_S, DAY_S + 13.9 * HOUR_S
LUNCH = {"kind": "psp_outage", "day": 1, "from_hour": 11.5, "hours": 2.4, "brands": ["qr"], "late_capture": 0.6}
BUSY: dict[str, Any] = {
    "horizon": {"start": "2026-04-01", "days": 3},
    "population__shoppers": 8000,
    "population__needs_per_week": 3.0,
    "payments__cash_share": 0.2,
}
Tables = dict[str, list[dict[str, Any]]]


def _lived(directory: Path, scenario: Scenario) -> Tables:
    for _ in run_replication(scenario, 1, 0, directory):
        pass
    names = ("payments", "queues", "orders", "breaks", "settlements")
    return {name: pq.read_table(directory / f"{name}.parquet").to_pylist() for name in names}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Three days without an outage."""
    return _lived(tmp_path_factory.mktemp("calm"), company(**BUSY))


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The same days with QR payments out of order over lunch on the second."""
    return _lived(tmp_path_factory.mktemp("outage"), company(**BUSY, events={"lunch": LUNCH}))


def _waits(tables: Tables) -> float:
    rows = [row for row in tables["queues"] if row["day"] == 1 and 11 <= row["hour"] <= 14]
    return sum(row["wait_s"] for row in rows if row["place"] in ("staffed_till", "self_checkout"))


def _double_paid(tables: Tables) -> set[int]:
    """Orders that were paid, and for which an attempt without an answer had been captured as well."""
    late = {row["order"] for row in tables["payments"] if row["outcome"] == "timed_out_captured"}
    return late & {row["order"] for row in tables["payments"] if row["outcome"] == "captured"}


def test_before_the_outage_nothing_is_different(calm: Tables, outage: Tables) -> None:
    before = [[row for row in tables["payments"] if row["time_s"] < FROM_S] for tables in (calm, outage)]
    assert before[0] == before[1]
    assert before[0]


def test_queues_grow_and_shoppers_are_charged_twice(calm: Tables, outage: Tables) -> None:
    assert _waits(outage) > 1.2 * _waits(calm)
    assert len(_double_paid(outage)) >= len(_double_paid(calm)) + 15
    paid_again = [
        row["brand"]
        for row in outage["payments"]
        if row["order"] in _double_paid(outage) and row["outcome"] == "captured" and FROM_S <= row["time_s"] < TO_S
    ]
    assert "cash" in paid_again


def test_every_double_charge_is_found_by_the_night_and_refunded(outage: Tables) -> None:
    late = {row["payment"]: row for row in outage["payments"] if row["outcome"] == "timed_out_captured"}
    back = {row["payment"]: row for row in outage["payments"] if row["outcome"] == "refunded"}
    for payment, row in late.items():
        assert back[payment]["amount_yen"] == -row["amount_yen"]
        assert back[payment]["time_s"] == (row["time_s"] // DAY_S + 1) * DAY_S
    breaks = {row["payment"] for row in outage["breaks"] if row["kind"] == "double_capture"}
    assert breaks == set(late), "each of them costs the accountants a break"


def test_no_goods_leave_unpaid(outage: Tables) -> None:
    captured = [row["order"] for row in outage["payments"] if row["outcome"] == "captured"]
    carried = [row["order"] for row in outage["orders"] if row["fulfilment"] == "carry"]
    assert len(captured) == len(set(captured)), "an order is paid once"
    assert set(carried) <= set(captured)


def _hit(scenario: Scenario) -> set[tuple[str, str]]:
    """(brand, channel) of the tenders that run into the outage at noon of day 1, in any store or online."""
    tenders = list(scenario.payments.tenders.values())
    timetable = outages_of(scenario, tenders)
    places = {"store": range(len(scenario.stores)), "online": [-1]}
    return {
        (tender.brand, tender.channel)
        for index, tender in enumerate(tenders)
        for place in places[tender.channel]
        if timetable.psp_at(index, place, DAY_S + 12 * HOUR_S)
    }


def _down(provider: str, one_psp: bool) -> Scenario:
    event = {"kind": "psp_outage", "day": 1, "from_hour": 11.0, "hours": 3.0, "provider": provider}
    return company(capabilities__one_psp=one_psp, events={"down": event})


def test_an_outage_of_a_provider_hits_what_it_carries() -> None:
    store = {("card", "store"), ("contactless", "store"), ("qr", "store")}
    online = {(brand, "online") for brand in ("wallet", "card_online", "konbini", "pay_later")}
    assert _hit(_down("store_terminal", one_psp=False)) == store
    assert _hit(_down("online_psp", one_psp=False)) == online
    assert _hit(_down("comprehensive", one_psp=True)) == store | online
    assert _hit(_down("comprehensive", one_psp=False)) == set()


def test_an_outage_names_brands_or_one_known_provider() -> None:
    for wrong in ({"brands": []}, {"brands": ["qr"], "provider": "online_psp"}):
        with pytest.raises(ValueError, match="name the brands"):
            company(events={"lunch": LUNCH | wrong})
    with pytest.raises(ValueError, match="did you mean online_psp"):
        _down("online_ps", one_psp=False)


def test_the_ec_shop_is_down_in_its_window_and_some_come_back_afterwards() -> None:
    event = {"kind": "ec_outage", "day": 1, "from_hour": 20.0, "hours": 2.0, "come_back": 0.4, "back_within_hours": 3.0}
    timetable = outages_of(company(events={"down": event}), [])
    start_s, end_s = DAY_S + 20 * HOUR_S, DAY_S + 22 * HOUR_S
    assert [timetable.ec_is_down(at) for at in (start_s - 1, start_s, end_s - 1, end_s)] == [False, True, True, False]
    assert timetable.ec_back_s(start_s, 0.39, 0.5) == end_s + 1.5 * HOUR_S
    assert timetable.ec_back_s(start_s, 0.41, 0.5) is None
    assert timetable.ec_back_s(end_s, 0.9, 0.5) == end_s, "nobody is turned away any more"


def test_latency_grows_with_the_payments_of_the_minute() -> None:
    load = BrandLoad({"qr": LatencyProfile(per_s=[0.0, 1.0], factor=[1.0, 3.0])})
    first_minute = [load.factor("qr", 60.0 + second) for second in range(30)]
    assert first_minute == pytest.approx([1 + 2 * count / 60 for count in range(1, 31)])
    assert load.factor("qr", 120.0) == pytest.approx(2.0), "the minute before had thirty"
    assert load.factor("qr", 240.0) == pytest.approx(1 + 2 / 60), "a quiet minute lies between"
    assert load.factor("card", 240.0) == 1.0


def test_a_measured_profile_comes_back_as_latency_and_an_overload_as_double_charges(
    calm: Tables, tmp_path: Path
) -> None:
    flat = {"per_s": [0.0], "factor": [2.0]}
    slow = _lived(tmp_path / "slow", company(**BUSY, payments__latency_profile={"qr": flat}))
    usual = {row["payment"]: row["latency_s"] for row in calm["payments"] if row["brand"] == "qr"}
    compared = [
        (row["latency_s"], usual[row["payment"]])
        for row in slow["payments"]
        if row["brand"] == "qr" and row["outcome"] == "captured" and row["payment"] in usual
    ]
    assert len(compared) > 100
    doubled = sum(now == pytest.approx(2 * before) for now, before in compared)
    assert doubled > 0.9 * len(compared), "but for those who came to pay in another way"
    overload = {"per_s": [0.0], "factor": [60.0]}
    stuck = _lived(tmp_path / "stuck", company(**BUSY, payments__latency_profile={"qr": overload}))
    qr = [row["outcome"] for row in stuck["payments"] if row["brand"] == "qr" and row["amount_yen"] > 0]
    assert qr.count("timed_out_captured") > 0.9 * len(qr)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changes=st.fixed_dictionaries(
        {
            "capabilities__one_psp": st.booleans(),
            "payments__attempts": st.integers(1, 3),
            "payments__cash_share": st.floats(0, 0.9),
            "payments__tenders__konbini__weight": st.floats(0, 500),
            "payments__tenders__pay_later__weight": st.floats(0, 500),
            "payments__slip__unpaid": st.floats(0, 1),
            "payments__slip__valid_hours": st.floats(0.1, 200),
            "payments__tenders__qr__calendar": st.sampled_from(["at_once", "next_day", "six_times", "monthly"]),
            "payments__accounting__error_share": st.floats(0, 1),
            "payments__accounting__clerk_minutes_per_day": st.floats(30, 300),
        }
    ),
    late=st.floats(0, 1),
    switch=st.floats(0, 1),
    hours=st.floats(0.1, 60),
)
def test_laws_hold_whatever_happens_to_payments(
    changes: dict[str, Any], late: float, switch: float, hours: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    event = LUNCH | {"brands": ["qr", "wallet", "konbini"], "hours": hours, "late_capture": late, "switch": switch}
    town = {"horizon": {"start": "2026-04-29", "days": 4}, "population__shoppers": 400}
    scenario = company(**town, **changes, events={"lunch": event})
    assert list(run_replication(scenario, scenario.seed, 0, tmp_path_factory.mktemp("any"))) == [1, 2, 3, 4]
