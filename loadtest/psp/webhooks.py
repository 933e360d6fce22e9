"""Telling the merchant afterwards: at least once, signed, sometimes twice, sometimes late."""

from __future__ import annotations

import asyncio
import time

import msgspec

from loadtest.core.auth import signature
from loadtest.http.client import HttpClient, NoAnswer, Unreachable
from loadtest.psp.book import Charge

_TRIES = 8
_ANSWER_S = 5.0


class Postman:
    """Delivers events to one address. `target` None: nobody wants them."""

    def __init__(self) -> None:
        self._client: HttpClient | None = None
        self._secret = ""
        self.delivered = 0

    def address(self, url: str | None, secret: str) -> None:
        """Where events go from now on, and what signs them."""
        self._client = HttpClient(url) if url else None
        self._secret = secret

    async def tell(self, charge: Charge, *, delay_s: float, twice: bool) -> None:
        """Deliver what became of a charge, after `delay_s`; `twice`: once more a little later."""
        client = self._client
        if client is None:
            return
        event_id = f"evt-{charge.charge}-{charge.state}-{charge.merchant_payment_id}"
        body = msgspec.json.encode(
            {
                "event_id": event_id,
                "merchant_payment_id": charge.merchant_payment_id,
                "charge": charge.charge,
                "state": charge.state,
                "amount_yen": charge.amount_yen,
                "occurred_at": time.time(),
            }
        )
        await asyncio.sleep(delay_s)
        await self._deliver(client, event_id, body)
        if twice:
            await asyncio.sleep(0.05)
            await self._deliver(client, event_id, body)

    async def _deliver(self, client: HttpClient, event_id: str, body: bytes) -> None:
        """Repeat until the merchant has said 200, a bounded number of times: webhooks may never come."""
        headers = {"x-signature": signature(self._secret, body), "idempotency-key": event_id[:128]}
        for attempt in range(_TRIES):
            try:
                status, _ = await client.request("POST", "", body, headers, timeout_s=_ANSWER_S)
            except (Unreachable, NoAnswer):
                status = 0
            if status == 200:
                self.delivered += 1
                return
            await asyncio.sleep(min(0.1 * 2**attempt, 5.0))
