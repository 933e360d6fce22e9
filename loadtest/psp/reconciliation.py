"""The provider's daily reconciliation file: what it captured and gave back on a day, and what it keeps, as CSV.

UTF-8 (PayPay's own file is in Shift_JIS), one line per item, days from 00:00 to 23:59 in Japan.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta, timezone
from typing import Final

from loadtest.psp.book import Book

JAPAN: Final = timezone(timedelta(hours=9))
COLUMNS: Final = ("kind", "merchant_id", "brand", "amount_yen", "fee_yen", "net_yen", "at")


def daily_file(book: Book, day: date) -> bytes:
    """The file of `day`: captured charges, then refunds; `net_yen` is what reaches or leaves the merchant."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for charge in book.captured():
        at = datetime.fromtimestamp(charge.at, JAPAN)
        if at.date() == day:
            net_yen = charge.amount_yen - charge.fee_yen
            row = ("charge", charge.merchant_payment_id, charge.brand, charge.amount_yen, charge.fee_yen, net_yen)
            writer.writerow((*row, at.isoformat()))
    for refund, charge in book.refunded():
        at = datetime.fromtimestamp(refund.at, JAPAN)
        if at.date() == day:
            row = ("refund", refund.merchant_refund_id, charge.brand, refund.amount_yen, 0, -refund.amount_yen)
            writer.writerow((*row, at.isoformat()))
    return text.getvalue().encode()
