"""Tenders and how people pay."""

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
