"""The PSP's HTTP interface."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta

from loadtest.core.messages import Tender
from loadtest.http.messages import Admitted, Head, Reply, error_reply, json_reply
from loadtest.psp.book import Book, Charge, Refused
from loadtest.psp.fate import BrandFaults, Fate, Faults, fate_of
from loadtest.psp.reconciliation import daily_file
from loadtest.psp.webhooks import Postman
from loadtest.tenders import fee_yen

_BODY_BYTES: Final = 64 * 1024
_FAULTS_BYTES: Final = 64 * 1024 * 1024  # they may name every charge of a day
_HANG_S: Final = 30.0  # a provider's own limit: then even a lost call is cut off

_Yen = Annotated[int, Meta(ge=1)]
_Text = Annotated[str, Meta(min_length=1, max_length=300)]


class ChargeRequest(msgspec.Struct, frozen=True):
    """Ask a shopper's brand for money."""

    merchant_payment_id: _Text
    brand: _Text
    amount_yen: _Yen
    kind: _Text


class RefundRequest(msgspec.Struct, frozen=True):
    """Give money back."""

    merchant_refund_id: _Text
    merchant_payment_id: _Text
    amount_yen: _Yen


class FaultsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New behaviour; what is not named stays as it is."""

    latency_ms: float | None = None
    decline: float | None = None
    timeout_before: float | None = None
    timeout_after: float | None = None
    duplicate_webhooks: float | None = None
    delayed_webhooks: float | None = None
    webhook_delay_ms: float | None = None
    customer_delay_ms: float | None = None
    outage: bool | None = None
    brands: dict[str, BrandFaults] | None = None
    charges: dict[str, Literal["declined", "lost"]] | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None


class ContractsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the merchant pays from now on, for all brands."""

    tenders: list[Tender]


class Psp:
    """A provider: book, contracts by brand, behaviour, postman."""

    def __init__(self, book: Book, faults: Faults, seed: int, tenders: Iterable[Tender] = ()) -> None:
        self.book = book
        self.tenders = {tender.brand: tender for tender in tenders}
        self.faults = faults
        self.seed = seed
        self.postman = Postman()
        self.closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Let the shoppers of codes that were open before a restart pay."""
        for charge in self.book.pending():
            self._start(
                self._customer(charge, fate_of(self.faults, self.seed, charge.brand, charge.merchant_payment_id))
            )

    async def stop(self) -> None:
        """Drop what has not been delivered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.book.close()

    def __call__(self, head: Head) -> Admitted:
        """Admit a request; see `loadtest.http.messages.App`."""
        return Admitted(_FAULTS_BYTES if head.path == "/psp/faults" else _BODY_BYTES, partial(self._reply, head))

    async def _reply(self, head: Head, body: bytes) -> Reply:
        try:
            return await self._answer(head.method, head.path, body)
        except Refused as refused:
            return error_reply(refused.status, refused.code, str(refused))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return error_reply(400, "invalid_request", str(error))
        except Exception:
            logging.getLogger(__name__).exception("%s %s failed", head.method, head.path)
            return error_reply(500, "internal", "the request failed inside the PSP simulator")

    async def _answer(self, method: str, path: str, body: bytes) -> Reply:
        if (method, path) == ("GET", "/healthz"):
            return json_reply(200, {"status": "ok"})
        if (method, path) == ("GET", "/psp/book"):
            return Reply(200, b"".join(self.book.lines()), (("content-type", "application/x-ndjson"),))
        if (method, path) == ("POST", "/psp/faults"):
            return self._set_faults(msgspec.json.decode(body, type=FaultsRequest))
        if (method, path) == ("POST", "/psp/contracts"):
            wanted = msgspec.json.decode(body, type=ContractsRequest)
            self.tenders = {tender.brand: tender for tender in wanted.tenders}
            return json_reply(200, wanted)
        if self.faults.outage:
            return error_reply(503, "outage", "the provider is down")
        if (method, path) == ("POST", "/psp/charges"):
            return await self._charge(msgspec.json.decode(body, type=ChargeRequest))
        if (method, path) == ("POST", "/psp/refunds"):
            return await self._refund(msgspec.json.decode(body, type=RefundRequest))
        if method == "GET" and path.startswith("/psp/charges/"):
            return self._show(unquote(path.removeprefix("/psp/charges/")))
        if method == "GET" and path.startswith("/psp/reconciliation/"):
            return self._file(path.removeprefix("/psp/reconciliation/"))
        return error_reply(404, "not_found", "no such path")

    def _file(self, day: str) -> Reply:
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            return error_reply(400, "invalid_request", f"{day} is not a day like 2026-04-01")
        return Reply(200, daily_file(self.book, wanted), (("content-type", "text/csv; charset=utf-8"),))

    async def _charge(self, wanted: ChargeRequest) -> Reply:
        if self.faults.brands.get(wanted.brand, BrandFaults()).outage:
            return error_reply(503, "outage", f"{wanted.brand} is down")
        fate = fate_of(self.faults, self.seed, wanted.brand, wanted.merchant_payment_id)
        known = self.book.find(wanted.merchant_payment_id) is not None
        if fate.lost == "before" and not known:
            return await self._hang()
        await asyncio.sleep(fate.latency_s)
        is_new = self.book.find(wanted.merchant_payment_id) is None
        charge = self.book.charge(
            Charge(
                charge=0,
                merchant_payment_id=wanted.merchant_payment_id,
                brand=wanted.brand,
                kind=wanted.kind,
                amount_yen=wanted.amount_yen,
                state="declined"
                if fate.declined
                else "pending_customer"
                if wanted.kind == "dynamic_qr"
                else "captured",
                fee_yen=0 if fate.declined else fee_yen(self.tenders.get(wanted.brand), wanted.amount_yen),
                at=time.time(),
            )
        )
        if is_new and charge.state == "pending_customer":
            self._start(self._customer(charge, fate))
        if is_new and fate.lost == "after":
            if charge.state != "pending_customer":
                self._start(self._tell(charge, fate, late=True))
            return await self._hang()
        return json_reply(201, {"charge": charge.charge, "state": charge.state})

    async def _hang(self) -> Reply:
        """Leave the caller waiting for as long as the provider's gateway allows."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.closing.wait(), _HANG_S)
        return error_reply(504, "timed_out", "no answer inside the provider")

    async def _refund(self, wanted: RefundRequest) -> Reply:
        await asyncio.sleep(self.faults.latency_ms / 1000.0)
        made = self.book.refund(wanted.merchant_refund_id, wanted.merchant_payment_id, wanted.amount_yen, time.time())
        return json_reply(201, {"refund": made.refund, "state": "refunded"})

    def _show(self, merchant_payment_id: str) -> Reply:
        charge = self.book.find(merchant_payment_id)
        if charge is None:
            return error_reply(404, "not_found", "no such charge")
        return json_reply(
            200,
            {
                "charge": charge.charge,
                "state": charge.state,
                "amount_yen": charge.amount_yen,
                "refunded_yen": charge.refunded_yen,
            },
        )

    def _set_faults(self, wanted: FaultsRequest) -> Reply:
        named = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
        if "webhook_url" in named or "webhook_secret" in named:
            self.postman.address(named.pop("webhook_url", None), named.pop("webhook_secret", ""))
        self.faults = msgspec.convert({**msgspec.structs.asdict(self.faults), **named}, type=Faults)
        return json_reply(200, self.faults)

    async def _customer(self, charge: Charge, fate: Fate) -> None:
        """A shopper scans the code, agrees after a while, and the merchant is told."""
        await asyncio.sleep(fate.customer_s)
        await self._tell(self.book.customer_paid(charge.merchant_payment_id, time.time()), fate, late=False)

    async def _tell(self, charge: Charge, fate: Fate, *, late: bool) -> None:
        delay_s = self.faults.webhook_delay_ms / 1000.0 if late or fate.webhook_delayed else 0.0
        await self.postman.tell(charge, delay_s=delay_s, twice=fate.webhook_twice)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
