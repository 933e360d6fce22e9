"""Who lives in the town, what they need, and how they choose."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenarios.cited import ASSUMPTION, NotNegative, Positive, Share, Table, cited


class AgeBand(Table):
    """One age band of the population."""

    share: Share = Field(description="share of the population; the bands' shares are normalised")
    smartphone: Share = Field(description="share with a smartphone")
    digital_affinity: Share = Field(description="mean digital affinity, 0 (never online) to 1")


DEFAULT_AGE_BANDS = {
    "20s_30s": AgeBand(share=0.27, smartphone=0.97, digital_affinity=0.70),
    "40s_50s": AgeBand(share=0.37, smartphone=0.97, digital_affinity=0.55),
    "60s": AgeBand(share=0.16, smartphone=0.94, digital_affinity=0.40),
    "70s_up": AgeBand(share=0.20, smartphone=0.80, digital_affinity=0.22),
}


class District(Table):
    """A part of the town with its own mix of ages."""

    x_km: float = Field(description="east of the town's centre")
    y_km: float = Field(description="north of the town's centre")
    radius_km: Positive = Field(description="homes lie uniformly in a disc of this radius")
    share: Share = Field(description="share of the population; the districts' shares are normalised")
    age_shares: dict[str, NotNegative] = Field(
        default_factory=dict, description="age band -> share here; the town's where left out"
    )


class Population(Table):
    """The shoppers of the town."""

    shoppers: int = Field(gt=0, description="people who shop for themselves in this town")
    needs_per_week: Positive = cited(1.0, ASSUMPTION, "mean shopping occasions per shopper and week")
    needs_shape: Positive = cited(
        2.0, ASSUMPTION, "shape of the Gamma that spreads occasions over shoppers; smaller is more unequal"
    )
    town_radius_km: Positive = cited(3.0, ASSUMPTION, "homes lie uniformly in a disc of this radius")
    districts: dict[str, District] = cited({}, ASSUMPTION, "parts of the town; one disc around the centre if none")
    card_share: Share = cited(0.4, ASSUMPTION, "share of shoppers with a member card but no app")
    age_bands: dict[str, AgeBand] = cited(
        DEFAULT_AGE_BANDS, "S88 S89 S90 S91 for ownership and age; affinity: assumption", "age bands by name"
    )
    app_share: Share = cited(0.15, "S98", "share of smartphone owners who have the retailer's app on day 0")
    basket_spread: NotNegative = cited(0.35, ASSUMPTION, "sigma of the log-normal basket scale of a shopper")


class Mission(Table):
    """A kind of shopping occasion."""

    share: Share = Field(description="share of all needs; the missions' shares are normalised")
    categories: dict[str, Positive] = Field(min_length=1, description="category id -> weight")
    items: Annotated[list[NotNegative], Field(min_length=1)] | None = Field(
        None, description="share of baskets with 1, 2, 3, ... items; the town's [baskets] when left out"
    )
    lines_max: Annotated[int, Field(ge=1, le=4)] = Field(3, description="most different SKUs in one basket")
    urgency: Share = Field(description="0: can wait for a parcel, 1: needed today")
    browse_median_s: Positive = Field(description="median time on the floor before the till")
    staff_contact: Share = Field(description="probability that the shopper and free floor staff meet")
    inspected: bool = Field(False, description="the goods are looked at before they are bought, see [considering]")
    ec_appeal: float = Field(0.0, description="utility of ordering this mission online against the shelf")


class Reactions(Table):
    """What shoppers do in front of an empty shelf when nobody helps; whoever is left over never buys it."""

    elsewhere: Share = Field(description="buys it in another store")
    later: Share = Field(description="buys it later")
    same_brand: Share = Field(description="takes another size of the same brand")
    other_brand: Share = Field(description="takes a similar item")


class Category(Table):
    """A category of goods. SKUs of a category differ in price and popularity."""

    skus: int = Field(gt=0, le=5000)
    price_mean_yen: Positive = Field(description="mean price of an item, tax excluded")
    price_spread: NotNegative = Field(0.5, description="sigma of the log-normal price over SKUs")
    gross_margin: Share = Field(description="(price - cost) / price")
    weight_kg: NotNegative = Field(0.3, description="weight of one item")
    popularity_exponent: NotNegative = cited(0.6, ASSUMPTION, "Zipf exponent of SKU popularity")
    substitution: Reactions | None = Field(None, description="reaction to an empty shelf; [stock_out] when left out")


class Choice(Table):
    """Random-utility choice among the journeys that are open, a rival, and not buying.

    Utilities are in units of the Gumbel taste shock's scale.
    """

    store: float = cited(3.0, ASSUMPTION, "appeal of walking into a store")
    ec: float = cited(-0.15, ASSUMPTION, "appeal of the EC shop, before digital affinity")
    collect: float = cited(-0.8, ASSUMPTION, "appeal of ordering online and collecting, before affinity")
    rival: float = cited(1.6, ASSUMPTION, "appeal of a rival")
    nothing: float = cited(0.0, ASSUMPTION, "appeal of not buying: the zero of the scale")
    per_km: float = cited(-0.55, ASSUMPTION, "per km to the store", le=0)
    per_expected_wait_minute: float = cited(-0.12, ASSUMPTION, "per minute of wait remembered", le=0)
    per_kg_carried: float = cited(-0.05, ASSUMPTION, "per kg to carry home", le=0)
    digital_affinity: float = cited(2.4, ASSUMPTION, "affinity 1 against 0, for anything online", ge=0)
    online_taste: float = cited(
        1.5,
        ASSUMPTION,
        "standard deviation of a need's taste for ordering online, shared by EC and collection: who would order "
        "online rather turns from one to the other than to the shelf",
        ge=0,
    )
    has_app: float = cited(0.5, ASSUMPTION, "for online journeys of somebody with the app", ge=0)
    urgency_of_parcel: float = cited(-2.5, ASSUMPTION, "EC order for a fully urgent need", le=0)
    urgency_of_pickup: float = cited(-0.6, ASSUMPTION, "click and collect for a fully urgent need", le=0)
    collect_travel_factor: Share = cited(
        0.6, ASSUMPTION, "travel to a pickup counts this much of a visit: it lies on the way home"
    )
    per_100_yen_fee: float = cited(-0.2, ASSUMPTION, "per 100 yen of shipping fee", le=0)
    research_then_store: float = cited(
        -2.8, ASSUMPTION, "looking goods up online before going to a store, affinity 0, against just going", le=0
    )
    research_affinity: float = cited(1.6, ASSUMPTION, "the same, added at affinity 1", ge=0)
    per_stock_out_remembered: float = cited(
        -2.0, ASSUMPTION, "going to a store where all that was wanted was missing lately", le=0
    )
    per_coupon: float = cited(8.0, ASSUMPTION, "going to a store with a coupon of 100 %; 0.8 for one of 10 %", ge=0)
    ec_effort: float = cited(0.5, ASSUMPTION, "utility of EC between none and all of its sales credited to it", ge=0)
    selling_effort: float = cited(
        0.087,
        "S166, fitted to +3 % by sim/verify/effects_staff.py",
        "utility of going to a store between no pay for its sales and the usual bonus",
        ge=0,
    )
    shown_sold_out: float = cited(-4.0, ASSUMPTION, "an online journey whose goods are shown as sold out", le=0)


class ScanAndPay(Table):
    """A shopper with the app, on the floor: queue at the till, or pay in the app."""

    base: float = cited(-1.2, ASSUMPTION, "utility of paying in the app against an empty till")
    digital_affinity: float = cited(2.0, ASSUMPTION, "affinity 1 against 0", ge=0)
    per_person_queueing: float = cited(0.25, ASSUMPTION, "per person in front of the tills", ge=0)
    recommended: float = cited(1.5, ASSUMPTION, "after staff has recommended it", ge=0)
    pay_s: Positive = cited(35.0, ASSUMPTION, "scanning and paying in the app, without the authorisation")
    heavy_line_kg: Positive = cited(2.0, ASSUMPTION, "goods of one kind that weigh this much may be shipped")
    ship_home_above_kg: Positive = cited(5.0, ASSUMPTION, "weight of these from which half have them shipped")
    ship_home_slope: Positive = cited(0.8, ASSUMPTION, "logit slope per kg around that weight")


class StockOutReaction(Table):
    """What a shopper does in front of an empty shelf when nobody helps (worldwide means, GMA 2002).

    Whoever is left over, 9 %, never buys it. A category may have its own shares.
    """

    other_brand: Share = cited(0.26, "S86, from memory", "takes a similar item")
    same_brand: Share = cited(0.19, "S86, from memory", "takes another size of the same brand")
    elsewhere: Share = cited(0.31, "S86, from memory", "buys it in another store")
    later: Share = cited(0.15, "S86, from memory", "buys it later")
    our_other_store: Share = cited(0.3, ASSUMPTION, "share of those who buy elsewhere that try another store of ours")
    own_phone: Share = cited(
        0.06, ASSUMPTION, "with the app: orders it from the retailer's EC unprompted, before any of the above"
    )


class Patience(Table):
    """How long people wait in a till queue."""

    irritation_median_min: Positive = cited(3.2, "S33 S34", "median minutes until waiting irritates")
    irritation_sigma: Positive = cited(0.72, "S33 S34", "sigma of the log-normal of that time")
    leaving_factor: Positive = cited(2.5, ASSUMPTION, "leaves after this many times the irritating wait")
    balk_from_people: int = cited(5, "S38", "queue length up to which nobody is put off", ge=0)
    balk_logit_per_person: NotNegative = cited(0.029, "S38", "logit of purchase lost per further person")
    balk_reference: Share = cited(0.30, "S38", "purchase incidence at which that slope was measured")


class Phones(Table):
    """Phones that are of no use in the store, for the whole visit: whatever needs one is done without."""

    no_coverage: Share = cited(
        0.018,
        "S51, derived: 1 - (1 - 0.369) ** (1 / 26), trouble for 36.9 % in 26 weeks of one visit",
        "share of store visits without a connection",
    )
    empty_battery: Share = cited(0.005, ASSUMPTION, "share of store visits with an empty battery")


class People(Table):
    """Not a table of the file by itself: groups what concerns shoppers."""

    population: Population
    missions: dict[str, Mission] = Field(min_length=1)
    categories: dict[str, Category] = Field(min_length=1)
    choice: Choice = Field(default_factory=Choice)
    scan_and_pay: ScanAndPay = Field(default_factory=ScanAndPay)
    stock_out: StockOutReaction = Field(default_factory=StockOutReaction)
    phones: Phones = Field(default_factory=Phones)
    patience: Patience = Field(default_factory=Patience)
