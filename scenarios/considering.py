"""Goods that are not bought blindly: touching, reading reviews, thinking it over, being reminded.

How well goods fit is one number for each need: `touch` of it is felt in the hand, `reviews` of it can be read (both
standard normal, mixed with `touch_weight` so that fit is standard normal too). A store shows the first, a screen the
second, a scan in the store both. What was bought without knowing a part may be regretted.
"""

from __future__ import annotations

from pydantic import Field

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class Considering(Table):
    """In front of goods that are looked at before they are bought."""

    touch_weight: Share = cited(
        0.8, ASSUMPTION, "share of fit that is felt in the hand; 0.6 can be read (sum of squares)"
    )
    buy_above: float = cited(-0.15, ASSUMPTION, "bought at once when what is known of the fit lies above this")
    think_above: float = cited(-0.8, ASSUMPTION, "thought over above this, left below")
    advice: NotNegative = cited(0.35, "assumption; sign from S153", "added by serving staff")
    advice_with_history: NotNegative = cited(0.15, ASSUMPTION, "added to that by staff who see a member's history")
    scan_affinity: Share = cited(0.6, ASSUMPTION, "app owners who scan to read reviews, affinity 1; 0 at affinity 0")
    price_differs: Share = cited(
        0.04, ASSUMPTION, "visits in which a shopper who looks online, affinity 1, finds another price there"
    )
    research: float = cited(0.5, ASSUMPTION, "utility of an online journey per unit of what the reviews say", ge=0)


class Thinking(Table):
    """Leaving without the goods and deciding later, somewhere else."""

    median_hours: Positive = cited(10.0, "assumption; sign from S155", "median time until the shopper decides")
    sigma: NotNegative = cited(1.2, ASSUMPTION, "sigma of the log-normal of that time")
    forget_days: Positive = cited(3.0, ASSUMPTION, "after that many days 63 % have forgotten")
    per_fit: NotNegative = cited(0.8, ASSUMPTION, "utility of buying from us per unit of what is known of the fit")
    shared_basket: NotNegative = cited(0.7, ASSUMPTION, "utility of our EC when the goods wait in the basket")
    rival_web: float = cited(-0.6, "assumption after S26 S28", "utility of a rival's web shop, affinity 0")
    store_again: float = cited(-1.5, ASSUMPTION, "utility of going back to the store, against walking in")


class Reminder(Table):
    """A message about goods that were scanned or put into the basket and not bought."""

    delay_hours: Positive = cited(72.0, "both seeds; sign of the effect by delay: S155", "hours after the visit")
    reactance: float = cited(-0.6, "assumption; sign from S155", "utility of us for whoever is still thinking", le=0)
    revives: NotNegative = cited(0.5, "assumption; sign from S155", "utility of us for whoever has let it rest")
    opened: Share = cited(0.35, ASSUMPTION, "share of such messages that are read: they are about something wanted")


class Returns(Table):
    """Goods that come back."""

    regret_below: float = cited(
        -1.1, "assumption to meet S77: 6.6 % of EC sales", "sent back when the fit lies below this"
    )
    defect: Share = cited(0.004, ASSUMPTION, "orders that come back whatever the fit")
    by_parcel: Share = cited(0.65, ASSUMPTION, "of those who would, return when it has to be sent")
    in_store: Share = cited(0.85, "assumption; sign from S140", "the same when a store takes it back")
    median_days: Positive = cited(4.0, ASSUMPTION, "median days from having the goods to giving them back")
    resellable: Share = cited(0.85, ASSUMPTION, "share of returned goods that go back on sale")
    handling_minutes: NotNegative = cited(8.0, ASSUMPTION, "labour of taking back and checking")
    parcel_paid_by_us: Share = cited(1.0, ASSUMPTION, "share of the return parcel that the company pays")
    exchange: Share = cited(
        0.3, "assumption; S82 saw 60 % at one chain", "in-store returns that end in another purchase"
    )
    easy_return: NotNegative = cited(0.1, ASSUMPTION, "utility of our EC when a store takes returns")


class ContactCentre(Table):
    """Inquiries and what they cost."""

    agents: int = Field(2, ge=1, description="people who answer")
    from_hour: float = cited(9.0, ASSUMPTION, "opens", ge=0, lt=24)
    to_hour: float = cited(18.0, ASSUMPTION, "closes", gt=0, le=24)
    minutes: Positive = cited(7.0, ASSUMPTION, "handling time with one view of the customer")
    without_view: NotNegative = cited(0.6, ASSUMPTION, "more of it when the agent must ask other departments")
    again: Share = cited(0.25, ASSUMPTION, "call again when the agent did not see the history")
    per_parcel: Share = cited(0.03, ASSUMPTION, "parcels about which somebody asks")
    per_cancellation: Share = cited(0.4, ASSUMPTION, "cancelled orders about which somebody asks")
    per_return: Share = cited(0.12, ASSUMPTION, "returns about which somebody asks")
    per_double_charge: Share = cited(0.7, ASSUMPTION, "double charges about which somebody asks")
    wage_yen_per_hour: int = cited(1400, ASSUMPTION, "pay of an agent", ge=0)
