"""From an HTTP request to a handler and back: limits, authentication, keys, checks, errors."""

from __future__ import annotations

import logging
import re
import time
from functools import partial
from typing import Final

import msgspec

from loadtest.core.auth import client_of, digests, member_of
from loadtest.core.database import Unavailable
from loadtest.core.idempotency import fingerprint, key_problem
from loadtest.core.members import Pace, hindrance
from loadtest.core.openapi import SERVICE, document
from loadtest.core.routes import Route, routes
from loadtest.core.service import Core, Request
from loadtest.http.messages import Admitted, App, Head, Reply, error_reply, json_reply

_VARIABLE: Final = re.compile(r"/(?:(\d{1,18})|(\d{4}-\d{2}))(?=/|$)")
_RETRY: Final = ("retry-after", "1")


def make_app(core: Core) -> App:
    """The application of a core, for `http.server.serve`."""
    table = {(route.method, route.path): route for route in routes()}
    methods: dict[str, set[str]] = {}
    for method, path in table:
        methods.setdefault(path, set()).add(method)
    known = digests(core.settings.keys)
    pace = Pace()
    description = json_reply(200, document(list(table.values())))

    def app(head: Head) -> Admitted | Reply:
        found = _VARIABLE.search(head.path)
        path = head.path if found is None else _VARIABLE.sub("/{id}" if found[1] else "/{month}", head.path)
        route = table.get((head.method, path))
        if route is None:
            return _other(core, head, path, methods, description)
        if core.metrics.in_flight >= core.settings.max_in_flight:
            judged: Admitted | Reply = error_reply(503, "overloaded", "too many requests in flight", _RETRY)
        else:
            judged = _judge(core, route, known, pace, found, head)
        if isinstance(judged, Reply):
            core.metrics.record(route.path, judged.status, 0.0)
        return judged

    return app


def _judge(
    core: Core, route: Route, known: dict[bytes, str], pace: Pace, found: re.Match[str] | None, head: Head
) -> Admitted | Reply:
    """Who asks, and whether they may; what needs the body or the database comes later."""
    authorization = head.header(b"authorization")
    client = client_of(authorization, known) or ""
    shopper = None
    if route.clients and client not in route.clients:
        if not client:
            shopper = member_of(authorization, core.settings.keys, time.time())
        if shopper is None or "member" not in route.clients:
            return _refused(client or ("" if shopper is None else "member"), route)
        if not pace.allows(shopper, time.monotonic()):
            return error_reply(429, "too_many_requests", "slow down", _RETRY)
        client = f"member:{shopper}"
    key = head.header(b"idempotency-key")
    if route.keyed and (problem := key_problem(key)):
        return error_reply(400, "idempotency_key_missing" if not key else "idempotency_key_invalid", problem)
    request = Request(
        client=client,
        shopper=shopper,
        target=f"{head.method} {head.path}",
        id=int(found[1] or 0) if found else 0,
        month=(found[2] or "") if found else "",
        query=head.query,
        key=key or "",
        signature=head.header(b"x-signature"),
    )
    return Admitted(route.limit_bytes, partial(_timed, core, route, request))


async def _timed(core: Core, route: Route, request: Request, body: bytes) -> Reply:
    metrics = core.metrics
    metrics.in_flight += 1
    began_s = time.perf_counter()
    status = 500
    try:
        reply = await _answer(core, route, request, body)
        status = reply.status
        return reply
    finally:
        metrics.in_flight -= 1
        metrics.record(route.path, status, time.perf_counter() - began_s)


async def _answer(core: Core, route: Route, request: Request, body: bytes) -> Reply:
    if route.message is not None:
        try:
            request.message = msgspec.json.decode(body, type=route.message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return error_reply(400, "invalid_request", str(error))
    request.body = body
    request.fingerprint = fingerprint(request.target, body)
    try:
        if request.shopper is not None:
            refused = await hindrance(core, route.path, request.shopper, request.id, request.message)
            if refused is not None:
                return refused
        return await route.handler(core, request)
    except Unavailable as error:
        return error_reply(503, "unavailable", str(error), _RETRY)
    except Exception:
        logging.getLogger(__name__).exception("%s failed", request.target)
        return error_reply(500, "internal", "the request failed inside the core; repeat it with the same key")


def _refused(client: str, route: Route) -> Reply:
    if not client:
        return error_reply(401, "unauthenticated", "send Authorization: Bearer <key>", ("www-authenticate", "Bearer"))
    return error_reply(403, "forbidden", f"for {', '.join(sorted(route.clients))}; this key is for {client}")


def _other(core: Core, head: Head, path: str, methods: dict[str, set[str]], description: Reply) -> Admitted | Reply:
    """Service routes, and what does not exist."""
    if path in methods or (head.method != "GET" and path in SERVICE):
        allowed = ", ".join(sorted(methods.get(path, {"GET"})))
        return error_reply(405, "method_not_allowed", f"this path takes {allowed}", ("allow", allowed))
    if head.method == "GET":
        match path:
            case "/healthz":
                return json_reply(200, {"status": "ok"})
            case "/readyz":
                return Admitted(0, partial(_ready, core))
            case "/metrics":
                batches = {kind: (b.batches, b.commands, b.waiting) for kind, b in core.batchers.items()}
                text = core.metrics.text(core.database.waiting, batches)
                return Reply(200, text.encode(), (("content-type", "text/plain; version=0.0.4"),))
            case "/openapi.json":
                return description
    return error_reply(404, "not_found", "no such path")


async def _ready(core: Core, _: bytes) -> Reply:
    try:
        await core.database.row("SELECT 1 FROM idempotency_keys LIMIT 0")
    except Unavailable as error:
        return error_reply(503, "unavailable", str(error), _RETRY)
    return json_reply(200, {"status": "ready"})
