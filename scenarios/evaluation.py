"""How staff are evaluated and how sales are booked: one vector of pay, the named policies, and the booking switches.

Evaluation credit (what a store's staff are judged and paid by) and accounting credit (whose P/L a sale stands in,
`Booking`) are separate: a sale can be booked to EC and still count for the store (Megane Super, S162).
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field, model_validator

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited

Policy = Literal[
    "fixed_wage",
    "siloed_pl",
    "till_only",
    "app_to_ec",
    "home_store",
    "split",
    "radius",
    "double_credit",
    "commission",
    "join_fee",
    "ltv",
    "shop_team",
    "company_ltv",
    "incremental",
    "shapley",
    "hybrid",
]
Division = Literal["store", "ec"]
Funder = Literal["as_booked", "store", "ec", "unallocated"]
Bearer = Literal["store", "ec", "shared", "unallocated"]

_ALL_TO_STORE: Final = {"app_sale_store_credit": 1.0, "code_store_credit": 1.0, "collect_store_credit": 1.0}
_HALF: Final = {"app_sale_store_credit": 0.5, "code_store_credit": 0.5, "collect_store_credit": 0.5}
POLICIES: Final[dict[str, dict[str, Any]]] = {
    "fixed_wage": {"till_sale_store_credit": 0.0, "store_bonus_percent": 0.0},
    "siloed_pl": {},
    "till_only": {"till_commission_percent": 2.0, "store_bonus_percent": 0.0},
    "app_to_ec": {"collect_store_credit": 1.0},
    "home_store": _ALL_TO_STORE,
    "split": _HALF,
    "radius": {**_ALL_TO_STORE, "radius_store_credit": 1.0},
    "double_credit": {**_ALL_TO_STORE, "shadow_credit": 1.0},
    "commission": {"commission_percent": 3.0},
    "join_fee": {"join_fee_yen": 300},
    "ltv": {"ltv_share_percent": 5.0},
    "shop_team": {**_ALL_TO_STORE, "store_bonus_percent": 1.5},
    "company_ltv": {
        "store_bonus_percent": 0.0,
        "code_store_credit": 1.0,
        "company_bonus": 1.0,
        "ltv_share_percent": 3.0,
    },
    "incremental": {"incremental_percent": 10.0},
    "shapley": {"attribution_percent": 3.0, "attribution_rule": "shapley"},
    "hybrid": {**_HALF, "commission_percent": 1.0, "join_fee_yen": 100, "company_bonus": 0.5},
}
"""What each policy sets; the rest keeps the default, which is `siloed_pl`."""


class Booking(Table):
    """Which division's P/L a ledger row is booked in. Whatever is chosen, each yen is booked once.

    What is `unallocated` stands in neither P/L, in a line of its own: it is the company's.
    """

    app_sales: Division = cited("ec", "S64 S66", "scanned in a store, paid in the app")
    collect_sales: Division = cited("ec", "S66", "ordered online, collected in a store")
    collect_picking: Division = cited("store", ASSUMPTION, "labour of picking such orders")
    returns: Literal["sale", "return_channel"] = cited(
        "sale", "S82", "refund and handling of returns: where the goods were sold, or where they came back"
    )
    ship_from_store_sales: Division = cited("ec", ASSUMPTION, "ordered online, shipped from a store's shelf")
    ship_from_store_percent: Share = cited(
        0.0, ASSUMPTION, "share of such sales that EC pays to the store as a transfer; in the P/Ls alone"
    )
    coupons: Funder = cited("as_booked", ASSUMPTION, "who bears coupons; as booked is each coupon's own funder")
    points: Funder = cited("as_booked", ASSUMPTION, "who bears points; as booked is the division of the sale")
    contact_centre: Bearer = cited("ec", ASSUMPTION, "who bears the contact centre")
    media: Bearer = cited("ec", ASSUMPTION, "who bears messages and advertising")
    capability_opex: Bearer = cited("shared", ASSUMPTION, "who bears the running cost of systems")
    shared_store_share: Share = cited(0.5, ASSUMPTION, "the stores' part of what is shared")


class Evaluation(Table):
    """How staff are paid, beyond their wage. Every key that `policy` sets can be set by itself."""

    policy: Policy = cited("siloed_pl", "S117", "preset; single keys beside it override it")
    till_sale_store_credit: Share = cited(1.0, ASSUMPTION, "share of its till sales that counts for the store")
    app_sale_store_credit: Share = cited(0.0, ASSUMPTION, "share of app sales in the store that counts for it")
    code_store_credit: Share = cited(0.0, "S120", "share of sales under a staff code that counts for the store")
    collect_store_credit: Share = cited(0.0, "S66", "share of orders collected in the store that counts for it")
    radius_store_credit: Share = cited(0.0, "S82", "share of parcels sent near the store that counts for it")
    radius_km: Positive = cited(16.0, "S82", "how near: 10 miles")
    shadow_credit: Share = cited(0.0, "S66", "part of the store's credit that is not taken from EC: counted twice")
    store_bonus_percent: NotNegative = cited(0.5, ASSUMPTION, "of the sales that count for a store, to its staff")
    commission_percent: float = cited(0.0, "S120", "of app sales, to the staff code on the order", ge=0, le=7)
    till_commission_percent: NotNegative = cited(0.0, ASSUMPTION, "of till sales, to whoever served the shopper")
    join_fee_yen: int = cited(0, ASSUMPTION, "for each shopper who gets the app on advice", ge=0)
    ltv_share_percent: NotNegative = cited(0.0, ASSUMPTION, "of what such shoppers contribute later, to the recruiter")
    incremental_percent: NotNegative = cited(
        0.0, ASSUMPTION, "of the measured difference between contacts with and without advice"
    )
    attribution_percent: NotNegative = cited(0.0, ASSUMPTION, "of online sales after a contact, by the rule below")
    attribution_rule: Literal["last", "linear", "shapley"] = cited(
        "last", ASSUMPTION, "the contact's share: all; half; half of what contacts with advice sell online on top"
    )
    company_bonus: Share = cited(0.0, ASSUMPTION, "weight of the company's contribution in the bonus")
    company_bonus_percent: NotNegative = cited(
        1.0, ASSUMPTION, "of the company's contribution, shared by all staff at weight 1"
    )
    ec_ratio_kpi: Share = cited(0.0, "S165", "weight of EC's share of sales as a target for all")
    booking: Booking = Field(default_factory=Booking)

    @model_validator(mode="before")
    @classmethod
    def _fill_from_policy(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("policy") in POLICIES:
            return {**POLICIES[values["policy"]], **values}
        return values
