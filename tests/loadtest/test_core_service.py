"""The service around the commands: keys, limits, overload, loss of the database, a clean end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest
from core_harness import Shop, core, process, sql

from loadtest.core.app import make_app
from loadtest.core.auth import make_keys
from loadtest.core.database import Database
from loadtest.core.service import Core, Settings
from loadtest.embedded_postgres import embedded_postgres
from loadtest.http.messages import Head, Reply


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with core(tmp_path_factory.mktemp("core")) as running:
        running.seed("station", {1: 10, 2: 10})
        yield running


MAY = {
    ("GET", "/v1/products/1"): {"till", "app"},
    ("GET", "/v1/availability?sku=1&location=station"): {"till", "app"},
    ("POST", "/v1/scans"): {"till", "app"},
    ("POST", "/v1/reservations"): {"app"},
    ("DELETE", "/v1/reservations/1"): {"app", "back_office"},
    ("POST", "/v1/orders"): {"till", "app"},
    ("POST", "/v1/payment-codes"): {"app"},
    ("POST", "/v1/payments"): {"till", "app"},
    ("GET", "/v1/payments/1"): {"till", "app", "back_office"},
    ("POST", "/v1/refunds"): {"till", "app", "back_office"},
    ("POST", "/v1/orders/1/ready"): {"till", "back_office"},
    ("POST", "/v1/orders/1/collect"): {"till", "back_office"},
    ("POST", "/v1/orders/1/ship"): {"till", "back_office"},
    ("POST", "/v1/orders/1/cancel"): {"till", "back_office"},
    ("GET", "/v1/orders/1"): {"till", "app", "back_office"},
    ("POST", "/v1/admin/seed"): {"back_office"},
    ("POST", "/v1/admin/reconcile"): {"back_office"},
}
"""docs/contracts.md, "The core's API"."""


@pytest.mark.parametrize(("method", "path"), MAY)
def test_a_key_opens_the_routes_of_its_kind_and_no_other(shop: Shop, method: str, path: str) -> None:
    for kind, client in shop.clients.items():
        status = client.request(method, path).status_code
        assert (status == 403) == (kind not in MAY[method, path])
    url = f"{shop.ready['url']}{path}"
    assert httpx.request(method, url).status_code == 401
    assert httpx.request(method, url, headers={"Authorization": "Bearer guess"}).status_code == 401


def test_the_document_describes_every_route(shop: Shop) -> None:
    document = httpx.get(f"{shop.ready['url']}/openapi.json").json()
    described = {
        (method.upper(), path.replace("{id}", "1")) for path, methods in document["paths"].items() for method in methods
    }
    assert {(method, path.partition("?")[0]) for method, path in MAY} <= described
    assert document["openapi"].startswith("3.")
    references = json.dumps(document).split('"#/components/schemas/')[1:]
    assert {reference.partition('"')[0] for reference in references} <= set(document["components"]["schemas"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
def test_anyone_may_ask_how_the_service_is(shop: Shop, path: str) -> None:
    assert httpx.get(f"{shop.ready['url']}{path}").status_code == 200


def test_the_metrics_count_requests(shop: Shop) -> None:
    def counted() -> int:
        text = httpx.get(f"{shop.ready['url']}/metrics").text
        prefix = 'omo_core_requests_total{route="/v1/products/{id}",status="200"} '
        return sum(int(line.removeprefix(prefix)) for line in text.splitlines() if line.startswith(prefix))

    before = counted()
    shop.get("/v1/products/1", "app")
    assert counted() == before + 1


def test_products_and_scans(shop: Shop) -> None:
    product = {"sku": 1, "name": "item 1", "price_yen": 100, "rating": None, "reviews": 0}
    shown = shop.get("/v1/products/1", "till")
    assert shown.pop("as_of").endswith("Z")
    assert shown == product
    scan = shop.post("app", "/v1/scans", {"sku": 1, "location": "station", "shopper": 3})
    assert scan.status_code == 201
    assert {**product, "location": "station", "available": 10}.items() <= scan.json().items()
    assert shop.clients["app"].get("/v1/products/9").status_code == 404
    assert shop.post("app", "/v1/scans", {"sku": 9, "location": "station", "shopper": 3}).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/orders", {}),
        ("/v1/orders", {"location": "station", "lines": [], "channel": "app", "fulfilment": "carry"}),
        ("/v1/reservations", {"location": "station", "lines": [{"sku": 1, "quantity": 0}], "ttl_s": 1}),
        ("/v1/reservations", {"location": "station", "lines": [{"sku": 1, "quantity": 1}], "ttl_s": -1}),
        ("/v1/reservations", {"location": "station", "lines": [{"sku": 2**40, "quantity": 1}], "ttl_s": 1}),
        ("/v1/payments", {"order": 1, "amount_yen": 1.5, "method": "cash", "brand": "cash"}),
        ("/v1/payments", {"order": 1, "amount_yen": 1, "method": "barter", "brand": "cash"}),
        ("/v1/payments", {"order": 1, "amount_yen": 1, "method": "cpm", "brand": "acme"}),
        ("/v1/payments", {"order": 1, "amount_yen": 1, "method": "cash", "brand": "cash", "typo": 1}),
        ("/v1/refunds", {"payment": 1, "amount_yen": 0, "reason": "x"}),
        ("/v1/refunds", {"payment": 1, "amount_yen": 1, "reason": "a\0b"}),
        ("/v1/refunds", {"payment": 2**70, "amount_yen": 1, "reason": "x"}),
    ],
)
def test_malformed_requests_are_named_and_harmless(shop: Shop, path: str, body: object) -> None:
    answer = shop.post("app", path, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["message"]


def test_what_does_not_exist_is_not_found(shop: Shop) -> None:
    for path in ("/v1/orders/999999", "/v1/payments/999999", "/v1/nothing", f"/v1/orders/{10**30}"):
        assert shop.clients["till"].get(path).status_code == 404
    assert shop.clients["till"].put("/v1/orders").status_code == 405
    assert shop.post("till", "/v1/orders/999999/ready").status_code == 404
    assert shop.pay(999999, 1).status_code == 404
    assert shop.post("app", "/v1/refunds", {"payment": 999999, "amount_yen": 1, "reason": "x"}).status_code == 404


def test_a_body_that_is_too_large_is_refused(shop: Shop) -> None:
    body = json.dumps({"location": "x" * 70_000}).encode()
    headers = {"Idempotency-Key": "large"}
    assert shop.clients["app"].post("/v1/orders", content=body, headers=headers).status_code == 413
    chunks = iter([body[:40_000], body[40_000:]])  # without an announced length
    assert shop.clients["app"].post("/v1/orders", content=chunks, headers=headers).status_code == 413


def test_beyond_its_bound_the_core_says_so_at_once() -> None:
    core = Core(Settings(keys=make_keys(), max_in_flight=3), Database("postgresql://unused"), None)
    app = make_app(core)
    core.metrics.in_flight = 3
    answer = app(Head("GET", "/v1/orders/1", "", {}))
    assert isinstance(answer, Reply)
    assert answer.status == 503
    assert int(dict(answer.headers)["retry-after"]) >= 1
    assert core.metrics.in_flight == 3


def test_lost_connections_are_503_at_most_and_heal(shop: Shop) -> None:
    before = shop.available("station", 2)
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'omotwin-core'"
    assert len(sql(shop.ready["database_url"], cut)) > 1
    deadline = time.monotonic() + 60
    while (answer := shop.order("station", {2: 1})).status_code != 201:
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert time.monotonic() < deadline
    assert shop.available("station", 2) == before - 1


def test_without_its_database_the_core_is_alive_and_not_ready(tmp_path: Path) -> None:
    with ExitStack() as outer:
        with embedded_postgres() as url:
            ready = outer.enter_context(process(tmp_path, "core", "serve", "--database-url", url))[1]
            assert httpx.get(f"{ready['url']}/readyz").status_code == 200
        assert httpx.get(f"{ready['url']}/healthz").status_code == 200
        assert httpx.get(f"{ready['url']}/readyz", timeout=15).status_code == 503


def test_a_stopped_core_leaves_no_process_behind(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with process(tmp_path, "core", "serve") as (child, ready):
            family = psutil.Process(child.pid).children(recursive=True)
            assert family  # PostgreSQL
            child.send_signal(number)
            assert child.wait(20) == 0
            assert not [member for member in family if member.is_running()]
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{ready['url']}/healthz")


def test_a_core_that_is_killed_takes_its_database_with_it(tmp_path: Path) -> None:
    with process(tmp_path, "core", "serve") as (child, _):
        family = psutil.Process(child.pid).children(recursive=True)
        child.kill()
        child.wait()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert not alive


def test_the_ready_file_is_private_and_keys_can_be_kept(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    seen = []
    for _ in range(2):
        with process(tmp_path, "core", "serve", "--keys-file", str(keys)) as (child, ready):
            assert ready["pid"] == child.pid
            seen.append(ready["keys"])
    assert seen[0] == seen[1]
    assert set(seen[0]) == {"till", "app", "back_office", "psp"}
    for file in (keys, *tmp_path.glob("ready-*.json")):
        assert file.stat().st_mode & 0o077 == 0


def test_a_taken_port_is_a_message_and_no_traceback() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        program = (
            "from loadtest.core.server import Options, run\n"
            f"run(Options('127.0.0.1', {other.getsockname()[1]}, None, None, None, 2.0, 900.0, None, None), print)"
        )
        root = Path(__file__).parents[2]
        answer = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False, cwd=root
        )
    assert "UsageError: cannot serve on 127.0.0.1" in answer.stderr
    assert os.path.sep not in answer.stderr.splitlines()[-1]
