"""Sensors that a store may have: a counter at the door, and readers for tags on the goods."""

from __future__ import annotations

from pydantic import Field

from scenarios.cited import ASSUMPTION, NotNegative, Share, Table, cited


class DoorCounter(Table):
    """What the counter at a door gets wrong: it takes everybody for a shopper and misses some."""

    companions: Share = cited(0.25, ASSUMPTION, "shoppers who bring somebody along; both are counted")
    staff_passes_per_hour: NotNegative = cited(
        0.5, ASSUMPTION, "times an hour that each person on the roster comes in through the door"
    )
    missed: Share = cited(0.03, ASSUMPTION, "people coming in who are not counted, side by side with others")


class Rfid(Table):
    """Tags that are read through the night."""

    read_rate: Share = cited(
        0.99,
        "assumption to meet S211: 93.8 % of readings right, at six units of a SKU",
        "share of tags read in a night",
    )
    categories: list[str] = Field(default_factory=list, description="category ids with tags; all when left out")
