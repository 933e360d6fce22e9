"""What the handlers share: settings, database, PSP, and one request."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any

from loadtest.core.auth import Keys
from loadtest.core.batches import Batcher, Execute
from loadtest.core.database import Database
from loadtest.core.metrics import Metrics
from loadtest.core.psp_client import PspClient
from loadtest.http.messages import JSON, Reply

REPLAYED = ("idempotent-replayed", "true")


@dataclass(frozen=True, slots=True)
class Settings:
    """What may differ from one core to the next."""

    keys: Keys
    psp_timeout_s: float = 2.0
    order_hold_s: float = 900.0  # how long an unpaid order keeps its units
    qr_life_s: float = 300.0  # how long a dynamic QR code can be paid: PayPay's default is five minutes
    code_life_s: float = 300.0  # one-time codes of wallets live five minutes
    max_in_flight: int = 1024  # further requests get 503 at once

    @property
    def lease_s(self) -> float:
        """After this long without an outcome, whoever asked the PSP is taken to be dead. Too early does no harm:
        the PSP knows the charge by its merchant id, and outcomes merge in any order."""
        return 2.0 * self.psp_timeout_s + 0.5

    @property
    def certain_s(self) -> float:
        """A charge that the PSP does not know this long after it was asked for will not take effect any more."""
        return 3.0 * self.psp_timeout_s


@dataclass
class Core:
    """A running core."""

    settings: Settings
    database: Database
    psp: PspClient | None
    metrics: Metrics = field(default_factory=Metrics)
    background: set[asyncio.Task[None]] = field(default_factory=set)
    rare_keys: set[tuple[str, str]] = field(default_factory=set)  # keys in flight of admin commands
    batchers: dict[str, Batcher] = field(default_factory=dict)  # by kind of command

    def in_batch(self, kind: str, execute: Execute, command: Any, *apart: Hashable) -> asyncio.Future[Any]:
        """The row of `command`, which goes to the database with others of its kind: see `Batcher.submit`."""
        batcher = self.batchers.get(kind)
        if batcher is None:
            batcher = self.batchers[kind] = Batcher(self.database, execute)
        return batcher.submit(command, *apart)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` after answering; it is awaited, for a bounded time, before the core ends."""
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)


@dataclass(slots=True)
class Request:
    """A request that may be made; complete, with a well-formed message, by the time a handler gets it."""

    client: str
    shopper: int | None  # who asks, where it is a member
    target: str  # like "POST /v1/orders"
    id: int  # from the path, 0 where there is none
    month: str  # from the path, like 2026-04, empty where there is none
    query: str
    key: str
    signature: str | None
    body: bytes = b""
    message: Any = None
    fingerprint: bytes = b""


def stored_reply(row: Any) -> Reply:
    """The reply in a row with status, body and replayed."""
    headers = (JSON, REPLAYED) if row["replayed"] else (JSON,)
    return Reply(row["status"], row["body"].encode(), headers)
