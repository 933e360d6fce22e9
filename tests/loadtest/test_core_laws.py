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
            " VALUES (0, 'capture', 'sales', 5, 1, 1), (0, 'capture', 'cash_drawer', -4, 1, 1)",
        )


@pytest.mark.parametrize("table", ["ledger_lines", "stock_moves"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = DEFAULT", "TRUNCATE {}"])
def test_what_was_booked_cannot_be_changed(shop: Shop, table: str, statement: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="never changed"):
        sql(shop.ready["database_url"], statement.format(table))
