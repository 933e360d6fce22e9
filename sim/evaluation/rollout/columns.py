"""What the company's own records hold: every column of the export and what it means."""

from __future__ import annotations

from typing import Final

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "receipts": {
        "receipt": "its number, in order of time",
        "placed_at": "when it was bought or ordered",
        "closed_at": "when the order had ended",
        "channel": "`store` (a till), `app` (in a store), `ec`",
        "fulfilment": "`carry`, `ship`, `collect`",
        "store": "where it was bought or is collected; null for an order from home that is shipped",
        "customer": "who, as far as the company's systems tell; null for a receipt without a name",
        "area": "the store nearest to the customer's address: the delivery area of what is shipped",
        "staff": "the staff code on it",
        "units": "pieces",
        "brand": "the tender",
        "goods_yen": "goods and shipping fee, before coupon and points",
        "coupon_yen": "discount by coupon",
        "refunded_yen": "of the goods, given back by the end of the run",
        "state": "`completed`, `cancelled`, `no_show`",
    },
    "ledger": {
        "booked_at": "when it arose",
        "account": "as in the run's `ledger`",
        "amount_yen": "signed: income is positive",
        "order_channel": "of the order, or the division that bears a coupon",
        "pay_channel": "of the order",
        "fulfilment": "of the order",
        "store": "of the order, or the place whose cost it is",
        "staff": "of the order",
        "receipt": "which; null for costs of a place or of the company",
    },
    "store_days": {
        "date": "the day",
        "store": "a store, or `ec` for what no store has any part in",
        "sales_yen": "sales less refunds booked that day",
        "contribution_yen": "all that is booked on the place that day; costs of the whole company are on none",
        "till_receipts": "receipts of the tills",
        "app_orders": "orders in the app on the floor",
        "orders_to_collect": "online orders placed that day for collection there",
        "counted_visitors": "what the door counter says; null without one",
    },
    "online_orders_by_area": {
        "date": "when they were placed",
        "area": "the store nearest to the delivery address or, for what is collected, to the customer's",
        "fulfilment": "`ship`, `collect`",
        "orders": "orders from home",
        "goods_yen": "their worth",
        "refunded_yen": "of it, given back by the end of the run",
    },
    "rollout_calendar": {
        "place": "a store, or `ec`",
        "wave": "its name",
        "date": "from which day",
        "capability": "what changes",
        "value": "to what: 1 open, 0 closed, else a number",
    },
    "stores": {
        "store": "its id",
        "x_km": "east of the town's centre",
        "y_km": "north of the town's centre",
        "first_week": "week in which the rollout first changes it, from 0; null for never",
    },
    "event_log": {
        "case:concept:name": "the receipt",
        "concept:name": "what happened, as `kind` in the run's `events`",
        "time:timestamp": "when",
        "org:resource": "the staff code, where one took part",
        "place": "as in the run's `events`",
        "store": "where, or for which store",
        "amount_yen": "goods, payment or discount that it is about",
        "payment": "the payment attempt",
    },
}
"""Table -> column -> meaning, in the order in which they are written."""
