"""How staff are evaluated and how sales are booked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scenarios.cited import ASSUMPTION, Share, Table, cited


class Booking(Table):
    """Which division's P/L a sale is booked in. Whatever is chosen, each yen is booked once."""

    app_sales: Literal["store", "ec"] = cited("ec", "S64 S66", "scanned in a store, paid in the app")
    collect_sales: Literal["store", "ec"] = cited("ec", "S66", "ordered online, collected in a store")
    collect_picking: Literal["store", "ec"] = cited("store", ASSUMPTION, "labour of picking such orders")


class Evaluation(Table):
    """How staff are paid, beyond their wage."""

    app_sale_store_credit: Share = cited(0.0, ASSUMPTION, "share of app sales that counts for the store's bonus")
    commission_percent: float = cited(0.0, "S120", "of app sales, to the staff code on the order", ge=0, le=7)
    company_bonus: Share = cited(0.0, ASSUMPTION, "weight of the company's contribution in the bonus")
    booking: Booking = Field(default_factory=Booking)
