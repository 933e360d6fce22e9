"""The numbers that stand for things in the picture; the page gets these lists and knows no others."""

from __future__ import annotations

from typing import Final

SPOTS: Final = (
    "floor",
    "staffed_line",
    "staffed_till",
    "self_line",
    "self_checkout",
    "pickup_counter",
    "locker",
    "online",
    "rival",
)
"""Where a shopper, or an order on its way through the shop online, can be seen."""

GLYPHS: Final = ("store", "app", "ec", "collect", "rival")
"""Shapes and colours of shoppers, by the journey that they are on at that moment."""

GLYPH_OF_JOURNEY: Final[dict[str, str]] = {
    "none": "store",
    "walk_in": "store",
    "coupon_visit": "store",
    "research_then_store": "store",
    "scan_and_pay": "app",
    "ec_order": "ec",
    "showroom_then_home": "ec",
    "click_and_collect": "collect",
    "rival": "rival",
}

EVENT_KINDS: Final = (
    "arrive",
    "leave",
    "scan",
    "look_up",
    "staff_contact",
    "recommended",
    "confused",
    "inconsistent",
    "proposal_taken",
    "stock_out",
    "substituted",
    "went_elsewhere",
    "put_off",
    "gave_up",
    "lost_sale",
    "queue_join",
    "balk",
    "renege",
    "till_start",
    "coupon_used",
    "order_placed",
    "ready",
    "collected",
    "no_show",
    "shipped",
    "delivered",
    "cancelled",
    "turned_away",
    "researched",
    "thinking",
    "reminded",
    "pushed",
    "returned",
    "inquiry",
    "visit_booked",
    "booked_visit",
    "booking_missed",
    "booking_cancelled",
)
"""Kinds of `events` that are shown, or told in a shopper's story. What is missing stands in `payments`, or goes without
saying: `jockeyed`, `picked`, `proposed`, `lost_in_network`."""

PAYMENT_KINDS: Final = ("captured", "declined", "timed_out_no_effect", "timed_out_captured", "expired", "refunded")
"""Outcomes of `payments`: one mark each, at the moment at which the payer knew."""

MARKS: Final = (*EVENT_KINDS, *PAYMENT_KINDS, "rival_trip")
"""All marks. A `rival_trip` is a need that went to a rival without coming to us first: only `needs` has a row of it."""

CHANNELS: Final = ("store", "app", "ec")
"""Through which a payment was made."""

TELLING: Final = (
    "researched",
    "arrive",
    "scan",
    "staff_contact",
    "stock_out",
    "thinking",
    "order_placed",
    "ready",
    "collected",
    "delivered",
    "reminded",
    "returned",
    "coupon_used",
    "proposal_taken",
    "visit_booked",
    "declined",
    "timed_out_no_effect",
)
"""Kinds that make a shopper's week worth telling; paying in the app, and at a till, count beside them."""

NOWHERE: Final = 255
"""Stands for no store."""
