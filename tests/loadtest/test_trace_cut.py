"""A window of a run becomes journeys that are whole, in order, affordable from the stock and free of invented goods."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loadtest.script import read_script
from loadtest.trace import Window, clock_time, cut_trace
from loadtest.trace_schema import Trace, read_trace, write_trace
from scenarios.errors import UsageError
from sim.log.schema import TABLES

NOON = 43_200.0
PRICE = {1: 150, 2: 480, 3: 999}


class Run:
    """A run directory written by hand, shopper by shopper."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for location in ("station", "ec"):
            for sku in PRICE:
                self.move(0.0, location, sku, 1000, 0, "opening", None)
        self.rows["catalogue"] = [
            {"sku": sku, "category": "food", "price_yen": yen, "cost_yen": yen // 2, "weight_kg": 0.3}
            for sku, yen in PRICE.items()
        ]

    def move(self, at: float, location: str, sku: int, on_hand: int, held: int, reason: str, order: int | None) -> None:
        self.rows["stock_moves"].append(
            {"time_s": at, "location": location, "sku": sku, "on_hand_change": on_hand, "held_change": held}
            | {"reason": reason, "need": order, "order": order}
        )

    def event(
        self, at: float, order: int, kind: str, store: str | None, sku: int | None = None, journey: str = "walk_in"
    ) -> None:
        self.rows["events"].append(
            {"time_s": at, "shopper": order + 100, "need": order, "journey": journey, "store": store, "kind": kind}
            | {"place": "floor", "sku": sku, "quantity": 1, "amount_yen": 0, "order": order}
        )

    def attempt(
        self, at: float, order: int, brand: str, channel: str, attempt: int, outcome: str, yen: int, store: str = "ec"
    ) -> None:
        collects = channel == "ec" and store != "ec"
        where = None if store == "ec" else store
        self.event(at, order, "pay_attempt", where, journey="click_and_collect" if collects else "walk_in")
        self.rows["payments"].append(
            {"payment": 4 * order + attempt, "order": order, "need": order, "time_s": at, "brand": brand}
            | {"channel": channel, "attempt": attempt, "amount_yen": yen, "latency_s": 0.5, "outcome": outcome}
        )

    def till_sale(self, at: float, order: int, basket: dict[int, int], brands: list[str]) -> None:
        yen = sum(PRICE[sku] * quantity for sku, quantity in basket.items())
        for sku, quantity in basket.items():
            self.move(at - 300.0, "station", sku, -quantity, 0, "sale", order)
        self.event(at - 20.0, order, "till_start", "station")
        for number, brand in enumerate(brands):
            outcome = "captured" if number == len(brands) - 1 else "declined"
            self.attempt(at + 5.0 * number, order, brand, "store", number, outcome, yen, "station")

    def online(self, at: float, order: int, basket: dict[int, int], location: str) -> None:
        yen = sum(PRICE[sku] * quantity for sku, quantity in basket.items())
        for sku, quantity in basket.items():
            self.event(at - 30.0, order, "look_up", None if location == "ec" else location, sku)
            self.move(at - 3.0, location, sku, 0, quantity, "reserve", order)
        self.attempt(at, order, "card_online", "ec", 0, "captured", yen, location)

    def write(self, path: Path) -> Path:
        (path / "rep-000").mkdir(parents=True)
        for table in ("events", "payments", "stock_moves", "catalogue"):
            rows = pa.Table.from_pylist(self.rows[table], schema=TABLES[table])
            pq.write_table(rows, path / "rep-000" / f"{table}.parquet")
        (path / "manifest.json").write_text(json.dumps({"state": "complete", "seed": 7}))
        return path


def lunch_hour() -> Run:
    run = Run()
    run.till_sale(NOON + 60.0, 1, {1: 2, 2: 1}, ["qr", "cash"])
    run.online(NOON + 90.0, 2, {3: 1}, "ec")
    run.online(NOON + 100.0, 3, {1: 1, 3: 2}, "station")
    run.event(NOON + 400.0, 3, "ready", "station")
    run.event(NOON + 500.0, 3, "collected", "station")
    run.event(NOON + 5000.0, 2, "shipped", None)
    run.event(NOON + 200.0, 4, "scan", "station", 2)
    run.till_sale(NOON - 2000.0, 5, {1: 1}, ["cash"])
    run.event(NOON + 90_000.0, 6, "leave", "station")
    return run


def cut(path: Path, copies: int = 1) -> Trace:
    return cut_trace(path, Window(0, NOON, NOON + 600.0), copies=copies)


def journeys_of(trace: Trace) -> dict[int, list[dict[str, Any]]]:
    journeys = defaultdict(list)
    for row in trace.steps.to_pylist():
        journeys[row["journey"]].append(row)
    return {journey: sorted(rows, key=lambda row: row["step"]) for journey, rows in journeys.items()}


def actions_of(trace: Trace) -> list[list[str]]:
    return [[row["action"] for row in rows] for _, rows in sorted(journeys_of(trace).items())]


def test_each_kind_of_journey_becomes_its_steps(tmp_path: Path) -> None:
    assert actions_of(cut(lunch_hour().write(tmp_path / "run"))) == [
        ["product", "product", "order", "payment_code", "pay", "pay"],
        ["product", "availability", "reserve", "order", "pay"],
        ["product", "product", "availability", "availability", "reserve", "order", "pay", "ready", "collect"],
        ["scan"],
    ]


def test_brands_and_clients_follow_the_attempts(tmp_path: Path) -> None:
    steps = journeys_of(cut(lunch_hour().write(tmp_path / "run")))[0]
    assert [(row["brand"], row["client"]) for row in steps if row["action"] == "pay"] == [
        ("qr", "till"),
        ("cash", "till"),
    ]
    assert [row["due_s"] for row in steps if row["action"] == "pay"] == [59.5, 64.5]
    assert [row["channel"] for row in steps] == ["store"] * 6


def test_amount_is_the_sum_of_the_lines_at_catalogue_prices(tmp_path: Path) -> None:
    steps = journeys_of(cut(lunch_hour().write(tmp_path / "run")))[0]
    order = next(row for row in steps if row["action"] == "order")
    assert order["amount_yen"] == 2 * PRICE[1] + PRICE[2]
    assert sorted((line["sku"], line["quantity"]) for line in order["lines"]) == [(1, 2), (2, 1)]


def paid_in_money(path: Path, **changed: float) -> list[dict[str, Any]]:
    """The one journey of a run whose till sale was paid with these changes to its row of `payments`."""
    run = Run()
    run.till_sale(NOON + 60.0, 1, {1: 3, 2: 2, 3: 1}, ["card"])
    run.rows["payments"][0].update(**changed)
    return journeys_of(cut(run.write(path)))[0]


@pytest.mark.parametrize("money_yen", [1, 7, 500, 1500, 2408, 2409, 2739])
def test_coupons_points_and_fees_leave_the_amount_that_was_paid_in_money(money_yen: int, tmp_path: Path) -> None:
    steps = paid_in_money(tmp_path / "run", amount_yen=money_yen)
    order = next(row for row in steps if row["action"] == "order")
    least = max(money_yen, 6)
    assert order["amount_yen"] == sum(line["quantity"] * line["unit_price_yen"] for line in order["lines"]) == least
    assert [row["amount_yen"] for row in steps if row["action"] == "pay"] == [least]


def test_order_from_two_shelves_is_one_order_at_the_place_of_most_units(tmp_path: Path) -> None:
    run = Run()
    run.online(NOON + 90.0, 2, {3: 1}, "ec")
    run.move(NOON + 87.0, "station", 1, 0, 4, "reserve", 2)
    run.rows["payments"][0].update(amount_yen=4 * PRICE[1] + PRICE[3])
    trace = cut(run.write(tmp_path / "run"))
    order = next(row for row in journeys_of(trace)[0] if row["action"] == "order")
    assert (order["location"], order["fulfilment"]) == ("station", "ship")
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(1, 4), (3, 1)]
    assert order["amount_yen"] == 4 * PRICE[1] + PRICE[3]


def test_split_basket_is_two_orders_and_no_item_twice(tmp_path: Path) -> None:
    run = Run()
    for sku in (1, 2):
        run.event(NOON + 10.0, 8, "scan", "station", sku)
        run.move(NOON, "station", sku, -1, 0, "sale", 8)
    run.move(NOON + 20.0, "ec", 2, 0, 1, "reserve", 8)
    run.attempt(NOON + 30.0, 8, "wallet", "app", 0, "captured", PRICE[2], "station")
    run.move(NOON + 30.0, "station", 2, 1, 0, "return_to_shelf", 8)
    run.attempt(NOON + 31.0, 9, "wallet", "app", 0, "captured", PRICE[1], "station")
    for event in run.rows["events"]:
        event["need"], event["shopper"] = 1, 5
    steps = cut(run.write(tmp_path / "run")).steps.to_pylist()
    orders = [
        (row["fulfilment"], row["lines"][0]["sku"], len(row["lines"])) for row in steps if row["action"] == "order"
    ]
    assert orders == [("ship", 2, 1), ("carry", 1, 1)]
    assert sum(row["action"] == "scan" for row in steps) == 2


def test_slip_is_replayed_when_it_is_paid_and_not_when_it_expires(tmp_path: Path) -> None:
    run = Run()
    for order, outcome in ((2, "captured"), (3, "expired")):
        run.online(NOON - 20_000.0, order, {3: 1}, "ec")
        run.rows["payments"][-1].update(brand="konbini", time_s=NOON + 90.0, outcome=outcome)
    run.rows["payments"].append(run.rows["payments"][0] | {"attempt": -1, "outcome": "declined", "time_s": NOON - 2e4})
    (steps,) = journeys_of(cut(run.write(tmp_path / "run"))).values()
    assert [row["action"] for row in steps] == ["product", "availability", "reserve", "order", "pay"]
    assert [row["due_s"] for row in steps if row["action"] in ("order", "pay")] == [29.5, 89.5]


def test_goods_nobody_collects_are_cancelled(tmp_path: Path) -> None:
    run = Run()
    run.online(NOON + 5.0, 2, {3: 1}, "station")
    run.event(NOON + 100.0, 2, "ready", "station")
    run.event(NOON + 300.0, 2, "no_show", "station")
    (steps,) = journeys_of(cut(run.write(tmp_path / "run"))).values()
    assert [row["action"] for row in steps][-3:] == ["pay", "ready", "cancel"]


def test_return_brings_its_purchase_along_and_refunds_the_money_of_the_line(tmp_path: Path) -> None:
    run = Run()
    run.till_sale(NOON - 200_000.0, 1, {1: 2, 2: 1}, ["card", "qr"])
    run.rows["events"][-1].update(time_s=NOON - 199_000.0)
    run.event(NOON + 300.0, 1, "returned", "station")
    run.rows["payments"].append(
        run.rows["payments"][-1] | {"time_s": NOON + 300.0, "outcome": "refunded", "amount_yen": -PRICE[2]}
    )
    run.till_sale(NOON + 60.0, 2, {3: 1}, ["cash"])
    steps = journeys_of(cut(run.write(tmp_path / "run")))[0]
    assert [(row["action"], row["client"]) for row in steps] == [
        ("order", "till"),
        ("payment_code", "app"),
        ("pay", "till"),
        ("refund", "till"),
    ]
    assert -60.0 <= steps[0]["due_s"] < 0.0
    assert (steps[-1]["due_s"], steps[-1]["amount_yen"]) == (300.0, PRICE[2])


def test_order_placed_before_the_window_comes_along_when_it_is_paid_inside(tmp_path: Path) -> None:
    run = Run()
    run.online(NOON + 1.0, 1, {3: 1}, "ec")
    run.rows["payments"][0].update(latency_s=0.1)
    steps = journeys_of(cut(run.write(tmp_path / "run")))[0]
    assert [row["action"] for row in steps] == ["reserve", "order", "pay"]
    assert [row["due_s"] for row in steps] == pytest.approx([-2.0, -2.0, 0.9])


@pytest.mark.parametrize("seed", range(5))
def test_random_run_is_cut_into_whole_ordered_affordable_journeys(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    run = Run()
    for order in range(60):
        at = NOON + float(rng.uniform(-200.0, 800.0))
        basket = {
            int(sku): int(rng.integers(1, 4)) for sku in rng.choice(list(PRICE), rng.integers(1, 4), replace=False)
        }
        if rng.random() < 0.5:
            run.till_sale(at, order, basket, list(rng.choice(["cash", "qr", "card"], rng.integers(1, 3))))
        else:
            run.online(at, order, basket, str(rng.choice(["ec", "station"])))
    run.rows["stock_moves"] = [row for row in run.rows["stock_moves"] if row["reason"] != "opening"]
    trace = cut(run.write(tmp_path / "run"))
    sold: dict[tuple[str, int], int] = defaultdict(int)
    for rows in journeys_of(trace).values():
        assert [row["step"] for row in rows] == list(range(len(rows)))
        assert [row["due_s"] for row in rows] == sorted(row["due_s"] for row in rows)
        orders = [row for row in rows if row["action"] == "order"]
        pays = [row for row in rows if row["action"] == "pay"]
        assert len(orders) == (1 if pays else 0)
        if orders:
            assert all(pay["amount_yen"] == orders[0]["amount_yen"] and pay["step"] > orders[0]["step"] for pay in pays)
            assert 0.0 <= pays[-1]["due_s"] < 600.0
            for line in orders[0]["lines"]:
                sold[orders[0]["location"], line["sku"]] += line["quantity"]
    stock = {(row["location"], row["sku"]): row["on_hand"] for row in trace.stock.to_pylist()}
    assert sold
    assert {place: stock[place] >= units for place, units in sold.items()} == dict.fromkeys(sold, True)


def test_copies_are_new_people_shifted_as_a_whole_with_their_own_stock(tmp_path: Path) -> None:
    path = lunch_hour().write(tmp_path / "run")
    one, three = cut(path), cut(path, copies=3)
    assert len(three.steps) == 3 * len(one.steps)
    assert three.header["journeys"] == 3 * one.header["journeys"]
    people = [{row["shopper"] for row in three.steps.to_pylist() if row["copy"] == copy} for copy in range(3)]
    assert not (people[0] & people[1])
    assert not (people[1] & people[2])
    original = sorted(row["due_s"] for row in one.steps.to_pylist())
    shifts = []
    for copy in range(3):
        due = sorted(row["due_s"] for row in three.steps.to_pylist() if row["copy"] == copy)
        offsets = {round(moved - at, 6) for moved, at in zip(due, original, strict=True)}
        assert len(offsets) == 1
        shifts.append(offsets.pop())
    assert shifts[0] == 0.0
    assert len(set(shifts)) == 3
    assert all(0.0 <= shift < 60.0 for shift in shifts)
    assert three.stock["on_hand"].to_pylist() == [3 * units for units in one.stock["on_hand"].to_pylist()]
    assert cut(path, copies=3).steps.equals(three.steps)


def test_written_trace_is_read_back_and_split_among_workers_without_loss(tmp_path: Path) -> None:
    trace = cut(lunch_hour().write(tmp_path / "run"), copies=4)
    write_trace(trace, tmp_path / "trace")
    assert read_trace(tmp_path / "trace").steps.equals(trace.steps)
    whole = read_script(tmp_path / "trace")
    shares = [read_script(tmp_path / "trace", share=share, shares=3) for share in range(3)]
    rows = sorted(step for script in shares for journey in script.journeys() for step in journey)
    assert rows == sorted(step for journey in whole.journeys() for step in journey)
    assert len(rows) == len(trace.steps)


def test_stock_excludes_what_was_held_for_others_when_the_window_opens(tmp_path: Path) -> None:
    run = lunch_hour()
    run.move(NOON - 500.0, "ec", 3, 0, 40, "reserve", 99)
    stock = {
        (row["location"], row["sku"]): row["on_hand"] for row in cut(run.write(tmp_path / "run")).stock.to_pylist()
    }
    assert stock["ec", 3] == 960
    assert stock["station", 1] == 999


def test_errors_name_the_run_the_day_and_the_window(tmp_path: Path) -> None:
    path = lunch_hour().write(tmp_path / "run")
    with pytest.raises(UsageError, match="no such run"):
        cut(tmp_path / "nothing")
    with pytest.raises(UsageError, match="days 0 to 1"):
        cut_trace(path, Window(5, NOON, NOON + 600.0))
    with pytest.raises(UsageError, match="no order was paid"):
        cut_trace(path, Window(0, 3600.0, 7200.0))
    with pytest.raises(UsageError, match="later than"):
        cut_trace(path, Window(0, NOON, NOON))
    with pytest.raises(UsageError, match="no such replication"):
        cut_trace(path, Window(0, NOON, NOON + 600.0), replication=3)
    with pytest.raises(UsageError, match="11:45"):
        clock_time("noon", "--from")


def test_clock_times_are_seconds_after_midnight() -> None:
    assert clock_time("11:45", "--from") == 42_300.0
    assert clock_time("23:59:59", "--to") == 86_399.0
    assert clock_time("24:00", "--to") == 86_400.0
