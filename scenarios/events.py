"""Events by timetable: what happens to the town on given days and hours, whoever caused it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited
from scenarios.settlement import Brand


class Campaign(Table):
    """Days on which more needs arise."""

    kind: Literal["campaign"] = "campaign"
    day: Annotated[int, Field(ge=0, description="first day, 0 is the start of the horizon")]
    days: Annotated[int, Field(gt=0)] = 1
    demand_factor: Positive = cited(1.0, "S131: 4 on a campaign day", "needs against an ordinary day")


class PointsDay(Table):
    """Days on which purchases earn a multiple of the usual points, and more people come for it."""

    kind: Literal["points_day"]
    day: Annotated[int, Field(ge=0)]
    days: Annotated[int, Field(gt=0)] = 1
    points_factor: Positive = cited(5.0, ASSUMPTION, "points against an ordinary day")
    demand_factor: Positive = cited(1.3, "assumption after S06", "needs against an ordinary day")


class Rain(Table):
    """Days on which nobody likes to go out."""

    kind: Literal["rain"]
    day: Annotated[int, Field(ge=0)]
    days: Annotated[int, Field(gt=0)] = 1
    visit: float = cited(-0.6, ASSUMPTION, "utility of going to a store", le=0)


class CompetitorPromotion(Table):
    """Days on which the rival is cheaper."""

    kind: Literal["competitor_promotion"]
    day: Annotated[int, Field(ge=0)]
    days: Annotated[int, Field(gt=0)] = 1
    rival: float = cited(0.6, ASSUMPTION, "utility of the rival", ge=0)


class PspOutage(Table):
    """Hours in which payments get no answer, or a late one: of some brands, or of all that a provider carries."""

    kind: Literal["psp_outage"]
    day: Annotated[int, Field(ge=0)]
    from_hour: Annotated[float, Field(ge=0, lt=24)]
    hours: Positive
    brands: list[Brand] = Field(default_factory=list, description="brands that it hits")
    provider: str = Field("", description="or the provider, from [payments.providers], all of whose payments it hits")
    time_out: Share = cited(0.9, "S128 for the pattern; assumption", "payments without an answer in time")
    late_capture: Share = cited(0.5, "S128 for the pattern; assumption", "of these, captured all the same")
    switch: Share = cited(0.7, ASSUMPTION, "of those without an answer, try another tender next, if they have one")

    @model_validator(mode="after")
    def _hits_something(self) -> PspOutage:
        if bool(self.brands) == bool(self.provider):
            raise ValueError("name the brands that it hits, or the provider, and not both")
        return self


class EcOutage(Table):
    """Hours in which the EC shop and the app take no orders."""

    kind: Literal["ec_outage"]
    day: Annotated[int, Field(ge=0)]
    from_hour: Annotated[float, Field(ge=0, lt=24)]
    hours: Positive
    come_back: Share = cited(0.4, ASSUMPTION, "share of those turned away who order after it is over")
    back_within_hours: Positive = cited(3.0, ASSUMPTION, "they come back within so many hours of its end")


class PushCampaign(Table):
    """A message to all who take push messages, with a coupon that is valid in stores only."""

    kind: Literal["push"]
    day: Annotated[int, Field(ge=0)]
    hour: Annotated[float, Field(ge=0, lt=24)] = 10.0
    discount: Share = cited(0.10, ASSUMPTION, "discount of the coupon")
    valid_days: Annotated[int, Field(gt=0)] = 7
    funder: Literal["store", "ec", "company"] = "ec"


class Marketing(Table):
    """Advertising that makes some of those aware of the retailer who are not."""

    kind: Literal["marketing"]
    day: Annotated[int, Field(ge=0)]
    days: Annotated[int, Field(gt=0)] = 1
    reach_per_day: Share = cited(0.02, ASSUMPTION, "share of the unaware who become aware on each day")
    cost_yen_per_reached: NotNegative = cited(300.0, ASSUMPTION, "media cost per person made aware")
    welcome_discount: Share = cited(0.15, ASSUMPTION, "coupon on the first purchase of those it brings")


Event = Annotated[
    Campaign | PointsDay | Rain | CompetitorPromotion | PspOutage | EcOutage | PushCampaign | Marketing,
    Field(discriminator="kind"),
]
