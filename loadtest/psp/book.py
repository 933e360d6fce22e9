"""The PSP's own book: charges and refunds in memory and, line by line, in a journal that survives a restart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from scenarios.errors import DataInvalid


class Refund(msgspec.Struct):
    """Money given back."""

    refund: int
    merchant_refund_id: str
    merchant_payment_id: str
    amount_yen: int
    at: float = 0.0
    entry: Literal["refund"] = "refund"


class Charge(msgspec.Struct):
    """A charge that had its effect; one that never did is not in the book."""

    charge: int
    merchant_payment_id: str
    brand: str
    kind: str
    amount_yen: int
    state: Literal["captured", "declined", "pending_customer"]
    refunded_yen: int = 0
    fee_yen: int = 0  # what we keep once it is captured; a refund does not give it back
    at: float = 0.0  # when it came to its state, seconds since 1970
    entry: Literal["charge"] = "charge"


class Refused(Exception):
    """A request that the book cannot take; `status` is what HTTP answers."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Book:
    """All charges by merchant id. Each change is in the journal before anybody is told."""

    def __init__(self, journal: Path | None) -> None:
        self._charges: dict[str, Charge] = {}
        self._refunds: dict[str, Refund] = {}
        self._journal: BinaryIO | None = None
        if journal is not None:
            if journal.exists():
                self._replay(journal)
            self._journal = journal.open("ab", buffering=0)

    def find(self, merchant_payment_id: str) -> Charge | None:
        """A charge by the merchant's id."""
        return self._charges.get(merchant_payment_id)

    def charge(self, wanted: Charge) -> Charge:
        """Enter a charge, once per merchant id; `charge` numbers itself. Raises Refused for a reused id."""
        known = self._charges.get(wanted.merchant_payment_id)
        if known is None:
            wanted.charge = len(self._charges) + 1
            self._charges[wanted.merchant_payment_id] = wanted
            self._write(wanted)
            return wanted
        if (known.amount_yen, known.brand, known.kind) != (wanted.amount_yen, wanted.brand, wanted.kind):
            raise Refused(409, "merchant_payment_id_reused", "this merchant_payment_id is of another charge")
        return known

    def customer_paid(self, merchant_payment_id: str, at: float) -> Charge:
        """The shopper has paid the QR code."""
        charge = self._charges[merchant_payment_id]
        if charge.state == "pending_customer":
            charge.state = "captured"
            charge.at = at
            self._write(charge)
        return charge

    def refund(self, merchant_refund_id: str, merchant_payment_id: str, amount_yen: int, at: float = 0.0) -> Refund:
        """Give money back, once per refund id. Raises Refused when there is nothing to give back."""
        known = self._refunds.get(merchant_refund_id)
        if known is not None:
            if (known.merchant_payment_id, known.amount_yen) != (merchant_payment_id, amount_yen):
                raise Refused(409, "merchant_refund_id_reused", "this merchant_refund_id is of another refund")
            return known
        charge = self._charges.get(merchant_payment_id)
        if charge is None:
            raise Refused(404, "not_found", "no such charge")
        if charge.state != "captured" or charge.refunded_yen + amount_yen > charge.amount_yen:
            raise Refused(409, "exceeds_captured", "more than was captured and not refunded yet")
        made = Refund(len(self._refunds) + 1, merchant_refund_id, merchant_payment_id, amount_yen, at)
        self._enter_refund(made)
        self._write(made)
        return made

    def pending(self) -> list[Charge]:
        """Charges that wait for their shopper."""
        return [charge for charge in self._charges.values() if charge.state == "pending_customer"]

    def captured(self) -> Iterator[Charge]:
        """Charges that were captured, in the order in which they were entered."""
        return (charge for charge in self._charges.values() if charge.state == "captured")

    def refunded(self) -> Iterator[tuple[Refund, Charge]]:
        """Refunds and the charges that they give back."""
        return ((refund, self._charges[refund.merchant_payment_id]) for refund in self._refunds.values())

    def lines(self) -> Iterator[bytes]:
        """The whole book as JSON lines: charges, then refunds."""
        for entry in (*self._charges.values(), *self._refunds.values()):
            yield msgspec.json.encode(entry) + b"\n"

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            os.fsync(self._journal.fileno())
            self._journal.close()

    def _enter_refund(self, made: Refund) -> None:
        self._refunds[made.merchant_refund_id] = made
        self._charges[made.merchant_payment_id].refunded_yen += made.amount_yen

    def _write(self, entry: Charge | Refund) -> None:
        if self._journal is not None:
            self._journal.write(msgspec.json.encode(entry) + b"\n")

    def _replay(self, journal: Path) -> None:
        """Read the journal; a last line without its end was being written when the PSP was killed."""
        text = journal.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                kind = msgspec.json.decode(line, type=dict[str, object]).get("entry")
                if kind == "refund":
                    self._enter_refund(msgspec.json.decode(line, type=Refund))
                else:
                    charge = msgspec.json.decode(line, type=Charge)
                    charge.refunded_yen = 0  # refunds have their own lines
                    self._charges[charge.merchant_payment_id] = charge
            except (msgspec.DecodeError, KeyError) as error:
                raise DataInvalid([f"{journal}:{number}: not a line of a PSP journal ({error})"]) from None
        if len(whole) < len(text):
            with journal.open("r+b") as file:
                file.truncate(len(whole))
