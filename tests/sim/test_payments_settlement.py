"""Settlement of payments: every item once, in its period, by its contract, and no yen lost."""

from __future__ import annotations

import json
from calendar import monthrange
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from till_rolls import company, payment, refunded, settled

from scenarios.errors import LawViolated
from sim.experiment import run_replication
from sim.laws import check
from sim.log.schema import TABLES

FIRST = date(2026, 4, 1)
Rows = list[dict[str, Any]]
SALES = st.lists(
    st.tuples(
        st.floats(0, 80, exclude_max=True),
        st.sampled_from(["card store", "qr store", "cash store", "wallet ec", "card_online app", "wallet app"]),
        st.integers(1, 50_000),
        st.integers(0, 100),
        st.one_of(st.none(), st.tuples(st.floats(0, 40), st.floats(0.01, 1))),
        st.booleans(),
    ),
    max_size=40,
)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _last(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _paid_out(brand: str, day: date) -> date:
    """The published terms in words, apart from the calendars of the scenario."""
    if brand in ("card", "card_online"):
        return _last(day) if day.day <= 15 else _next_month(day).replace(day=15)
    return day if brand == "cash" else _last(_next_month(day))


def _rows(sales: list[Any]) -> list[dict[str, Any]]:
    rows = []
    for number, (day, tender, yen, fee, back, late) in enumerate(sales):
        brand, channel = tender.split()
        late_capture = {"outcome": "timed_out_captured"} if late else {}
        rows.append(payment(number, day, brand, channel, yen, fee_yen=fee, **late_capture))
        if back is not None:
            rows.append(refunded(number, day + back[0], brand, channel, max(1, int(yen * back[1]))))
    return rows


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sales=SALES)
def test_every_item_is_settled_once_and_all_money_is_paid_out_or_not_yet_due(
    sales: list[Any], tmp_path_factory: Any
) -> None:
    rows = _rows(sales)
    found = settled(tmp_path_factory.mktemp("roll"), company(), rows)["settlements"]
    expected: Counter[tuple[str, str, int]] = Counter()
    items: Counter[tuple[str, str, int]] = Counter()
    for row in rows:
        day = FIRST + timedelta(days=int(row["time_s"] // 86_400))
        key = (row["brand"], row["channel"], (_paid_out(row["brand"], day) - FIRST).days)
        items[key] += 1
        expected[key] += row["amount_yen"] - row["fee_yen"]
    keys = [(row["brand"], row["channel"], row["payout_day"]) for row in found]
    assert Counter(dict(zip(keys, (row["items"] for row in found), strict=True))) == items
    assert dict(zip(keys, (row["net_yen"] for row in found), strict=True)) == dict(expected)
    taken = sum(row["amount_yen"] - row["fee_yen"] for row in rows)
    for today in (0, 15, 30, 45, 60, 200):
        paid_out = sum(row["net_yen"] for row in found if row["payout_day"] <= today)
        not_yet_due = sum(row["net_yen"] for row in found if row["payout_day"] > today)
        assert paid_out + not_yet_due == taken


def test_days_to_cash_are_weighted_by_yen(tmp_path: Path) -> None:
    sales = [payment(1, 0.5, "card", "store", 3000), payment(2, 10.2, "card", "store", 1000)]
    (row,) = settled(tmp_path, company(), sales)["settlements"]
    assert row["days_to_cash"] == (3000 * 29 + 1000 * 19) / 4000


def test_split_contracts_name_two_providers_and_one_psp_names_one(tmp_path: Path) -> None:
    sales = [payment(1, 0.5, "card", "store"), payment(2, 0.5, "wallet", "ec"), payment(3, 0.5, "cash", "store")]
    split = settled(tmp_path / "split", company(capabilities__one_psp=False), sales)["settlements"]
    one = settled(tmp_path / "one", company(capabilities__one_psp=True), sales)["settlements"]
    assert {row["brand"]: row["provider"] for row in split} == {
        "card": "store_terminal",
        "wallet": "online_psp",
        "cash": None,
    }
    assert {row["brand"]: row["provider"] for row in one} == {
        "card": "comprehensive",
        "wallet": "comprehensive",
        "cash": None,
    }


def test_a_contract_of_its_own_decides_when_money_arrives(tmp_path: Path) -> None:
    changes = {"capabilities__one_psp": True, "payments__providers__comprehensive__calendar": "next_day"}
    (row,) = settled(tmp_path, company(**changes), [payment(1, 4.9, "qr", "store")])["settlements"]
    assert (row["period_start_day"], row["period_end_day"], row["payout_day"]) == (4, 4, 5)


def test_stores_of_a_wave_change_provider_on_its_day_and_refunds_stay_with_the_old_one(tmp_path: Path) -> None:
    wave = {"day": 10, "stores": ["mall"], "set": {"one_psp": True}}
    scenario = company(capabilities__one_psp=False, rollout__first=wave)
    sales = [
        payment(1, 5.0, "card", "store"),
        payment(2, 12.0, "card", "store"),
        payment(3, 12.0, "card", "store"),
        refunded(1, 13.0, "card", "store"),
    ]
    stores = {1: "mall", 2: "mall", 3: "temple"}
    events = [
        {"time_s": 0.0, "kind": "pay_attempt", "payment": number, "store": store} for number, store in stores.items()
    ]
    found = settled(tmp_path, scenario, sales, events=events)["settlements"]
    assert {row["provider"]: (row["items"], row["net_yen"]) for row in found} == {
        "comprehensive": (1, 1000),
        "store_terminal": (3, 1000),
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished replication on which all laws hold."""
    directory = tmp_path_factory.mktemp("finished")
    scenario = company(horizon={"start": "2026-04-01", "days": 20}, population__shoppers=600)
    for _ in run_replication(scenario, 1, 0, directory):
        pass
    return directory


def _one_yen_more(rows: Rows) -> None:
    rows[0]["gross_yen"] += 1
    rows[0]["net_yen"] += 1


def _twice(rows: Rows) -> None:
    rows.append(rows[-1])


def _kept(rows: Rows) -> None:
    rows[0]["net_yen"] -= 1


def _too_early(rows: Rows) -> None:
    rows[0]["payout_day"] = rows[0]["period_end_day"] - 1


def _known_beforehand(rows: Rows) -> None:
    rows[0]["cleared_day"] = rows[0]["day"]


@pytest.mark.parametrize(
    ("table", "tamper", "law"),
    [
        ("settlements", _one_yen_more, "not settled exactly once"),
        ("settlements", _twice, "not settled exactly once"),
        ("settlements", _kept, "a pay-out is not gross less refunds and fees"),
        ("settlements", _too_early, "before its period ends"),
        ("breaks", _known_beforehand, "cleared before it can be known"),
    ],
)
def test_a_tampered_settlement_breaks_its_law(
    finished: Path, tmp_path: Path, table: str, tamper: Callable[[Rows], None], law: str
) -> None:
    for path in finished.glob("*.parquet"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = pq.read_table(tmp_path / f"{table}.parquet").to_pylist()
    tamper(rows)
    pq.write_table(pa.Table.from_pylist(rows, TABLES[table]), tmp_path / f"{table}.parquet")
    with pytest.raises(LawViolated, match=law):
        check(tmp_path)


def test_the_measures_of_a_week_without_a_month_end_are_those_of_its_contracts(tmp_path: Path) -> None:
    scenario = company(horizon={"start": "2026-04-06", "days": 7}, population__shoppers=600)
    for _ in run_replication(scenario, 1, 0, tmp_path):
        pass
    found = json.loads((tmp_path / "summary.json").read_text())
    assert found["settlement_files_per_month"] == 2, "one provider: the 15th and the month's end"
    assert 18 < found["days_to_cash"] < 24 + 31, "between cards of the 12th and QR of the 6th"
    assert found["days_to_close_month"] >= 1
    assert found["accounting_hours_per_month"] > 0
    assert found["open_breaks"] >= 0
