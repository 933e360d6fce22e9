"""One key, one effect: repeated, changed, concurrent, missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from core_harness import Shop, assert_books_hold, core, sql


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with core(tmp_path_factory.mktemp("core")) as running:
        running.seed("station", dict.fromkeys(range(1, 21), 1000))
        yield running
        assert_books_hold(running.ready["database_url"])


ORDER = {
    "location": "station",
    "lines": [{"sku": 1, "quantity": 1, "unit_price_yen": 100}],
    "channel": "store",
    "fulfilment": "carry",
}


def count(shop: Shop, table: str) -> int:
    return int(sql(shop.ready["database_url"], f"SELECT count(*) AS n FROM {table}")[0]["n"])


def test_a_repetition_is_answered_byte_for_byte_and_has_no_effect(shop: Shop) -> None:
    first = shop.post("till", "/v1/orders", ORDER, "same")
    orders, available = count(shop, "orders"), shop.available("station", 1)
    again = shop.post("till", "/v1/orders", ORDER, "same")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (count(shop, "orders"), shop.available("station", 1)) == (orders, available)


def test_a_business_error_is_an_outcome_and_is_replayed(shop: Shop) -> None:
    greedy = {**ORDER, "lines": [{"sku": 2, "quantity": 1001, "unit_price_yen": 1}]}
    first = shop.post("till", "/v1/orders", greedy, "greedy")
    again = shop.post("till", "/v1/orders", greedy, "greedy")
    assert first.status_code == again.status_code == 409
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"


def test_another_payload_under_the_same_key_is_refused(shop: Shop) -> None:
    shop.post("till", "/v1/orders", ORDER, "changed")
    answer = shop.post("till", "/v1/orders", {**ORDER, "shopper": 5}, "changed")
    assert (answer.status_code, answer.json()["error"]) == (422, "key_reused")


def test_another_route_under_the_same_key_is_refused(shop: Shop) -> None:
    shop.post("till", "/v1/orders", ORDER, "route")
    order = shop.placed("station", {3: 1})
    assert shop.post("till", f"/v1/orders/{order}/cancel", None, "route").status_code == 422


def test_a_key_belongs_to_its_client(shop: Shop) -> None:
    by_till = shop.post("till", "/v1/orders", ORDER, "scoped").json()["order"]
    by_app = shop.post("app", "/v1/orders", ORDER, "scoped").json()["order"]
    assert by_till != by_app


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("till", "/v1/scans", {"sku": 1, "location": "station", "shopper": 1}),
        ("app", "/v1/reservations", {"location": "station", "lines": [{"sku": 1, "quantity": 1}], "ttl_s": 1}),
        ("till", "/v1/orders", ORDER),
        ("app", "/v1/payment-codes", {"shopper": 1, "brand": "acme"}),
        ("till", "/v1/payments", {"order": 1, "amount_yen": 100, "method": "cash", "brand": "cash"}),
        ("till", "/v1/refunds", {"payment": 1, "amount_yen": 1, "reason": "test"}),
        ("till", "/v1/orders/1/ready", {}),
        ("back_office", "/v1/admin/seed", {"products": [], "stock": []}),
        ("back_office", "/v1/admin/reconcile", {}),
    ],
)
def test_a_missing_key_is_refused_before_anything_is_done(shop: Shop, kind: str, path: str, body: object) -> None:
    answer = shop.clients[kind].post(path, content=json.dumps(body).encode())
    assert (answer.status_code, answer.json()["error"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("key", ["x" * 129, "tab\tinside"])
def test_an_unusable_key_is_refused(shop: Shop, key: str) -> None:
    assert shop.post("till", "/v1/orders", ORDER, key).json()["error"] == "idempotency_key_invalid"


def test_the_same_key_from_many_sides_at_once_has_one_effect(shop: Shop) -> None:
    before = count(shop, "orders")

    def place(_: int) -> tuple[int, str]:
        answer = shop.post("till", "/v1/orders", ORDER, "storm")
        return answer.status_code, answer.text

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(place, range(64)))
    assert count(shop, "orders") == before + 1
    assert {status for status, _ in answers} <= {201, 409}
    assert len({text for status, text in answers if status == 201}) == 1
    assert all(json.loads(text)["error"] == "in_flight" for status, text in answers if status == 409)


def test_an_invalid_request_does_not_use_up_its_key(shop: Shop) -> None:
    assert shop.post("till", "/v1/orders", {**ORDER, "lines": []}, "mended").status_code == 400
    assert shop.post("till", "/v1/orders", ORDER, "mended").status_code == 201


def test_only_an_empty_core_can_be_seeded_and_the_seeding_can_be_repeated(shop: Shop) -> None:
    again = shop.post("back_office", "/v1/admin/seed", {"products": [], "stock": []}, "second seed")
    assert (again.status_code, again.json()["error"]) == (409, "not_empty")
    assert shop.post("back_office", "/v1/admin/seed", {"products": [], "stock": []}, "second seed").headers[
        "idempotent-replayed"
    ]


def test_the_reconciliation_replays_its_outcome(shop: Shop) -> None:
    first = shop.post("back_office", "/v1/admin/reconcile", {}, "nightly")
    again = shop.post("back_office", "/v1/admin/reconcile", {}, "nightly")
    assert first.json() == {"resolved": 0, "refunded": 0, "still_unknown": 0}
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
