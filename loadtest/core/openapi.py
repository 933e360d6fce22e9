"""The OpenAPI document, made from the routes, the messages and the answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from loadtest.core.answers import ANSWERS, Error, Status
from loadtest.core.auth import KINDS
from loadtest.core.messages import COUPON, NAME_LETTERS, Event

if TYPE_CHECKING:
    from loadtest.core.routes import Route

_REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_KEY: Final = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[ -~]+$"}
_ID: Final = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
_PATH: Final = {
    "id": _ID,
    "month": {"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])$"},
}
_SIGNED: Final = "psp_signature"
SERVICE: Final = ("/healthz", "/readyz", "/metrics", "/openapi.json")
"""What anyone may ask for, without a key."""


def document(routes: list[Route]) -> dict[str, Any]:
    """OpenAPI 3.1 for these routes."""
    components = _components(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    paths.update(_services())
    keys = {kind: {"type": "http", "scheme": "bearer", "description": f"The key of the {kind}."} for kind in KINDS}
    keys["member"] = {"type": "http", "scheme": "bearer", "description": "A token of POST /v1/member-tokens."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "omotwin payment and inventory core", "version": "1"},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                **keys,
                _SIGNED: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Signature",
                    "description": "HMAC-SHA256 of the body under the webhook secret, in hex.",
                },
            },
        },
    }


def _components(routes: list[Route]) -> dict[str, Any]:
    types: list[Any] = [route.message for route in routes if route.message is not None]
    types += [Error, Status, Event, *(says.type for says in ANSWERS.values())]
    _, components = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template=_REF)
    return components


def _reference(of: type[Any]) -> dict[str, str]:
    return {"$ref": _REF.format(name=of.__name__)}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {_JSON: {"schema": schema}}}


def _services() -> dict[str, Any]:
    status = _json("OK", _reference(Status))
    text = {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}}
    answers = (
        ("Alive", {"200": status}),
        ("Ready for requests", {"200": status, "503": _refusal(503, ("unavailable",))}),
        ("Counters for Prometheus", {"200": text}),
        ("This document", {"200": _json("OK", {"type": "object"})}),
    )
    return {
        path: {"get": {"summary": summary, "operationId": _name(summary), "security": [], "responses": responses}}
        for path, (summary, responses) in zip(SERVICE, answers, strict=True)
    }


def _name(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _name(f"{route.method}{route.path}"),
        "security": [{kind: []} for kind in sorted(route.clients)] or [{_SIGNED: []}],
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    message: Any = route.message if route.clients else Event
    if message is not None:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": _reference(message)}}}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in _PATH.items()
        if f"{{{name}}}" in route.path
    ]
    if route.keyed:
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": _KEY})
    if route.path == "/v1/availability":
        sku = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
        found.append({"name": "sku", "in": "query", "required": True, "schema": sku})
        name = {"type": "string", "minLength": 1, "maxLength": NAME_LETTERS}
        found.append({"name": "location", "in": "query", "required": True, "schema": name})
    if (route.method, route.path) == ("GET", "/v1/coupons"):
        code = {"type": "string", "pattern": COUPON}
        found.append({"name": "code", "in": "query", "required": True, "schema": code})
    return found


def _responses(route: Route) -> dict[str, Any]:
    says = ANSWERS[route.method, route.path]
    refusals: dict[int, set[str]] = {status: set(codes) for status, codes in says.refusals.items()}

    def may(status: int, *codes: str) -> None:
        refusals.setdefault(status, set()).update(codes)

    if route.clients:
        may(401, "unauthenticated")
        may(403, "forbidden")
    if "member" in route.clients:
        may(429, "too_many_requests")
    if route.message is not None:
        may(400, "invalid_request")
    if "{id}" in route.path or "{month}" in route.path:
        may(404, "not_found")  # also for what is no id
    if route.keyed:
        may(400, "idempotency_key_missing", "idempotency_key_invalid")
        may(409, "in_flight")
        may(422, "key_reused")
    if route.method == "POST":
        may(413, "too_large")
    may(503, "overloaded", "unavailable", "closing")
    ok = _json("Done", _reference(says.type))
    if route.keyed:
        replayed = {"description": "true: the stored outcome of the first request", "schema": {"enum": ["true"]}}
        ok["headers"] = {"Idempotent-Replayed": replayed}
    return {str(says.status): ok} | {
        str(status): _refusal(status, tuple(sorted(codes))) for status, codes in sorted(refusals.items())
    }


def _refusal(status: int, codes: tuple[str, ...]) -> dict[str, Any]:
    schema = {"allOf": [_reference(Error), {"properties": {"error": {"enum": list(codes)}}}]}
    answer = _json(", ".join(codes), schema)
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "Seconds", "required": True, "schema": {"type": "integer"}}}
    return answer
