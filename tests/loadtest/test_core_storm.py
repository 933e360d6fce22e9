"""Everything at once against little stock and a bad PSP: afterwards all books agree."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core_harness import Provider, Shop, assert_books_hold, core, provider, sql

THREADS = 16
JOURNEYS = 400
UNITS = 60


def journey(shop: Shop, number: int) -> Counter[tuple[str, int]]:
    """One shopper: maybe reserve, order, pay (sometimes twice with one key), then maybe cancel or return."""
    draw = random.Random(number)
    seen: Counter[tuple[str, int]] = Counter()
    lines = {sku: draw.randint(1, 2) for sku in draw.sample(range(1, 6), draw.randint(1, 3))}
    more: dict[str, object] = {}
    if draw.random() < 0.4:
        held = shop.reserve("station", lines, ttl_s=draw.choice([0.01, 5.0]))
        seen["reserve", held.status_code] += 1
        if held.status_code != 201:
            return seen
        more["reservation"] = held.json()["reservation"]
        if draw.random() < 0.2:
            shop.clients["app"].delete(f"/v1/reservations/{more['reservation']}")
    placed = shop.order("station", lines, draw.choice(["carry", "ship", "collect"]), **more)
    seen["order", placed.status_code] += 1
    if placed.status_code != 201:
        return seen
    order, amount_yen = placed.json()["order"], placed.json()["amount_yen"]
    if draw.random() < 0.1:
        return seen  # walks away
    method, key = draw.choice(["cash", "card", "wallet", "dynamic_qr"]), uuid.uuid4().hex
    paid = shop.pay(order, amount_yen, method, key)
    seen["pay", paid.status_code] += 1
    if draw.random() < 0.3:
        again = shop.pay(order, amount_yen, method, key)
        assert again.status_code in (409, 503) or again.content == paid.content
    if draw.random() < 0.3:
        shop.post("back_office", f"/v1/orders/{order}/cancel")
    if paid.status_code == 201 and draw.random() < 0.3:
        shop.clients["app"].get(f"/v1/payments/{paid.json()['payment']}")
        body = {"payment": paid.json()["payment"], "amount_yen": draw.randint(1, amount_yen), "reason": "storm"}
        seen["refund", shop.post("app", "/v1/refunds", body).status_code] += 1
    shop.post("back_office", f"/v1/orders/{order}/{draw.choice(['ready', 'collect', 'ship'])}")
    return seen


def settle(shop: Shop, psp: Provider) -> None:
    """The weather clears; the reconciliation runs until nothing is open."""
    psp.well()
    url = shop.ready["database_url"]
    unsettled = """SELECT (SELECT count(*) FROM payments WHERE state IN ('created', 'unknown', 'pending_customer'))
                        + (SELECT count(*) FROM refunds WHERE state = 'pending') AS n"""
    deadline = time.monotonic() + 60
    while sql(url, unsettled) != [{"n": 0}]:
        assert time.monotonic() < deadline
        assert shop.post("back_office", "/v1/admin/reconcile").status_code == 200
        time.sleep(0.1)


def test_after_a_storm_every_unit_and_every_yen_is_accounted_for(tmp_path: Path) -> None:
    with (
        provider(tmp_path) as psp,
        core(tmp_path, "--psp-url", psp.url, "--psp-timeout", "0.15", "--order-hold", "1") as shop,
    ):
        url = shop.ready["database_url"]
        shop.seed("station", dict.fromkeys(range(1, 6), UNITS))
        psp.faults(
            latency_ms=5,
            decline=0.1,
            timeout_before=0.1,
            timeout_after=0.1,
            customer_delay_ms=100,
            duplicate_webhooks=0.5,
            delayed_webhooks=0.3,
            webhook_delay_ms=300,
            webhook_url=f"{shop.ready['url']}/v1/psp/webhooks",
            webhook_secret=shop.ready["webhook_secret"],
        )
        with ThreadPoolExecutor(THREADS) as pool:
            seen = sum(pool.map(lambda number: journey(shop, number), range(JOURNEYS)), Counter())
        assert {status for _, status in seen} <= {201, 409}
        assert seen["pay", 201] > 0
        assert seen["order", 409] > 0  # stock was short
        settle(shop, psp)
        assert_books_hold(url)
        assert sql(url, "SELECT FROM stock WHERE on_hand - held - allocated < 0") == []
        ours = "SELECT merchant_payment_id AS id, amount_yen AS yen, refunded_yen AS back FROM payments"
        captured = f"{ours} WHERE captured_at IS NOT NULL AND method <> 'cash'"
        assert {row["id"]: (row["yen"], row["back"]) for row in sql(url, captured)} == {
            entry["merchant_payment_id"]: (entry["amount_yen"], entry["refunded_yen"])
            for entry in psp.book()
            if entry["entry"] == "charge" and entry["state"] == "captured"
        }
        twice = "SELECT order_id FROM payments WHERE applied GROUP BY order_id HAVING count(*) > 1"
        assert sql(url, twice) == []
        late = "SELECT count(*) AS n FROM payments WHERE late AND refunded_yen <> amount_yen"
        assert sql(url, late) == [{"n": 0}]
