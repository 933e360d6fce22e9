"""The stores, their tills, and when people come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scenarios.cited import ASSUMPTION, HourProfile, NotNegative, Positive, Share, Table, WeekProfile, cited

LineChoice = Literal["random", "fewest_people", "fewest_items", "least_expected_wait", "least_expected_wait_by_items"]


class Traffic(Table):
    """When needs arise. Profiles are relative; only their shape counts."""

    store_weekday_hours: HourProfile = cited(
        [0] * 9 + [45, 62, 70, 58, 48, 50, 58, 72, 78, 80, 62, 40, 25] + [0] * 2,
        ASSUMPTION,
        "store visits by hour",
    )
    store_holiday_hours: HourProfile = cited(
        [0] * 9 + [50, 68, 82, 78, 75, 82, 95, 100, 96, 80, 58, 36, 22] + [0] * 2,
        ASSUMPTION,
        "on Sundays, holidays",
    )
    ec_hours: HourProfile = cited(
        [
            95,
            60,
            35,
            22,
            18,
            20,
            35,
            60,
            85,
            100,
            110,
            118,
            145,
            128,
            115,
            112,
            112,
            115,
            125,
            140,
            160,
            178,
            187,
            150,
        ],
        "S07 at 9, 12 and 22 h; between them assumption",
        "EC orders by hour",
    )
    weekday_index: WeekProfile = cited([1, 1, 1, 1, 1, 1.1, 1.1], "S01", "needs by weekday, Monday first")
    payday_factor: Positive = cited(1.1, "assumption after S06", "needs on the 25th, or the working day before")
    pension_factor: Positive = cited(1.25, "assumption after S06", "needs of `pension_bands` on pension days")
    pension_bands: list[str] = cited(
        ["70s_up"], ASSUMPTION, "age bands who live on a pension, paid on the 15th of even months"
    )


class Baskets(Table):
    """How many items a basket holds."""

    item_shares: Annotated[list[NotNegative], Field(min_length=1)] = cited(
        [1.0], ASSUMPTION, "share of baskets with 1, 2, 3, ... items"
    )


class Store(Table):
    """A store."""

    x_km: float = Field(description="east of the town's centre")
    y_km: float = Field(description="north of the town's centre")
    staffed_tills: list[Annotated[int, Field(ge=0)]] = Field(
        min_length=24, max_length=24, description="staffed tills open, by hour of the day"
    )
    self_checkouts: Annotated[int, Field(ge=0)] = 0
    floor_staff: list[Annotated[int, Field(ge=0)]] = Field(
        min_length=24, max_length=24, description="floor staff present, by hour of the day"
    )
    back_room_staff: int = cited(0, ASSUMPTION, "staff in the back room who can be called to open a till", ge=0)
    break_minutes: NotNegative = cited(
        0.0, ASSUMPTION, "length of a break; tills and floor staff have one for six hours of duty", le=60
    )
    pickup_counters: int = cited(1, ASSUMPTION, "staffed places for collecting; 0: the floor staff hand over", ge=0)
    pickup_lockers: int = cited(0, ASSUMPTION, "compartments for collecting at any hour without staff", ge=0)
    visit_slots_per_hour: int = cited(
        1, ASSUMPTION, "booked visits an hour, never more than floor staff on the roster", ge=0, le=12
    )
    opens_day: int = cited(0, ASSUMPTION, "day on which the store opens, 0 is the start of the horizon", ge=0)
    appeal: float = Field(0.0, description="utility of this store against the others, beyond distance")
    assortment: Share = Field(1.0, description="share of all SKUs that the store carries, best sellers first")


class Tills(Table):
    """Service at tills (Antczak and Weron 2019, Antczak, Weron and Zabawa 2020: three supermarkets)."""

    member_card_s: NotNegative = cited(5.0, ASSUMPTION, "finding and swiping a member card, for whoever has one")
    member_barcode_s: NotNegative = cited(3.0, ASSUMPTION, "the same with the app's barcode (member_barcode open)")
    lines: Literal["pooled", "separate"] = cited(
        "pooled", ASSUMPTION, "one line for all staffed tills, or one for each"
    )
    line_choice: LineChoice = cited("least_expected_wait", "POS", "rule by which a shopper joins a line")
    jockey_from_people: int = cited(
        0,
        ASSUMPTION,
        "separate lines: the last shopper moves for so many fewer people before them; 0: nobody moves",
        ge=0,
    )
    recall_from_people: float = cited(
        3.0, ASSUMPTION, "back-room staff are called when more than this wait for each open till", ge=1
    )
    change_over_s: NotNegative = cited(90.0, ASSUMPTION, "from the call to the opening of the till")
    staffed_log_mean: float = cited(2.121935, "POS", "staffed: log seconds of scanning for one item")
    staffed_log_per_log_item: float = cited(0.698402, "POS", "staffed: per log item")
    staffed_log_sigma: NotNegative = cited(0.4379, "POS", "staffed: residual")
    staffed_break_shape: Positive = cited(3.074209, "POS", "break between customers, Gamma shape")
    staffed_break_scale_s: Positive = cited(4.830613, "POS", "break between customers, Gamma scale")
    self_log_mean: float = cited(3.122328, "POS", "self-checkout: log seconds for one item")
    self_log_per_log_item: float = cited(0.672461, "POS", "self-checkout: per log item")
    self_log_sigma: NotNegative = cited(0.4907, "POS", "self-checkout: residual")
    self_break_log_mean: float = cited(3.51669, "POS", "self-checkout: log seconds of break for one item")
    self_break_log_per_log_item: float = cited(0.22300, "POS", "self-checkout: break per log item")
    self_break_log_sigma: NotNegative = cited(0.4821, "POS", "self-checkout: break residual")
    self_checkout_items_max: int = cited(15, ASSUMPTION, "bigger baskets go to a staffed till", ge=1)
