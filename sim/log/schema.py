"""The tables of a run: every column, its type and its unit. The only place that names them.

Codes (journeys, kinds, accounts and the like) are dictionary-encoded strings in Parquet; a missing value is
null. Times are seconds since midnight of the first simulated day; money is signed integer yen, tax excluded.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

import pyarrow as pa

SCHEMA_VERSION: Final = 2

CODE: Final[pa.DataType] = pa.dictionary(pa.int16(), pa.string())


class Kind(IntEnum):
    """What happened in one row of `events`."""

    ARRIVE = 0
    SCAN = 1
    STAFF_CONTACT = 2
    STOCK_OUT = 3
    RECOMMENDED = 4
    QUEUE_JOIN = 5
    BALK = 6
    RENEGE = 7
    TILL_START = 8
    PAY_ATTEMPT = 9
    PAID = 10
    PAY_FAILED = 11
    LOOK_UP = 12
    ORDER_PLACED = 13
    PICKED = 14
    READY = 15
    COLLECTED = 16
    NO_SHOW = 17
    SHIPPED = 18
    DELIVERED = 19
    CANCELLED = 20
    LEAVE = 21
    LOST_SALE = 22
    RESEARCHED = 23
    THINKING = 24
    REMINDED = 25
    PUSHED = 26
    COUPON_USED = 27
    RETURNED = 28
    INQUIRY = 29
    CONFUSED = 30
    INCONSISTENT = 31
    JOCKEYED = 32
    RECALLED = 33
    TURNED_AWAY = 34
    LOST_IN_NETWORK = 35
    SUBSTITUTED = 36
    WENT_ELSEWHERE = 37
    PUT_OFF = 38
    GAVE_UP = 39
    PROPOSED = 40
    PROPOSAL_TAKEN = 41
    VISIT_BOOKED = 42
    BOOKED_VISIT = 43
    BOOKING_MISSED = 44
    BOOKING_CANCELLED = 45


class Journey(IntEnum):
    """The journey a shopper chose for a need."""

    NONE = 0
    WALK_IN = 1
    SCAN_AND_PAY = 2
    EC_ORDER = 3
    CLICK_AND_COLLECT = 4
    RIVAL = 5
    RESEARCH_THEN_STORE = 6
    SHOWROOM_THEN_HOME = 7
    COUPON_VISIT = 8


class Place(IntEnum):
    """Where inside a store, or outside all stores, something happened."""

    HOME = 0
    FLOOR = 1
    STAFFED_TILL = 2
    SELF_CHECKOUT = 3
    PICKUP_COUNTER = 4
    WAREHOUSE = 5
    APP = 6
    CONTACT_CENTRE = 7
    LOCKER = 8


class Channel(IntEnum):
    """Through which channel an order was placed, or paid."""

    STORE = 0
    APP = 1
    EC = 2


class Fulfilment(IntEnum):
    """How the goods reach the shopper."""

    CARRY = 0
    SHIP = 1
    COLLECT = 2


class OrderState(IntEnum):
    """Where an order stood at the end of the run."""

    OPEN = 0
    COMPLETED = 1
    CANCELLED = 2
    NO_SHOW = 3


class PaymentOutcome(IntEnum):
    """What the payer was told, and for a time-out what reconciliation found.

    A refund is a row of its own with a negative amount, under the payment id that it refunds. A slip for the
    convenience store has its row when it is paid, or when it has expired unpaid.
    """

    CAPTURED = 0
    DECLINED = 1
    TIMED_OUT_NO_EFFECT = 2
    TIMED_OUT_CAPTURED = 3
    REFUNDED = 4
    EXPIRED = 5


class MoveReason(IntEnum):
    """Why stock or a hold on it changed."""

    OPENING = 0
    SALE = 1
    RESERVE = 2
    RELEASE = 3
    PICK = 4
    SHIP = 5
    RECEIPT = 6
    SHRINK = 7
    RETURN_TO_SHELF = 8
    CUSTOMER_RETURN = 9
    TRANSFER_OUT = 10
    TRANSFER_IN = 11


class StaffAction(IntEnum):
    """What a member of the floor staff did at a contact."""

    NOTHING = 0
    RECOMMEND = 1
    RECOMMEND_JOINING = 2
    RECOMMEND_SCAN_AND_PAY = 3
    DEFLECT = 4


class Account(IntEnum):
    """Accounts of the ledger. The sum over all of them is the company's contribution."""

    REVENUE = 0
    COST_OF_GOODS = 1
    PAYMENT_FEE = 2
    PARCEL = 3
    PICKING = 4
    COMMISSION = 5
    REFUND = 6
    SHRINK = 7
    COUPON = 8
    POINTS = 9
    RETURN_HANDLING = 10
    CONTACT_CENTRE = 11
    MEDIA = 12
    CAPABILITY_OPEX = 13
    TRANSFER = 14
    TRAINING = 15
    BONUS = 16
    HOLDING_COST = 17
    COUNTING = 18


COSTS_OF_PLACES: Final = (
    Account.SHRINK,
    Account.TRANSFER,
    Account.HOLDING_COST,
    Account.COUNTING,
    Account.TRAINING,
    Account.BONUS,
)
"""What a location costs without any need behind it; `store` says which one."""

COSTS_OF_THE_COMPANY: Final = (Account.MEDIA, Account.POINTS, Account.CAPABILITY_OPEX)
"""What may arise without a need and without a place."""


class Outcome(IntEnum):
    """How a need ended: the rows and columns of the channel-shift matrix."""

    NO_NEED = 0
    NOTHING = 1
    RIVAL = 2
    LOST_STOCK_OUT = 3
    LOST_QUEUE = 4
    LOST_PAYMENT = 5
    LOST_OUTAGE = 6
    STORE = 7
    APP_CARRY = 8
    APP_SHIP = 9
    EC_SHIP = 10
    COLLECT = 11
    NO_SHOW = 12


class AcquiredBy(IntEnum):
    """How a shopper came to know the retailer; null for those who do not."""

    INITIAL = 0
    WORD_OF_MOUTH = 1
    MARKETING = 2
    STORE = 3


class PointsKind(IntEnum):
    """Why a balance of points changed."""

    OPENING = 0
    ISSUED = 1
    USED = 2
    EXPIRED = 3
    TAKEN_BACK = 4


class BookingState(IntEnum):
    """How a booked visit to a store ended."""

    KEPT = 0
    MISSED = 1
    CANCELLED = 2


def labels(codes: type[IntEnum]) -> list[str]:
    """The strings that stand for `codes` in Parquet, in code order."""
    return [code.name.lower() for code in codes]


def quoted(codes: Iterable[IntEnum]) -> str:
    """The strings of `codes` as a list of SQL literals."""
    return ", ".join(f"'{code.name.lower()}'" for code in codes)


_SECONDS: Final[pa.DataType] = pa.float64()
_YEN: Final[pa.DataType] = pa.int64()
_ID: Final[pa.DataType] = pa.int64()
_DAY: Final[pa.DataType] = pa.int32()
"""Days since the first simulated one, which is 0; a period may have begun before it."""
_COUNT: Final[pa.DataType] = pa.int64()
_HOURS: Final[pa.DataType] = pa.float64()

TABLES: Final[dict[str, pa.Schema]] = {
    "events": pa.schema(
        {
            "time_s": _SECONDS,
            "shopper": pa.int32(),
            "need": _ID,
            "journey": CODE,
            "store": CODE,
            "kind": CODE,
            "place": CODE,
            "sku": pa.int32(),
            "quantity": pa.int32(),
            "amount_yen": _YEN,
            "order": _ID,
            "payment": _ID,
            "staff": pa.int32(),
        }
    ),
    "orders": pa.schema(
        {
            "order": _ID,
            "need": _ID,
            "shopper": pa.int32(),
            "placed_s": _SECONDS,
            "closed_s": _SECONDS,
            "order_channel": CODE,
            "pay_channel": CODE,
            "fulfilment": CODE,
            "store": CODE,
            "ships_from": CODE,
            "units": pa.int32(),
            "net_yen": _YEN,
            "cost_yen": _YEN,
            "staff": pa.int32(),
            "state": CODE,
            "identified": pa.bool_(),
        }
    ),
    "payments": pa.schema(
        {
            "payment": _ID,
            "order": _ID,
            "need": _ID,
            "time_s": _SECONDS,
            "brand": CODE,
            "channel": CODE,
            "attempt": pa.int32(),
            "amount_yen": _YEN,
            "latency_s": _SECONDS,
            "outcome": CODE,
            "fee_yen": _YEN,
        }
    ),
    "stock_moves": pa.schema(
        {
            "time_s": _SECONDS,
            "location": CODE,
            "sku": pa.int32(),
            "on_hand_change": pa.int32(),
            "held_change": pa.int32(),
            "reason": CODE,
            "need": _ID,
            "order": _ID,
        }
    ),
    "queues": pa.schema(
        {
            "day": pa.int32(),
            "hour": pa.int32(),
            "store": CODE,
            "place": CODE,
            "joined": pa.int32(),
            "served": pa.int32(),
            "balked": pa.int32(),
            "reneged": pa.int32(),
            "wait_s": _SECONDS,
            "longest_wait_s": _SECONDS,
            "service_s": _SECONDS,
            "open_units": pa.int32(),
        }
    ),
    "staff_contacts": pa.schema(
        {
            "time_s": _SECONDS,
            "store": CODE,
            "staff": pa.int32(),
            "need": _ID,
            "stocked_out": pa.bool_(),
            "till_queue": pa.int32(),
            "action": CODE,
            "accepted": pa.bool_(),
            "signed_up": pa.bool_(),
            "hollow": pa.bool_(),
            "annoyed": pa.bool_(),
        }
    ),
    "ledger": pa.schema(
        {
            "time_s": _SECONDS,
            "account": CODE,
            "amount_yen": _YEN,
            "order_channel": CODE,
            "pay_channel": CODE,
            "fulfilment": CODE,
            "store": CODE,
            "staff": pa.int32(),
            "need": _ID,
            "order": _ID,
        }
    ),
    "needs": pa.schema(
        {
            "need": _ID,
            "shopper": pa.int32(),
            "time_s": _SECONDS,
            "mission": CODE,
            "items": pa.int32(),
            "journey": CODE,
            "store": CODE,
            "outcome": CODE,
            "net_yen": _YEN,
            "contribution_yen": _YEN,
        }
    ),
    "shoppers": pa.schema(
        {
            "shopper": pa.int32(),
            "age_band": CODE,
            "home_x_km": pa.float64(),
            "home_y_km": pa.float64(),
            "needs_per_day": pa.float64(),
            "digital_affinity": pa.float64(),
            "app_from_s": pa.float64(),
            "satisfaction": pa.float64(),
            "dropped_out_s": pa.float64(),
            "acquired_by": CODE,
            "aware_from_s": pa.float64(),
            "points_store": _YEN,
            "points_ec": _YEN,
        }
    ),
    "points": pa.schema(
        {
            "time_s": _SECONDS,
            "shopper": pa.int32(),
            "need": _ID,
            "order": _ID,
            "kind": CODE,
            "purse": CODE,
            "points": _YEN,
        }
    ),
    "visit_bookings": pa.schema(
        {
            "need": _ID,
            "shopper": pa.int32(),
            "store": CODE,
            "staff": pa.int32(),
            "booked_s": _SECONDS,
            "slot_s": _SECONDS,
            "ended_s": _SECONDS,
            "staff_s": _SECONDS,
            "state": CODE,
        }
    ),
    "door_counts": pa.schema(
        {
            "day": pa.int32(),
            "hour": pa.int32(),
            "store": CODE,
            "visitors": pa.int32(),
            "others": pa.int32(),
            "counted": pa.int32(),
        }
    ),
    "contacts": pa.schema(
        {
            "time_s": _SECONDS,
            "shopper": pa.int32(),
            "touchpoint": CODE,
            "noticed": pa.bool_(),
            "blocked": pa.bool_(),
        }
    ),
    "stock_closing": pa.schema(
        {
            "location": CODE,
            "sku": pa.int32(),
            "on_hand": pa.int32(),
            "held": pa.int32(),
            "recorded": pa.int32(),
            "in_transit": pa.int32(),
        }
    ),
    "settlements": pa.schema(
        {
            "provider": CODE,
            "brand": CODE,
            "channel": CODE,
            "period_start_day": _DAY,
            "period_end_day": _DAY,
            "payout_day": _DAY,
            "items": _COUNT,
            "gross_yen": _YEN,
            "refunds_yen": _YEN,
            "fee_yen": _YEN,
            "net_yen": _YEN,
            "days_to_cash": pa.float64(),
        }
    ),
    "breaks": pa.schema(
        {
            "payment": _ID,
            "refund": pa.bool_(),
            "kind": CODE,
            "provider": CODE,
            "brand": CODE,
            "channel": CODE,
            "amount_yen": _YEN,
            "day": _DAY,
            "found_day": _DAY,
            "cleared_day": _DAY,
        }
    ),
    "month_ends": pa.schema(
        {
            "month_end_day": _DAY,
            "days_covered": _COUNT,
            "items": _COUNT,
            "files": _COUNT,
            "breaks": _COUNT,
            "file_hours": _HOURS,
            "break_hours": _HOURS,
            "overtime_hours": _HOURS,
            "closed_day": _DAY,
            "provider_yen": _YEN,
            "accounting_yen": _YEN,
        }
    ),
    "catalogue": pa.schema(
        {
            "sku": pa.int32(),
            "category": CODE,
            "price_yen": _YEN,
            "cost_yen": _YEN,
            "weight_kg": pa.float64(),
        }
    ),
}
"""Each table's columns, in the order in which they are written."""

ONLINE: Final = "ec"
"""The name under which the EC division and its warehouse stand in `store` and `location` columns."""
