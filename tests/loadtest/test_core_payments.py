"""Paying: every way a payment can end, with the PSP's own book as the second witness."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import core_in_memory
import httpx
import pytest
from core_harness import Provider, Shop, assert_books_hold, core, process, provider, sql
from core_harness import shop as clients

from loadtest.core.emvco import parse
from loadtest.embedded_postgres import embedded_postgres
from loadtest.http.client import HttpClient

TIMEOUT_S = 1.5  # far more than a healthy call takes on a busy machine


@pytest.fixture(scope="module")
def psp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("psp")) as running:
        yield running


@pytest.fixture(scope="module")
def shop(psp: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with core(tmp_path_factory.mktemp("core"), "--psp-url", psp.url, "--psp-timeout", str(TIMEOUT_S)) as running:
        running.seed("station", dict.fromkeys(range(1, 51), 100))
        yield running
        assert_books_hold(running.ready["database_url"])
        compare_with(psp.book(), running)


@pytest.fixture(autouse=True)
def _well(psp: Provider) -> None:
    psp.well()


def compare_with(book: list[dict[str, object]], shop: Shop) -> None:
    """When nothing is open, core and PSP agree on every yen that moved through the PSP."""
    assert shop.post("back_office", "/v1/admin/reconcile").json()["still_unknown"] == 0
    ours = {
        row["id"]: (row["amount_yen"], row["refunded_yen"])
        for row in sql(
            shop.ready["database_url"],
            "SELECT merchant_payment_id AS id, amount_yen, refunded_yen FROM payments"
            " WHERE captured_at IS NOT NULL AND merchant_payment_id IS NOT NULL",
        )
    }
    theirs = {
        entry["merchant_payment_id"]: (entry["amount_yen"], entry["refunded_yen"])
        for entry in book
        if entry["entry"] == "charge" and entry["state"] == "captured"
    }
    assert ours == theirs


def wait_for(shop: Shop, payment: int, *states: str) -> dict[str, object]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, object] = shop.get(f"/v1/payments/{payment}")
        if found["state"] in states:
            return found
        time.sleep(0.05)
    raise AssertionError(f"payment {payment} is {found['state']}, not {states}")


def let_time_pass(shop: Shop, payment: int) -> None:
    """The call to the PSP was long ago: what it does not know by now it will never take."""
    query = "UPDATE payments SET called_at = called_at - interval '1 hour' WHERE id = $1"
    sql(shop.ready["database_url"], query, payment)


def stuck(shop: Shop, psp: Provider, sku: int, key: str) -> int:
    """A payment whose charge is still on its way to the PSP when the core gives up waiting."""
    psp.faults(charges={f"app:{key}": "lost"})
    payment = shop.pay(shop.placed("station", {sku: 1}), 100, "card", key).json()
    assert payment["state"] == "unknown"
    psp.faults(charges={})
    return int(payment["payment"])


def arrive(psp: Provider, key: str) -> None:
    """What was on its way takes effect."""
    charge = {"merchant_payment_id": f"app:{key}", "brand": "acme", "amount_yen": 100, "kind": "card"}
    assert httpx.post(f"{psp.url}/psp/charges", json=charge).json()["state"] == "captured"


@pytest.mark.parametrize("method", ["cash", "card", "wallet"])
def test_a_payment_completes_an_order_that_is_carried_out(shop: Shop, psp: Provider, method: str) -> None:
    order = shop.placed("station", {1: 2})
    key = uuid.uuid4().hex
    answer = shop.pay(order, 200, method, key)
    assert (answer.status_code, answer.json()["state"]) == (201, "captured")
    assert shop.get(f"/v1/orders/{order}") == {
        "order": order,
        "state": "completed",
        "amount_yen": 200,
        "coupon_yen": 0,
        "points_used": 0,
        "paid_yen": 200,
        "refunded_yen": 0,
    }
    charge = psp.charge_of(f"app:{key}")
    assert (charge is None) == (method == "cash")
    if charge is not None:
        assert (charge["state"], charge["amount_yen"]) == ("captured", 200)


def test_an_order_is_paid_once_and_to_the_yen(shop: Shop) -> None:
    order = shop.placed("station", {2: 1})
    wrong = shop.pay(order, 99)
    assert (wrong.status_code, wrong.json()["error"]) == (409, "amount_mismatch")
    assert shop.pay(order, 100).status_code == 201
    again = shop.pay(order, 100)
    assert (again.status_code, again.json()["error"]) == (409, "order_not_payable")


def test_many_payments_for_one_order_at_once_capture_once(shop: Shop, psp: Provider) -> None:
    psp.faults(latency_ms=30)
    order = shop.placed("station", {3: 1})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: shop.pay(order, 100, "card"), range(16)))
    assert [a.status_code for a in answers].count(201) == 1
    assert {a.json()["error"] for a in answers if a.status_code == 409} <= {"payment_unresolved", "order_not_payable"}
    attempts = sql(shop.ready["database_url"], "SELECT state FROM payments WHERE order_id = $1", order)
    assert attempts == [{"state": "captured"}]  # nobody else was even charged and given it back


def test_a_declined_payment_leaves_the_order_payable(shop: Shop, psp: Provider) -> None:
    psp.faults(decline=1)
    order = shop.placed("station", {4: 1})
    declined = shop.pay(order, 100, "card")
    assert declined.status_code == 201
    assert (declined.json()["state"], declined.json()["reason"]) == ("failed", "declined")
    psp.well()
    assert shop.pay(order, 100, "card").json()["state"] == "captured"


@pytest.mark.parametrize(("fault", "truth"), [("timeout_before", "failed"), ("timeout_after", "captured")])
def test_a_time_out_is_unknown_until_the_psp_is_asked(shop: Shop, psp: Provider, fault: str, truth: str) -> None:
    psp.faults(**{fault: 1})
    order = shop.placed("station", {5: 1})
    key = uuid.uuid4().hex
    first = shop.pay(order, 100, "card", key)
    assert (first.status_code, first.json()["state"]) == (201, "unknown")
    payment = first.json()["payment"]
    psp.well()
    second = shop.pay(order, 100, "card")
    assert (second.status_code, second.json()["error"], second.json()["payment"]) == (
        409,
        "payment_unresolved",
        payment,
    )
    let_time_pass(shop, payment)
    found = wait_for(shop, payment, truth)
    assert found["order"] == order
    assert (psp.charge_of(f"app:{key}") is not None) == (truth == "captured")
    assert shop.get(f"/v1/orders/{order}")["state"] == ("completed" if truth == "captured" else "pending_payment")
    assert shop.pay(order, 100, "card", key).content == first.content  # the payer was told `unknown`, and is again
    if truth == "failed":
        assert shop.pay(order, 100, "card").json()["state"] == "captured"


def test_the_reconciliation_brings_the_psps_truth(shop: Shop, psp: Provider) -> None:
    expected: dict[int, str] = {}

    def lose(sku: int) -> int:
        answer = shop.pay(shop.placed("station", {sku: 1}), 100, "card").json()
        assert answer["state"] == "unknown"
        return int(answer["payment"])

    for fault, truth in (("timeout_before", "failed"), ("timeout_after", "captured")):
        psp.well()
        psp.faults(**{fault: 1})
        with ThreadPoolExecutor(3) as pool:
            expected |= dict.fromkeys(pool.map(lose, [6] * 3), truth)
    psp.well()
    for payment in expected:
        let_time_pass(shop, payment)
    assert shop.post("back_office", "/v1/admin/reconcile").json() == {
        "resolved": 6,
        "refunded": 0,
        "still_unknown": 0,
    }
    assert {payment: shop.get(f"/v1/payments/{payment}")["state"] for payment in expected} == expected


def test_a_charge_the_psp_does_not_know_yet_is_not_given_up_too_early(shop: Shop, psp: Provider) -> None:
    key = uuid.uuid4().hex
    payment = stuck(shop, psp, 7, key)
    just_now = "UPDATE payments SET called_at = clock_timestamp() + interval '1 minute' WHERE id = $1"
    sql(shop.ready["database_url"], just_now, payment)  # however slow this machine
    assert shop.get(f"/v1/payments/{payment}")["state"] == "unknown"  # the PSP says 404
    arrive(psp, key)
    wait_for(shop, payment, "captured")


def test_a_charge_that_shows_up_after_it_was_given_up_is_refunded(shop: Shop, psp: Provider) -> None:
    key = uuid.uuid4().hex
    payment = stuck(shop, psp, 7, key)
    let_time_pass(shop, payment)
    assert wait_for(shop, payment, "failed")["reason"] == "no_effect"
    arrive(psp, key)
    assert shop.post("back_office", "/v1/admin/reconcile").json()["refunded"] == 1
    charge = psp.charge_of(f"app:{key}")
    assert charge is not None
    assert charge["refunded_yen"] == 100


def test_an_outage_is_unknown_and_resolves_afterwards(shop: Shop, psp: Provider) -> None:
    psp.faults(outage=True)
    answer = shop.pay(shop.placed("station", {8: 1}), 100, "card")
    assert answer.json()["state"] == "unknown"
    assert shop.get(f"/v1/payments/{answer.json()['payment']}")["state"] == "unknown"
    psp.well()
    let_time_pass(shop, answer.json()["payment"])
    assert wait_for(shop, answer.json()["payment"], "failed")["reason"] == "no_effect"


def test_success_after_a_cancellation_is_refunded(shop: Shop, psp: Provider) -> None:
    psp.faults(timeout_after=1)
    order = shop.placed("station", {9: 1}, "ship")
    key = uuid.uuid4().hex
    payment = shop.pay(order, 100, "card", key).json()["payment"]
    assert shop.post("back_office", f"/v1/orders/{order}/cancel").json()["state"] == "cancelled"
    assert shop.available("station", 9) == 100
    psp.well()
    assert wait_for(shop, payment, "refunded")["refunded_yen"] == 100
    charge = psp.charge_of(f"app:{key}")
    assert charge is not None
    assert charge["refunded_yen"] == 100
    assert shop.get(f"/v1/orders/{order}") == {
        "order": order,
        "state": "cancelled",
        "amount_yen": 100,
        "coupon_yen": 0,
        "points_used": 0,
        "paid_yen": 0,
        "refunded_yen": 0,
    }


def test_a_cancellation_during_the_call_refuses_the_payer_and_refunds(
    shop: Shop, psp: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a core in this process, so that the order is cancelled exactly between the capture and its answer."""
    order = shop.placed("station", {10: 1}, "ship")
    body = {"order": order, "amount_yen": 100, "method": "card", "brand": "acme"}

    async def story() -> tuple[int, dict[str, object]]:
        line = HttpClient(psp.url)
        async with core_in_memory.shop(shop.ready["database_url"]) as own:

            async def request(method: str, path: str, sent: bytes = b"", **_: float) -> tuple[int, bytes]:
                answer = await line.request(method, path, sent, timeout_s=30)
                if path == "/psp/charges":
                    cancelled, _ = await own.call("back_office", "POST", f"/v1/orders/{order}/cancel", None, "cancel")
                    assert cancelled == 200
                return answer

            monkeypatch.setattr(own.line, "request", request)
            told = await own.call("app", "POST", "/v1/payments", body, "cancelled-meanwhile")
        line.close()
        return told

    status, told = asyncio.run(asyncio.wait_for(story(), 60))
    assert (status, told["error"]) == (409, "order_not_payable")
    payment = sql(shop.ready["database_url"], "SELECT id FROM payments WHERE order_id = $1", order)[0]["id"]
    assert shop.get(f"/v1/payments/{payment}")["refunded_yen"] == 100


def test_cancelling_a_paid_order_gives_money_and_units_back(shop: Shop, psp: Provider) -> None:
    order = shop.placed("station", {11: 3}, "collect")
    key = uuid.uuid4().hex
    payment = shop.pay(order, 300, "wallet", key).json()["payment"]
    assert (
        shop.post("till", "/v1/refunds", {"payment": payment, "amount_yen": 50, "reason": "dent"}).json()["state"]
        == "refunded"
    )
    assert shop.post("back_office", f"/v1/orders/{order}/cancel").json()["state"] == "cancelled"
    assert shop.available("station", 11) == 100
    assert shop.get(f"/v1/payments/{payment}")["state"] == "refunded"
    charge = psp.charge_of(f"app:{key}")
    assert charge is not None
    assert charge["refunded_yen"] == 300


@pytest.mark.parametrize("method", ["cash", "card"])
def test_refunds_never_exceed_what_was_captured(shop: Shop, method: str) -> None:
    payment = shop.pay(shop.placed("station", {12: 1}), 100, method).json()["payment"]

    def give_back(_: int) -> int:
        body = {"payment": payment, "amount_yen": 30, "reason": "test"}
        return shop.post("back_office", "/v1/refunds", body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(give_back, range(8))) == [201] * 3 + [409] * 5
    found = shop.get(f"/v1/payments/{payment}")
    assert (found["state"], found["refunded_yen"]) == ("partially_refunded", 90)
    over = shop.post("back_office", "/v1/refunds", {"payment": payment, "amount_yen": 11, "reason": "test"})
    assert (over.json()["error"], over.json()["refundable_yen"]) == ("exceeds_captured", 10)
    assert shop.post("app", "/v1/refunds", {"payment": payment, "amount_yen": 10, "reason": "test"}).status_code == 201
    assert shop.get(f"/v1/payments/{payment}")["state"] == "refunded"


def test_a_refund_during_an_outage_is_promised_and_settled_later(shop: Shop, psp: Provider) -> None:
    key = uuid.uuid4().hex
    payment = shop.pay(shop.placed("station", {13: 1}), 100, "card", key).json()["payment"]
    psp.faults(outage=True)
    body = {"payment": payment, "amount_yen": 60, "reason": "test"}
    assert shop.post("back_office", "/v1/refunds", body).json()["state"] == "pending"
    over = shop.post("back_office", "/v1/refunds", {**body, "amount_yen": 41})
    assert over.json()["error"] == "exceeds_captured"  # what is promised counts
    psp.well()
    sql(shop.ready["database_url"], "UPDATE refunds SET called_at = called_at - interval '1 hour'")
    assert shop.post("back_office", "/v1/admin/reconcile").json()["refunded"] == 1
    assert shop.get(f"/v1/payments/{payment}")["refunded_yen"] == 60
    charge = psp.charge_of(f"app:{key}")
    assert charge is not None
    assert charge["refunded_yen"] == 60


def test_a_one_time_code_pays_once_and_only_its_brand(shop: Shop) -> None:
    code = shop.post("app", "/v1/payment-codes", {"shopper": 7, "brand": "acme"}).json()["code"]
    assert len(code) == 32  # 128 bits
    order = shop.placed("station", {14: 1})
    body = {"order": order, "amount_yen": 100, "method": "cpm", "code": code}
    wrong = shop.post("till", "/v1/payments", {**body, "brand": "other"})
    assert (wrong.status_code, wrong.json()["error"]) == (409, "code_invalid")
    assert shop.post("till", "/v1/payments", {**body, "brand": "acme"}).json()["state"] == "captured"
    other = shop.placed("station", {14: 1})
    used = shop.post("till", "/v1/payments", {**body, "order": other, "brand": "acme"})
    assert (used.status_code, used.json()["error"]) == (409, "code_used")
    sql(
        shop.ready["database_url"],
        "UPDATE payment_codes SET payment_id = NULL, expires_at = now() WHERE code = $1",
        code,
    )
    stale = shop.post("till", "/v1/payments", {**body, "order": other, "brand": "acme"})
    assert (stale.status_code, stale.json()["error"]) == (409, "code_expired")


def test_one_code_at_two_tills_pays_one_of_them(shop: Shop) -> None:
    code = shop.post("app", "/v1/payment-codes", {"shopper": 7, "brand": "acme"}).json()["code"]
    orders = [shop.placed("station", {15: 1}) for _ in range(8)]

    def show(order: int) -> int:
        body = {"order": order, "amount_yen": 100, "method": "cpm", "brand": "acme", "code": code}
        return shop.post("till", "/v1/payments", body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(show, orders)) == [201] + [409] * 7


def test_a_dynamic_qr_waits_for_its_shopper(shop: Shop, psp: Provider) -> None:
    psp.faults(customer_delay_ms=400)
    order = shop.placed("station", {16: 2})
    answer = shop.pay(order, 200, "dynamic_qr").json()
    assert answer["state"] == "pending_customer"
    fields = parse(answer["qr"])
    assert (fields["54"], fields["53"]) == ("200", "392")
    assert shop.get(f"/v1/payments/{answer['payment']}")["state"] == "pending_customer"
    assert shop.pay(order, 200).json()["error"] == "payment_unresolved"
    wait_for(shop, answer["payment"], "captured")  # polls, as a till does
    assert shop.get(f"/v1/orders/{order}")["state"] == "completed"


def test_a_core_killed_in_mid_payment_finishes_it_once(tmp_path: Path) -> None:
    keys = ("--keys-file", str(tmp_path / "keys.json"))
    key = uuid.uuid4().hex
    with provider(tmp_path) as psp, embedded_postgres() as url:
        psp.faults(timeout_before=1)  # nobody has answered when the core is killed
        arguments = ("core", "serve", "--database-url", url, "--psp-url", psp.url, "--psp-timeout", "30", *keys)
        with process(tmp_path, *arguments) as (child, ready), clients(ready) as shop:
            shop.seed("station", {1: 10})
            order = shop.placed("station", {1: 1})
            with ThreadPoolExecutor(1) as pool:
                paying = pool.submit(shop.pay, order, 100, "card", key)
                while not sql(url, "SELECT FROM payments"):
                    assert not paying.done()
                child.kill()
                with pytest.raises(httpx.HTTPError):
                    paying.result()
        psp.well()
        with process(tmp_path, *arguments) as (_, ready), clients(ready) as shop:
            assert shop.pay(order, 100, "card", key).json()["error"] == "in_flight"
            assert shop.pay(order, 100, "card").json()["error"] == "payment_unresolved"
            sql(url, "UPDATE payments SET called_at = called_at - interval '1 hour'")  # whoever asked must be dead
            answer = shop.pay(order, 100, "card", key)
            assert (answer.status_code, answer.json()["state"]) == (201, "captured")
            assert shop.get(f"/v1/orders/{order}")["state"] == "completed"
            assert_books_hold(url)
            compare_with(psp.book(), shop)
