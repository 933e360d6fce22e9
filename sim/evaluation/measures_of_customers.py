"""Measures of customers: how they feel, who comes and who is lost, and what they are worth."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

CUSTOMERS: Final[tuple[Measure, ...]] = (
    Measure(
        "satisfaction_mean",
        "share",
        "Satisfaction",
        "Mean over the shoppers who know the company at the end; 0 is neutral, 100 % and -100 % are the limits.",
        "select avg(satisfaction) from shoppers where acquired_by is not null",
    ),
    Measure(
        "dropped_out_share",
        "share",
        "Shoppers lost for good",
        "Of those who know the company, the share that has dropped out after a purchase.",
        "select avg(isfinite(dropped_out_s)::int) from shoppers where acquired_by is not null",
    ),
    Measure(
        "inconsistency_per_1000_journeys",
        "number",
        "Inconsistencies per 1,000 journeys",
        "Points locked in the other channel, another price online and the like, per 1,000 needs that came to us.",
        """select 1000 * (select count(*) from events where kind = 'inconsistent') / nullif(count(*), 0)
           from needs where journey not in ('none', 'rival')""",
    ),
    Measure(
        "word_of_mouth_customers",
        "count",
        "Customers by word of mouth",
        "Shoppers who did not know the company and came to know it through acquaintances.",
        "select count(*) from shoppers where acquired_by = 'word_of_mouth'",
    ),
    Measure(
        "points_liability_yen",
        "yen",
        "Points outstanding",
        "Points that shoppers hold at the end, one yen each.",
        "select sum(points_store + points_ec) from shoppers",
    ),
    Measure(
        "ltv_yen",
        "yen",
        "Lifetime value per customer",
        "Mean over the shoppers who know the company at the end: contribution of their needs so far, plus what is "
        "expected of them in the three years after, at 10 % a year. Costs that no need has caused are left out.",
    ),
    Measure(
        "customer_equity_yen",
        "yen",
        "Customer equity",
        "Contribution expected in the three years after the end, at 10 % a year, of all who know the company and have "
        "not dropped out, from their true needs, their satisfaction and the law by which they drop out.",
    ),
)
