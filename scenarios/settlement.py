"""Contracts with payment providers: who carries which tender, when the money arrives, and the work of checking it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited

Brand = Literal["cash", "card", "contactless", "qr", "wallet", "card_online", "konbini", "pay_later"]
DayOfMonth = Annotated[int, Field(ge=1, le=31)]


class Calendar(Table):
    """When periods of settlement end and are paid out. 31 stands for the last day of any month."""

    closes: list[DayOfMonth] = Field(
        default_factory=list, description="days of the month on which a period ends; every day when left out"
    )
    pays: list[DayOfMonth] = Field(
        default_factory=list,
        description="for each of `closes`, the day of the month of its pay-out, the next one",
    )
    lag_days: int = Field(0, ge=0, description="days from a period's end to its pay-out, where `pays` is left out")

    @model_validator(mode="after")
    def _one_pay_out_per_period(self) -> Calendar:
        if self.closes != sorted(set(self.closes)):
            raise ValueError("closes: days in rising order, each once")
        if self.pays and len(self.pays) != len(self.closes):
            raise ValueError("pays: one day for each of closes, or none at all")
        return self


class Provider(Table):
    """A payment service provider under contract."""

    channels: Annotated[list[Literal["store", "online"]], Field(min_length=1)]
    brands: list[Brand] = Field(default_factory=list, description="what it carries; every brand when left out")
    calendar: str = Field("", description="of all it carries, from [payments.calendars]; each tender's own if left out")
    files_per_settlement: Annotated[int, Field(ge=1, description="files that it sends when a period ends")] = 1
    monthly_fee_yen: Annotated[int, Field(ge=0)] = 10_000
    integration_yen: Annotated[int, Field(ge=0, description="once, when it is first used")] = 3_000_000


class Accounting(Table):
    """The work of matching the providers' files with the company's own books, and of closing the month."""

    error_share: Share = cited(0.003, ASSUMPTION, "items that differ in the provider's file for no reason of ours")
    minutes_per_file: NotNegative = cited(20.0, ASSUMPTION, "to fetch, load and match a settlement file")
    minutes_per_file_one_view: NotNegative = cited(4.0, ASSUMPTION, "the same with one view of sales and settlement")
    minutes_per_break: NotNegative = cited(10.0, ASSUMPTION, "to find the cause of a difference and to book it")
    clerk_minutes_per_day: Positive = cited(240.0, ASSUMPTION, "working time for this on a working day")
    overtime_minutes_per_day: NotNegative = cited(120.0, ASSUMPTION, "on top of it while the last month is not closed")
    wage_yen_per_hour: NotNegative = cited(2000.0, ASSUMPTION, "cost of an hour of a clerk")


DEFAULT_CALENDARS = {
    "at_once": Calendar(),
    "next_day": Calendar(lag_days=1),
    "six_times": Calendar(closes=[5, 10, 15, 20, 25, 31], lag_days=3),
    "twice_monthly": Calendar(closes=[15, 31], pays=[31, 15]),
    "monthly": Calendar(closes=[31], pays=[31]),
}

DEFAULT_PROVIDERS = {
    "store_terminal": Provider(channels=["store"]),
    "online_psp": Provider(channels=["online"]),
    "comprehensive": Provider(channels=["store", "online"]),
}
