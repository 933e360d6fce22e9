"""Events of the PSP: signed, kept once, merged in any order; and success that comes too late."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import core_in_memory
import httpx
import pytest
from core_harness import Provider, Shop, assert_books_hold, core, provider, sql

from loadtest.http.client import NoAnswer

TIMEOUT_S = 3.0  # far more than a healthy call takes on a busy machine
WAIT_S = 60.0


@pytest.fixture(scope="module")
def psp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("psp")) as running:
        yield running


@pytest.fixture(scope="module")
def shop(psp: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with core(tmp_path_factory.mktemp("core"), "--psp-url", psp.url, "--psp-timeout", str(TIMEOUT_S)) as running:
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


@dataclass(frozen=True)
class Lost:
    """A payment that the provider has taken and whose answer never came."""

    order: int
    payment: int
    merchant_id: str


@pytest.fixture(scope="module")
def lost(shop: Shop, psp: Provider) -> Iterator[Lost]:
    """The next lost payment, each of another item. They time out together, so that the wait is one time-out."""
    psp.well()
    psp.faults(timeout_after=1, webhook_url="")

    def lose(sku: int) -> Lost:
        key = uuid.uuid4().hex
        order = shop.placed("station", {sku: 1}, "ship")
        answer = shop.pay(order, 100, "card", key).json()
        assert answer["state"] == "unknown"
        return Lost(order, answer["payment"], f"app:{key}")

    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lose, range(1, 6)))
    psp.well()
    return iter(found)


def end_hold(shop: Shop, order: int) -> None:
    """Let the time pass for which an unpaid order keeps its units."""
    for table, column in (("orders", "id"), ("lines", "order_id")):
        ended = f"UPDATE {table} SET expires_at = clock_timestamp() WHERE {column} = $1"
        sql(shop.ready["database_url"], ended, order)


def state_of(shop: Shop, payment: int) -> str:
    """From the table: a poll would ask the PSP."""
    return str(sql(shop.ready["database_url"], "SELECT state FROM payments WHERE id = $1", payment)[0]["state"])


def wait_for(shop: Shop, payment: int, state: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while state_of(shop, payment) != state:
        assert time.monotonic() < deadline, state_of(shop, payment)
        time.sleep(0.02)


def test_an_event_resolves_its_payment(shop: Shop, lost: Iterator[Lost]) -> None:
    known = next(lost)
    assert deliver(shop, event(known.merchant_id)).status_code == 200
    wait_for(shop, known.payment, "captured")
    assert shop.get(f"/v1/orders/{known.order}")["state"] == "paid"


def test_repeated_events_count_and_change_nothing(shop: Shop, lost: Iterator[Lost]) -> None:
    known = next(lost)
    body = event(known.merchant_id, event_id=f"evt-{known.merchant_id}")
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: deliver(shop, body), range(16))} == {200}
    wait_for(shop, known.payment, "captured")
    url = shop.ready["database_url"]
    assert sql(url, "SELECT deliveries FROM webhook_inbox WHERE event_id = $1", f"evt-{known.merchant_id}") == [
        {"deliveries": 16}
    ]
    query = "SELECT sum(amount_yen)::int AS yen FROM ledger_lines WHERE payment_id = $1 AND amount_yen > 0"
    assert sql(url, query, known.payment) == [{"yen": 100}]


def test_contradicting_events_in_any_order_leave_the_capture(shop: Shop, lost: Iterator[Lost]) -> None:
    known = next(lost)
    deliver(shop, event(known.merchant_id))
    wait_for(shop, known.payment, "captured")
    deliver(shop, event(known.merchant_id, "declined"))
    deliver(shop, event(known.merchant_id, "pending_customer"))
    deadline = time.monotonic() + WAIT_S
    while sql(shop.ready["database_url"], "SELECT FROM webhook_inbox WHERE processed_at IS NULL"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert state_of(shop, known.payment) == "captured"


def test_success_after_the_order_expired_is_refunded(shop: Shop, psp: Provider, lost: Iterator[Lost]) -> None:
    known = next(lost)
    end_hold(shop, known.order)
    assert shop.get(f"/v1/orders/{known.order}")["state"] == "expired"
    deliver(shop, event(known.merchant_id))
    wait_for(shop, known.payment, "refunded")
    charge = psp.charge_of(known.merchant_id)
    assert charge is not None
    assert charge["refunded_yen"] == 100
    assert shop.get(f"/v1/orders/{known.order}")["state"] == "expired"
    (line,) = sql(shop.ready["database_url"], "SELECT location, sku FROM lines WHERE order_id = $1", known.order)
    assert shop.available(**line) == 100
    applied = "SELECT sum(amount_yen)::int AS yen FROM ledger_lines WHERE account = 'unapplied_receipts'"
    assert sql(shop.ready["database_url"], f"{applied} AND payment_id = $1", known.payment) == [{"yen": 0}]


def test_success_after_failure_was_reported_is_refunded(shop: Shop, lost: Iterator[Lost]) -> None:
    known = next(lost)
    deliver(shop, event(known.merchant_id, "declined"))  # the provider errs first
    wait_for(shop, known.payment, "failed")
    deliver(shop, event(known.merchant_id, "captured"))
    wait_for(shop, known.payment, "refunded")


def test_an_event_without_the_right_signature_is_not_kept(shop: Shop) -> None:
    body = event("app:nobody", event_id="evt-forged")
    assert deliver(shop, body, secret="guess").status_code == 401
    assert httpx.post(f"{shop.ready['url']}/v1/psp/webhooks", content=body).status_code == 401
    assert sql(shop.ready["database_url"], "SELECT FROM webhook_inbox WHERE event_id = 'evt-forged'") == []


def test_an_event_about_somebody_elses_payment_is_kept_and_harmless(shop: Shop) -> None:
    assert deliver(shop, event("app:nobody")).status_code == 200


def test_the_psp_tells_by_itself_what_the_caller_was_not_told(shop: Shop, psp: Provider) -> None:
    psp.faults(
        timeout_after=1,
        webhook_url=f"{shop.ready['url']}/v1/psp/webhooks",
        webhook_secret=shop.ready["webhook_secret"],
        webhook_delay_ms=1000 * TIMEOUT_S,
        duplicate_webhooks=1,
    )
    key = uuid.uuid4().hex
    payment = shop.pay(shop.placed("station", {6: 1}, "ship"), 100, "card", key).json()["payment"]
    psp.well()
    wait_for(shop, payment, "captured")
    qr = shop.pay(shop.placed("station", {7: 1}), 100, "dynamic_qr").json()
    wait_for(shop, qr["payment"], "captured")
    url = shop.ready["database_url"]
    query = "SELECT deliveries FROM webhook_inbox WHERE payload ->> 'merchant_payment_id' = $1"
    deadline = time.monotonic() + WAIT_S
    while sql(url, query, f"app:{key}") != [{"deliveries": 2}]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_event_that_overtakes_the_answer_is_the_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a core in this process, so that the event comes exactly between the effect and the end of the time-out."""
    body = {"order": shop.placed("station", {8: 1}, "ship"), "amount_yen": 100, "method": "card", "brand": "acme"}

    async def story() -> None:
        async with core_in_memory.shop(shop.ready["database_url"]) as own:
            request = own.line.request

            async def overtaken(method: str, path: str, sent: bytes = b"", **more: float) -> tuple[int, bytes]:
                await request(method, path, sent, **more)
                await own.webhook("app:overtaken", "captured", "evt-overtaking")
                raise NoAnswer("the answer is lost")

            monkeypatch.setattr(own.line, "request", overtaken)
            status, answer = await own.call("app", "POST", "/v1/payments", body, "overtaken")
            assert (status, answer["state"]) == (201, "captured")
            assert await own.call("app", "POST", "/v1/payments", body, "overtaken") == (status, answer)

    asyncio.run(asyncio.wait_for(story(), WAIT_S))
