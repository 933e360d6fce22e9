"""Measures of payments: captured twice, how soon they are cash, and the back office's work on them."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

PAYMENTS: Final[tuple[Measure, ...]] = (
    Measure(
        "double_captures",
        "count",
        "Payments captured twice",
        "Time-outs that had been captured after all, found at night and refunded.",
        "select count(*) from payments where outcome = 'timed_out_captured'",
    ),
    Measure(
        "days_to_cash",
        "days",
        "Days from payment to cash",
        "Days between a payment other than cash and its pay-out by the provider, weighted by yen.",
        """select sum(days_to_cash * gross_yen) / sum(gross_yen) from settlements
           where provider is not null and gross_yen > 0""",
    ),
    Measure(
        "settlement_files_per_month",
        "number",
        "Settlement files a month",
        "Files that the payment providers send for a month, mean over the months that the run touches.",
        "select avg(files) from month_ends",
    ),
    Measure(
        "open_breaks",
        "number",
        "Open breaks",
        "Payments and refunds that differ in the providers' files, found or not yet, and are not cleared: daily mean.",
        """with run as (select sum(days_covered)::int as days from month_ends)
           select sum(least(cleared_day, days) - day) / any_value(days) from breaks, run where day < days""",
    ),
    Measure(
        "accounting_hours_per_month",
        "hours",
        "Accounting hours a month",
        "Work on settlement files and on their breaks; breaks of the days covered, times 365.25 / 12 days.",
        "select avg(file_hours) + sum(break_hours) / sum(days_covered) * 365.25 / 12 from month_ends",
    ),
    Measure(
        "days_to_close_month",
        "days",
        "Days to close the month",
        "From a month's end until all files that cover it are matched and their breaks cleared; mean over the months"
        " that the run touches, with the work that the days covered bring.",
        "select avg(closed_day - month_end_day) from month_ends",
    ),
    Measure(
        "payment_operations_yen_per_month",
        "yen",
        "Payment operations a month",
        "Accounting hours at a clerk's wage, providers' monthly fees, integration of providers that are new.",
        "select avg(provider_yen + accounting_yen) from month_ends",
    ),
)
