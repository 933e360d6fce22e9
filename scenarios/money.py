"""Tenders, what staff are paid for, and how sales are booked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class Tender(Table):
    """A way to pay, keyed by brand and channel."""

    channel: Literal["store", "online"]
    brand: Literal["cash", "card", "contactless", "qr", "wallet", "card_online"]
    weight: Positive = Field(description="relative use in its channel; for cash see [payments] cash_share")
    handling_s: NotNegative = Field(0.0, description="mean seconds at the till, amount told to receipt")
    latency_median_s: NotNegative = Field(0.0, description="median of the authorisation")
    latency_sigma: NotNegative = Field(0.5, description="sigma of its log-normal")
    decline: Share = Field(0.0, description="probability of a definite no")
    time_out: Share = Field(0.0, description="probability that no answer comes in time")
    fee: Share = Field(0.0, description="share of the amount kept by the provider")


DEFAULT_TENDERS = {
    "cash": Tender(channel="store", brand="cash", weight=1, handling_s=28),
    "card": Tender(
        channel="store",
        brand="card",
        weight=14.0,
        handling_s=12,
        latency_median_s=1.0,
        decline=0.01,
        time_out=0.001,
        fee=0.02,
    ),
    "contactless": Tender(
        channel="store",
        brand="contactless",
        weight=17.6,
        handling_s=8,
        latency_median_s=0.3,
        decline=0.005,
        fee=0.025,
    ),
    "qr": Tender(
        channel="store",
        brand="qr",
        weight=34.0,
        handling_s=17,
        latency_median_s=1.5,
        decline=0.005,
        time_out=0.005,
        fee=0.0198,
    ),
    "wallet": Tender(
        channel="online",
        brand="wallet",
        weight=35,
        latency_median_s=1.5,
        decline=0.01,
        time_out=0.005,
        fee=0.0198,
    ),
    "card_online": Tender(
        channel="online",
        brand="card_online",
        weight=65,
        latency_median_s=2.0,
        decline=0.05,
        time_out=0.003,
        fee=0.0265,
    ),
}


class Payments(Table):
    """How people pay, and what happens when paying fails."""

    cash_share: Share = cited(0.65, "S45", "share of till payments in cash, by count")
    time_out_s: Positive = cited(15.0, "S48", "the till gives up waiting after this long")
    attempts: int = cited(3, ASSUMPTION, "tries before the sale is lost", ge=1, le=3)
    late_capture: Share = cited(0.5, ASSUMPTION, "time-outs that had in fact been captured, found at night")
    has_cash: Share = cited(0.8, ASSUMPTION, "of those whose payment failed at a till, can pay cash instead")
    tenders: dict[str, Tender] = cited(
        DEFAULT_TENDERS,
        "handling S29; store shares S44; fees S54 S55 and METI FY2023 mean; latency, decline, time-out: assumption",
        "tenders by name",
    )


class Staff(Table):
    """Whether a member of the floor staff recommends the app or the EC shop at a contact (logit).

    The two intercepts reproduce a survey of 882 sales staff: 11.2 % do or rather do recommend EC, 32.1 % when the
    item is out of stock; the commission slope is one company's +63 % activity after paying 3 %.
    """

    intercept: float = cited(-2.07, "S117", "logit of recommending under siloed pay, item in stock")
    stock_out: float = cited(1.32, "S117", "added when the item is out of stock")
    per_commission_percent: float = cited(0.19, "S119", "added per percent of commission to the staff code", ge=0)
    store_credit: float = cited(1.0, ASSUMPTION, "added when the store is credited with all app sales", ge=0)
    company_bonus: float = cited(0.4, ASSUMPTION, "added when pay follows the company's contribution", ge=0)
    per_person_queueing: float = cited(-0.03, ASSUMPTION, "per person in the till queue", le=0)
    contact_median_s: Positive = cited(90.0, ASSUMPTION, "length of a contact")
    contact_sigma: NotNegative = cited(0.5, ASSUMPTION, "sigma of the log-normal of that time")
    recommending_s: NotNegative = cited(45.0, ASSUMPTION, "added by recommending")
    accept_in_stock: float = cited(-1.5, ASSUMPTION, "logit of following the advice, affinity 0, in stock")
    accept_stock_out: float = cited(-0.5, ASSUMPTION, "the same in front of an empty shelf")
    accept_digital_affinity: float = cited(2.5, ASSUMPTION, "affinity 1 against 0", ge=0)
    annoyed: Share = cited(0.04, ASSUMPTION, "shoppers without a smartphone who leave when the app is pushed")


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


class Capabilities(Table):
    """What the retailer's systems can do."""

    scan_and_pay: bool = cited(False, "F10", "scan in the store, pay in the app, carry out or ship home")
    click_and_collect: bool = cited(False, "F04 F06", "store stock online, order online, collect in a store")
    endless_aisle: bool = cited(False, "F08", "an item missing in the store is ordered on the spot, shipped home")
