"""The OpenAPI document, made from the routes and the messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from loadtest.core.routes import Route

_ERROR = {
    "type": "object",
    "required": ["error", "message"],
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
}


def document(routes: list[Route]) -> dict[str, Any]:
    """OpenAPI 3.1 for these routes."""
    schemas, components = msgspec.json.schema_components(
        [route.message for route in routes if route.message is not None],
        ref_template="#/components/schemas/{name}",
    )
    keyed = [route.path for route in routes if route.message is not None]
    schema_of = dict(zip(keyed, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(
            route, schema_of.get(route.path) if route.message else None
        )
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        paths[path] = {"get": {"summary": path[1:], "responses": {"200": {"description": "OK"}}, "security": []}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "omotwin payment and inventory core", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": _ERROR},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _operation(route: Route, schema: dict[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "description": f"For {', '.join(sorted(route.clients))}." if route.clients else "Signed in X-Signature.",
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "parameters": _parameters(route),
        "responses": {"2XX": {"description": "Done"}, "default": _error_response()},
    }
    if not route.clients:
        operation["security"] = []
    if schema is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in route.path:
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}})
    if "{month}" in route.path:
        month = {"type": "string", "pattern": r"^\d{4}-\d{2}$"}
        found.append({"name": "month", "in": "path", "required": True, "schema": month})
    if route.keyed:
        text = {"type": "string", "minLength": 1, "maxLength": 128}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": text})
    if route.path == "/v1/availability":
        found.append({"name": "sku", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 0}})
        found.append({"name": "location", "in": "query", "required": True, "schema": {"type": "string"}})
    return found


def _error_response() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": "Refused", "content": {"application/json": {"schema": schema}}}
