"""Visits to a store that are booked online, for goods that are looked at before they are bought."""

from __future__ import annotations

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class VisitBooking(Table):
    """Who books, how far ahead, who comes, and what the store does for it. Slots: [stores.ID] visit_slots_per_hour."""

    books: Share = cited(
        0.3,
        ASSUMPTION,
        "shoppers on their way to look at goods who book the visit instead, affinity 1; 0 at affinity 0",
    )
    books_after_research: Share = cited(0.5, ASSUMPTION, "the same of those who have looked the goods up online")
    research: NotNegative = cited(
        0.2, ASSUMPTION, "utility of looking goods up before a visit, where that visit can be booked"
    )
    lead_hours: Positive = cited(2.0, ASSUMPTION, "earliest slot, from the booking")
    days_ahead: int = cited(3, ASSUMPTION, "visits are wished for on one of so many days after today, or today", ge=0)
    shows: Share = cited(
        0.95, "assumption after S112 S114, restaurants: 1 to 5 % stay away", "come, if they have not cancelled"
    )
    cancels: Share = cited(0.1, "assumption after S112, restaurants", "cancel some time before the slot")
    lateness_minutes: NotNegative = cited(
        6.0, ASSUMPTION, "half are on time, the others late by the half-normal of this scale"
    )
    wait_minutes: Positive = cited(
        15.0, ASSUMPTION, "who is later than this is a no-show, and a walk-in when they come"
    )
    prepare_minutes: NotNegative = cited(10.0, ASSUMPTION, "staff get ready for so long before the slot")
    browse: Share = cited(0.6, ASSUMPTION, "time on the floor against a walk-in's: the goods have been laid out")
    prepared: NotNegative = cited(0.15, ASSUMPTION, "added to [considering] advice by staff who are prepared")
