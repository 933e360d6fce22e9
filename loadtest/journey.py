"""One shopper's journey against the API: which step follows which answer.

The rules live here, apart from sockets and clocks: `send` carries out one request with its retries and returns the
answer, so the same code runs on Locust's greenlets and in a test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from loadtest.api import Answer, Known, Request, cancel_request, poll_request, request_of
from loadtest.script import Step

POLL_EVERY_S: Final = 1.0
"""Wait between two polls. PayPay advises 2-3 s (FACTS 9); a till with a queue asks somewhat more often."""

POLLS: Final = 5
"""Polls before the client gives the payment up to reconciliation."""

_LOOKS: Final = frozenset({"product", "availability", "scan"})
_AFTER_PAYMENT: Final = frozenset({"ready", "collect", "ship", "refund"})


@dataclass(frozen=True)
class Call:
    """One request to be sent: the step it belongs to, its name in the statistics and how long to wait before it."""

    step: Step
    action: str
    client: str
    request: Request
    pause_s: float = 0.0
    """Think time of the client itself; 0 means that the step's own due time rules."""


Send = Callable[[Call], Answer]
Skip = Callable[[Step, str], None]


@dataclass
class _Journey:
    run: str
    send: Send
    skip: Skip
    known: Known = field(default_factory=Known)
    paid: bool = False
    over: str = ""
    """Why no further step makes sense; empty while the journey goes on."""


def run_journey(run: str, steps: list[Step], send: Send, skip: Skip) -> None:
    """Carry out `steps` in order; a step that an earlier answer made pointless goes to `skip` with the reason."""
    journey = _Journey(run, send, skip)
    for position, step in enumerate(steps):
        reason = _pointless(journey, step)
        if reason:
            skip(step, reason)
        elif step.action == "pay":
            another = any(later.action == "pay" for later in steps[position + 1 :])
            _pay(journey, step, another)
        else:
            _simple(journey, step)


def _pointless(journey: _Journey, step: Step) -> str:
    if journey.over:
        return journey.over
    if step.action in ("pay", "payment_code") and journey.paid:
        return "already paid"
    if step.action in _AFTER_PAYMENT and not journey.paid:
        return "not paid"
    if step.action == "pay" and step.brand == "qr" and journey.known.code is None:
        return "no payment code"
    return ""


def _simple(journey: _Journey, step: Step) -> None:
    answer = _ask(journey, step)
    body, known = answer.body, journey.known
    match step.action:
        case "reserve":
            known.reservation = body.reservation
        case "order":
            known.order = body.order
        case "payment_code":
            known.code = body.code
            return
        case "cancel" if answer.outcome == "ok":
            journey.over = "cancelled"
    if answer.outcome != "ok" and step.action not in _LOOKS and not journey.over:
        journey.over = f"{step.action} {answer.outcome}"


def _pay(journey: _Journey, step: Step, another_attempt: bool) -> None:
    answer = _ask(journey, step)
    journey.known.code = None
    if answer.body.payment is not None:
        journey.known.payment = answer.body.payment
    state = _settled(journey, step, answer)
    if state == "captured":
        journey.paid = True
    elif state in ("failed", "expired") or answer.outcome == "rejected":
        if not another_attempt:
            _give_up(journey, step)
    else:
        journey.over = "payment unknown"


def _settled(journey: _Journey, step: Step, answer: Answer) -> str | None:
    """The payment's state once it is no longer open, or as the last poll left it."""
    state, payment = answer.body.state, answer.body.payment
    polls = 0
    while answer.outcome == "ok" and payment is not None and state in ("unknown", "pending_customer", "created"):
        if polls == POLLS:
            break
        polls += 1
        call = Call(step, "poll", step.client, poll_request(payment), POLL_EVERY_S)
        state = journey.send(call).body.state or state
    return state


def _give_up(journey: _Journey, step: Step) -> None:
    journey.over = "payment rejected"
    if journey.known.order is not None:
        request = cancel_request(journey.run, step, journey.known.order)
        journey.send(Call(step, "cancel", "back_office", request))


def _ask(journey: _Journey, step: Step) -> Answer:
    request = request_of(journey.run, step, journey.known)
    return journey.send(Call(step, step.action, step.client, request))
