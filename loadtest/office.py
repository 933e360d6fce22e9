"""What the back office does around a load run: seed the core, reconcile, fetch the provider's book."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from loadtest.audit.books import write_book
from loadtest.trace_schema import Trace
from scenarios.errors import TargetUnreachable, UsageError

_TIMEOUT_S: Final = 900.0
"""Settling a million payments takes minutes; whoever is down refuses at once."""
_RECONCILE_S: Final = 90.0
_BETWEEN_S: Final = 2.5
"""Between two rounds of reconciliation: a refund is asked for again only after the provider's time-out of 2 s."""


def call(method: str, url: str, body: Any = None, key: str = "") -> tuple[int, bytes]:
    """One HTTP call; `key` is the API key. Raises TargetUnreachable when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, method=method)
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", f"office-{secrets.token_hex(8)}")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except (urllib.error.URLError, OSError) as error:
        raise TargetUnreachable(f"{url}: {getattr(error, 'reason', error)}; is the target running?") from error


def seed(url: str, key: str, trace: Trace) -> None:
    """Give the core the trace's catalogue, opening stock and tenders."""
    products = [
        {name: value for name, value in row.items() if value is not None} for row in trace.catalogue.to_pylist()
    ]
    body = {"products": products, "stock": trace.stock.to_pylist(), "tenders": trace.header.get("tenders")}
    status, answer = call("POST", f"{url}/v1/admin/seed", body, key)
    if status == 409:
        raise UsageError(f"{url}: this core holds products already; a load run needs an empty database")
    if status != 200:
        raise TargetUnreachable(f"{url}/v1/admin/seed answered {status}: {answer[:300].decode(errors='replace')}")


def agree(psp_url: str, trace: Trace) -> None:
    """Tell the provider the terms of the trace's tenders, so that its files have the fees that the core expects."""
    if "tenders" in trace.header:
        status, answer = call("POST", f"{psp_url}/psp/contracts", {"tenders": trace.header["tenders"]})
        if status != 200:
            raise TargetUnreachable(
                f"{psp_url}/psp/contracts answered {status}: {answer[:300].decode(errors='replace')}"
            )


def reconcile(url: str, key: str) -> int:
    """Reconcile until a round finds nothing to do, for 90 s at most; the number of payments still unknown."""
    deadline = time.monotonic() + _RECONCILE_S
    unknown = 0
    while time.monotonic() < deadline:
        time.sleep(_BETWEEN_S)
        status, answer = call("POST", f"{url}/v1/admin/reconcile", {}, key)
        if status != 200:
            continue
        found = json.loads(answer)
        unknown = found["still_unknown"]
        if not unknown and not found["resolved"] and not found["refunded"]:
            break
    _settle(url, key)
    return unknown


def _settle(url: str, key: str) -> None:
    """Have the provider's files of yesterday and today matched; twice, for the refunds that this brings about.

    A core without a provider, or one whose provider is down, has no file: then the audit has none to check.
    """
    today = datetime.now(timezone(timedelta(hours=9))).date()
    for day in (today - timedelta(days=1), today, today):
        call("POST", f"{url}/v1/admin/settle", {"day": day.isoformat()}, key)


def keep_psp_book(psp_url: str, load: Path) -> None:
    """Fetch the provider's book as it is (`psp_book.jsonl`) and as tables for the audit."""
    status, text = call("GET", f"{psp_url}/psp/book")
    if status != 200:
        raise TargetUnreachable(f"{psp_url}/psp/book answered {status}")
    (load / "psp_book.jsonl").write_bytes(text)
    write_psp_tables(text, load / "books")


def write_psp_tables(text: bytes, books: Path) -> None:
    """The provider's JSON lines as the books `psp_charges` and `psp_refunds`."""
    entries = [json.loads(line) for line in text.splitlines() if line.strip()]
    write_book(books, "psp_charges", _charges(entries))
    refunds = [{**entry, "state": "refunded"} for entry in entries if entry["entry"] == "refund"]
    names = ("merchant_refund_id", "merchant_payment_id", "amount_yen", "state")
    write_book(books, "psp_refunds", [{name: row[name] for name in names} for row in refunds])


def _charges(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    names = ("merchant_payment_id", "state", "amount_yen", "refunded_yen", "fee_yen")
    for entry in entries:
        if entry["entry"] == "charge":
            yield {name: entry.get(name) for name in names} | {"effects": int(entry["state"] == "captured")}


def keep_opening(trace: Trace, load: Path) -> None:
    """The trace's opening stock among the books, so that the audit needs no trace."""
    rows = [row for row in trace.stock.to_pylist() if row["on_hand"]]
    write_book(load / "books", "opening", rows)
