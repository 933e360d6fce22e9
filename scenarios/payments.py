"""Tenders and how people pay."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited
from scenarios.settlement import DEFAULT_CALENDARS, DEFAULT_PROVIDERS, Accounting, Brand, Calendar, Provider


class Tender(Table):
    """A way to pay, keyed by brand and channel. Nobody reaches for a tender with weight 0."""

    channel: Literal["store", "online"]
    brand: Brand
    weight: NotNegative = Field(description="relative use in its channel; for cash see [payments] cash_share")
    handling_s: NotNegative = Field(0.0, description="mean seconds at the till, amount told to receipt")
    latency_median_s: NotNegative = Field(0.0, description="median of the authorisation")
    latency_sigma: NotNegative = Field(0.5, description="sigma of its log-normal")
    decline: Share = Field(0.0, description="probability of a definite no")
    time_out: Share = Field(0.0, description="probability that no answer comes in time")
    fee: Share = Field(0.0, description="share of the amount kept by the provider")
    fee_yen: Annotated[int, Field(ge=0, description="fixed part of the fee, per payment")] = 0
    calendar: str = Field("twice_monthly", description="when it is settled, from [payments.calendars]")


DEFAULT_TENDERS = {
    "cash": Tender(channel="store", brand="cash", weight=1, handling_s=28, calendar="at_once"),
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
        calendar="monthly",
    ),
    "wallet": Tender(
        channel="online",
        brand="wallet",
        weight=35,
        latency_median_s=1.5,
        decline=0.01,
        time_out=0.005,
        fee=0.0198,
        calendar="monthly",
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
    "konbini": Tender(
        channel="online",
        brand="konbini",
        weight=0,
        latency_median_s=1.0,
        fee_yen=130,
        calendar="monthly",
    ),
    "pay_later": Tender(
        channel="online",
        brand="pay_later",
        weight=0,
        latency_median_s=2.0,
        decline=0.05,
        fee=0.03,
        calendar="monthly",
    ),
}


class Slip(Table):
    """The slip with which an online order is paid at a convenience store: the goods wait until then."""

    unpaid: Share = cited(0.2, ASSUMPTION, "slips that nobody means to pay any more")
    pays_after_hours: Positive = cited(12.0, ASSUMPTION, "median time until the others are paid")
    pays_after_sigma: NotNegative = cited(1.0, ASSUMPTION, "sigma of its log-normal")
    valid_hours: Positive = cited(72.0, ASSUMPTION, "a slip that is not paid by then expires and frees the goods")


class LatencyProfile(Table):
    """How a brand's latency grows with its load, as measured by a load test: piecewise linear."""

    per_s: Annotated[list[NotNegative], Field(min_length=1, description="payments per second, rising")]
    factor: Annotated[list[Positive], Field(min_length=1, description="latency against the tender's own, one each")]

    @model_validator(mode="after")
    def _points(self) -> LatencyProfile:
        if len(self.per_s) != len(self.factor):
            raise ValueError("factor: one for each of per_s")
        if self.per_s != sorted(set(self.per_s)):
            raise ValueError("per_s: in rising order, each once")
        return self


class CoreUnderLoad(Table):
    """The payment core that the stores share, as a load test measured it: `omo run --latency-profile` fills it in."""

    per_s: Annotated[list[NotNegative], Field(min_length=1, description="payments per second at the core, rising")]
    quantiles: Annotated[list[Share], Field(min_length=1, description="shares of the payments, rising")]
    added_s: Annotated[
        list[list[NotNegative]],
        Field(min_length=1, description="for each of per_s: by how much each quantile is longer than at an idle core"),
    ]
    capacity_per_s: Positive = Field(description="payments per second beyond which they wait for one another")
    copies: Positive = Field(1.0, description="towns like this one that share the core")

    @model_validator(mode="after")
    def _shape(self) -> CoreUnderLoad:
        for name, values in (("per_s", self.per_s), ("quantiles", self.quantiles)):
            if values != sorted(set(values)):
                raise ValueError(f"{name}: in rising order, each once")
        if len(self.added_s) != len(self.per_s) or any(len(row) != len(self.quantiles) for row in self.added_s):
            raise ValueError("added_s: one row for each of per_s, with one value for each of quantiles")
        return self


class Payments(Table):
    """How people pay, and what happens when paying fails."""

    cash_share: Share = cited(0.65, "S45", "share of till payments in cash, by count")
    time_out_s: Positive = cited(15.0, "S48", "the till gives up waiting after this long")
    attempts: int = cited(3, ASSUMPTION, "tries before the sale is lost", ge=1, le=3)
    late_capture: Share = cited(0.5, ASSUMPTION, "time-outs that had in fact been captured, found at night")
    has_cash: Share = cited(0.8, ASSUMPTION, "of those whose payment failed at a till, can pay cash instead")
    tenders: dict[str, Tender] = cited(
        DEFAULT_TENDERS,
        "handling S29; store shares S44; fees S54 S55 S57 and METI FY2023 mean; calendars S59; latency, decline, "
        "time-out, fee of pay_later: assumption",
        "tenders by name",
    )
    slip: Slip = Field(default_factory=Slip)
    latency_profile: dict[str, LatencyProfile] = Field(
        default_factory=dict, description="brand -> latency under load; none: the same at any load"
    )
    core: CoreUnderLoad | None = Field(None, description="the measured core behind all payments; none: never busy")
    calendars: dict[str, Calendar] = cited(
        DEFAULT_CALENDARS, "S59 twice_monthly and monthly; S60 six_times and next_day", "settlement calendars by name"
    )
    providers: dict[str, Provider] = cited(DEFAULT_PROVIDERS, ASSUMPTION, "payment service providers by name")
    accounting: Accounting = Field(default_factory=Accounting)
