"""The provider's daily file against the ledger: matched, missing on either side, differing; fees, months, calendars."""

from __future__ import annotations

import csv
import io
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest
from core_harness import Provider, Shop, assert_books_hold, core, provider, sql
from core_in_memory import database_url
from test_core_webhooks import deliver, end_hold, event

from loadtest.core.settlements import read_file
from loadtest.embedded_postgres import embedded_postgres
from loadtest.psp.reconciliation import COLUMNS, JAPAN
from scenarios.payments import Payments
from sim.payments.calendars import periods

BRANDS = ("card", "qr", "konbini")
SHARE = {"card": 0.02, "qr": 0.0198, "konbini": 0.0, "acme": 0.0}
FIXED_YEN = {"konbini": 130}
TIMEOUT_S = 2.0  # far more than a healthy call takes on a busy machine


@pytest.fixture
def psp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with provider(tmp_path_factory.mktemp("psp")) as running:
        running.well()
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with embedded_postgres() as url:
        yield url


@pytest.fixture
def shop(psp: Provider, server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    name = f"d{uuid.uuid4().hex}"
    sql(server, f"CREATE DATABASE {name}")
    more = ("--database-url", database_url(server, name), "--psp-url", psp.url, "--psp-timeout", str(TIMEOUT_S))
    with core(tmp_path_factory.mktemp("core"), *more) as running:
        running.seed("station", dict.fromkeys(range(1, 21), 10_000))
        yield running
        assert_books_hold(running.ready["database_url"])


def today() -> str:
    return datetime.now(JAPAN).date().isoformat()


def file_of(psp: Provider, day: str) -> list[dict[str, str]]:
    answer = httpx.get(f"{psp.url}/psp/reconciliation/{day}")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def settle(shop: Shop, day: str | None = None) -> dict[str, Any]:
    answer = shop.post("back_office", "/v1/admin/settle", {"day": day or today()})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def paid(shop: Shop, sku: int, units: int, brand: str, method: str = "card") -> dict[str, Any]:
    order = shop.placed("station", {sku: units}, "ship")
    answer: dict[str, Any] = shop.pay(order, 100 * units, method, brand=brand).json()
    return answer


def fee_of(brand: str, amount_yen: int) -> int:
    return round(amount_yen * SHARE[brand]) + FIXED_YEN.get(brand, 0)


def balances(shop: Shop) -> dict[str, int]:
    query = "SELECT account, sum(amount_yen)::bigint AS yen FROM ledger_lines GROUP BY account"
    return {row["account"]: row["yen"] for row in sql(shop.ready["database_url"], query)}


def test_every_capture_and_refund_is_matched_once_and_its_fee_is_booked(shop: Shop, psp: Provider) -> None:
    made = [
        (brand, 100 * units, paid(shop, sku, units, brand)) for sku, brand in enumerate(BRANDS, 1) for units in (3, 7)
    ]
    paid(shop, 4, 5, "cash", "cash")
    body = {"payment": made[0][2]["payment"], "amount_yen": 120, "reason": "test"}
    assert shop.post("app", "/v1/refunds", body).json()["state"] == "refunded"
    lines = file_of(psp, today())
    assert len(lines) == len(made) + 1
    assert tuple(lines[0]) == COLUMNS
    first = settle(shop)
    assert first["matched"] == first["lines"] == len(lines)
    assert [first[name] for name in ("missing_here", "missing_there", "amount_differs", "fee_differs")] == [0] * 4
    fees = sum(fee_of(brand, yen) for brand, yen, _ in made)
    gross = sum(yen for _, yen, _ in made)
    assert sum(int(line["net_yen"]) for line in lines) == gross - fees - 120
    found = balances(shop)
    assert found["psp_fees"] == fees
    assert found["settlement_due"] == gross - fees - 120
    assert found["psp_receivable"] == 0
    again = settle(shop)
    assert again["matched"] == first["matched"]
    assert balances(shop) == found


def test_a_month_by_tender_adds_up_to_the_ledger(shop: Shop) -> None:
    for brand in BRANDS:
        paid(shop, 5, 4, brand)
    cash = paid(shop, 6, 2, "cash", "cash")
    assert shop.post("till", "/v1/refunds", {"payment": cash["payment"], "amount_yen": 50}).status_code == 201
    month = today()[:7]
    before = shop.get(f"/v1/settlements/month/{month}")
    assert before["total"]["open_yen"] == 400 * len(BRANDS)
    settle(shop)
    after = shop.get(f"/v1/settlements/month/{month}")
    for tender in (*after["tenders"], after["total"]):
        kept = tender["cash_yen"] + tender["due_yen"] + tender["fee_yen"] + tender["open_yen"]
        assert tender["gross_yen"] - tender["refunds_yen"] == kept
    by_brand = {tender["brand"]: tender for tender in after["tenders"]}
    assert by_brand["cash"]["cash_yen"] == 150
    assert {brand: by_brand[brand]["fee_yen"] for brand in BRANDS} == {brand: fee_of(brand, 400) for brand in BRANDS}
    assert after["total"]["open_yen"] == 0
    listed = shop.get("/v1/settlements")
    assert {row["brand"]: row["net_yen"] for row in listed["settlements"]} == {
        brand: 400 - fee_of(brand, 400) for brand in BRANDS
    }
    assert listed["breaks"] == []
    for path in ("/v1/settlements", f"/v1/settlements/month/{month}"):
        assert shop.clients["app"].get(path).status_code == 403
        assert shop.clients["till"].get(path).status_code == 403
    assert shop.clients["back_office"].get("/v1/settlements/month/2026-13").status_code == 400


def test_the_file_resolves_what_nobody_answered_and_refunds_what_came_too_late(shop: Shop, psp: Provider) -> None:
    psp.faults(timeout_after=1)
    with ThreadPoolExecutor(2) as pool:
        late, in_time = pool.map(lambda sku: paid(shop, sku, 1, "card"), (7, 8))
    assert (late["state"], in_time["state"]) == ("unknown", "unknown")
    end_hold(shop, late["order"])
    psp.faults(timeout_after=0)
    found = settle(shop)
    assert (found["resolved"], found["refunded"], found["missing_here"]) == (2, 1, 0)
    url = shop.ready["database_url"]
    states = "SELECT id, state FROM payments ORDER BY id"
    assert {row["id"]: row["state"] for row in sql(url, states)} == {
        late["payment"]: "refunded",
        in_time["payment"]: "captured",
    }
    assert settle(shop)["matched"] == 3  # the refund is in the file by now
    assert balances(shop)["psp_receivable"] == 0


def test_calls_are_in_the_openapi_document_with_their_parameters(shop: Shop) -> None:
    paths = shop.get("/openapi.json")["paths"]
    assert paths["/v1/admin/settle"]["post"]["requestBody"]["required"]
    assert paths["/v1/settlements"]["get"]["security"] == [{"back_office": []}]
    (month,) = paths["/v1/settlements/month/{month}"]["get"]["parameters"]
    assert (month["name"], month["in"]) == ("month", "path")


@pytest.mark.parametrize(
    "text", ["", "kind,merchant_id\ncharge,x\n", "kind,merchant_id,brand,amount_yen,fee_yen\nc,x,y,z,0\n"]
)
def test_a_file_that_is_none_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"file|invalid literal"):
        read_file(text)


def test_what_only_one_side_has_is_named(shop: Shop, psp: Provider) -> None:
    stranger = {"merchant_payment_id": "app:nobody", "brand": "card", "amount_yen": 900, "kind": "card"}
    assert httpx.post(f"{psp.url}/psp/charges", json=stranger).status_code == 201
    psp.faults(timeout_before=1)
    order = shop.placed("station", {9: 1}, "ship")
    key = uuid.uuid4().hex
    claimed = shop.pay(order, 100, "card", key, brand="card").json()["payment"]
    psp.faults(timeout_before=0)
    assert deliver(shop, event(f"app:{key}")).status_code == 200  # the provider claims what is not in its book
    deadline = time.monotonic() + 60
    while shop.get(f"/v1/payments/{claimed}")["state"] != "captured":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    found = settle(shop)
    assert (found["matched"], found["missing_here"], found["missing_there"]) == (0, 1, 1)
    breaks = {row["merchant_id"]: row for row in shop.get("/v1/settlements")["breaks"]}
    assert breaks["app:nobody"]["what"] == "missing_here"
    assert breaks["app:nobody"]["their_yen"] == 900
    assert breaks[f"app:{key}"]["what"] == "missing_there"
    assert breaks[f"app:{key}"]["payment"] == claimed


def test_amounts_and_fees_that_differ_are_not_booked_until_they_agree(shop: Shop) -> None:
    key = uuid.uuid4().hex
    order = shop.placed("station", {10: 2}, "ship")
    assert shop.pay(order, 200, "card", key, brand="card").json()["state"] == "captured"
    url = shop.ready["database_url"]
    query = (
        "SELECT outcome FROM match_file($1, '{charge}', ARRAY[$2], '{card}', ARRAY[$3]::bigint[], ARRAY[$4]::bigint[])"
    )
    day = datetime.now(JAPAN).date()
    for amount_yen, fee_yen, outcome in ((199, 4, "amount_differs"), (200, 5, "fee_differs"), (200, 4, "matched")):
        assert sql(url, query, day, f"app:{key}", amount_yen, fee_yen) == [{"outcome": outcome}]
        assert ("psp_fees" in balances(shop)) == (outcome == "matched")
    assert settle(shop)["matched"] == 1
    assert balances(shop)["psp_fees"] == 4


def test_a_file_that_cannot_be_had_is_asked_for_again(shop: Shop, psp: Provider) -> None:
    psp.faults(outage=True)
    key = uuid.uuid4().hex
    body = {"day": today()}
    assert shop.post("back_office", "/v1/admin/settle", body, key).status_code == 503
    psp.faults(outage=False)
    assert shop.post("back_office", "/v1/admin/settle", body, key).status_code == 200
    assert shop.post("back_office", "/v1/admin/settle", {"day": "2026-02-30"}).status_code == 400


def test_contracts_of_a_seed_rule_the_fees_of_both_sides(psp: Provider, tmp_path: Any) -> None:
    tenders = [{"brand": "card", "fee_share": 0.025, "fee_yen": 7, "closes": [10, 31], "pays": [25, 10]}]
    assert httpx.post(f"{psp.url}/psp/contracts", json={"tenders": tenders}).status_code == 200
    with core(tmp_path, "--psp-url", psp.url) as own:
        body = {"products": [], "stock": [{"location": "station", "sku": 1, "on_hand": 9}], "tenders": tenders}
        assert own.post("back_office", "/v1/admin/seed", body).status_code == 200
        order = own.placed("station", {1: 3}, "ship")
        assert own.pay(order, 300, "card", brand="card").status_code == 201
        assert settle(own)["matched"] == 1
        assert balances(own)["psp_fees"] == round(300 * 0.025) + 7


def test_periods_and_pay_outs_are_those_of_the_simulated_world(shop: Shop) -> None:
    first, days = date(2027, 11, 3), 500  # over a leap day
    payments = Payments()
    query = """SELECT s.period_start, s.period_end, s.payout_day
               FROM generate_series(0, $3 - 1) AS d, settlement_period($1, $2::date + d) AS s ORDER BY d"""
    for name in BRANDS:
        world = periods(payments.calendars[payments.tenders[name].calendar], first, days)
        rows = sql(shop.ready["database_url"], query, name, first, days)
        assert [tuple(row.values()) for row in rows] == [
            tuple(first + timedelta(days=int(day)) for day in row)
            for row in zip(world.start, world.end, world.pay_out, strict=True)
        ]
