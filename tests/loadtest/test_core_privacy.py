"""Members see themselves and nobody else, nobody's data is in the log, and no card number gets in or comes out."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from core_harness import Shop, core, sql

from loadtest.core.auth import make_keys, member_of, member_token
from loadtest.core.logs import JsonLines
from loadtest.core.members import Pace

CARD = "4111 1111 1111 1111"
DIGITS = CARD.replace(" ", "")
_CARD_LIKE = re.compile(r"(?<![0-9A-Za-z])[2-6]\d(?:[ -]?\d){11,17}(?![0-9A-Za-z])")


def card_numbers(text: str) -> list[str]:
    """What looks like a card number: 13 to 19 digits whose check digit is right (Luhn)."""
    return [found for found in _CARD_LIKE.findall(text) if luhn([int(digit) for digit in re.sub(r"\D", "", found)])]


def luhn(digits: list[int]) -> bool:
    return sum(d if place % 2 else d * 2 - 9 * (d > 4) for place, d in enumerate(digits, len(digits) % 2)) % 10 == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("core")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[Shop]:
    with core(folder) as running:
        running.seed("station", {1: 100})
        yield running


def member(shop: Shop, shopper: int) -> httpx.Client:
    answer = shop.clients["app"].post("/v1/member-tokens", json={"shopper": shopper})
    assert answer.status_code == 201
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    return httpx.Client(base_url=shop.ready["url"], headers=headers, timeout=30)


def test_a_member_sees_their_own_order_and_payment_and_no_others(shop: Shop) -> None:
    with member(shop, 7) as seven, member(shop, 8) as eight:
        order = shop.placed("station", {1: 1}, shopper=7)
        payment = shop.pay(order, 100).json()["payment"]
        for path in (f"/v1/orders/{order}", f"/v1/payments/{payment}"):
            assert seven.get(path).status_code == 200
            assert (eight.get(path).status_code, eight.get(path).json()["error"]) == (404, "not_found")
        anonymous = shop.placed("station", {1: 1})
        assert seven.get(f"/v1/orders/{anonymous}").status_code == 404


def test_a_member_acts_for_themselves_only(shop: Shop) -> None:
    with member(shop, 7) as seven:
        for shopper, status in ((7, 201), (8, 403)):
            code = seven.post(
                "/v1/payment-codes",
                json={"shopper": shopper, "brand": "qr"},
                headers={"Idempotency-Key": f"code for {shopper}"},
            )
            assert code.status_code == status
        label = {"sku": 1, "location": "station"}
        assert seven.post("/v1/scans", json=label, headers={"Idempotency-Key": "scan"}).status_code == 403
        assert seven.get("/v1/settlements").status_code == 403
        lines = [{"sku": 1, "quantity": 1, "unit_price_yen": 1}]
        body = {"location": "station", "lines": lines, "channel": "app", "fulfilment": "carry", "shopper": 7}
        assert seven.post("/v1/orders", json=body, headers={"Idempotency-Key": "order"}).status_code == 403


def test_the_same_key_of_two_members_is_two_keys(shop: Shop) -> None:
    codes = set()
    for shopper in (17, 18):
        with member(shop, shopper) as client:
            answer = client.post(
                "/v1/payment-codes", json={"shopper": shopper, "brand": "qr"}, headers={"Idempotency-Key": "mine"}
            )
            assert answer.status_code == 201
            codes.add(answer.json()["code"])
    assert len(codes) == 2


def test_a_token_that_was_changed_or_is_old_opens_nothing() -> None:
    keys, now_s = make_keys(), time.time()
    token = member_token(keys, 7, int(now_s) + 60)
    assert member_of(f"Bearer {token}", keys, now_s) == 7
    assert member_of(f"Bearer {token}", keys, now_s + 61) is None
    assert member_of(f"Bearer {token.replace('m.7.', 'm.8.')}", keys, now_s) is None
    assert member_of(f"Bearer {token}", make_keys(), now_s) is None
    for broken in ("", "m.", "m.7", "m.7.9.é", "m.7.99999999999.", token[:-1]):
        assert member_of(f"Bearer {broken}", keys, now_s) is None


def test_a_member_who_asks_too_fast_has_to_wait() -> None:
    pace = Pace()
    assert [pace.allows(7, 100.0) for _ in range(31)] == [True] * 30 + [False]
    assert pace.allows(8, 100.0)
    assert not pace.allows(7, 100.05)
    assert [pace.allows(7, 101.05) for _ in range(11)] == [True] * 10 + [False]


def test_over_the_wire_that_is_429_with_retry_after(shop: Shop) -> None:
    with member(shop, 9) as nine:
        answers = [nine.get("/v1/products/1") for _ in range(200)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(answers) - len(refused) >= 30
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}


def test_no_field_that_people_fill_takes_a_card_number(shop: Shop) -> None:
    order = shop.placed("station", {1: 1})
    tried = [
        shop.pay(order, 100, brand=CARD),
        shop.pay(order, 100, brand=f"visa {DIGITS}"),
        shop.post("app", "/v1/payment-codes", {"shopper": 1, "brand": DIGITS}),
        shop.post("app", "/v1/refunds", {"payment": 1, "amount_yen": 1, "reason": f"card {CARD} was wrong"}),
        shop.post("app", "/v1/scans", {"sku": 1, "location": "4111-1111-1111-1111"}),
        shop.reserve(DIGITS, {1: 1}),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in tried] == [(400, "invalid_request")] * len(tried)
    assert [card_numbers(answer.text) for answer in tried] == [[]] * len(tried)


def test_of_an_event_only_what_is_read_is_kept(shop: Shop) -> None:
    body = f'{{"event_id":"e-1","merchant_payment_id":"x","state":"captured","card":"{DIGITS}"}}'.encode()
    signed = hmac.new(shop.ready["webhook_secret"].encode(), body, hashlib.sha256).hexdigest()
    answer = httpx.post(f"{shop.ready['url']}/v1/psp/webhooks", content=body, headers={"X-Signature": signed})
    assert answer.status_code == 200
    kept = sql(shop.ready["database_url"], "SELECT payload::text FROM webhook_inbox WHERE event_id = 'e-1'")
    assert "captured" in kept[0]["payload"]
    assert DIGITS not in kept[0]["payload"]


def test_nothing_that_the_core_keeps_or_says_is_a_card_number(shop: Shop, folder: Path) -> None:
    """After all of the above: every text of every table, the log, the metrics and the document."""
    url = shop.ready["database_url"]
    tables = sql(url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    assert len(tables) > 10
    for table in tables:
        rows = sql(url, f"SELECT to_jsonb(t)::text AS text FROM {table['relname']} t")
        assert card_numbers("\n".join(row["text"] for row in rows)) == [], table
    said = [httpx.get(shop.ready["url"] + path).text for path in ("/metrics", "/openapi.json")]
    said += [path.read_text() for path in folder.glob("*.log")]
    assert card_numbers("\n".join(said)) == []


def test_the_search_for_card_numbers_finds_them() -> None:
    assert card_numbers(f'{{"a": "{CARD}", "b": "{DIGITS}", "c": 5555555555554444}}') == [
        CARD,
        DIGITS,
        "5555555555554444",
    ]
    assert card_numbers("4111 1111 1111 1112, 20261122, deadbeef4111111111111111, 4111") == []


def test_the_log_says_where_and_never_what_a_request_held() -> None:
    def refuse() -> None:
        raise asyncpg.DataError("invalid input for query argument $1: 'Yamada Taro'")

    with pytest.raises(asyncpg.DataError) as caught:
        refuse()
    why = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("core", logging.ERROR, "app.py", 1, "%s %s failed", ("GET", "/v1/x"), why)
    line = JsonLines().format(record)
    assert "Yamada" not in line
    assert '"message":"GET /v1/x failed"' in line
    assert '"error":"DataError"' in line
    assert "test_core_privacy.py:" in line
    assert "\n" not in line
