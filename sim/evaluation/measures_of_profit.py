"""Measures of profit: the company's, its divisions', and what they invested."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

PROFIT: Final[tuple[Measure, ...]] = (
    Measure(
        "contribution_yen",
        "yen",
        "Company contribution",
        "Net revenue less goods, stock, fees, parcels, handling, coupons, points, incentives, media and the running "
        "cost of systems; no basic wages, rent or investment.",
        "select sum(amount_yen) from ledger",
    ),
    Measure(
        "store_pl_yen", "yen", "Store division P/L", "The ledger's rows that the booking switches give to the stores."
    ),
    Measure("ec_pl_yen", "yen", "EC division P/L", "The ledger's rows that the booking switches give to EC."),
    Measure(
        "unallocated_yen",
        "yen",
        "In neither division's P/L",
        "What the booking switches leave to the company. Both P/Ls and this are the company's contribution.",
    ),
    Measure(
        "capability_capex_yen",
        "yen",
        "Investment in capabilities",
        "What opening every capability that was ever open cost, once each; not part of contribution.",
    ),
    Measure(
        "net_revenue_yen",
        "yen",
        "Net revenue",
        "Sales less refunds, tax excluded.",
        "select sum(amount_yen) from ledger where account in ('revenue', 'refund')",
    ),
)
