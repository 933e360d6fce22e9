"""Matching settlement files with the books, and closing the month: the work follows from the contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from till_rolls import company, payment, refunded, settled

from scenarios.settlement import Accounting
from sim.payments.month_end import Clerk, File

QUIET = {"payments__accounting__error_share": 0.0}
SPLIT = QUIET | {"capabilities__one_psp": False, "capabilities__one_settlement_view": False}
ONE = QUIET | {"capabilities__one_psp": True, "capabilities__one_settlement_view": False}


def _business(days: int = 90) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every day each tender is used once; every fifth day's online orders are brought back to a store."""
    rows, events = [], []
    tenders = [("card", "store"), ("qr", "store"), ("wallet", "ec"), ("card_online", "ec")]
    for day in range(days):
        for at, (brand, channel) in enumerate(tenders):
            number = day * 10 + at
            rows.append(payment(number, day + 0.5, brand, channel))
            if channel == "ec" and day % 5 == 0:
                rows.append(refunded(number, day + 2.5, brand, channel))
                events.append(_brought_back(number))
    return rows, events


def _brought_back(order: int) -> dict[str, Any]:
    return {"time_s": 0.0, "kind": "returned", "place": "pickup_counter", "store": "mall", "order": order}


def test_split_contracts_make_more_files_breaks_and_hours_than_one(tmp_path: Path) -> None:
    rows, events = _business()
    split = settled(tmp_path / "split", company(**SPLIT), rows, events)["month_ends"]
    one = settled(tmp_path / "one", company(**ONE), rows, events)["month_ends"]
    assert [month["files"] for month in split] == [4, 4, 4], "two providers, each on the 15th and at the month's end"
    assert [month["files"] for month in one] == [2, 2, 2]
    assert [m["items"] for m in split] == [m["items"] for m in one]
    for apart, together in zip(split, one, strict=True):
        assert apart["breaks"] > together["breaks"]
        assert apart["file_hours"] + apart["break_hours"] > together["file_hours"] + together["break_hours"]


def test_one_view_of_settlement_takes_less_time_per_file(tmp_path: Path) -> None:
    rows, events = _business()
    changes = ONE | {"capabilities__one_settlement_view": True}
    apart = settled(tmp_path / "apart", company(**ONE), rows, events)["month_ends"]
    view = settled(tmp_path / "view", company(**changes), rows, events)["month_ends"]
    assert [month["file_hours"] for month in apart] == [pytest.approx(2 * 20 / 60)] * 3
    assert [month["file_hours"] for month in view] == [pytest.approx(2 * 4 / 60)] * 3
    assert [month["break_hours"] for month in view] == [month["break_hours"] for month in apart]


def test_each_break_has_its_cause(tmp_path: Path) -> None:
    rows = [
        payment(1, 1.0, "qr", "store", outcome="timed_out_captured"),
        refunded(1, 2.0, "qr", "store"),
        payment(2, 14.5, "card", "store"),
        refunded(2, 15.5, "card", "store"),
        payment(3, 3.0, "wallet", "ec"),
        refunded(3, 4.0, "wallet", "ec"),
        payment(4, 3.0, "wallet", "ec"),
        refunded(4, 4.0, "wallet", "ec"),
        payment(5, 3.0, "cash", "store"),
        refunded(5, 40.0, "cash", "store"),
    ]
    brought_back = [_brought_back(3)]
    found = settled(tmp_path / "split", company(**SPLIT), rows, events=brought_back)["breaks"]
    causes = {(row["payment"], row["refund"]): (row["kind"], row["found_day"]) for row in found}
    assert causes == {
        (1, False): ("double_capture", 30),
        (2, True): ("late_refund", 30),
        (3, True): ("cross_provider", 30),
    }
    one = settled(tmp_path / "one", company(**ONE), rows, events=brought_back)["breaks"]
    assert {row["payment"] for row in one} == {1, 2}, "one provider can refund what it took, wherever"


def test_errors_are_as_frequent_as_said_and_the_same_for_every_topology(tmp_path: Path) -> None:
    rows = [payment(number, number % 90 + 0.5, "card", "store") for number in range(20_000)]
    sure = {"payments__accounting__error_share": 0.005}
    split = settled(tmp_path / "split", company(**SPLIT | sure), rows)["breaks"]
    one = settled(tmp_path / "one", company(**ONE | sure), rows)["breaks"]
    assert {row["payment"] for row in split} == {row["payment"] for row in one}
    assert len(split) == pytest.approx(100, abs=30), "binomial: three standard deviations"


def _clerk(**rules: float) -> Clerk:
    """Day 0 is a Thursday; she works Monday to Friday."""
    return Clerk(Accounting.model_validate(rules), lambda day: day % 7 not in (2, 3))


def test_a_clerk_works_first_come_first_served_and_rests_at_the_weekend() -> None:
    clerk = _clerk(clerk_minutes_per_day=60)
    files = [File("a", 0, 1, 100.0), File("b", 0, 1, 10.0), File("c", 0, 4, 80.0)]
    clerk.work_off(files, [])
    assert [file.cleared_day for file in files] == [4, 4, 6]
    assert clerk.overtime_minutes == {}


def test_after_the_month_has_ended_overtime_is_worked_until_it_is_closed() -> None:
    clerk = _clerk(clerk_minutes_per_day=60, overtime_minutes_per_day=30)
    last_month, this_month = File("a", -10, 1, 140.0), File("b", 2, 6, 90.0)
    clerk.work_off([last_month, this_month], [0])
    assert (last_month.cleared_day, this_month.cleared_day) == (4, 7)
    assert clerk.overtime_minutes == {1: 30}


def test_a_month_stays_open_until_the_last_file_that_covers_it(tmp_path: Path) -> None:
    """Periods that end on the 20th hold April's last days until 21 May, a Thursday."""
    april = payment(1, 29.5, "card", "store")
    twentieth = QUIET | {"payments__calendars__middle": {"closes": [20], "lag_days": 10}}
    middle = twentieth | {"payments__tenders__card__calendar": "middle"}
    in_time = settled(tmp_path / "in_time", company(**QUIET), [april])["month_ends"][0]
    late = settled(tmp_path / "late", company(**middle), [april])["month_ends"][0]
    assert (in_time["month_end_day"], in_time["closed_day"]) == (29, 30)
    assert late["closed_day"] == 50


def test_golden_week_delays_the_close(tmp_path: Path) -> None:
    """A file of 1 May 2026 with more work than that Friday holds waits for 7 May: three holidays and a weekend."""
    hours = {"clerk_minutes_per_day": 60, "overtime_minutes_per_day": 60, "minutes_per_file": 150}
    changes = ONE | {f"payments__accounting__{key}": minutes for key, minutes in hours.items()}
    april = settled(tmp_path, company(**changes), [payment(1, 29.5, "card", "store")])["month_ends"][0]
    assert april["closed_day"] == 36
    assert april["overtime_hours"] == 1.0


def test_a_new_provider_costs_its_integration_in_the_month_of_its_first_payment(tmp_path: Path) -> None:
    fees = {"monthly_fee_yen": 500, "integration_yen": 70_000}
    wave = {"day": 30, "set": {"one_psp": True}}
    changes: dict[str, Any] = SPLIT | {"rollout__one": wave}
    for provider in ("store_terminal", "online_psp", "comprehensive"):
        changes |= {f"payments__providers__{provider}__{key}": yen for key, yen in fees.items()}
    rows = [payment(day, day + 0.5, "card", "store") for day in range(90)]
    months = settled(tmp_path, company(**changes), rows)["month_ends"]
    assert [month["provider_yen"] for month in months] == [500, 70_500, 500]
