"""The core holds to its OpenAPI document, which is checked in: no 5xx and no answer that is not in it, whatever comes.

Requests are made by schemathesis from the document, well-formed ones and broken ones; `OPENAPI_EXAMPLES` of each kind
for each call (`make fuzz` asks for many).
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from core_harness import Shop, assert_books_hold, core, provider
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from loadtest.core.answers import ANSWERS
from loadtest.core.openapi import SERVICE, document
from loadtest.core.routes import routes

CHECKED_IN = Path(__file__).parents[2] / "docs" / "openapi.json"
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "6"))
DOCUMENT = document(routes())
CALLS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods if path not in SERVICE]
AGREE = frozenset({"/v1/payments", "/v1/orders", "/v1/admin/seed", "/v1/admin/settle"})
"""Calls whose fields must agree with one another, or with the calendar, which a schema does not say: 400 is right."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("core")
    with provider(folder) as psp, core(folder, "--psp-url", psp.url, "--psp-timeout", "0.5") as running:
        running.seed("station", {1: 100})
        yield running
        assert_books_hold(running.ready["database_url"])


def test_the_document_that_is_checked_in_is_the_one_that_is_served(shop: Shop) -> None:
    served = httpx.get(f"{shop.ready['url']}/openapi.json").json()
    assert served == json.loads(CHECKED_IN.read_text()), "run `omo core openapi --write`"


def test_every_route_has_its_answers_and_no_answer_is_of_no_route() -> None:
    assert {(route.method, route.path) for route in routes()} == ANSWERS.keys()


@pytest.fixture(scope="module")
def api() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["formed", "broken"])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_answers_are_as_documented(method: str, path: str, mode: GenerationMode, shop: Shop, api: Any) -> None:
    operation = api[path][method]

    @seed(1)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        headers = _headers(shop, operation.definition.raw)
        formed = mode is GenerationMode.POSITIVE
        if formed and "Idempotency-Key" in (case.headers or {}):
            headers["Idempotency-Key"] = uuid.uuid4().hex
        if formed:
            case.body = _whole(case.body)
        without = [positive_data_acceptance] if path in AGREE else []
        case.call_and_validate(base_url=shop.ready["url"], headers=headers, excluded_checks=without)

    send()


def _whole(body: Any) -> Any:
    """`body` with 5.0 written as 5: the same integer to a schema, but not to the core, which wants it written so."""
    match body:
        case dict():
            return {name: _whole(value) for name, value in body.items()}
        case list():
            return [_whole(value) for value in body]
        case float() if body.is_integer():
            return int(body)
    return body


def _headers(shop: Shop, operation: dict[str, Any]) -> dict[str, str]:
    """The key of the first kind of client that may call; none for what the PSP signs."""
    kinds = [kind for scheme in operation["security"] for kind in scheme if kind in shop.ready["keys"]]
    return {"Authorization": f"Bearer {shop.ready['keys'][kinds[0]]}"} if kinds else {}


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_a_method_that_is_not_documented_is_refused_by_name(path: str, shop: Shop) -> None:
    known = {method.upper() for method in DOCUMENT["paths"][path]}
    url = shop.ready["url"] + path.replace("{id}", "1").replace("{month}", "2026-04")
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"} - known:
        answer = httpx.request(method, url)
        assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(sorted(known)))


@pytest.mark.parametrize("path", SERVICE)
def test_service_answers_are_as_documented(path: str, shop: Shop, api: Any) -> None:
    case = api[path]["GET"].Case()
    case.call_and_validate(base_url=shop.ready["url"])
