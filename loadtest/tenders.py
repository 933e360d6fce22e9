"""What each tender costs and when it is paid out, from a scenario, as the core and the provider are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtest.core.messages import Tender

if TYPE_CHECKING:
    from scenarios.payments import Payments


def tenders_of(payments: Payments) -> list[Tender]:
    """Fees and calendars by brand. A brand that is a tender in stores and online has the terms named last."""
    by_brand = {}
    for tender in payments.tenders.values():
        calendar = payments.calendars[tender.calendar]
        by_brand[tender.brand] = Tender(
            brand=tender.brand,
            fee_share=tender.fee,
            fee_yen=tender.fee_yen,
            closes=calendar.closes,
            pays=calendar.pays,
            lag_days=calendar.lag_days,
        )
    return list(by_brand.values())


def default_tenders() -> list[Tender]:
    """Those of a scenario that says nothing about them."""
    from scenarios.payments import Payments

    return tenders_of(Payments())


def fee_yen(tender: Tender | None, amount_yen: int) -> int:
    """What the provider keeps of a capture, rounded half to even; nothing for a brand without terms."""
    return 0 if tender is None else round(amount_yen * tender.fee_share) + tender.fee_yen
