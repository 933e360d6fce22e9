"""Sending the calls of a journey: waits for the due time, retries under the same key, keeps the history.

Runs on gevent but knows nothing of Locust.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import gevent

from loadtest.api import Answer, Call, Reply
from loadtest.script import Step
from loadtest.spool import Row, Spool
from loadtest.wire import Connections, NoAnswer

ATTEMPTS: Final = 6
_BACKOFF_S: Final = 0.05
_LONGEST_BACKOFF_S: Final = 1.0
"""Also the wait after a 503: the smallest `Retry-After` that HTTP can express, and what our core asks for."""

Report = Callable[[str, str, float, int, str | None], None]
"""Told of each call: HTTP method, action, latency from the intended start in s, bytes, and what went wrong."""


@dataclass(slots=True)
class Clock:
    """The trace's time: `now_s()` is 0 at the start of the window. Negative while the lead-in is replayed."""

    zero: float

    def now_s(self) -> float:
        """Seconds since the start of the window."""
        return time.perf_counter() - self.zero


@dataclass(frozen=True, slots=True)
class Office:
    """What all journeys of a generator share."""

    clock: Clock
    connections: Mapping[str, Connections]
    spool: Spool
    report: Report


class Sender:
    """Sends one journey's calls, one after another."""

    __slots__ = ("_answered_s", "_office")

    def __init__(self, office: Office) -> None:
        self._office = office
        self._answered_s = float("-inf")

    def send(self, call: Call) -> Answer:
        """Carry out `call` when it is due and its predecessor is answered; returns its outcome.

        A generator that is stopped meanwhile records the outcome as unknown.
        """
        row = self._row(call)
        clock = self._office.clock
        wait_s = (row.ready_s or 0.0) - clock.now_s()
        if wait_s > 0:
            gevent.sleep(wait_s)
        row.sent_s = clock.now_s()
        try:
            answer, size = self._attempt(call, row)
        except BaseException:
            row.detail = "generator stopped"
            if call.leads_to:
                _stand_for_the_step(row, call)
            self._office.spool.add(row)
            raise
        self._answered_s = clock.now_s()
        if call.leads_to and answer.outcome != "ok":
            _stand_for_the_step(row, call)
        self._record(call, row, answer, size)
        return answer

    def skip(self, step: Step, reason: str) -> None:
        """Record a step that became pointless."""
        self._office.spool.add(
            Row(step.journey, step.copy, step.step, step.action, "", step.due_s, outcome="skipped", detail=reason)
        )

    def _row(self, call: Call) -> Row:
        step, action, answered_s = call.step, call.action, self._answered_s
        in_trace = action == step.action
        due_s = step.due_s if in_trace else max(answered_s, step.due_s) + call.pause_s
        row = Row(step.journey, step.copy, step.step, action, call.request.key, due_s)
        row.ready_s = max(due_s, answered_s)
        row.in_trace = in_trace
        return row

    def _attempt(self, call: Call, row: Row) -> tuple[Answer, int]:
        connections = self._office.connections[call.client]
        doubt = False
        while True:
            row.attempts += 1
            try:
                reply = connections.exchange(call.request)
            except NoAnswer as why:
                reply = Reply(0, problem=str(why))
            reading = call.read(reply)
            verdict, body = reading.verdict, reading.body
            if verdict in ("ok", "rejected"):
                return Answer(verdict, reply.status, body), len(reply.content)
            doubt = doubt or verdict == "unknown"
            if row.attempts == ATTEMPTS or (verdict == "unknown" and not call.again):
                return Answer("unknown" if doubt else "rejected", reply.status, body), len(reply.content)
            backoff_s = _BACKOFF_S * 2 ** (row.attempts - 1)
            gevent.sleep(_LONGEST_BACKOFF_S if verdict == "busy" else min(backoff_s, _LONGEST_BACKOFF_S))

    def _record(self, call: Call, row: Row, answer: Answer, size: int) -> None:
        outcome, status, body = answer
        row.answered_s, row.status, row.outcome = self._answered_s, status, outcome
        row.order, row.payment = body.order, body.payment
        row.amount_yen = body.amount_yen if body.amount_yen is not None else call.step.amount_yen
        row.detail = body.error or body.state
        office = self._office
        office.spool.add(row)
        problem = (body.error or "no answer") if outcome == "unknown" or status >= 500 else None
        office.report(call.request.method, call.action, self._answered_s - row.due_s, size, problem)


def _stand_for_the_step(row: Row, call: Call) -> None:
    """A step whose earlier request failed has failed: that row is the step's, from its intended start."""
    row.action, row.in_trace = call.leads_to, call.leads_to == call.step.action
    if row.in_trace:
        row.due_s = call.step.due_s
