"""Our own core as a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from loadtest.api import Answer, Call, Known, cancel_request, poll_request, request_of
from loadtest.script import Step
from loadtest.wire import bearer

POLL_EVERY_S: Final = 1.0
"""Wait between two polls. PayPay advises 2-3 s (FACTS 9); a till with a queue asks somewhat more often."""

POLLS: Final = 5
"""Polls before the client gives the payment up to reconciliation."""


@dataclass(slots=True)
class CoreTalk:
    """A journey at our core; `known` holds the ids it was answered."""

    run: str
    known: Known = field(default_factory=Known)
    paid_by_order: bool = False
    polls: int = POLLS

    def hindrance(self, step: Step) -> str:
        """A QR payment needs the code that the shopper shows."""
        return "no payment code" if step.action == "pay" and step.brand == "qr" and self.known.code is None else ""

    def calls(self, step: Step) -> Iterable[Call]:
        """One request for each action."""
        return (Call(step, step.action, step.client, request_of(self.run, step, self.known)),)

    def hear(self, step: Step, answer: Answer) -> None:
        """Keep the ids that later requests need. A code is good for one payment."""
        body, known = answer.body, self.known
        match step.action:
            case "reserve":
                known.reservation = body.reservation
            case "order":
                known.order = body.order
            case "payment_code":
                known.code = body.code
            case "pay":
                known.code = None
                if body.payment is not None:
                    known.payment = body.payment

    def poll(self, step: Step) -> Iterable[Call]:
        """Ask for the payment, if one was begun."""
        if self.known.payment is None:
            return ()
        return (Call(step, "poll", step.client, poll_request(self.known.payment), POLL_EVERY_S),)

    def cancel(self, step: Step) -> Iterable[Call]:
        """Cancel the order, if there is one."""
        if self.known.order is None:
            return ()
        return (Call(step, "cancel", "back_office", cancel_request(self.run, step, self.known.order)),)


@dataclass(frozen=True)
class CoreTarget:
    """Our core: one key per client kind."""

    keys: Mapping[str, str] = field(default_factory=dict)
    keeps_headers: bool = False

    def heads(self) -> Mapping[str, str]:
        """The key of each client kind."""
        return {kind: bearer(self.keys.get(kind, "")) for kind in ("till", "app", "back_office")}

    def talk(self, run: str) -> CoreTalk:
        """Begin a journey."""
        return CoreTalk(run)
