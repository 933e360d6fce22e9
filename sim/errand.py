"""A need being carried out: everything a journey has to know about its shopper, drawn before it starts.

All draws belong to the need, so the same shopper with the same need in another world has the same patience, the same
luck with the payment and the same taste.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.calendar import HOUR_S


@dataclass(slots=True)
class Errand:
    """One need on its way. Uniform draws are named `..._draw`; `..._z` is a standard normal."""

    start_s: float
    need: int
    shopper: int
    mission: int
    items: int
    weight_kg: float
    journey: int
    store: int
    lines: tuple[tuple[int, int], ...]
    """(SKU, quantity) wanted."""
    affinity: float
    smartphone: bool
    browse_s: float
    patience_s: float
    meets_staff: bool
    recommend_draw: float
    accept_draw: float
    annoyed_draw: float
    app_draw: float
    balk_draw: float
    staffed_z: float
    staffed_break_s: float
    self_z: float
    self_break_z: float
    store_tender: int
    online_tender: int
    has_cash: bool
    late_draw: float
    payment_draws: list[float]
    """Fate uniform and latency z of the first attempt, then of the next ones."""
    own_phone_draw: float
    react_draw: float
    contact_z: float
    ship_draw: float
    collect_z: float
    no_show_draw: float
    hand_over_z: float
    later_draw: float
    add_on: tuple[tuple[int, int], ...]
    """(SKU, quantity) that somebody collecting an order buys besides."""
    touch: float
    """What hands feel of the fit, standard normal; 0 for goods that nobody inspects."""
    reviews: float
    """What reviews say of the fit."""
    inspects: bool
    scan_draw: float
    known_draw: float
    """Whether a till receipt is linked to the member."""
    confused_draw: float
    differs_draw: float
    """Whether the shopper comes upon another price online."""
    defect_draw: float
    member: bool
    """Can be known at a till: by the card, or by the app."""
    offline: bool
    """The phone is of no use in this visit: no coverage, or an empty battery."""
    net_yen: int = 0
    contribution_yen: int = 0
    orders: int = 0
    outcome: int = 0
    host: int = -1
    """Who of the staff has received the shopper to a booked visit, and is held until they have talked."""
    open_parts: int = 1
    """The visit, and each order that outlives it; the need ends when all have."""


def merge_lines(lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same goods with one line per SKU, in order of first mention."""
    merged: dict[int, int] = {}
    for sku, quantity in lines:
        merged[sku] = merged.get(sku, 0) + quantity
    return list(merged.items())


def hours_later(errand: Errand) -> float:
    """Seconds until somebody who left the store unserved sits down at home: one to eight hours (assumption)."""
    return (1.0 + 7.0 * errand.later_draw) * HOUR_S
