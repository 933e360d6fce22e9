"""From an HTTP request to a handler and back: limits, authentication, keys, checks, errors."""

from __future__ import annotations

import logging
import re
import time
from typing import Any, Final

import msgspec

from loadtest.core.auth import client_of, digests, member_of
from loadtest.core.database import Unavailable
from loadtest.core.idempotency import fingerprint, key_problem
from loadtest.core.members import Pace, hindrance
from loadtest.core.openapi import SERVICE, document
from loadtest.core.routes import Route, routes
from loadtest.core.rsgi import App, Reply, error_reply, json_reply, read_body, send
from loadtest.core.service import Core, Request

_VARIABLE: Final = re.compile(r"/(?:(\d{1,18})|(\d{4}-\d{2}))(?=/|$)")
_RETRY: Final = ("retry-after", "1")


def make_app(core: Core) -> App:
    """The application of a core, for `rsgi.serve`."""
    table = {(route.method, route.path): route for route in routes()}
    methods: dict[str, set[str]] = {}
    for method, path in table:
        methods.setdefault(path, set()).add(method)
    known = digests(core.settings.keys)
    pace = Pace()
    description = json_reply(200, document(list(table.values())))

    async def app(scope: Any, protocol: Any) -> None:
        found = _VARIABLE.search(scope.path)
        path = scope.path if found is None else _VARIABLE.sub("/{id}" if found[1] else "/{month}", scope.path)
        route = table.get((scope.method, path))
        if route is None:
            send(protocol, await _other(core, scope, path, methods, description))
            return
        if core.metrics.in_flight >= core.settings.max_in_flight:
            core.metrics.record(route.path, 503, 0.0)
            send(protocol, error_reply(503, "overloaded", "too many requests in flight", _RETRY))
            return
        core.metrics.in_flight += 1
        began_s = time.perf_counter()
        status = 500
        try:
            reply = await _answer(core, route, known, pace, found, scope, protocol)
            status = reply.status
            send(protocol, reply)
        finally:
            core.metrics.in_flight -= 1
            core.metrics.record(route.path, status, time.perf_counter() - began_s)

    return app


async def _answer(
    core: Core,
    route: Route,
    known: dict[bytes, str],
    pace: Pace,
    found: re.Match[str] | None,
    scope: Any,
    protocol: Any,
) -> Reply:
    headers = scope.headers
    client = client_of(headers.get("authorization"), known) or ""
    shopper = None
    if route.clients and client not in route.clients:
        if not client:
            shopper = member_of(headers.get("authorization"), core.settings.keys, time.time())
        if shopper is None or "member" not in route.clients:
            return _refused(client or ("" if shopper is None else "member"), route)
        if not pace.allows(shopper, time.monotonic()):
            return error_reply(429, "too_many_requests", "slow down", _RETRY)
        client = f"member:{shopper}"
    key = headers.get("idempotency-key")
    if route.keyed and (problem := key_problem(key)):
        return error_reply(400, "idempotency_key_missing" if not key else "idempotency_key_invalid", problem)
    body = b"" if scope.method in ("GET", "DELETE") else await read_body(scope, protocol, route.limit_bytes)
    if body is None:
        return error_reply(413, "too_large", f"at most {route.limit_bytes} bytes", ("connection", "close"))
    message = None
    if route.message is not None:
        try:
            message = msgspec.json.decode(body, type=route.message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return error_reply(400, "invalid_request", str(error))
    identity = int(found[1] or 0) if found else 0
    if shopper is not None:
        try:
            refused = await hindrance(core, route.path, shopper, identity, message)
        except Unavailable as error:
            return error_reply(503, "unavailable", str(error), _RETRY)
        if refused is not None:
            return refused
    request = Request(
        client=client,
        id=identity,
        month=(found[2] or "") if found else "",
        query=scope.query_string,
        body=body,
        message=message,
        key=key or "",
        fingerprint=fingerprint(scope.method, scope.path, body),
        signature=headers.get("x-signature"),
    )
    try:
        return await route.handler(core, request)
    except Unavailable as error:
        return error_reply(503, "unavailable", str(error), _RETRY)
    except Exception:
        logging.getLogger(__name__).exception("%s %s failed", route.method, route.path)
        return error_reply(500, "internal", "the request failed inside the core; repeat it with the same key")


def _refused(client: str, route: Route) -> Reply:
    if not client:
        return error_reply(401, "unauthenticated", "send Authorization: Bearer <key>", ("www-authenticate", "Bearer"))
    return error_reply(403, "forbidden", f"for {', '.join(sorted(route.clients))}; this key is for {client}")


async def _other(core: Core, scope: Any, path: str, methods: dict[str, set[str]], description: Reply) -> Reply:
    """Service routes, and what does not exist."""
    if path in methods or (scope.method != "GET" and path in SERVICE):
        allowed = ", ".join(sorted(methods.get(path, {"GET"})))
        return error_reply(405, "method_not_allowed", f"this path takes {allowed}", ("allow", allowed))
    if scope.method == "GET":
        match path:
            case "/healthz":
                return json_reply(200, {"status": "ok"})
            case "/readyz":
                return await _ready(core)
            case "/metrics":
                batches = {kind: (b.batches, b.commands, b.waiting) for kind, b in core.batchers.items()}
                text = core.metrics.text(core.database.waiting, batches)
                return Reply(200, text.encode(), (("content-type", "text/plain; version=0.0.4"),))
            case "/openapi.json":
                return description
    return error_reply(404, "not_found", "no such path")


async def _ready(core: Core) -> Reply:
    try:
        await core.database.row("SELECT 1 FROM idempotency_keys LIMIT 0")
    except Unavailable as error:
        return error_reply(503, "unavailable", str(error), _RETRY)
    return json_reply(200, {"status": "ready"})
