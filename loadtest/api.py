"""What passes between a client and a target, and our core's API: the request of each step, what an answer means.

Pure functions: nothing here opens a connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple
from urllib.parse import quote

import msgspec

from loadtest.script import Line, Step

Outcome = Literal["ok", "rejected", "unknown", "skipped"]
Verdict = Literal["ok", "rejected", "busy", "unknown"]
"""What one answer says: `busy` had no effect and may be asked again, `unknown` may have had one."""

METHOD_OF_BRAND: Final = {
    "cash": "cash",
    "card": "card",
    "contactless": "card",
    "qr": "cpm",
    "wallet": "wallet",
    "card_online": "card",
    "konbini": "wallet",
    "pay_later": "wallet",
}
"""The API's payment method for each brand of the trace: QR at a till is shown by the shopper (CPM)."""

HOLD_S: Final = 900
"""How long a reservation asks to be held: a quarter of an hour, the time a shopper takes to pay online."""

_encode: Final = msgspec.json.Encoder().encode


class Request(NamedTuple):
    """One HTTP request; `key` is the idempotency key, empty where there is none. `head`: its own header lines."""

    method: str
    path: str
    body: bytes
    key: str
    head: str = ""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What came back on the wire; status 0 and the `problem` where nothing did. `headers` only if asked for."""

    status: int
    content: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    problem: str = ""


class _Order(msgspec.Struct, omit_defaults=True, gc=False):
    location: str
    lines: tuple[Line, ...]
    channel: str
    fulfilment: str
    shopper: int
    reservation: int | None = None


class _Payment(msgspec.Struct, omit_defaults=True, gc=False):
    order: int | None
    amount_yen: int
    method: str
    brand: str
    code: str | None = None


class Body(msgspec.Struct, gc=False):
    """The fields of an answer that a client acts upon."""

    order: int | None = None
    payment: int | None = None
    reservation: int | None = None
    code: str | None = None
    state: str | None = None
    error: str | None = None
    reason: str | None = None
    amount_yen: int | None = None


class Answer(NamedTuple):
    """What came of a request, all its attempts taken together; `status` 0 means that nobody answered."""

    outcome: Outcome
    status: int
    body: Body


NOBODY: Final = Body()
_decode: Final = msgspec.json.Decoder(Body).decode


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A reply as the target's API means it; `rule` says why, for those who check an adapter."""

    verdict: Verdict
    body: Body
    rule: str = ""


@dataclass(slots=True)
class Known:
    """What a journey has learnt so far and needs in later requests."""

    order: int | None = None
    payment: int | None = None
    reservation: int | None = None
    code: str | None = None


def key_of(run: str, step: Step, suffix: str = "") -> str:
    """The idempotency key of a step: the same for every retry, another for every step."""
    return f"{run}-{step.copy}-{step.journey}-{step.step}{suffix}"


def request_of(run: str, step: Step, known: Known) -> Request:
    """The request that carries out `step`, given what the journey knows."""
    match step.action:
        case "product":
            return Request("GET", f"/v1/products/{step.lines[0].sku}", b"", "")
        case "availability":
            where = quote(step.location, safe="")
            return Request("GET", f"/v1/availability?sku={step.lines[0].sku}&location={where}", b"", "")
        case "ready" | "collect" | "ship" | "cancel":
            return _post(f"/v1/orders/{known.order}/{step.action}", {}, key_of(run, step))
        case _:
            path, body = _creation(step, known)
            return _post(path, body, key_of(run, step))


def _creation(step: Step, known: Known) -> tuple[str, object]:
    match step.action:
        case "order":
            lines, place = step.lines, step.location
            return "/v1/orders", _Order(place, lines, step.channel, step.fulfilment, step.shopper, known.reservation)
        case "pay":
            method = METHOD_OF_BRAND[step.brand]
            code = known.code if method == "cpm" else None
            return "/v1/payments", _Payment(known.order, step.amount_yen, method, step.brand, code)
        case "payment_code":
            return "/v1/payment-codes", {"shopper": step.shopper, "brand": step.brand}
        case "scan":
            return "/v1/scans", {"sku": step.lines[0].sku, "location": step.location, "shopper": step.shopper}
        case "reserve":
            wanted = [{"sku": line.sku, "quantity": line.quantity} for line in step.lines]
            return "/v1/reservations", {"location": step.location, "lines": wanted, "ttl_s": HOLD_S}
        case "refund":
            body = {"payment": known.payment, "amount_yen": step.amount_yen, "reason": "returned"}
            return "/v1/refunds", body
    raise ValueError(f"step {step.step} of journey {step.journey}: no such action {step.action!r}")


def cancel_request(run: str, step: Step, order: int) -> Request:
    """Give up the order of `step` whose payment failed for good."""
    return _post(f"/v1/orders/{order}/cancel", {}, key_of(run, step, "-cancel"))


def poll_request(payment: int) -> Request:
    """Ask how a payment stands."""
    return Request("GET", f"/v1/payments/{payment}", b"", "")


def _post(path: str, body: object, key: str) -> Request:
    return Request("POST", path, _encode(body), key, f"Idempotency-Key: {key}\r\n")


def read_body(content: bytes) -> Body:
    """The fields of an answer; what is no JSON object of ours counts as an answer without fields."""
    try:
        return _decode(content)
    except msgspec.DecodeError:
        return Body(error="not JSON of this API")


def read_reply(reply: Reply) -> Reading:
    """What our core's reply means."""
    body = read_body(reply.content) if reply.status else Body(error=reply.problem)
    if 200 <= reply.status < 300:
        return Reading("ok", body)
    if not is_retryable(reply.status, body.error):
        return Reading("rejected", body)
    return Reading("unknown" if leaves_doubt(reply.status, body.error) else "busy", body)


def is_retryable(status: int, error: str | None) -> bool:
    """Whether the same request, under the same key, may be sent again: no answer, overload, server error, in flight."""
    return status == 0 or status >= 500 or (status == 409 and error == "in_flight")


def leaves_doubt(status: int, error: str | None) -> bool:
    """Whether the request may have had its effect although no outcome was told. A 503 is a refusal: it had none."""
    return is_retryable(status, error) and status != 503


class Call(msgspec.Struct, frozen=True, gc=False):
    """One request to be sent: the step it belongs to, its name in the statistics and how long to wait before it."""

    step: Step
    action: str
    client: str
    request: Request
    pause_s: float = 0.0
    """Think time of the client itself; 0 means that the step's own due time rules."""
    read: Callable[[Reply], Reading] = read_reply
    again: bool = True
    """Whether it may be sent again when nobody knows whether it took effect."""
    leads_to: str = ""
    """The action whose earlier request this is; when it fails, the action has failed. Empty for the last request."""
