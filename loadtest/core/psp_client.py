"""Asking the payment service provider. Every answer becomes one word of news, which the database merges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec

from loadtest.http.client import HttpClient, NoAnswer, Unreachable

_QUERY_TIMEOUT_S: Final = 5.0
_FILE_TIMEOUT_S: Final = 60.0


class _Answer(msgspec.Struct):
    state: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """captured, declined, pending_customer, expired, unknown, no_effect; and why."""

    word: str
    reason: str | None = None


class PspClient:
    """Calls to one PSP. Merchant ids make each of them safe to repeat."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        self._http = HttpClient(base_url)
        self._timeout_s = timeout_s

    async def charge(self, merchant_payment_id: str, brand: str, amount_yen: int, kind: str) -> News:
        """Ask for a charge. `unknown` when the answer did not come: it may have had its effect all the same."""
        body = msgspec.json.encode(
            {"merchant_payment_id": merchant_payment_id, "brand": brand, "amount_yen": amount_yen, "kind": kind}
        )
        try:
            status, answer = await self._http.request("POST", "/psp/charges", body, timeout_s=self._timeout_s)
        except Unreachable:
            return News("declined", "psp_unreachable")
        except NoAnswer:
            return News("unknown")
        return _news(status, answer)

    async def look_up(self, merchant_payment_id: str) -> News:
        """What the PSP's book says about a charge; `no_effect` when it is not in it."""
        path = f"/psp/charges/{quote(merchant_payment_id, safe='')}"
        try:
            status, answer = await self._http.request("GET", path, timeout_s=_QUERY_TIMEOUT_S)
        except (Unreachable, NoAnswer):
            return News("unknown")
        return News("no_effect") if status == 404 else _news(status, answer)

    async def refund(self, merchant_refund_id: str, merchant_payment_id: str, amount_yen: int) -> str:
        """`refunded`, `failed`, or `pending` when nobody knows: then the same call must be repeated."""
        body = msgspec.json.encode(
            {
                "merchant_refund_id": merchant_refund_id,
                "merchant_payment_id": merchant_payment_id,
                "amount_yen": amount_yen,
            }
        )
        try:
            status, answer = await self._http.request("POST", "/psp/refunds", body, timeout_s=self._timeout_s)
        except (Unreachable, NoAnswer):
            return "pending"
        if status == 201 and _decode(answer).state == "refunded":
            return "refunded"
        return "failed" if 400 <= status < 500 else "pending"

    async def daily_file(self, day: str) -> str | None:
        """The reconciliation file of a day (CSV); None when it cannot be had now."""
        try:
            status, answer = await self._http.request("GET", f"/psp/reconciliation/{day}", timeout_s=_FILE_TIMEOUT_S)
        except (Unreachable, NoAnswer):
            return None
        return answer.decode(errors="replace") if status == 200 else None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _decode(answer: bytes) -> _Answer:
    try:
        return msgspec.json.decode(answer, type=_Answer)
    except msgspec.DecodeError:
        return _Answer()


def _news(status: int, answer: bytes) -> News:
    """Anything that is not a definite answer is `unknown`: 5xx, a broken body, a word we do not know."""
    decoded = _decode(answer)
    if 400 <= status < 500:
        return News("declined", decoded.error or f"psp_{status}")
    if status in (200, 201) and decoded.state in ("captured", "pending_customer", "expired"):
        return News(decoded.state)
    if status in (200, 201) and decoded.state in ("partially_refunded", "refunded"):
        return News("captured")  # it was, before money went back
    if status in (200, 201) and decoded.state == "declined":
        return News("declined", "declined")
    return News("unknown")
