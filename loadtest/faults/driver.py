"""A plain closed-loop client: so many shoppers at once, each orders, pays, and now and then brings things back.

It measures nothing but outcomes. What a journey does follows from its number alone, and so do its idempotency keys:
journeys that are repeated after a crash of the client itself find what they did before.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from loadtest.api import Known, Reading, Reply, Request, poll_request, read_reply, request_of
from loadtest.http.client import HttpClient, NoAnswer, Unreachable
from loadtest.script import Line, Step
from loadtest.spool import Row, Spool

LOCATIONS: Final = ("station", "mall", "ec")
PRICES_YEN: Final = {sku: 100 + 37 * sku for sku in range(1, 201)}
SCARCE: Final = 200
"""The item that everybody would like and few get."""

_BRANDS: Final = ("cash", "card", "wallet")
_SHARES: Final = (0.25, 0.35, 0.4)
_RETURNS: Final = 0.02
_CANCELS: Final = 0.01
_WANTS_SCARCE: Final = 0.02
_ANSWER_S: Final = 10.0
_PATIENCE_S: Final = 90.0
_BACKOFF_S: Final = (0.05, 1.0)
_POLL_S: Final = 0.5
_POLLS: Final = 60
Ending = Literal["captured", "refused", "given_up"]

_OPEN: Final = frozenset({"unknown", "created", "pending_customer"})


def steps_of(journey: int) -> list[Step]:
    """What the shopper of `journey` does: order, pay, and perhaps a return or a cancellation."""
    draw = random.Random(journey)
    skus = draw.sample(range(1, SCARCE), draw.randint(1, 2))
    if draw.random() < _WANTS_SCARCE:
        skus[0] = SCARCE
    lines = tuple(Line(sku, draw.randint(1, 2), PRICES_YEN[sku]) for sku in skus)
    brand, location = draw.choices(_BRANDS, _SHARES)[0], draw.choice(LOCATIONS)
    amount = sum(line.quantity * line.unit_price_yen for line in lines)
    after = draw.random()
    ship = location == "ec"
    plan = [("order", "app" if ship else "till"), ("pay", "app" if ship else "till")]
    if after < _RETURNS:
        plan.append(("refund", "back_office"))
    elif after < _RETURNS + _CANCELS and ship:
        plan.append(("cancel", "back_office"))
    channel, fulfilment = ("ec", "ship") if ship else ("store", "carry")
    return [
        Step(journey, 0, number, 0.0, action, client, location, journey, lines, amount, channel, fulfilment, brand)
        for number, (action, client) in enumerate(plan)
    ]


@dataclass
class Tally:
    """How far the client has come: all journeys below `whole` have ended, and this is how many of them how."""

    whole: int
    captured: int = 0
    refused: int = 0
    given_up: int = 0
    _above: list[tuple[int, Ending]] = field(default_factory=list)

    def end(self, journey: int, ending: Ending) -> None:
        """Count a journey as soon as all before it have ended too."""
        heapq.heappush(self._above, (journey, ending))
        while self._above and self._above[0][0] == self.whole:
            _, done = heapq.heappop(self._above)
            self.captured += done == "captured"
            self.refused += done == "refused"
            self.given_up += done == "given_up"
            self.whole += 1


class Driver:
    """`shoppers` at once against the core at `url`; `keys` by client kind; `stopped` ends it between journeys."""

    def __init__(
        self, url: str, keys: Mapping[str, str], run: str, spool: Spool, tally: Tally, stopped: Callable[[], bool]
    ) -> None:
        self._client = HttpClient(url)
        self._heads = {kind: {"authorization": f"Bearer {key}"} for kind, key in keys.items()}
        self._run = run
        self._spool = spool
        self._stopped = stopped
        self._zero = time.perf_counter()
        self.tally = tally

    async def drive(self, first: int, end: int, shoppers: int) -> None:
        """Carry out the journeys `first` to `end` (excluded)."""
        numbers = iter(range(first, end))

        async def shopper() -> None:
            for number in numbers:
                self.tally.end(number, await self._journey(number))
                if self._stopped():
                    return

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(shoppers):
                    group.create_task(shopper())
        finally:
            self._client.close()

    async def _journey(self, number: int) -> Ending:
        known = Known()
        ending: Ending = "given_up"
        for step in steps_of(number):
            row, read = await self._ask(step, step.action, request_of(self._run, step, known))
            body = read.body
            known.order, known.payment = body.order or known.order, body.payment or known.payment
            if row.outcome != "ok":
                return ending if ending == "captured" or row.outcome == "unknown" else "refused"
            if step.action == "pay":
                state = await self._settled(step, body.payment, body.state)
                if state != "captured":
                    return "given_up" if state in _OPEN else "refused"
                ending = "captured"
        return ending

    async def _settled(self, step: Step, payment: int | None, state: str | None) -> str | None:
        for _ in range(_POLLS):
            if state not in _OPEN or payment is None:
                break
            await asyncio.sleep(_POLL_S)
            row, read = await self._ask(step, "poll", poll_request(payment))
            state = read.body.state or state if row.outcome == "ok" else state
        return state

    async def _ask(self, step: Step, action: str, request: Request) -> tuple[Row, Reading]:
        """One call, repeated under its key until it is answered or patience ends; enters it in the history."""
        now = time.perf_counter() - self._zero
        in_trace = action == step.action
        row = Row(step.journey, 0, step.step, action, request.key, now, now, now, in_trace=in_trace)
        headers = self._heads[step.client]
        if request.key:
            headers = {**headers, "idempotency-key": request.key}
        doubt, backoff_s = False, _BACKOFF_S[0]
        while True:
            row.attempts += 1
            reply = await self._exchange(request, headers)
            read = read_reply(reply)
            elapsed = time.perf_counter() - self._zero
            if read.verdict in ("ok", "rejected"):
                row.outcome = read.verdict
                break
            doubt = doubt or read.verdict == "unknown"
            if elapsed - now > _PATIENCE_S:
                row.outcome = "unknown" if doubt else "rejected"
                break
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, _BACKOFF_S[1])
        row.answered_s, row.status = elapsed, reply.status
        row.order, row.payment = read.body.order, read.body.payment
        row.amount_yen = read.body.amount_yen or step.amount_yen
        row.detail = read.body.error or read.body.state
        self._spool.add(row)
        return row, read

    async def _exchange(self, request: Request, headers: dict[str, str]) -> Reply:
        try:
            status, content = await self._client.request(
                request.method, request.path, request.body, headers, timeout_s=_ANSWER_S
            )
        except (Unreachable, NoAnswer) as why:
            return Reply(0, problem=str(why))
        return Reply(status, content)
