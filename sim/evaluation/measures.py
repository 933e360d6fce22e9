"""The measures of one replication: names, definitions, and how they are computed from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from scenarios.schema import Scenario
from sim.evaluation.ledgers.siloed import OWNERS, checked, profit_and_loss
from sim.evaluation.lifetime_value.truth import lifetimes
from sim.evaluation.measure import Measure
from sim.evaluation.measures_of_contacts import CONTACTS
from sim.evaluation.measures_of_visits import VISITS
from sim.evaluation.tables import opened, single
from sim.rollout import capex_yen

_CONTACTS = "select avg((starts_with(action::varchar, 'recommend'))::int) from staff_contacts where"
_WAIT = "select sum(wait_s) / nullif(sum(served), 0) from queues where"
_RETURNS = """select coalesce(sum(r.amount_yen), 0) / nullif(sum(o.net_yen), 0) from orders o
  left join (select "order", sum(amount_yen) as amount_yen from events where kind = 'returned' group by 1) r
  using ("order") where o.state = 'completed' and"""
_LOST = "select sum(amount_yen) from events where kind = 'lost_sale' and"

MEASURES: Final[tuple[Measure, ...]] = (
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
    Measure(
        "lost_sales_yen",
        "yen",
        "Lost sales",
        "Goods that shoppers of ours wanted and did not get: empty shelf, queue, failed payment.",
        f"{_LOST} true",
    ),
    Measure(
        "stock_out_rate",
        "share",
        "Lines missing on the shelf",
        "Share of lines looked for in a store that were not there in full.",
        """select (select count(*) from events where kind = 'stock_out' and place = 'floor') /
             nullif((select count(*) from stock_moves where reason = 'sale')
                  + (select count(*) from events where kind = 'stock_out' and place = 'floor'), 0)""",
    ),
    Measure(
        "till_wait_s",
        "s",
        "Mean wait at tills",
        "Seconds between joining a line and being served, staffed tills and self-checkouts.",
        f"{_WAIT} place in ('staffed_till', 'self_checkout')",
    ),
    Measure(
        "renege_rate",
        "share",
        "Shoppers lost to the till queue",
        "Balked or reneged, of all who came to the tills.",
        """select sum(balked + reneged) / nullif(sum(balked + joined), 0) from queues
           where place in ('staffed_till', 'self_checkout')""",
    ),
    Measure(
        "pickup_wait_s",
        "s",
        "Mean wait at pickup",
        "Seconds at the pickup counter.",
        f"{_WAIT} place = 'pickup_counter'",
    ),
    Measure(
        "store_visits",
        "count",
        "Store visits",
        "Arrivals in all stores.",
        "select count(*) from events where kind = 'arrive'",
    ),
    Measure(
        "app_order_share",
        "share",
        "Share of sales paid in the app",
        "Of net revenue: scanned in a store and paid in the app, or ordered there in the app.",
        """select sum(amount_yen) filter (where order_channel = 'app') / nullif(sum(amount_yen), 0)
           from ledger where account in ('revenue', 'refund')""",
    ),
    Measure(
        "ec_order_share",
        "share",
        "Share of sales ordered from home",
        "Of net revenue: EC orders, shipped or collected.",
        """select sum(amount_yen) filter (where order_channel = 'ec') / nullif(sum(amount_yen), 0)
           from ledger where account in ('revenue', 'refund')""",
    ),
    Measure(
        "buying_needs",
        "share",
        "Needs served by us",
        "Share of all shopping occasions that ended with a purchase from the company.",
        """select avg((outcome in ('store', 'app_carry', 'app_ship', 'ec_ship', 'collect'))::int) from needs""",
    ),
    Measure(
        "double_captures",
        "count",
        "Payments captured twice",
        "Time-outs that had been captured after all, found at night and refunded.",
        "select count(*) from payments where outcome = 'timed_out_captured'",
    ),
    Measure(
        "saved_sales_yen",
        "yen",
        "Sales saved at empty shelves",
        "Net revenue of goods that were missing in a store and ordered online by the same shopper, less refunds.",
        """select sum(amount_yen) from ledger where account in ('revenue', 'refund') and fulfilment = 'ship'
           and need in (select need from events where kind = 'stock_out' and place = 'floor')
           and "order" not in (select "order" from events where kind = 'scan')""",
    ),
    Measure(
        "identified_sales",
        "share",
        "Identified sales",
        "Share of sales whose buyer the company knows: online orders, and receipts linked to a member.",
        "select sum(net_yen) filter (identified) / nullif(sum(net_yen), 0) from orders where state = 'completed'",
    ),
    Measure(
        "pickup_ready_s",
        "s",
        "Order to ready for pickup",
        "Mean seconds from a click-and-collect order to the ready notice, nights included.",
        """select avg(e.time_s - o.placed_s) from events e join orders o using ("order") where e.kind = 'ready'""",
    ),
    Measure(
        "return_rate_online",
        "share",
        "Returns of online sales",
        "Yen of goods given back, of yen of goods ordered in the app or from home.",
        f"{_RETURNS} o.order_channel <> 'store'",
    ),
    Measure(
        "return_rate_store",
        "share",
        "Returns of store sales",
        "Yen of goods given back, of yen of goods bought at tills.",
        f"{_RETURNS} o.order_channel = 'store'",
    ),
    Measure(
        "shared_journeys",
        "share",
        "Journeys over two channels",
        "Served needs that touched a store and a screen: researched, scanned, collected, ordered after a visit.",
        """select count(*) filter (journey in ('research_then_store', 'showroom_then_home', 'click_and_collect',
             'scan_and_pay') or outcome in ('app_ship', 'app_carry')) / count(*)
           from needs where outcome in ('store', 'app_carry', 'app_ship', 'ec_ship', 'collect')""",
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
    Measure(
        "lost_sales_with_network_stock_yen",
        "yen",
        "Lost sales while we had the goods elsewhere",
        "Of the goods lost because they were missing: those that another shelf or the warehouse had at that moment.",
        "select sum(amount_yen) from events where kind = 'lost_in_network'",
    ),
    Measure(
        "oversold_orders",
        "count",
        "Orders promised and not there",
        "Online orders with a line that the record promised and no shelf held; it was refunded.",
        "select count(*) from events where kind = 'cancelled'",
    ),
    Measure(
        "record_error_share",
        "share",
        "Wrong stock records",
        "Share of records of carried SKUs, stores and warehouse, that differ from the shelf at the end.",
        """select avg((recorded <> on_hand)::int) from stock_closing where (location::varchar, sku) in
             (select (location::varchar, sku) from stock_moves where reason = 'opening')""",
    ),
    Measure(
        "stock_value_yen",
        "yen",
        "Stock at the end",
        "Goods on hand and in transit at the end, at cost.",
        "select sum((on_hand + in_transit) * cost_yen) from stock_closing join catalogue using (sku)",
    ),
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
        "proposal_hit_rate",
        "share",
        "Proposals taken",
        "Share of proposals of one more item, by the clerk's tablet or on a screen, that shoppers take.",
        """select count(*) filter (kind = 'proposal_taken') / nullif(count(*) filter (kind = 'proposed'), 0)
           from events""",
    ),
    Measure(
        "items_per_purchase",
        "number",
        "Items per purchase",
        "Pieces that a served shopper buys for one need, over all its completed orders.",
        "select sum(units) / count(distinct need) from orders where state = 'completed'",
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
    *CONTACTS,
    *VISITS,
)

BY_NAME: Final = {measure.name: measure for measure in MEASURES}

MODE_OUTCOMES: Final = (
    "contribution_yen",
    "store_pl_yen",
    "ec_pl_yen",
    "saved_sales_yen",
    "lost_sales_yen",
    "lost_sales_with_network_stock_yen",
    "identified_sales",
    "till_wait_s",
    "renege_rate",
    "pickup_ready_s",
    "pickup_wait_s",
    "return_rate_online",
    "return_rate_store",
    "shared_journeys",
    "satisfaction_mean",
    "inconsistency_per_1000_journeys",
)
"""What the modes of operation are compared on, in this order."""


def measure(directory: Path, scenario: Scenario) -> dict[str, float]:
    """All measures of the replication in `directory`, by name. Yen and counts are whole numbers."""
    with opened(directory) as db:
        found = {m.name: single(db, m.query) for m in MEASURES if m.query is not None}
        found |= _owners(db, scenario, found["contribution_yen"])
        values = lifetimes(db, scenario)
    found["capability_capex_yen"] = capex_yen(scenario)
    found["ltv_yen"], found["customer_equity_yen"] = values.mean_yen, values.equity_yen
    return {m.name: round(found[m.name]) if m.unit in ("yen", "count") else found[m.name] for m in MEASURES}


def _owners(db: duckdb.DuckDBPyConnection, scenario: Scenario, company_yen: float) -> dict[str, float]:
    """Both P/Ls and what is in neither; raises `LawViolated` where they are not the company's, to the yen."""
    rows = checked(profit_and_loss(db, scenario.evaluation.booking), company_yen)
    totals = {owner: sum(yen for (who, _), yen in rows.items() if who == owner) for owner in OWNERS}
    return {"store_pl_yen": totals["store"], "ec_pl_yen": totals["ec"], "unallocated_yen": totals["unallocated"]}
