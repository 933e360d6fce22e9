"""One shopper's journey against a target: which step follows which answer.

The rules live here, apart from sockets and clocks: `send` carries out one request with its retries and returns the
answer, so the same code runs on Locust's greenlets and in a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from loadtest.api import NOBODY, Answer, Call
from loadtest.script import Step
from loadtest.targets.core import CoreTarget
from loadtest.targets.protocol import Talk, Target

_LOOKS: Final = frozenset({"product", "availability", "scan"})
_AFTER_PAYMENT: Final = frozenset({"ready", "collect", "ship", "refund"})
_OPEN: Final = frozenset({"unknown", "pending_customer", "created"})

_NOTHING_TO_ASK: Final = Answer("ok", 0, NOBODY)

Send = Callable[[Call], Answer]
Skip = Callable[[Step, str], None]


@dataclass(slots=True)
class _Journey:
    talk: Talk
    send: Send
    skip: Skip
    paid: bool = False
    over: str = ""
    """Why no further step makes sense; empty while the journey goes on."""


def run_journey(run: str, steps: Sequence[Step], send: Send, skip: Skip, target: Target | None = None) -> None:
    """Carry out `steps` in order; a step that an earlier answer made pointless goes to `skip` with the reason.

    `target` is what they are carried out at; None means our core.
    """
    journey = _Journey((target or CoreTarget()).talk(run), send, skip)
    for position, step in enumerate(steps):
        reason = _pointless(journey, step) or journey.talk.hindrance(step)
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
    return ""


def _simple(journey: _Journey, step: Step) -> None:
    answer = _ask(journey, journey.talk.calls(step))
    journey.talk.hear(step, answer)
    if step.action == "payment_code":
        return
    if answer.outcome == "ok":
        if step.action == "cancel":
            journey.over = "cancelled"
        elif step.action == "order":
            journey.paid = journey.talk.paid_by_order
    elif step.action not in _LOOKS:
        journey.over = f"{step.action} {answer.outcome}"


def _pay(journey: _Journey, step: Step, another_attempt: bool) -> None:
    answer = _ask(journey, journey.talk.calls(step))
    journey.talk.hear(step, answer)
    state = _settled(journey, step, answer)
    if state == "captured":
        journey.paid = True
    elif state in ("failed", "expired") or answer.outcome == "rejected":
        if not another_attempt:
            journey.over = "payment rejected"
            _ask(journey, journey.talk.cancel(step))
    else:
        journey.over = "payment unknown"


def _settled(journey: _Journey, step: Step, answer: Answer) -> str | None:
    """The payment's state once it is no longer open, or as the last poll left it."""
    state = answer.body.state
    for _ in range(journey.talk.polls):
        if answer.outcome != "ok" or state not in _OPEN:
            break
        polled = _ask(journey, journey.talk.poll(step))
        state = polled.body.state or state
    return state


def _ask(journey: _Journey, calls: Iterable[Call]) -> Answer:
    """Send the requests of one action until one fails; the last answer."""
    answer = _NOTHING_TO_ASK
    for call in calls:
        answer = journey.send(call)
        if answer.outcome != "ok":
            break
    return answer
