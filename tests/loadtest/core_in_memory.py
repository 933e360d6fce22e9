"""A core and its provider in this process, without sockets: the same code, in an order that a test decides."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq

from loadtest.core.app import make_app
from loadtest.core.auth import Keys
from loadtest.core.database import Database
from loadtest.core.psp_client import PspClient
from loadtest.core.service import Core, Settings
from loadtest.http.client import NoAnswer
from loadtest.http.messages import App, Head, Reply
from loadtest.psp.app import Psp
from loadtest.psp.book import Book
from loadtest.psp.fate import BrandFaults, Faults
from loadtest.spool import HISTORY
from loadtest.tenders import default_tenders

KEYS = Keys("till-key", "app-key", "office-key", "psp-key", "secret")
NEVER_MS = 600_000.0
CONNECTIONS = 8


async def ask(app: App, method: str, target: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of one request to an application."""
    path, _, query = target.partition("?")
    known = {name.encode(): value.encode() for name, value in headers.items()}
    judged = app(Head(method, path, query, known))
    reply = judged if isinstance(judged, Reply) else await judged.answer(body)
    return reply.status, reply.body


@dataclass
class Line:
    """The line to the provider: cut before or after the effect of the call about the merchant id named in `cut`."""

    psp: Psp
    cut: dict[str, str] = field(default_factory=dict)

    async def request(
        self, method: str, path: str, body: bytes = b"", _: object = None, *, timeout_s: float
    ) -> tuple[int, bytes]:
        sent = json.loads(body) if body else {}
        name = sent.get("merchant_refund_id") or sent.get("merchant_payment_id")
        lost = self.cut.pop(name, "") if name else ""
        if lost == "before":
            raise NoAnswer(f"nothing within {timeout_s} s")
        status, answer = await ask(self.psp, method, path, body, {})
        if lost == "after":
            raise NoAnswer(f"nothing within {timeout_s} s")
        return status, answer

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Shop:
    """A client of the core that remembers what it was told, as the load generator does."""

    url: str
    core: Core
    app: App
    psp: Psp
    line: Line
    history: list[dict[str, Any]] = field(default_factory=list)

    async def call(self, kind: str, method: str, path: str, body: object = None, key: str = "") -> tuple[int, Any]:
        """One request that leaves no trace in the client's history: a repetition, a look-up, an office job."""
        headers = {"authorization": f"Bearer {getattr(KEYS, kind)}"}
        if key:
            headers["idempotency-key"] = key
        content = b"" if body is None else json.dumps(body).encode()
        status, answer = await ask(self.app, method, path, content, headers)
        return status, json.loads(answer)

    async def step(
        self, journey: int, action: str, kind: str, path: str, body: Any, key: str, order: int | None = None
    ) -> dict[str, Any]:
        """One step of a journey, kept in the history; what was answered."""
        status, answer = await self.call(kind, "POST", path, body, key)
        outcome = "ok" if status < 300 else "unknown" if status >= 500 else "rejected"
        self.history.append(
            {"journey": journey, "copy": 0, "step": len(self.history), "action": action, "idempotency_key": key}
            | {"due_s": 0.0, "ready_s": 0.0, "sent_s": 0.0, "answered_s": 0.0, "status": status, "outcome": outcome}
            | {"order": answer.get("order", order), "payment": answer.get("payment"), "attempts": 1, "in_trace": True}
            | {"amount_yen": answer.get("amount_yen") or (body or {}).get("amount_yen")}
            | {"detail": answer.get("state") if status < 300 else answer.get("error")}
        )
        told: dict[str, Any] = answer
        return told

    async def webhook(self, merchant_payment_id: str, state: str, event_id: str) -> None:
        """The provider tells; returns when the core has merged what it merges by itself."""
        event = {"event_id": event_id, "merchant_payment_id": merchant_payment_id, "state": state}
        body = json.dumps(event).encode()
        signed = hmac.new(KEYS.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        await ask(self.app, "POST", "/v1/psp/webhooks", body, {"x-signature": signed})
        if self.core.background:
            await asyncio.wait(self.core.background)

    async def sql(self, query: str, *arguments: object) -> list[Any]:
        """Straight to the database: to let time pass, and to look."""
        return list(await self.core.database.rows(query, *arguments))

    def keep(self, load: Path) -> None:
        """The client's history and a load report, as `omo load` leaves them."""
        pq.write_table(pa.Table.from_pylist(self.history, schema=HISTORY), load / "client_history.parquet")
        (load / "load.json").write_text(json.dumps({"reasons": [], "history_complete": True}))


@asynccontextmanager
async def shop(url: str) -> AsyncIterator[Shop]:
    """A core on the database `url` and its provider, which declines the brand `broke` and nothing else."""
    faults = Faults(latency_ms=0, customer_delay_ms=NEVER_MS, brands={"broke": BrandFaults(decline=1.0)})
    psp = Psp(Book(None), faults, 1, default_tenders())
    client = PspClient("http://provider", 0.2)
    line = Line(psp)
    client._http = line  # type: ignore[assignment]
    core = Core(Settings(KEYS, psp_timeout_s=0.2), Database(url, CONNECTIONS), client)
    await core.database.open()
    try:
        yield Shop(url, core, make_app(core), psp, line)
    finally:
        await psp.stop()
        await core.database.close()


@asynccontextmanager
async def held_row(url: str, location: str, sku: int) -> AsyncIterator[None]:
    """Somebody holds the stock row of an item, so that whoever wants it queues until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM stock WHERE location = $1 AND sku = $2 FOR UPDATE", location, sku)
            yield
    finally:
        await connection.close()


def database_url(server: str, name: str) -> str:
    """The database `name` on the server whose database `postgres` has the URL `server`."""
    return server.replace("/postgres?", f"/{name}?")
