"""Events of the PSP: signed, kept once, merged in any order; and success that comes too late."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from core_harness import Provider, Shop, assert_books_hold, core, provider, sql

HOLD_S = 0.5


@pytest.fixture(scope="module")
def psp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("psp")) as running:
        yield running


@pytest.fixture(scope="module")
def shop(psp: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    more = ("--psp-url", psp.url, "--psp-timeout", "0.4", "--order-hold", str(HOLD_S))
    with core(tmp_path_factory.mktemp("core"), *more) as running:
        running.seed("station", dict.fromkeys(range(1, 21), 100))
        yield running
        assert_books_hold(running.ready["database_url"])


@pytest.fixture(autouse=True)
def _quiet(psp: Provider) -> None:
    psp.well()
    psp.faults(webhook_url="")


def event(merchant_payment_id: str, state: str = "captured", event_id: str | None = None) -> bytes:
    return json.dumps(
        {
            "event_id": event_id or f"evt-{uuid.uuid4().hex}",
            "merchant_payment_id": merchant_payment_id,
            "state": state,
            "amount_yen": 100,
        }
    ).encode()


def deliver(shop: Shop, body: bytes, secret: str | None = None) -> httpx.Response:
    known = secret or shop.ready["webhook_secret"]
    signed = hmac.new(known.encode(), body, hashlib.sha256).hexdigest()
    return httpx.post(f"{shop.ready['url']}/v1/psp/webhooks", content=body, headers={"X-Signature": signed})


def lost_payment(shop: Shop, psp: Provider, fault: str, sku: int) -> tuple[int, int, str]:
    """Order, payment and merchant id of a payment whose answer never came."""
    psp.faults(**{fault: 1})
    order = shop.placed("station", {sku: 1}, "ship")
    key = uuid.uuid4().hex
    answer = shop.pay(order, 100, "card", key)
    assert answer.json()["state"] == "unknown"
    psp.well()
    return order, answer.json()["payment"], f"app:{key}"


def state_of(shop: Shop, payment: int) -> str:
    """From the table: a poll would ask the PSP."""
    return str(sql(shop.ready["database_url"], "SELECT state FROM payments WHERE id = $1", payment)[0]["state"])


def wait_for(shop: Shop, payment: int, state: str) -> None:
    deadline = time.monotonic() + 10
    while state_of(shop, payment) != state:
        assert time.monotonic() < deadline, state_of(shop, payment)
        time.sleep(0.02)


def test_an_event_resolves_its_payment(shop: Shop, psp: Provider) -> None:
    order, payment, merchant_id = lost_payment(shop, psp, "timeout_after", 1)
    assert deliver(shop, event(merchant_id)).status_code == 200
    wait_for(shop, payment, "captured")
    assert shop.get(f"/v1/orders/{order}")["state"] == "paid"


def test_repeated_events_count_and_change_nothing(shop: Shop, psp: Provider) -> None:
    _, payment, merchant_id = lost_payment(shop, psp, "timeout_after", 2)
    body = event(merchant_id, event_id=f"evt-{merchant_id}")
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: deliver(shop, body), range(16))} == {200}
    wait_for(shop, payment, "captured")
    url = shop.ready["database_url"]
    assert sql(url, "SELECT deliveries FROM webhook_inbox WHERE event_id = $1", f"evt-{merchant_id}") == [
        {"deliveries": 16}
    ]
    lines = sql(
        url, "SELECT sum(amount_yen)::int AS yen FROM ledger_lines WHERE payment_id = $1 AND amount_yen > 0", payment
    )
    assert lines == [{"yen": 100}]


def test_contradicting_events_in_any_order_leave_the_capture(shop: Shop, psp: Provider) -> None:
    _, payment, merchant_id = lost_payment(shop, psp, "timeout_after", 3)
    deliver(shop, event(merchant_id))
    wait_for(shop, payment, "captured")
    deliver(shop, event(merchant_id, "declined"))
    deliver(shop, event(merchant_id, "pending_customer"))
    time.sleep(0.1)
    assert state_of(shop, payment) == "captured"


def test_success_after_the_order_expired_is_refunded(shop: Shop, psp: Provider) -> None:
    order, payment, merchant_id = lost_payment(shop, psp, "timeout_after", 4)
    deadline = time.monotonic() + 10
    while shop.get(f"/v1/orders/{order}")["state"] != "expired":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert shop.available("station", 4) == 100
    deliver(shop, event(merchant_id))
    wait_for(shop, payment, "refunded")
    charge = psp.charge_of(merchant_id)
    assert charge is not None
    assert charge["refunded_yen"] == 100
    assert shop.get(f"/v1/orders/{order}")["state"] == "expired"
    applied = "SELECT sum(amount_yen)::int AS yen FROM ledger_lines WHERE account = 'unapplied_receipts'"
    assert sql(shop.ready["database_url"], f"{applied} AND payment_id = $1", payment) == [{"yen": 0}]


def test_success_after_failure_was_reported_is_refunded(shop: Shop, psp: Provider) -> None:
    _, payment, merchant_id = lost_payment(shop, psp, "timeout_after", 5)
    deliver(shop, event(merchant_id, "declined"))  # the provider errs first
    wait_for(shop, payment, "failed")
    deliver(shop, event(merchant_id, "captured"))
    wait_for(shop, payment, "refunded")


def test_an_event_without_the_right_signature_is_not_kept(shop: Shop) -> None:
    body = event("app:nobody", event_id="evt-forged")
    assert deliver(shop, body, secret="guess").status_code == 401
    assert httpx.post(f"{shop.ready['url']}/v1/psp/webhooks", content=body).status_code == 401
    assert sql(shop.ready["database_url"], "SELECT FROM webhook_inbox WHERE event_id = 'evt-forged'") == []


def test_an_event_about_somebody_elses_payment_is_kept_and_harmless(shop: Shop) -> None:
    assert deliver(shop, event("app:nobody")).status_code == 200


def test_the_psp_tells_by_itself_what_the_caller_was_not_told(shop: Shop, psp: Provider) -> None:
    psp.faults(
        webhook_url=f"{shop.ready['url']}/v1/psp/webhooks",
        webhook_secret=shop.ready["webhook_secret"],
        webhook_delay_ms=1000,
        duplicate_webhooks=1,
    )
    _, payment, merchant_id = lost_payment(shop, psp, "timeout_after", 6)
    wait_for(shop, payment, "captured")
    qr = shop.pay(shop.placed("station", {7: 1}), 100, "dynamic_qr").json()
    assert qr["state"] == "pending_customer"
    wait_for(shop, qr["payment"], "captured")
    url = shop.ready["database_url"]
    query = "SELECT deliveries FROM webhook_inbox WHERE payload ->> 'merchant_payment_id' = $1"
    deadline = time.monotonic() + 5
    while sql(url, query, merchant_id) != [{"deliveries": 2}]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_event_that_overtakes_the_answer_is_the_answer(shop: Shop, psp: Provider) -> None:
    psp.faults(
        timeout_after=1,
        webhook_url=f"{shop.ready['url']}/v1/psp/webhooks",
        webhook_secret=shop.ready["webhook_secret"],
        webhook_delay_ms=0,
    )
    key = uuid.uuid4().hex
    order = shop.placed("station", {8: 1}, "ship")
    answer = shop.pay(order, 100, "card", key)
    assert answer.json()["state"] == "captured"
    again = shop.pay(order, 100, "card", key)
    assert again.content == answer.content
    assert again.headers["idempotent-replayed"] == "true"
