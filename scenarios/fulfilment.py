"""Parcels, picking and pickup."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class Fulfilment(Table):
    """Parcels, picking and pickup."""

    parcel_yen: int = cited(721, "S74", "cost of one parcel", ge=0)
    shipping_fee_yen: int = cited(550, ASSUMPTION, "what the shopper pays for a parcel", ge=0)
    free_shipping_from_yen: int = cited(3980, ASSUMPTION, "goods worth this much ship without that fee", ge=0)
    warehouse_pick_minutes: NotNegative = cited(6.0, ASSUMPTION, "labour to pick and pack a parcel")
    store_pick_minutes: NotNegative = cited(11.0, "S70 (vendor)", "labour to pick an order in a store")
    wage_yen_per_hour: int = cited(1183, "S103", "part-time pay in retail", ge=0)
    ship_cut_off_hour: Annotated[int, Field(ge=0, le=23)] = cited(17, ASSUMPTION, "later orders ship next day")
    delivery_days: int = cited(1, ASSUMPTION, "days from shipment to door", ge=1)
    collect_after_hours: Positive = cited(4.0, ASSUMPTION, "median hours from ready to collection")
    collect_spread: NotNegative = cited(0.8, ASSUMPTION, "sigma of the log-normal of that time")
    hold_hours: Positive = cited(72.0, ASSUMPTION, "an order not collected by then is returned to the shelf")
    no_show: Share = cited(0.05, ASSUMPTION, "orders never collected (3-8 %)")
    add_on: Share = cited(0.25, "assumption after S67 S68 S69: 20-35 %", "share of collectors who buy something more")
    add_on_basket: Share = cited(0.4, "assumption: 30-50 %", "items of such a purchase against a store basket")
    hand_over_median_s: Positive = cited(150.0, "S32, lower end", "hand-over at the pickup counter")
    hand_over_sigma: NotNegative = cited(0.5, ASSUMPTION, "sigma of the log-normal of that time")
    locker_s: NotNegative = cited(25.0, ASSUMPTION, "opening a pickup locker and taking the goods out")
