"""Replays a day at the core as fast as it goes, with the fate that each payment had in the world.

Journeys run side by side, each in its own order; there is stock for all of them (`opening` of the trace), so that it
does not matter which comes first. What the world's provider declined or lost is declined or lost again. A payment that
was captured although the payer had seen a failure is lost during the day; at night it reaches the provider after all,
and the core must find it and give it back.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Final
from urllib.parse import urlsplit

import duckdb

from loadtest import office
from loadtest.api import METHOD_OF_BRAND, Answer, Call, Outcome, Reply, key_of
from loadtest.audit.books import dump_core
from loadtest.conformance.world import STOCK, DayOrder, Place, World
from loadtest.journey import run_journey
from loadtest.psp.reconciliation import JAPAN
from loadtest.script import Step, read_script
from loadtest.servers import omo_server
from loadtest.trace_schema import Trace, write_trace
from scenarios.errors import TargetUnreachable

_AT_ONCE: Final = 12
_ATTEMPTS: Final = 6
_ROUNDS: Final = 20
_PSP_TIMEOUT_S: Final = 0.5
"""So short that a lost payment is known to be lost within the client's polls; the provider answers at once."""

_RUN: Final = "conformance"
_FATES: Final = {"declined": "declined", "timed_out_no_effect": "lost", "timed_out_captured": "lost"}


@dataclass
class Core:
    """The core's books after the replay, and what its clients were answered."""

    stock: dict[tuple[Place, str], int] = field(default_factory=Counter)
    ledger: dict[tuple[str, str], int] = field(default_factory=Counter)
    money: dict[tuple[str, str], int] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    requests: int = 0


@dataclass(frozen=True)
class _Late:
    """A charge that reaches the provider at night."""

    merchant_payment_id: str
    brand: str
    amount_yen: int


def replay(trace: Trace, world: World, tell: Callable[[int, int], None]) -> Core:
    """The trace's whole day at a core, a provider and a database of their own; `tell` hears journeys done and in all.

    Raises TargetUnreachable when one of them does not start or answer.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="omo-conformance-")))
        write_trace(trace, scratch / "trace")
        log = scratch / "servers.log"
        perfect = ("--latency-ms", "0", "--decline", "0", "--timeout-before", "0", "--timeout-after", "0")
        psp = stack.enter_context(omo_server(["psp", "serve", *perfect], scratch, "psp", log, _never))
        told = ["core", "serve", "--psp-url", psp.ready["url"], "--psp-timeout", str(_PSP_TIMEOUT_S)]
        core = stack.enter_context(omo_server(told, scratch, "core", log, _never))
        url, keys = core.ready["url"], core.ready["keys"]
        office.seed(url, keys["back_office"], trace)
        office.agree(psp.ready["url"], trace)
        journeys = list(read_script(scratch / "trace").journeys())
        fates, late = _plan(journeys, {order.journey: order for order in world.orders})
        _set_fates(psp.ready["url"], fates)
        found = Core()
        _run_all(journeys, url, keys, found, tell)
        _night(psp.ready["url"], late)
        _close(url, keys["back_office"])
        dump_core(core.ready["database_url"], scratch / "books")
        _read_books(scratch / "books", found)
        return found


def _never() -> bool:
    return False


def _plan(journeys: Iterable[list[Step]], orders: dict[int, DayOrder]) -> tuple[dict[str, str], list[_Late]]:
    """The fate of charges by merchant id, and those that reach the provider at night."""
    fates, late = {}, []
    for steps in journeys:
        order = orders.get(steps[0].journey)
        pays = [step for step in steps if step.action == "pay"]
        for step, attempt in zip(pays, order.attempts if order else (), strict=True):
            name = f"{step.client}:{key_of(_RUN, step)}"
            if attempt.outcome in _FATES:
                fates[name] = _FATES[attempt.outcome]
            if attempt.outcome == "timed_out_captured":
                late.append(_Late(name, step.brand, step.amount_yen))
    return fates, late


def _set_fates(psp_url: str, fates: dict[str, str]) -> None:
    _told(*office.call("POST", f"{psp_url}/psp/faults", {"charges": fates}))


def _night(psp_url: str, late: Iterable[_Late]) -> None:
    _set_fates(psp_url, {})
    for charge in late:
        body = {**vars(charge), "kind": METHOD_OF_BRAND[charge.brand]}
        _told(*office.call("POST", f"{psp_url}/psp/charges", body))


def _close(url: str, key: str) -> None:
    """Reconcile until nothing is open, then have the provider's files matched: of today, and where midnight has passed
    in Japan meanwhile, of yesterday."""
    found = {"still_unknown": 1}
    for _ in range(_ROUNDS):
        sleep(_PSP_TIMEOUT_S)  # a refund without an answer is asked for again only after that
        found = json.loads(_told(*office.call("POST", f"{url}/v1/admin/reconcile", {}, key)))
        if not any(found.values()):
            break
    else:
        raise TargetUnreachable(f"{url}: payments or refunds are still open after {_ROUNDS} reconciliations: {found}")
    today = datetime.now(JAPAN).date()
    for day in (today - timedelta(days=1), today):
        _told(*office.call("POST", f"{url}/v1/admin/settle", {"day": day.isoformat()}, key))


def _told(status: int, answer: bytes) -> bytes:
    if status not in (200, 201):
        raise TargetUnreachable(f"the replay's own servers answered {status}: {answer[:300].decode(errors='replace')}")
    return answer


def _run_all(
    journeys: list[list[Step]], url: str, keys: dict[str, str], found: Core, tell: Callable[[int, int], None]
) -> None:
    lock = threading.Lock()
    remaining: Iterator[list[Step]] = iter(journeys)
    done = 0

    def work() -> None:
        nonlocal done
        client = _Client(url, keys)
        while True:
            with lock:
                steps = next(remaining, None)
            if steps is None:
                break
            run_journey(_RUN, steps, client.send, client.skip)
            with lock:
                done += 1
                tell(done, len(journeys))
        client.connection.close()
        with lock:
            found.answers.update(client.answers)
            found.requests += client.requests

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for worker in [pool.submit(work) for _ in range(_AT_ONCE)]:
            worker.result()


class _Client:
    """Sends the calls of journeys over one connection, again under the same key where nobody knows the outcome."""

    def __init__(self, url: str, keys: dict[str, str]) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._keys = keys
        self.answers: Counter[str] = Counter()
        self.requests = 0

    def send(self, call: Call) -> Answer:
        """Carry out one call."""
        if call.pause_s:
            sleep(call.pause_s)
        for attempt in range(_ATTEMPTS):
            reading = call.read(reply := self._exchange(call))
            self.requests += 1
            if reading.verdict in ("ok", "rejected"):
                outcome: Outcome = reading.verdict
                break
            sleep(0.05 * 2**attempt)
        else:
            outcome = "unknown"
        if outcome != "ok":
            self.answers[f"{call.action}: {reading.body.error or outcome}"] += 1
        return Answer(outcome, reply.status, reading.body)

    def skip(self, step: Step, reason: str) -> None:
        """Count a step that became pointless."""
        self.answers[f"{step.action} skipped: {reason}"] += 1

    def _exchange(self, call: Call) -> Reply:
        request = call.request
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._keys[call.client]}"}
        if request.key:
            headers["Idempotency-Key"] = request.key
        try:
            self.connection.request(request.method, request.path, request.body, headers)
            answer = self.connection.getresponse()
            return Reply(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return Reply(0, problem=str(error))


_MONEY: Final = """
    SELECT p.brand, 'gross_yen', sum(l.amount_yen) FROM ledger_lines l JOIN payments p ON p.id = l.payment_id
    WHERE l.kind IN ('capture', 'late_capture') AND l.amount_yen > 0 GROUP BY 1
    UNION ALL
    SELECT p.brand, 'refunds_yen', sum(l.amount_yen) FROM ledger_lines l JOIN payments p ON p.id = l.payment_id
    WHERE l.kind = 'refund_settled' AND l.amount_yen > 0 GROUP BY 1
    UNION ALL
    SELECT p.brand, 'fee_yen', sum(l.amount_yen) FROM ledger_lines l JOIN payments p ON p.id = l.payment_id
    WHERE l.account = 'psp_fees' GROUP BY 1
"""


def _read_books(books: Path, found: Core) -> None:
    with duckdb.connect() as db:
        for book in ("stock", "ledger_lines", "payments"):
            db.read_parquet(str(books / f"{book}.parquet")).create_view(book)
        for location, sku, *counts in db.execute(f"SELECT location, sku, {', '.join(STOCK)} FROM stock").fetchall():
            for name, units in zip(STOCK, counts, strict=True):
                found.stock[(location, sku), name] = int(units)
        for account, brand, yen in db.execute(
            """SELECT account, brand, sum(l.amount_yen) FROM ledger_lines l JOIN payments p ON p.id = l.payment_id
            GROUP BY ALL"""
        ).fetchall():
            found.ledger[account, brand] = int(yen)
        for brand, kind, yen in db.execute(_MONEY).fetchall():
            found.money[brand, kind] = int(yen)
