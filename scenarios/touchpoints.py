"""Touchpoints: the channels through which the retailer writes to shoppers, or they to it, beside the app's push."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited
from scenarios.errors import hint
from scenarios.people import DEFAULT_AGE_BANDS


class Touchpoint(Table):
    """One touchpoint: whom it reaches, how often, what a contact does and what it costs."""

    used: bool = cited(True, ASSUMPTION, "false: as if the table were not there, to see what it is worth")
    favours: Literal["any", "store", "ec"] = cited(
        "any", ASSUMPTION, "which journeys a contact speaks for: visits to stores, orders online, or both"
    )
    reach: Share = Field(description="share that can be reached at all, at digital affinity 0.5")
    reach_by_age: dict[str, Share] = Field(default_factory=dict, description="age band -> the same there")
    reach_affinity: float = cited(0.0, ASSUMPTION, "logit of being reached, added per unit of affinity above 0.5")
    smartphone: bool = cited(False, ASSUMPTION, "reaches only those with a smartphone")
    opt_in: Share = cited(1.0, ASSUMPTION, "share of these who take it; on the app's push see [push]")
    contacts_per_week: Annotated[float, Field(ge=0, le=7)] = cited(
        1.0, ASSUMPTION, "contacts a shopper gets, spread evenly; each shopper has an own phase"
    )
    opened: Share = cited(1.0, ASSUMPTION, "contacts noticed by somebody who had none lately")
    response: NotNegative = Field(description="utility of coming to us right after a contact that was noticed")
    days: Positive = cited(4.0, ASSUMPTION, "days after which that has fallen to 37 %")
    tires: Share = cited(
        0.5, ASSUMPTION, "how much a contact tires against a push message; 0 where shoppers ask for it themselves"
    )
    unaware_per_week: Share = cited(
        0.0, ASSUMPTION, "share of those who do not know the retailer that come to know it through this in a week"
    )
    cost_yen_per_contact: NotNegative = cited(0.0, ASSUMPTION, "media cost of a contact, noticed or not")
    cost_yen_per_month: NotNegative = cited(0.0, ASSUMPTION, "media cost of keeping the touchpoint at all")


class Saturation(Table):
    """What all touchpoints together can do to one shopper."""

    utility: Positive = cited(
        0.5,
        ASSUMPTION,
        "contacts worth x are felt as u * (1 - exp(-x / u)) with this u: concave, and never more than u",
    )


def touchpoint_problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Age bands that do not exist, as (dotted key, what is wrong)."""
    bands = _table(values.get("population")).get("age_bands", DEFAULT_AGE_BANDS)
    for name, touchpoint in _table(values.get("touchpoints")).items():
        for band in _table(_table(touchpoint).get("reach_by_age")):
            if band not in _table(bands):
                yield f"touchpoints.{name}.reach_by_age.{band}", f"no such age band{hint(band, list(_table(bands)))}"


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
