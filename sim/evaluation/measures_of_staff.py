"""Measures of floor staff: what they advise, sell and are paid on top of their wage."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

_CONTACTS = "select avg((starts_with(action::varchar, 'recommend'))::int) from staff_contacts where"

STAFF: Final[tuple[Measure, ...]] = (
    Measure(
        "recommendation_rate",
        "share",
        "Staff recommend the app, item in stock",
        "Share of floor contacts with the item in stock at which staff recommended the app or the EC shop.",
        f"{_CONTACTS} not stocked_out",
    ),
    Measure(
        "recommendation_rate_stock_out",
        "share",
        "Staff recommend the app, item missing",
        "The same at contacts in front of an empty shelf.",
        f"{_CONTACTS} stocked_out",
    ),
    Measure(
        "deflect_rate",
        "share",
        "Staff talk shoppers out of the app",
        "Share of floor contacts at which staff deflected from the app.",
        "select avg((action = 'deflect')::int) from staff_contacts",
    ),
    Measure(
        "sign_ups",
        "count",
        "Sign-ups on the floor",
        "Shoppers who got the app on advice, and sign-ups on paper that nobody uses.",
        "select count(*) from staff_contacts where signed_up or hollow",
    ),
    Measure(
        "staff_sales_yen",
        "yen",
        "Sales under a staff code",
        "Net revenue of app and EC orders with a staff code, whether or not they would have come without it.",
        """select sum(amount_yen) from ledger
           where account in ('revenue', 'refund') and staff is not null and order_channel <> 'store'""",
    ),
    Measure(
        "bonus_yen",
        "yen",
        "Bonus and commission",
        "What staff are paid beyond their wage; it is part of contribution.",
        "select -sum(amount_yen) from ledger where account in ('bonus', 'commission')",
    ),
)
