"""One palette for pages and report, light and dark.

Every colour has a contrast of at least 3:1 against both backgrounds (WCAG 2.2, 1.4.11), and hues that stay apart for
the common colour-blindnesses; labels, signs and patterns carry the same information as the colour.
"""

from __future__ import annotations

from typing import Final

LIGHT_BACKGROUND: Final = "#FFFFFF"
DARK_BACKGROUND: Final = "#11161D"

INK_ON_LIGHT: Final = "#1E252D"
INK_ON_DARK: Final = "#E6EBF0"

STORE: Final = "#C8691B"
APP: Final = "#1F9480"
EC: Final = "#3D7BD0"
COMPANY: Final = "#7A848F"
RIVAL: Final = "#A36BC9"
LOST: Final = "#CF4D6F"
NEUTRAL: Final = "#808A95"

DIVISION: Final[dict[str, str]] = {"store": STORE, "ec": EC, "unallocated": NEUTRAL, "company": COMPANY}

OUTCOME: Final[dict[str, str]] = {
    "store": STORE,
    "app_carry": APP,
    "app_ship": APP,
    "ec_ship": EC,
    "collect": EC,
    "rival": RIVAL,
    "nothing": NEUTRAL,
    "no_need": NEUTRAL,
    "no_show": LOST,
    "lost_stock_out": LOST,
    "lost_queue": LOST,
    "lost_payment": LOST,
    "lost_outage": LOST,
}
"""How a need ended, by the channel that got it."""

CHANNEL: Final[dict[str, str]] = {"store": STORE, "app": APP, "ec": EC}

TENDER: Final[dict[str, str]] = {
    "cash": COMPANY,
    "card": EC,
    "contactless": APP,
    "qr": STORE,
    "wallet": RIVAL,
    "card_online": "#2F8FB5",
    "konbini": "#9A7D0A",
    "pay_later": LOST,
}
"""How it was paid (`payments.brand`). More than a reader tells apart by hue: label them directly."""

WORLD: Final[dict[str, str]] = {"a": NEUTRAL, "b": APP}

CALL: Final[dict[str, str]] = {"ok": APP, "rejected": EC, "unknown": STORE, "skipped": NEUTRAL, "failed": LOST}


def paper_of(ink: str) -> str:
    """The background on which text has the colour `ink`."""
    return DARK_BACKGROUND if ink == INK_ON_DARK else LIGHT_BACKGROUND


def translucent(colour: str, opacity: float) -> str:
    """`#RRGGBB` as `rgba(...)`."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"
