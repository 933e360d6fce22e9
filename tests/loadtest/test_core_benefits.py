"""Coupons and points: held, used and given back with the order they belong to, by whoever comes first, once."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from core_harness import assert_books_hold, sql
from core_in_memory import Shop, ask, database_url, shop
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from loadtest import office
from loadtest.audit.books import dump_core
from loadtest.audit.verdict import audit
from loadtest.core.schema import apply_schema
from loadtest.embedded_postgres import embedded_postgres

PERCENT = 10
YEN = 100
"""The price of everything."""


@dataclass
class Desk:
    """A core in this process, asked one thing after the other, each under a key of its own unless it is given."""

    runner: asyncio.Runner
    shop: Shop
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def ask(self, method: str, path: str, body: object = None, kind: str = "back_office", key: str = "") -> Any:
        """Status and document."""
        return self.runner.run(self.shop.call(kind, method, path, body, key or f"key {next(self.numbers)}"))

    def sql(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self.runner.run(self.shop.sql(query, *arguments))]

    def shopper(self, points: int = 0) -> int:
        """A new shopper with these points."""
        number = next(self.numbers)
        if points:
            assert self.ask("POST", "/v1/points", {"shopper": number, "points": points})[0] == 201
        return number

    def coupon(self, discount_yen: int = 30, **more: object) -> str:
        body = {"discount_yen": discount_yen, "ttl_s": 1000, **more}
        status, answer = self.ask("POST", "/v1/coupons", body, "app")
        assert (status, answer["state"]) == (201, "open")
        return str(answer["code"])

    def order(self, units: int = 2, fulfilment: str = "carry", key: str = "", sku: int = 1, **more: object) -> Any:
        return self.ask("POST", "/v1/orders", order_of(sku, units, fulfilment, **more), "app", key)

    def placed(self, *arguments: Any, **more: Any) -> int:
        status, answer = self.order(*arguments, **more)
        assert status == 201, answer
        return int(answer["order"])

    def pay(self, order: int, method: str = "cash", key: str = "") -> dict[str, Any]:
        yen = self.ask("GET", f"/v1/orders/{order}")[1]["amount_yen"]
        body = {"order": order, "amount_yen": yen, "method": method, "brand": method}
        return dict(self.ask("POST", "/v1/payments", body, "app", key)[1])

    def cancel(self, order: int) -> None:
        assert self.ask("POST", f"/v1/orders/{order}/cancel")[0] == 200

    def points(self, shopper: int) -> tuple[int, int]:
        """Balance and held."""
        told = self.ask("GET", f"/v1/members/{shopper}/points")[1]
        assert told["free"] == told["balance"] - told["held"]
        return told["balance"], told["held"]

    def state_of(self, coupon: str) -> str:
        return str(self.ask("GET", f"/v1/coupons?code={coupon}")[1]["state"])

    def hold_ends(self, order: int) -> None:
        for table, column in (("orders", "id"), ("lines", "order_id")):
            self.sql(f"UPDATE {table} SET expires_at = expires_at - interval '1 day' WHERE {column} = $1", order)

    def ledger(self, order: int) -> dict[str, int]:
        """Balance of each account that is not zero, of one order."""
        query = """SELECT account, sum(amount_yen)::bigint AS yen FROM ledger_lines WHERE order_id = $1
                   GROUP BY account HAVING sum(amount_yen) <> 0"""
        return {row["account"]: row["yen"] for row in self.sql(query, order)}


def order_of(sku: int, units: int, fulfilment: str, **more: object) -> dict[str, Any]:
    line = {"sku": sku, "quantity": units, "unit_price_yen": YEN}
    return {"location": "station", "lines": [line], "channel": "app", "fulfilment": fulfilment, **more}


def opening(units: dict[int, int]) -> dict[str, Any]:
    return {
        "products": [{"sku": sku, "name": f"item {sku}", "price_yen": YEN} for sku in units],
        "stock": [{"location": "station", "sku": sku, "on_hand": n} for sku, n in units.items()],
        "points_percent": PERCENT,
    }


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with embedded_postgres() as url:
        sql(url, "ALTER ROLE postgres SET synchronous_commit = off")  # nothing is killed here
        yield url


async def new_core(server: str, name: str, units: dict[int, int]) -> str:
    """The URL of a new database with the core's tables and `units` of each item."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = database_url(server, name)
    await apply_schema(url, stock_guard=True)
    async with shop(url) as seeded:
        assert (await seeded.call("back_office", "POST", "/v1/admin/seed", opening(units), "seed"))[0] == 200
    return url


@contextmanager
def a_desk(server: str, name: str) -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        opened = shop(runner.run(new_core(server, name, {1: 100_000, 2: 1})))
        try:
            yield Desk(runner, runner.run(opened.__aenter__()))
        finally:
            runner.run(opened.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def desk(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    load = tmp_path_factory.mktemp("load")
    with a_desk(server, "desk") as opened:
        yield opened
        office.write_psp_tables(b"".join(opened.shop.psp.book.lines()), load / "books")
    assert_laws_hold(opened.shop.url, load)


@pytest.fixture(scope="module")
def desk_of_any_percent(server: str) -> Iterator[Desk]:
    """One whose programme a test changes, which no audit would understand."""
    with a_desk(server, "any_percent") as opened:
        yield opened
    assert_books_hold(opened.shop.url)


def assert_laws_hold(url: str, load: Path) -> None:
    """The audit's, of which those that this core's life has something for have looked at rows."""
    dump_core(url, load / "books")
    found = audit(load)
    ours = {"points_balances", "points_not_negative", "coupons_used_once", "points_of_orders", "benefits_booked"}
    broken = {verdict.law.name: verdict.findings[0].what for verdict in found.verdicts if verdict.broken}
    assert broken == {}
    assert {verdict.law.name for verdict in found.verdicts if verdict.checked} >= ours
    assert_books_hold(url)


@pytest.mark.parametrize("method", ["cash", "card", "news"])
def test_what_was_held_is_used_when_the_order_is_paid_in_whichever_way(desk: Desk, method: str) -> None:
    """By hand: 200 yen less 30 and 50 leave 120, which earn 12; `news`: the answer was lost, an event tells."""
    shopper, coupon = desk.shopper(60), desk.coupon()
    order = desk.placed(shopper=shopper, coupon=coupon, points=50)
    assert (desk.points(shopper), desk.state_of(coupon)) == ((60, 50), "held")
    if method == "news":
        desk.shop.line.cut["app:lost"] = "after"
        assert desk.pay(order, "card", "lost")["state"] == "unknown"
        assert (desk.points(shopper), desk.state_of(coupon)) == ((60, 50), "held")
        desk.runner.run(desk.shop.webhook("app:lost", "captured", "event 1"))
    else:
        assert desk.pay(order, method)["state"] == "captured"
    assert (desk.points(shopper), desk.state_of(coupon)) == ((22, 0), "used")
    told = desk.ask("GET", f"/v1/orders/{order}")[1]
    assert (told["amount_yen"], told["coupon_yen"], told["points_used"], told["paid_yen"]) == (120, 30, 50, 120)
    asset = "cash_drawer" if method == "cash" else "psp_receivable"
    costs = {"coupon_cost": 30, "points_cost": 12, "points_liability": 50 - 12}
    assert desk.ledger(order) == {asset: 120, "sales": -200, **costs}


@pytest.mark.parametrize("end", ["cancel", "reconcile", "look", "next"])
def test_an_order_that_ends_unpaid_gives_back_what_it_held(desk: Desk, end: str) -> None:
    shopper, coupon = desk.shopper(60), desk.coupon()
    more: dict[str, Any] = {"shopper": shopper, "coupon": coupon, "points": 50}
    order = desk.placed(**more)
    if end == "cancel":
        desk.cancel(order)
    else:
        desk.hold_ends(order)
    if end == "reconcile":
        assert desk.ask("POST", "/v1/admin/reconcile")[0] == 200
    if end == "next":
        assert desk.pay(desk.placed(**more))["state"] == "captured"
        assert (desk.points(shopper), desk.state_of(coupon)) == ((22, 0), "used")
    else:
        assert (desk.points(shopper), desk.state_of(coupon)) == ((60, 0), "open")
    assert desk.ask("GET", f"/v1/orders/{order}")[1]["state"] == ("cancelled" if end == "cancel" else "expired")
    assert desk.ledger(order) == {}


def test_money_that_comes_too_late_uses_nothing_and_goes_back(desk: Desk) -> None:
    shopper, coupon = desk.shopper(60), desk.coupon()
    order = desk.placed(shopper=shopper, coupon=coupon, points=50)
    desk.shop.line.cut["app:late"] = "after"
    desk.pay(order, "card", "late")
    desk.hold_ends(order)
    desk.runner.run(desk.shop.webhook("app:late", "captured", "event late"))
    assert (desk.points(shopper), desk.state_of(coupon)) == ((60, 0), "open")
    assert desk.ledger(order) == {}


@pytest.mark.parametrize("method", ["cash", "card"])
@pytest.mark.parametrize("way", ["refund", "cancel"])
def test_points_go_both_ways_with_the_last_yen_and_the_coupon_stays_used(desk: Desk, way: str, method: str) -> None:
    shopper, coupon = desk.shopper(60), desk.coupon()
    order = desk.placed(fulfilment="ship", shopper=shopper, coupon=coupon, points=50)
    payment = desk.pay(order, method)["payment"]
    part = {"payment": payment, "amount_yen": 100}
    assert desk.ask("POST", "/v1/refunds", part)[0] == 201
    assert desk.points(shopper) == (22, 0)
    if way == "refund":
        assert desk.ask("POST", "/v1/refunds", {"payment": payment, "amount_yen": 20})[0] == 201
        assert desk.points(shopper) == (60, 0)
    desk.cancel(order)
    assert (desk.points(shopper), desk.state_of(coupon)) == ((60, 0), "used")
    assert desk.ledger(order) == {"sales": -200, "sales_returns": 200}


def test_a_refund_that_the_provider_has_not_made_yet_gives_no_points_back(desk: Desk) -> None:
    shopper = desk.shopper(60)
    order = desk.placed(fulfilment="ship", shopper=shopper, points=50)
    desk.pay(order, "card", "slow")
    desk.shop.line.cut["app:slow:cancelled"] = "after"
    desk.cancel(order)
    assert desk.points(shopper) == (10 + 15, 0)
    desk.sql("UPDATE refunds SET called_at = called_at - interval '1 day'")
    desk.ask("POST", "/v1/admin/reconcile")
    assert desk.points(shopper) == (60, 0)


def test_earned_points_that_are_spent_or_held_stay_a_cost(desk: Desk) -> None:
    """By hand: 500 yen earn 50; 20 are used (80 yen earn 8) and 15 held, so 50 - 20 + 8 - 15 = 23 can be taken back."""
    shopper = desk.shopper()
    first = desk.placed(5, shopper=shopper)
    payment = desk.pay(first)["payment"]
    desk.pay(desk.placed(1, shopper=shopper, points=20))
    waiting = desk.placed(1, shopper=shopper, points=15)
    assert desk.points(shopper) == (38, 15)
    assert desk.ask("POST", "/v1/refunds", {"payment": payment, "amount_yen": 500})[0] == 201
    assert desk.points(shopper) == (15, 15)
    assert desk.ledger(first) == {"sales": -500, "sales_returns": 500, "points_cost": 27, "points_liability": -27}
    assert desk.pay(waiting)["state"] == "captured"


def test_what_cannot_be_used_is_refused_by_name_and_takes_no_stock(desk: Desk) -> None:
    shopper, other = desk.shopper(50), desk.shopper(50)
    used, ended = desk.coupon(), desk.coupon()
    desk.pay(desk.placed(coupon=used))
    desk.sql("UPDATE coupons SET expires_at = now() WHERE code = $1", ended)
    assert desk.state_of(ended) == "expired"
    held = "SELECT held, on_hand FROM stock WHERE sku = 1"
    before = desk.sql(held)
    refusals: list[tuple[str, dict[str, Any]]] = [
        ("coupon_invalid", {"coupon": "0" * 32}),
        ("coupon_used", {"coupon": used}),
        ("coupon_expired", {"coupon": ended}),
        ("coupon_not_yours", {"coupon": desk.coupon(shopper=other), "shopper": shopper}),
        ("coupon_not_yours", {"coupon": desk.coupon(shopper=other)}),
        ("order_too_small", {"coupon": desk.coupon(min_yen=201)}),
        ("order_too_small", {"coupon": desk.coupon(200)}),
        ("order_too_small", {"coupon": desk.coupon(150), "shopper": shopper, "points": 50}),
        ("points_short", {"shopper": shopper, "points": 51}),
        ("points_short", {"shopper": desk.shopper(), "points": 1}),
    ]
    for code, more in refusals:
        status, answer = desk.order(**more)
        assert (status, answer["error"]) == (409, code)
    assert desk.order(points=1)[0] == 400
    assert desk.sql(held) == before
    assert desk.points(shopper) == (50, 0)
    assert desk.sql("SELECT FROM points_moves WHERE reason = 'hold' AND shopper = $1", shopper) == []


def test_an_order_that_is_short_of_stock_holds_neither_coupon_nor_points(desk: Desk) -> None:
    shopper, coupon = desk.shopper(50), desk.coupon()
    more: dict[str, Any] = {"shopper": shopper, "coupon": coupon, "points": 10}
    assert desk.order(2, sku=2, **more)[1]["error"] == "insufficient_stock"
    reservation = {"location": "station", "lines": [{"sku": 1, "quantity": 1}], "ttl_s": 60}
    held = desk.ask("POST", "/v1/reservations", reservation, "app")[1]["reservation"]
    assert desk.order(2, reservation=held, **more)[1]["error"] == "reservation_mismatch"
    assert (desk.points(shopper), desk.state_of(coupon)) == ((50, 0), "open")
    assert desk.order(1, reservation=held, coupon=desk.coupon(YEN))[1]["error"] == "order_too_small"
    assert desk.order(1, reservation=held, **more)[0] == 201
    assert (desk.points(shopper), desk.state_of(coupon)) == ((50, 10), "held")


def test_a_repeated_request_is_told_the_same_and_moves_nothing(desk: Desk) -> None:
    shopper, coupon = desk.shopper(), desk.coupon()
    grant = {"shopper": shopper, "points": 60}
    assert desk.ask("POST", "/v1/points", grant, key="grant") == desk.ask("POST", "/v1/points", grant, key="grant")
    issue = {"discount_yen": 1, "ttl_s": 60}
    assert desk.ask("POST", "/v1/coupons", issue, key="issue") == desk.ask("POST", "/v1/coupons", issue, key="issue")
    more: dict[str, Any] = {"shopper": shopper, "coupon": coupon, "points": 50}
    first = desk.order(key="once", **more)
    assert desk.order(key="once", **more) == first
    paid = desk.pay(first[1]["order"], key="paid once")
    assert desk.pay(first[1]["order"], key="paid once") == paid
    assert desk.order(key="once", **more) == first
    assert desk.points(shopper) == (22, 0)


def test_an_order_without_benefits_writes_what_it_always_has(desk: Desk) -> None:
    order = desk.placed()
    desk.pay(order)
    kinds = desk.sql("SELECT kind, account, amount_yen FROM ledger_lines WHERE order_id = $1 ORDER BY id", order)
    assert [tuple(row.values()) for row in kinds] == [("capture", "cash_drawer", 200), ("capture", "sales", -200)]
    assert desk.sql("SELECT FROM points_moves WHERE order_id = $1", order) == []


@seed(1)
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_to_pay_and_what_is_earned_is_arithmetic(desk_of_any_percent: Desk, data: Any) -> None:
    """Against the closed form, around the edges where nothing is left to pay."""
    desk = desk_of_any_percent
    percent = data.draw(st.sampled_from([0, 1, 3, 10, 99, 100]))
    units = data.draw(st.integers(1, 20))
    lines_yen = units * YEN
    discount_yen = data.draw(st.none() | st.integers(1, lines_yen + 1))
    left = lines_yen - (discount_yen or 0)
    points = data.draw(st.integers(0, max(left + 1, 0)) | st.integers(max(left - 2, 0), max(left, 0)))
    desk.sql("UPDATE points_programme SET points_percent = $1", percent)
    shopper = desk.shopper(points + 5)
    more: dict[str, Any] = {} if discount_yen is None else {"coupon": desk.coupon(discount_yen)}
    status, answer = desk.order(units, shopper=shopper, points=points, **more)
    if left - points < 1:
        assert (status, answer["error"]) == (409, "order_too_small")
        return
    assert (status, answer["amount_yen"]) == (201, left - points)
    payment = desk.pay(answer["order"])["payment"]
    assert desk.points(shopper) == (5 + (left - points) * percent // 100, 0)
    desk.ask("POST", "/v1/refunds", {"payment": payment, "amount_yen": left - points})
    assert desk.points(shopper) == (points + 5, 0)


def refused(desk: Desk, statement: str, *arguments: object, law: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as error:
        desk.sql(statement, *arguments)
    assert error.value.constraint_name == law


def test_the_database_refuses_what_no_coupon_and_no_points_may_do(desk: Desk) -> None:
    shopper, coupon = desk.shopper(50), desk.coupon()
    paid = desk.placed(shopper=shopper, coupon=coupon, points=10)
    desk.pay(paid)
    waiting = desk.placed(shopper=shopper, coupon=desk.coupon(40), points=1)
    for change in ("state = 'open', order_id = NULL", f"order_id = {waiting}", "discount_yen = 40", "shopper = 1"):
        refused(desk, f"UPDATE coupons SET {change} WHERE order_id = $1", paid, law="coupon_is_lawful")
    for order, state in ((paid, "held"), (waiting, "used"), (waiting, "held")):  # 30 yen, but that order has 40 off
        change = "UPDATE coupons SET state = $1, order_id = $2 WHERE code = $3"
        refused(desk, change, state, order, desk.coupon(), law="coupon_is_lawful")
    refused(desk, "UPDATE coupons SET state = 'used' WHERE order_id = $1", waiting, law="coupon_is_lawful")
    for change in ("coupon_yen = 0", "points_used = 0", "shopper = 1"):
        refused(desk, f"UPDATE orders SET {change} WHERE id = $1", paid, law="benefits_are_final")
    for change in ("balance = -1", "held = -1", "held = balance + 1"):
        refused(desk, f"UPDATE points_accounts SET {change} WHERE shopper = $1", shopper, law="points_held_are_there")
    refused(desk, "DELETE FROM points_moves", law="points_moves_are_immutable")
    refused(desk, "UPDATE points_moves SET balance_change = 0", law="points_moves_are_immutable")
    refused(desk, "DELETE FROM coupons", law="coupons_are_kept")
    refused(desk, "INSERT INTO points_programme (points_percent) VALUES (1)", law="programme_is_one")
    again = (
        "INSERT INTO points_moves (shopper, balance_change, held_change, reason, order_id) VALUES ($1, $2, 0, $3, $4)"
    )
    refused(desk, again, shopper, -1, "earn", paid, law="move_fits_its_reason")
    with pytest.raises(asyncpg.UniqueViolationError, match="points_moved_once"):
        desk.sql(again, shopper, 17, "earn", paid)


def test_members_see_their_own_points_and_no_others(desk: Desk) -> None:
    mine, other = desk.shopper(5), desk.shopper(6)
    token = desk.ask("POST", "/v1/member-tokens", {"shopper": mine}, "app")[1]["token"]
    headers = {"authorization": f"Bearer {token}"}
    for shopper, status in ((mine, 200), (other, 404)):
        assert desk.runner.run(ask(desk.shop.app, "GET", f"/v1/members/{shopper}/points", b"", headers))[0] == status
    assert desk.ask("GET", f"/v1/members/{mine}/points", kind="till")[0] == 403


BUYERS = 24
COUPONS = 4
SHOPPERS = 3
GRANTED = 200
JOURNEYS = 240


def test_two_cores_give_one_coupon_once_and_no_balance_below_zero(server: str) -> None:
    """Everybody at once for one coupon, and for 100 points by 30: one order gets the coupon, three the points."""

    async def rush() -> tuple[str, list[Any], list[Any]]:
        url = await new_core(server, "rush", {1: 1000})
        async with shop(url) as one, shop(url) as two:
            _, coupon = await one.call("app", "POST", "/v1/coupons", {"discount_yen": 30, "ttl_s": 1000}, "coupon")
            await one.call("back_office", "POST", "/v1/points", {"shopper": 1, "points": 100}, "points")
            wishes: list[dict[str, Any]] = [{"coupon": coupon["code"]}, {"shopper": 1, "points": 30}]
            told = await asyncio.gather(
                *(
                    core.call("app", "POST", "/v1/orders", order_of(1, 1, "carry", **wish), f"{number} {place}")
                    for number in range(BUYERS)
                    for core in (one, two)
                    for place, wish in enumerate(wishes)
                )
            )  # both cores are sent the same keys
        return url, told[0::2], told[1::2]

    url, coupons, points = asyncio.run(rush())
    assert len({answer["order"] for status, answer in coupons if status == 201}) == 1
    assert len({answer["order"] for status, answer in points if status == 201}) == 3
    errors = {answer["error"] for status, answer in coupons + points if status == 409}
    assert errors <= {"coupon_used", "points_short", "in_flight"}
    assert sql(url, "SELECT balance, held FROM points_accounts") == [{"balance": 100, "held": 90}]
    assert sql(url, "SELECT held FROM stock") == [{"held": 4}]


async def journey(shop: Shop, number: int, codes: list[str], seen: dict[int, str]) -> None:
    """One shopper at one of two cores: an order for a coupon, points or both, and one of the ends that it may have.

    `seen`: order -> what the client knows it ended as: paid, cancelled, or open where it knows no more.
    """
    draw = random.Random(number)
    wish = order_of(
        draw.choice([1, 2, 3]), 2, "ship", shopper=draw.randrange(SHOPPERS), points=draw.choice([0, 20, 60])
    )
    if draw.random() < 0.6:
        wish["coupon"] = draw.choice(codes)
    status, told = await shop.call("app", "POST", "/v1/orders", wish, f"order {number}")
    if status != 201:
        assert told["error"] in ("coupon_used", "points_short", "insufficient_stock"), told
        return
    order, end = told["order"], draw.choice(["walk", "slow", "cancel", "cash", "card", "lost", "late", "back"])
    seen[order] = "open"
    if end in ("walk", "slow"):
        await hold_ends(shop, order)
    if end in ("cash", "slow", "card", "lost", "late", "back"):
        method = "cash" if end in ("cash", "slow") else "card"
        if end in ("lost", "late"):
            shop.line.cut[f"app:pay {number}"] = "after" if end == "late" else draw.choice(["before", "after"])
        body = {"order": order, "amount_yen": told["amount_yen"], "method": method, "brand": method}
        status, paid = await shop.call("app", "POST", "/v1/payments", body, f"pay {number}")
        seen[order] = "paid" if status == 201 and paid["state"] == "captured" else "open"
    if end == "late":
        await hold_ends(shop, order)
        await shop.webhook(f"app:pay {number}", "captured", f"event {number}")
    if end in ("cancel", "back"):
        await shop.call("back_office", "POST", f"/v1/orders/{order}/cancel", None, f"cancel {number}")
        seen[order] = "cancelled"


async def hold_ends(shop: Shop, order: int) -> None:
    for table, column in (("orders", "id"), ("lines", "order_id")):
        await shop.sql(f"UPDATE {table} SET expires_at = now() WHERE {column} = $1", order)


def test_after_a_storm_at_two_cores_every_point_and_every_coupon_is_accounted_for(server: str, tmp_path: Path) -> None:
    async def storm() -> tuple[str, dict[int, str]]:
        url = await new_core(server, "storm", {1: 1000, 2: 1000, 3: 60})
        seen: dict[int, str] = {}
        async with shop(url) as one, shop(url) as two:
            two.psp.book = one.psp.book  # one provider
            for shopper in range(SHOPPERS):
                grant = {"shopper": shopper, "points": GRANTED}
                await one.call("back_office", "POST", "/v1/points", grant, f"grant {shopper}")
            issue = {"discount_yen": 30, "ttl_s": 1000}
            issued = [await one.call("app", "POST", "/v1/coupons", issue, f"c {n}") for n in range(COUPONS)]
            codes = [answer["code"] for _, answer in issued]
            crowd = asyncio.Semaphore(BUYERS)

            async def one_of(number: int) -> None:
                async with crowd:
                    await journey((one, two)[number % 2], number, codes, seen)

            await asyncio.gather(*(one_of(number) for number in range(JOURNEYS)))
            for table in ("payments", "refunds"):
                await one.sql(f"UPDATE {table} SET called_at = called_at - interval '1 hour'")
            for turn in range(2):
                await one.call("back_office", "POST", "/v1/admin/reconcile", None, f"reconcile {turn}")
                await one.sql("UPDATE orders SET expires_at = now() WHERE state = 'pending_payment'")
            office.write_psp_tables(b"".join(one.psp.book.lines()), tmp_path / "books")
        return url, seen

    url, seen = asyncio.run(storm())
    assert set(seen.values()) == {"open", "paid", "cancelled"}
    assert_laws_hold(url, tmp_path)
    orders = {row["id"]: row for row in sql(url, "SELECT id, state, coupon_yen, points_used FROM orders")}
    assert orders.keys() == seen.keys()
    for order, end in seen.items():
        assert end == "open" or orders[order]["state"] == end
    assert_balances_are_those_of_one_after_the_other(url)
    used = sql(url, "SELECT count(*) AS n FROM coupons WHERE state = 'used'")[0]["n"]
    took = sql(url, "SELECT count(*) AS n FROM orders WHERE coupon_yen > 0 AND payment_id IS NOT NULL")[0]["n"]
    assert 0 < used == took <= COUPONS
    sql(url, "SELECT pg_stat_force_next_flush()")
    assert sql(url, "SELECT deadlocks FROM pg_stat_database WHERE datname = 'storm'") == [{"deadlocks": 0}]


def assert_balances_are_those_of_one_after_the_other(url: str) -> None:
    """Each shopper's movements in turn, against a model that knows the orders and the rules and no accounts."""
    orders = {row["id"]: row for row in sql(url, "SELECT id, shopper, amount_yen, points_used FROM orders")}
    balance = dict.fromkeys(range(SHOPPERS), 0)
    held = dict.fromkeys(range(SHOPPERS), 0)
    for move in sql(url, "SELECT shopper, reason, balance_change, order_id FROM points_moves ORDER BY id"):
        shopper, reason = move["shopper"], move["reason"]
        if reason == "grant":
            balance[shopper] += GRANTED
            continue
        order = orders[move["order_id"]]
        points, earned = order["points_used"], order["amount_yen"] * PERCENT // 100
        assert order["shopper"] == shopper
        held[shopper] += {"hold": points, "release": -points, "use": -points}.get(reason, 0)
        taken = min(earned, balance[shopper] - held[shopper])
        change = {"use": -points, "earn": earned, "give_back": points, "take_back": -taken}.get(reason, 0)
        assert move["balance_change"] == change, move
        balance[shopper] += change
        assert 0 <= held[shopper] <= balance[shopper], move
    told = sql(url, "SELECT shopper, balance, held FROM points_accounts ORDER BY shopper")
    assert told == [{"shopper": n, "balance": balance[n], "held": held[n]} for n in range(SHOPPERS)]
    assert set(held.values()) == {0}
