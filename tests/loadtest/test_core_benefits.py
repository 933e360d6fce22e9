"""Coupons and points: held, used and given back with the order they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from core_desk import YEN, Desk, a_desk, assert_laws_hold
from core_harness import assert_books_hold, sql
from core_in_memory import ask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from loadtest import office
from loadtest.embedded_postgres import embedded_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with embedded_postgres() as url:
        sql(url, "ALTER ROLE postgres SET synchronous_commit = off")  # nothing is killed here
        yield url


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
