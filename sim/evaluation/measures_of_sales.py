"""Measures of sales: bought, lost, saved, given back, and over which channels."""

from __future__ import annotations

from typing import Final

from sim.evaluation.measure import Measure

_RETURNS = """select coalesce(sum(r.amount_yen), 0) / nullif(sum(o.net_yen), 0) from orders o
  left join (select "order", sum(amount_yen) as amount_yen from events where kind = 'returned' group by 1) r
  using ("order") where o.state = 'completed' and"""
_LOST = "select sum(amount_yen) from events where kind = 'lost_sale' and"

SALES: Final[tuple[Measure, ...]] = (
    Measure(
        "lost_sales_yen",
        "yen",
        "Lost sales",
        "Goods that shoppers of ours wanted and did not get: empty shelf, queue, failed payment.",
        f"{_LOST} true",
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
        "buying_needs",
        "share",
        "Needs served by us",
        "Share of all shopping occasions that ended with a purchase from the company.",
        """select avg((outcome in ('store', 'app_carry', 'app_ship', 'ec_ship', 'collect'))::int) from needs""",
    ),
    Measure(
        "items_per_purchase",
        "number",
        "Items per purchase",
        "Pieces that a served shopper buys for one need, over all its completed orders.",
        "select sum(units) / count(distinct need) from orders where state = 'completed'",
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
        "shared_journeys",
        "share",
        "Journeys over two channels",
        "Served needs that touched a store and a screen: researched, scanned, collected, ordered after a visit.",
        """select count(*) filter (journey in ('research_then_store', 'showroom_then_home', 'click_and_collect',
             'scan_and_pay') or outcome in ('app_ship', 'app_carry')) / count(*)
           from needs where outcome in ('store', 'app_carry', 'app_ship', 'ec_ship', 'collect')""",
    ),
    Measure(
        "identified_sales",
        "share",
        "Identified sales",
        "Share of sales whose buyer the company knows: online orders, and receipts linked to a member.",
        "select sum(net_yen) filter (identified) / nullif(sum(net_yen), 0) from orders where state = 'completed'",
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
)
