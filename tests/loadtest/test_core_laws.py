"""What the database itself refuses, whoever asks: the last line of defence."""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
import pytest
from core_harness import Shop, assert_books_hold, core, sql


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with core(tmp_path_factory.mktemp("core")) as running:
        running.seed("station", dict.fromkeys(range(1, 21), 100))
        yield running
        assert_books_hold(running.ready["database_url"])


LEGAL = {
    "carry": {("pending_payment", "pay"): "completed", ("pending_payment", "cancel"): "cancelled"},
    "ship": {
        ("pending_payment", "pay"): "paid",
        ("pending_payment", "cancel"): "cancelled",
        ("paid", "ship"): "shipped",
        ("paid", "cancel"): "cancelled",
    },
    "collect": {
        ("pending_payment", "pay"): "paid",
        ("pending_payment", "cancel"): "cancelled",
        ("paid", "ready"): "ready",
        ("paid", "cancel"): "cancelled",
        ("ready", "collect"): "collected",
        ("ready", "cancel"): "cancelled",
    },
}
"""docs/contracts.md, "Order states"."""

PATH_TO = {
    "pending_payment": [],
    "completed": ["pay"],
    "paid": ["pay"],
    "shipped": ["pay", "ship"],
    "ready": ["pay", "ready"],
    "collected": ["pay", "ready", "collect"],
    "cancelled": ["cancel"],
}


def act(shop: Shop, order: int, action: str) -> int:
    if action == "pay":
        return shop.pay(order, 100).status_code
    return shop.post("back_office", f"/v1/orders/{order}/{action}").status_code


@pytest.mark.parametrize("fulfilment", LEGAL)
def test_every_step_from_every_state_is_taken_or_refused_as_agreed(shop: Shop, fulfilment: str) -> None:
    states = {"pending_payment", *LEGAL[fulfilment].values()}
    for state in states:
        for action in ("pay", "ready", "collect", "ship", "cancel"):
            order = shop.placed("station", {1: 1}, fulfilment)
            for step in PATH_TO[state]:
                assert act(shop, order, step) in (200, 201)
            assert shop.get(f"/v1/orders/{order}")["state"] == state
            target = LEGAL[fulfilment].get((state, action))
            assert act(shop, order, action) == (409 if target is None else 201 if action == "pay" else 200)
            assert shop.get(f"/v1/orders/{order}")["state"] == (target or state)
            if target is None and state != "cancelled":
                shop.post("back_office", f"/v1/orders/{order}/cancel")  # gives the unit back where that is possible


def test_the_database_refuses_illegal_transitions_of_orders(shop: Shop) -> None:
    order = shop.placed("station", {2: 1}, "ship")
    url = shop.ready["database_url"]
    for state in ("shipped", "ready", "collected", "completed"):
        with pytest.raises(asyncpg.CheckViolationError, match="may not go"):
            sql(url, "UPDATE orders SET state = $2 WHERE id = $1", order, state)


def test_the_database_refuses_illegal_transitions_of_payments(shop: Shop) -> None:
    payment = shop.pay(shop.placed("station", {3: 1}), 100).json()["payment"]
    url = shop.ready["database_url"]
    for state in ("created", "unknown", "failed", "pending_customer", "expired"):
        with pytest.raises(asyncpg.CheckViolationError, match="may not go"):
            sql(url, "UPDATE payments SET state = $2 WHERE id = $1", payment, state)


def refused(shop: Shop, statement: str, *arguments: object, law: str) -> None:
    """The statement fails as psql would see it fail, and the error names the law."""
    with pytest.raises(asyncpg.CheckViolationError) as error:
        sql(shop.ready["database_url"], statement, *arguments)
    assert error.value.constraint_name == law


def paid(shop: Shop, sku: int, fulfilment: str = "ship") -> tuple[int, int]:
    """Order and payment of 100 yen, captured."""
    order = shop.placed("station", {sku: 1}, fulfilment)
    return order, shop.pay(order, 100).json()["payment"]


def test_the_database_refuses_an_order_that_is_served_without_its_payment(shop: Shop) -> None:
    order = shop.placed("station", {6: 1}, "ship")
    _, other = paid(shop, 6)
    refused(shop, "UPDATE orders SET state = 'paid' WHERE id = $1", order, law="order_is_lawful")
    claim = "UPDATE orders SET state = 'paid', payment_id = $2 WHERE id = $1"
    refused(shop, claim, order, other, law="order_is_paid")
    attempt = """INSERT INTO payments (order_id, method, brand, amount_yen, state, client, idempotency_key)
                 VALUES ($1, 'card', 'acme', 100, 'created', 'app', 'none') RETURNING id"""
    open_payment = sql(shop.ready["database_url"], attempt, order)[0]["id"]
    refused(shop, claim, order, open_payment, law="order_is_paid")
    served, payment = paid(shop, 6)
    for change in (f"payment_id = {other}", "payment_id = NULL, state = 'cancelled'"):
        refused(shop, f"UPDATE orders SET {change} WHERE id = $1", served, law="order_is_lawful")
    assert payment != other
    refused(shop, "UPDATE orders SET amount_yen = 1 WHERE id = $1", order, law="order_is_lawful")


def test_the_database_refuses_to_change_what_was_charged_or_how(shop: Shop) -> None:
    _, payment = paid(shop, 7)
    for change in ("amount_yen = 99", "order_id = 1", "late = true", "applied = false", "captured_at = now()"):
        refused(shop, f"UPDATE payments SET {change} WHERE id = $1", payment, law="payment_is_lawful")
    refused(shop, "UPDATE payments SET state = 'refunded' WHERE id = $1", payment, law="payment_is_lawful")


@pytest.mark.parametrize("made", ["captured", "failed", "refunded"])
def test_the_database_refuses_payments_that_begin_anywhere_but_at_their_beginning(shop: Shop, made: str) -> None:
    query = """INSERT INTO payments (order_id, method, brand, amount_yen, state, client, idempotency_key)
               VALUES (1, 'card', 'acme', 100, $1, 'app', 'none')"""
    refused(shop, query, made, law="payment_is_lawful")


@pytest.mark.parametrize(
    "made",
    [
        "'wallet', true, false, now(), 0, NULL",
        "'cash', false, false, now(), 0, NULL",
        "'cash', true, false, NULL, 0, NULL",
        "'cash', false, true, now(), 0, NULL",
        "'cash', true, false, now(), 100, NULL",
        "'cash', true, false, now(), 0, 'app:key'",
    ],
)
def test_only_cash_for_its_order_begins_as_captured(shop: Shop, made: str) -> None:
    """The columns: method, applied, late, captured_at, refund_promised_yen, merchant_payment_id."""
    query = """INSERT INTO payments (method, applied, late, captured_at, refund_promised_yen, merchant_payment_id,
                                     order_id, brand, amount_yen, state, client, idempotency_key)
               VALUES ({}, 1, 'acme', 100, 'captured', 'app', 'none')"""
    refused(shop, query.format(made), law="payment_is_lawful")


def test_the_database_refuses_holds_that_end_twice(shop: Shop) -> None:
    held = shop.reserve("station", {8: 1}).json()["reservation"]
    assert shop.clients["app"].delete(f"/v1/reservations/{held}").status_code == 200
    for state in ("held", "ordered", "expired"):
        again = "UPDATE reservations SET state = $2 WHERE id = $1"
        refused(shop, again, held, state, law="reservation_is_lawful")
    for state in ("held", "sold", "allocated", "expired"):
        line = "UPDATE lines SET state = $2 WHERE reservation_id = $1"
        refused(shop, line, held, state, law="line_is_lawful")
    refused(shop, "UPDATE lines SET quantity = 2 WHERE reservation_id = $1", held, law="line_is_lawful")


def test_the_database_refuses_refunds_that_move_backwards_or_were_never_promised(shop: Shop) -> None:
    _, payment = paid(shop, 9)
    body = {"payment": payment, "amount_yen": 40, "reason": "test"}
    refund = shop.post("app", "/v1/refunds", body).json()["refund"]
    for state in ("pending", "failed"):
        refused(shop, "UPDATE refunds SET state = $2 WHERE id = $1", refund, state, law="refund_is_lawful")
    refused(shop, "UPDATE refunds SET amount_yen = 41 WHERE id = $1", refund, law="refund_is_lawful")
    extra = "INSERT INTO refunds (payment_id, amount_yen, reason, merchant_refund_id) VALUES ($1, 60, 'x', 'x')"
    refused(shop, extra, payment, law="refunds_add_up")


def test_the_database_refuses_to_book_a_sale_twice(shop: Shop) -> None:
    order, payment = paid(shop, 10)
    query = """INSERT INTO ledger_lines (transfer, kind, account, amount_yen, order_id, payment_id)
               VALUES (0, 'capture', 'cash_drawer', 100, $1, $2), (0, 'capture', 'sales', -100, $1, $2)"""
    with pytest.raises(asyncpg.UniqueViolationError, match="order_sold_once"):
        sql(shop.ready["database_url"], query, order, payment)


def test_the_database_keeps_the_first_outcome_of_a_key(shop: Shop) -> None:
    paid(shop, 11)
    query = "UPDATE idempotency_keys SET body = '{}' WHERE status = 201"
    refused(shop, query, law="outcome_is_final")


@pytest.mark.parametrize("table", ["orders", "lines", "payments", "refunds", "reservations"])
def test_what_has_happened_cannot_be_deleted(shop: Shop, table: str) -> None:
    refused(shop, f"DELETE FROM {table}", law=f"{table}_are_kept")
    with pytest.raises(asyncpg.CheckViolationError, match="they end in a state"):
        sql(shop.ready["database_url"], f"TRUNCATE {table} CASCADE")


def test_the_database_refuses_more_refunds_than_captured(shop: Shop) -> None:
    payment = shop.pay(shop.placed("station", {4: 1}), 100).json()["payment"]
    with pytest.raises(asyncpg.CheckViolationError, match="refunds_within_capture"):
        sql(shop.ready["database_url"], "UPDATE payments SET refund_promised_yen = 101 WHERE id = $1", payment)


@pytest.mark.parametrize("change", ["held = held + 101", "allocated = allocated + 101", "on_hand = -1", "held = -1"])
def test_the_database_refuses_counters_that_promise_what_is_not_there(shop: Shop, change: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        sql(shop.ready["database_url"], f"UPDATE stock SET {change} WHERE sku = 5")


def test_a_transfer_that_does_not_balance_is_refused(shop: Shop) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="sum to zero"):
        sql(
            shop.ready["database_url"],
            "INSERT INTO ledger_lines (transfer, kind, account, amount_yen, order_id, payment_id)"
            " VALUES (0, 'capture', 'sales', 5, 0, 0), (0, 'capture', 'cash_drawer', -4, 0, 0)",
        )


@pytest.mark.parametrize("table", ["ledger_lines", "stock_moves"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = DEFAULT", "TRUNCATE {}"])
def test_what_was_booked_cannot_be_changed(shop: Shop, table: str, statement: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="never changed"):
        sql(shop.ready["database_url"], statement.format(table))
