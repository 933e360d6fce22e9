"""The assumptions that are varied when nobody names others: what decides whether merged channels pay."""

from __future__ import annotations

from typing import Final

DEFAULT: Final[dict[str, str]] = {
    "choice.rival": "0.6:2.6",
    "choice.collect": "-1.8:0.2",
    "choice.ec_effort": "0:1",
    "choice.per_expected_wait_minute": "x0.5:x2",
    "scan_and_pay.base": "-2.2:-0.2",
    "missions.considered.staff_contact": "0.3:0.8",
    "staff.money_half_yen": "x0.5:x2",
    "staff.deflect": "-5.2:-3.2",
    "staff.accept_in_stock": "-2.5:-0.5",
    "considering.touch_weight": "0.6:0.95",
    "thinking.shared_basket": "x0.5:x2",
    "thinking.rival_web": "-1.6:0.4",
    "stock.cover_days": "x0.5:x2",
    "loyalty.feelings.inconsistent": "x0.5:x2",
    "opex": "x0.5:x2",
}
"""Keys without a source -> bounds. Utilities and logits move by 1 either way: odds by a factor of 2.7."""
