"""What the retailer's systems can do, the four modes as presets of that, and who gets what when.

A mode is only a name for a set of values: every capability can be set by itself, by store and by date.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited

Mode = Literal["siloed", "o2o", "omnichannel", "omo"]

_MODE_O2O: Final[dict[str, Any]] = {"store_coupons": True}
_MODE_OMNICHANNEL: Final[dict[str, Any]] = {
    "unified_id": True,
    "match_rate": 0.7,
    "points_shared": True,
    "store_stock_online": True,
    "ship_from_store": True,
    "click_and_collect": True,
    "return_in_store": True,
    "endless_aisle": True,
    "scan_look_up": True,
    "store_coupons": True,
    "member_barcode": True,
    "same_prices": True,
    "stock_sync_minutes": 1440.0,
}
_MODE_OMO: Final[dict[str, Any]] = {
    **_MODE_OMNICHANNEL,
    "match_rate": 0.92,
    "scan_and_pay": True,
    "pickup_counter": True,
    "reminder": True,
    "shared_basket": True,
    "shared_history": True,
    "one_psp": True,
    "one_settlement_view": True,
    "stock_sync_minutes": 1.0,
    "contact_centre_view": True,
    "staff_code": True,
}
MODES: Final[dict[str, dict[str, Any]]] = {
    "siloed": {},
    "o2o": _MODE_O2O,
    "omnichannel": _MODE_OMNICHANNEL,
    "omo": _MODE_OMO,
}
"""What each mode sets; the rest keeps the siloed default. Evaluation (F20) is chosen in [evaluation]."""


def _with_mode(values: Any) -> Any:
    """Fill in what the named mode sets and the table itself does not."""
    if isinstance(values, dict) and values.get("mode") in MODES:
        return {**MODES[values["mode"]], **values}
    return values


class Capabilities(Table):
    """What the retailer's systems can do; the defaults are the siloed mode."""

    mode: Mode | None = cited(None, "assumption after both seeds", "preset; single keys beside it override it")
    unified_id: bool = cited(False, "F01", "one customer id over stores and EC")
    match_rate: Share = cited(0.3, "F02, assumption", "share of members' till receipts that are linked to the member")
    points_shared: bool = cited(False, "F03", "points are earned and used in stores and online alike")
    store_stock_online: bool = cited(False, "F04", "shoppers see the stores' stock online")
    ship_from_store: bool = cited(False, "F05", "stores ship online orders that the warehouse cannot fill")
    click_and_collect: bool = cited(False, "F06", "order online, collect in a store")
    return_in_store: bool = cited(False, "F07", "online orders can be returned in a store")
    endless_aisle: bool = cited(False, "F08", "an item missing in the store is ordered on the spot, shipped home")
    scan_look_up: bool = cited(False, "F09", "scan a barcode in the store: reviews, stock")
    scan_and_pay: bool = cited(False, "F10", "scan in the store, pay in the app, carry out or ship home")
    pickup_counter: bool = cited(False, "F11", "a counter, or lockers, for collecting only; else at a staffed till")
    store_coupons: bool = cited(False, "F12", "coupons valid in stores only, pushed through the app")
    reminder: bool = cited(False, "F13", "reminder of goods that were scanned or left in the basket")
    shared_basket: bool = cited(False, "F14", "basket and wish-list follow the shopper over devices and stores")
    member_barcode: bool = cited(False, "F15", "the member barcode at the till applies points and coupons by itself")
    shared_history: bool = cited(False, "F16", "staff see online history, the EC shop shows store history")
    same_prices: bool = cited(False, "F17", "one price and one campaign in all channels")
    one_psp: bool = cited(False, "F18", "one payment provider for stores and online")
    one_settlement_view: bool = cited(False, "F19", "one view of sales and settlement over all tenders")
    stock_sync_minutes: NotNegative = cited(1440.0, "F21", "age of the stock shown online; 1440 is a nightly batch")
    contact_centre_view: bool = cited(False, "F22", "the contact centre sees one history over channels")
    showroom: bool = cited(False, "F23", "considered goods are on display only and shipped from the warehouse")
    staff_code: bool = cited(False, "F24", "app and EC orders can carry the code of the staff member who advised")
    visit_booking: bool = cited(False, "F25", "a visit can be booked online; somebody is kept free for it")
    door_counter: bool = cited(False, "F26", "a sensor at the door counts who comes in")
    rfid: bool = cited(False, "F27", "tags on the goods are read on the shelf every night and correct the record")

    @model_validator(mode="before")
    @classmethod
    def _fill_from_mode(cls, values: Any) -> Any:
        return _with_mode(values)


class Wave(Table):
    """One step of a rollout: from `day` on, these stores have these capabilities."""

    day: Annotated[int, Field(ge=0, description="day from which it holds, 0 is the start of the horizon")]
    stores: list[str] = Field(default_factory=list, description="store ids, `ec` for online; everywhere when left out")
    mode: Mode | None = Field(None, description="preset; the keys of `set` override it")
    set: dict[str, bool | float] = Field(default_factory=dict, description="capability -> value")

    def values(self) -> dict[str, Any]:
        """Each capability that the wave sets, with its value."""
        if self.mode is None:
            return dict(self.set)
        siloed = {name: field.default for name, field in Capabilities.model_fields.items() if name != "mode"}
        return {**siloed, **MODES[self.mode], **self.set}


class Learning(Table):
    """How staff and shoppers get used to what a wave has opened. What was there from the start is known to all."""

    days: Positive = cited(21.0, ASSUMPTION, "days after which unfamiliarity has fallen to 37 %")
    extra_staff_time: NotNegative = cited(0.8, ASSUMPTION, "staff need this much longer while nothing is familiar")
    utility: float = cited(-0.8, ASSUMPTION, "utility of a journey that nobody is familiar with", le=0)
    confusion: Share = cited(
        0.10, ASSUMPTION, "visits with confusion, affinity 0, while nothing is familiar; it takes staff time"
    )
    confusion_s: NotNegative = cited(120.0, ASSUMPTION, "staff time to help a confused shopper")


class CapabilityCost(Table):
    """What a capability costs."""

    capex_yen: int = Field(0, ge=0, description="once, when it is first opened anywhere")
    opex_yen_per_month: int = Field(0, ge=0, description="per month while it is open anywhere")
    opex_yen_per_store_month: int = Field(0, ge=0, description="per month and store that has it")
