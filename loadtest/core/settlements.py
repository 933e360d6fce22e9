"""Matching the provider's daily file with the ledger, and what it says of each tender.

The file is the provider's truth: a charge in it whose payment is not captured here is merged first, like any other
news (a success that comes too late is refunded), then each line is matched and booked, once.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any, Final, NamedTuple

from loadtest.core.database import Unavailable
from loadtest.core.idempotency import once
from loadtest.core.messages import Settle
from loadtest.core.payments import merge_news
from loadtest.core.psp_client import News
from loadtest.core.service import Core, Request
from loadtest.http.messages import Reply, error_reply, json_reply

_SHOWN: Final = 1000
_COLUMNS: Final = ("kind", "merchant_id", "brand", "amount_yen", "fee_yen")

_NOT_CAPTURED = """
SELECT p.id AS payment, p.state FROM unnest($1::text[], $2::bigint[]) AS f (merchant_id, amount_yen)
JOIN payments p ON p.merchant_payment_id = f.merchant_id AND p.amount_yen = f.amount_yen
WHERE p.captured_at IS NULL ORDER BY p.id
"""
_NOT_REFUNDED = """
SELECT r.id AS refund FROM unnest($1::text[], $2::bigint[]) AS f (merchant_id, amount_yen)
JOIN refunds r ON r.merchant_refund_id = f.merchant_id AND r.amount_yen = f.amount_yen
WHERE r.state = 'pending' ORDER BY r.id
"""
_SETTLE_REFUND = "SELECT state FROM settle_refund($1, 'refunded')"
_MATCH = "SELECT outcome, items FROM match_file($1, $2, $3, $4, $5, $6)"
_BREAKS = f"""
SELECT what, kind, merchant_id, day::text AS day, brand, their_yen, our_yen, payment_id AS payment,
    count(*) OVER () AS total
FROM settlement_breaks WHERE ($1::text IS NULL OR to_char(day, 'YYYY-MM') = $1)
ORDER BY day, kind, merchant_id LIMIT {_SHOWN}
"""
_SETTLEMENTS = """
SELECT brand, period_start::text AS period_start, period_end::text AS period_end, payout_day::text AS payout_day,
    items, gross_yen, refunds_yen, fee_yen, net_yen
FROM settlements ORDER BY payout_day, brand, period_start
"""
_MONTH = """
SELECT brand, captures, gross_yen, refunds_yen, fee_yen, cash_yen, due_yen, open_yen
FROM tender_months WHERE month = $1 ORDER BY brand
"""
_MISSING_THERE = "SELECT count(*) AS items FROM settlement_breaks WHERE what = 'missing_there' AND day = $1"
_TOTALS: Final = ("captures", "gross_yen", "refunds_yen", "fee_yen", "cash_yen", "due_yen", "open_yen")


class Item(NamedTuple):
    """A line of the provider's file."""

    kind: str
    merchant_id: str
    brand: str
    amount_yen: int
    fee_yen: int


def read_file(text: str) -> list[Item]:
    """The lines of a reconciliation file; ValueError where it is none."""
    lines = csv.DictReader(io.StringIO(text))
    if not set(_COLUMNS) <= set(lines.fieldnames or ()):
        raise ValueError("not a reconciliation file: its columns are others")
    try:
        return [
            Item(row["kind"], row["merchant_id"], row["brand"], int(row["amount_yen"]), int(row["fee_yen"]))
            for row in lines
        ]
    except TypeError as error:
        raise ValueError(f"not a reconciliation file: {error}") from None


async def settle(core: Core, request: Request) -> Reply:
    """Fetch the provider's file of a day, resolve by it what is open, and match it with the ledger."""
    message: Settle = request.message
    try:
        day = date.fromisoformat(message.day)
    except ValueError:
        return error_reply(400, "invalid_request", f"{message.day} is not a day")
    return await once(core, request, lambda: _settle(core, day))


async def _settle(core: Core, day: date) -> tuple[int, dict[str, Any]]:
    if core.psp is None:
        return 409, {"error": "no_psp", "message": "this core has no payment provider"}
    text = await core.psp.daily_file(day.isoformat())
    if text is None:
        raise Unavailable(f"the provider did not give its file of {day}")
    try:
        items = read_file(text)
    except ValueError as error:
        raise Unavailable(f"the provider's file of {day}: {error}") from None
    resolved, refunded = await _take_their_word(core, items)
    columns = [list(column) for column in zip(*items, strict=True)] or [[]] * len(Item._fields)
    rows = await core.database.rows(_MATCH, day, *columns)
    counts = dict.fromkeys(("matched", "missing_here", "missing_there", "amount_differs", "fee_differs"), 0)
    counts |= {row["outcome"]: row["items"] for row in rows}
    counts["missing_there"] = (await core.database.row(_MISSING_THERE, day))["items"]
    return 200, {"day": day.isoformat(), "lines": len(items), **counts, "resolved": resolved, "refunded": refunded}


async def _take_their_word(core: Core, items: list[Item]) -> tuple[int, int]:
    """Merge captures and refunds that we do not know of yet; how many were open here, and how many were refunded."""
    resolved = refunded = 0
    charges = [item for item in items if item.kind == "charge"]
    names, amounts = [item.merchant_id for item in charges], [item.amount_yen for item in charges]
    for row in await core.database.rows(_NOT_CAPTURED, names, amounts):
        merged = await merge_news(core, row["payment"], News("captured"))
        resolved += row["state"] in ("created", "unknown", "pending_customer")
        refunded += merged["refund"] is not None
    refunds = [item for item in items if item.kind == "refund"]
    names, amounts = [item.merchant_id for item in refunds], [item.amount_yen for item in refunds]
    for row in await core.database.rows(_NOT_REFUNDED, names, amounts):
        settled = await core.database.row(_SETTLE_REFUND, row["refund"])
        refunded += settled["state"] == "refunded"
    return resolved, refunded


async def listing(core: Core, _: Request) -> Reply:
    """What the provider pays out for each tender and period, and what does not agree."""
    rows = await core.database.rows(_SETTLEMENTS)
    return json_reply(200, {"settlements": [dict(row) for row in rows], **await _breaks(core, None)})


async def month(core: Core, request: Request) -> Reply:
    """The month-end view: the ledger by tender."""
    if not 1 <= int(request.month[5:]) <= 12:
        return error_reply(400, "invalid_request", f"{request.month} is not a month")
    tenders = [dict(row) for row in await core.database.rows(_MONTH, request.month)]
    total = {name: sum(tender[name] for tender in tenders) for name in _TOTALS}
    breaks = await _breaks(core, request.month)
    return json_reply(200, {"month": request.month, "tenders": tenders, "total": total, **breaks})


async def _breaks(core: Core, in_month: str | None) -> dict[str, Any]:
    found = [dict(row) for row in await core.database.rows(_BREAKS, in_month)]
    total = found[0]["total"] if found else 0
    return {"breaks": [{k: v for k, v in row.items() if k != "total"} for row in found], "breaks_in_all": total}
