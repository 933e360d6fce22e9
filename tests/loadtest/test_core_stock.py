"""Stock under contention and time: never oversold, never freed twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from core_harness import Shop, assert_books_hold, core, sql

from loadtest.core.schema import apply_schema
from loadtest.embedded_postgres import embedded_postgres
from scenarios.errors import UsageError

UNITS = 20
BUYERS = 60


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with core(tmp_path_factory.mktemp("core")) as running:
        running.seed("station", dict.fromkeys(range(1, 31), UNITS))
        yield running
        assert_books_hold(running.ready["database_url"])


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Shop]:
    """A core whose unpaid orders expire after half a second."""
    with core(tmp_path, "--order-hold", "0.5") as running:
        running.seed("station", dict.fromkeys(range(1, 31), UNITS))
        yield running
        assert_books_hold(running.ready["database_url"])


def race(shop: Shop, sku: int) -> list[int]:
    """Statuses of many buyers who order one unit each, at once."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda _: shop.order("station", {sku: 1}).status_code, range(BUYERS)))


def test_concurrent_buyers_get_exactly_the_units_there_are(shop: Shop) -> None:
    statuses = race(shop, 1)
    assert sorted(statuses) == [201] * UNITS + [409] * (BUYERS - UNITS)


def test_concurrent_baskets_in_opposite_item_order_neither_deadlock_nor_oversell(shop: Shop) -> None:
    def buy(turn: int) -> int:
        lines = {2: 1, 3: 1} if turn % 2 else {3: 1, 2: 1}
        return shop.order("station", lines).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(buy, range(BUYERS)))
    assert sorted(statuses) == [201] * UNITS + [409] * (BUYERS - UNITS)


def test_a_basket_with_one_short_item_takes_nothing(shop: Shop) -> None:
    answer = shop.reserve("station", {4: 1, 5: UNITS + 1})
    assert answer.status_code == 409
    assert {k: answer.json()[k] for k in ("error", "sku", "available")} == {
        "error": "insufficient_stock",
        "sku": 5,
        "available": UNITS,
    }
    assert shop.available("station", 4) == UNITS


def test_unknown_items_and_places_have_nothing_available(shop: Shop) -> None:
    assert shop.available("station", 999) == 0
    assert shop.order("nowhere", {1: 1}).json()["error"] == "insufficient_stock"


def test_lines_of_one_item_are_added_up(shop: Shop) -> None:
    line = {"sku": 6, "quantity": UNITS // 2, "unit_price_yen": 7}
    body = {"location": "station", "lines": [line, line], "channel": "store", "fulfilment": "carry"}
    answer = shop.post("till", "/v1/orders", body)
    assert answer.json()["amount_yen"] == 7 * UNITS
    assert shop.available("station", 6) == 0


def test_an_expired_hold_is_free_at_once_and_only_once(shop: Shop) -> None:
    held = shop.reserve("station", {7: UNITS})
    assert held.status_code == 201
    assert shop.available("station", 7) == 0
    assert shop.reserve("station", {7: 1}).status_code == 409
    for table, column in (("reservations", "id"), ("lines", "reservation_id")):
        ended = f"UPDATE {table} SET expires_at = clock_timestamp() WHERE {column} = $1"
        sql(shop.ready["database_url"], ended, held.json()["reservation"])
    assert shop.available("station", 7) == UNITS  # nobody has swept
    assert sorted(race(shop, 7)) == [201] * UNITS + [409] * (BUYERS - UNITS)
    late = shop.clients["app"].delete(f"/v1/reservations/{held.json()['reservation']}")
    assert late.status_code == 200
    assert shop.available("station", 7) == 0
    query = "SELECT reason, sum(held_change)::int AS units FROM stock_moves WHERE reservation_id = $1 GROUP BY 1"
    moves = sql(shop.ready["database_url"], query, held.json()["reservation"])
    assert {row["reason"]: row["units"] for row in moves} == {"hold": UNITS, "expire": -UNITS}


def test_releasing_twice_gives_back_once(shop: Shop) -> None:
    held = shop.reserve("station", {8: 5}).json()["reservation"]
    for _ in range(2):
        answer = shop.clients["app"].delete(f"/v1/reservations/{held}")
        assert (answer.status_code, answer.json()) == (200, {"reservation": held, "state": "released"})
    assert shop.available("station", 8) == UNITS


def test_an_order_takes_over_its_reservation_without_holding_twice(shop: Shop) -> None:
    held = shop.reserve("station", {9: UNITS, 10: 2}).json()["reservation"]
    answer = shop.order("station", {10: 2, 9: UNITS}, reservation=held)
    assert answer.status_code == 201
    assert shop.available("station", 9) == 0
    assert shop.available("station", 10) == UNITS - 2
    again = shop.order("station", {9: UNITS, 10: 2}, reservation=held)
    assert (again.status_code, again.json()["error"]) == (409, "reservation_used")
    release = shop.clients["app"].delete(f"/v1/reservations/{held}")
    assert (release.status_code, release.json()["error"]) == (409, "illegal_transition")


def test_a_reservation_serves_only_its_own_lines_and_place(shop: Shop) -> None:
    held = shop.reserve("station", {11: 2}).json()["reservation"]
    for location, lines in (("station", {11: 3}), ("station", {11: 2, 12: 1}), ("harbour", {11: 2})):
        answer = shop.order(location, lines, reservation=held)
        assert (answer.status_code, answer.json()["error"]) == (409, "reservation_mismatch")


def test_an_expired_reservation_cannot_be_ordered(shop: Shop) -> None:
    held = shop.reserve("station", {13: 2}, ttl_s=0.1).json()["reservation"]
    time.sleep(0.15)
    answer = shop.order("station", {13: 2}, reservation=held)
    assert (answer.status_code, answer.json()["error"]) == (409, "reservation_expired")
    assert shop.available("station", 13) == UNITS


def test_an_unpaid_order_expires_and_its_units_sell_again(hasty: Shop) -> None:
    first = hasty.placed("station", {14: UNITS})
    time.sleep(0.55)
    assert hasty.get(f"/v1/orders/{first}")["state"] == "expired"
    assert hasty.order("station", {14: UNITS}).status_code == 201
    answer = hasty.pay(first, 100 * UNITS)
    assert (answer.status_code, answer.json()["error"]) == (409, "order_not_payable")


def test_the_reconciliation_closes_overdue_orders(hasty: Shop) -> None:
    order = hasty.placed("station", {15: 3})
    time.sleep(0.55)
    assert hasty.post("back_office", "/v1/admin/reconcile").status_code == 200
    url = hasty.ready["database_url"]
    assert sql(url, "SELECT state FROM orders WHERE id = $1", order) == [{"state": "expired"}]
    assert sql(url, "SELECT held FROM stock WHERE sku = 15") == [{"held": 0}]


def test_goods_leave_the_counters_when_they_leave_the_shop(shop: Shop) -> None:
    url = shop.ready["database_url"]

    def counters(sku: int) -> tuple[int, int, int]:
        row = sql(url, "SELECT on_hand, held, allocated FROM stock WHERE sku = $1", sku)[0]
        return row["on_hand"], row["held"], row["allocated"]

    carried = shop.placed("station", {16: 2}, "carry")
    assert counters(16) == (UNITS, 2, 0)
    shop.pay(carried, 200)
    assert counters(16) == (UNITS - 2, 0, 0)
    shipped = shop.placed("station", {17: 2}, "ship")
    shop.pay(shipped, 200)
    assert counters(17) == (UNITS, 0, 2)
    assert shop.post("back_office", f"/v1/orders/{shipped}/ship").json()["state"] == "shipped"
    assert counters(17) == (UNITS - 2, 0, 0)
    collected = shop.placed("station", {18: 2}, "collect")
    shop.pay(collected, 200)
    shop.post("back_office", f"/v1/orders/{collected}/ready")
    assert counters(18) == (UNITS, 0, 2)
    assert shop.post("till", f"/v1/orders/{collected}/collect").json()["state"] == "collected"
    assert counters(18) == (UNITS - 2, 0, 0)


def test_without_the_guard_the_same_race_oversells_and_the_tables_show_it(tmp_path: Path) -> None:
    with embedded_postgres() as url:
        more = ("--database-url", url)
        with core(tmp_path, *more, OMO_CORE_UNSAFE_NO_STOCK_GUARD="1") as unsafe:
            unsafe.seed("station", dict.fromkeys(range(1, 31), UNITS))
            sold = sku = 0
            while sold <= UNITS and sku < 30:  # where no two buyers of the last unit share a batch, nothing goes wrong
                sku += 1
                sold = race(unsafe, sku).count(201)
            assert sold > UNITS
            free = sql(url, "SELECT on_hand - held - allocated AS free FROM stock WHERE sku = $1", sku)[0]["free"]
            assert free == UNITS - sold
        assert "OVERSELLS" in next(tmp_path.glob("*.log")).read_text()
        with pytest.raises(UsageError, match="oversold"):  # a guarded core does not go on with such books
            asyncio.run(apply_schema(url, stock_guard=True))
        sql(url, "UPDATE stock SET held = 0")
        asyncio.run(apply_schema(url, stock_guard=True))  # and guards a database that is in order again
        with pytest.raises(asyncpg.CheckViolationError):
            sql(url, "UPDATE stock SET held = on_hand + 1")


def test_two_cores_on_one_database_sell_together_what_there_is(tmp_path: Path) -> None:
    keys = ("--keys-file", str(tmp_path / "keys.json"))
    with (
        embedded_postgres() as url,
        core(tmp_path, "--database-url", url, *keys) as one,
        core(tmp_path, "--database-url", url, *keys) as other,
    ):
        one.seed("station", {1: UNITS})
        body = {
            "location": "station",
            "lines": [{"sku": 1, "quantity": 1, "unit_price_yen": 1}],
            "channel": "app",
            "fulfilment": "carry",
        }

        def buy(turn: int) -> tuple[int, str]:
            """Every purchase is sent to both cores under one key."""
            answer = (one, other)[turn % 2].post("app", "/v1/orders", body, f"purchase {turn // 2}")
            return answer.status_code, answer.json().get("error", "")

        with ThreadPoolExecutor(16) as pool:
            seen = list(pool.map(buy, range(2 * BUYERS)))
        assert {error for status, error in seen if status == 409} <= {"in_flight", "insufficient_stock"}
        assert sql(url, "SELECT count(*)::int AS n FROM orders") == [{"n": UNITS}]
        assert_books_hold(url)


def test_a_database_with_other_peoples_tables_is_left_alone() -> None:
    with embedded_postgres() as url:
        sql(url, "CREATE TABLE orders (id int)")
        with pytest.raises(UsageError, match="not ours"):
            asyncio.run(apply_schema(url, stock_guard=True))
