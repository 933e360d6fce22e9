"""What requests may say: types and bounds, checked before anything is done."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

NO_CARD: Final = r"^(?!.*[0-9]([ -]?[0-9]){12})[^\x00-\x1f]*$"
"""Text that people write has no 13 digits in a row: card numbers must not be stored, not even by mistake."""

COUPON: Final = r"^[0-9a-f]{32}$"
"""A coupon's code: 128 random bits in hex."""

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Shopper = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Sku = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Quantity = Annotated[int, Meta(ge=1, le=100_000)]
Yen = Annotated[int, Meta(ge=1, le=10**12)]
Points = Annotated[int, Meta(ge=0, le=10**9)]
Life = Annotated[float, Meta(gt=0, le=366 * 86_400)]
NAME_LETTERS: Final = 64
Name = Annotated[str, Meta(min_length=1, max_length=NAME_LETTERS, pattern=NO_CARD)]
Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_CARD)]
Token = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
"""A key that somebody's machine has made."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all requests: an unknown field is an error and not ignored."""


class Line(Message, frozen=True):
    """An item and how many of it."""

    sku: Sku
    quantity: Quantity


class PricedLine(Message, frozen=True):
    """An item, how many of it, and the price of one, tax excluded."""

    sku: Sku
    quantity: Quantity
    unit_price_yen: Yen


class Scan(Message, frozen=True):
    """A shopper or an assistant scanned a shelf label."""

    sku: Sku
    location: Name
    shopper: Shopper | None = None


class Reservation(Message, frozen=True):
    """Hold these items for `ttl_s` seconds."""

    location: Name
    lines: Annotated[list[Line], Meta(min_length=1, max_length=200)]
    ttl_s: Annotated[float, Meta(gt=0, le=7 * 86_400)]


class Order(Message, frozen=True):
    """Buy these items, with or without an earlier reservation of just these.

    `coupon` and `points` (the shopper's, one yen each) lessen what is to pay.
    """

    location: Name
    lines: Annotated[list[PricedLine], Meta(min_length=1, max_length=200)]
    channel: Literal["store", "app", "ec"]
    fulfilment: Literal["carry", "ship", "collect"]
    shopper: Shopper | None = None
    reservation: Id | None = None
    coupon: Annotated[str, Meta(pattern=COUPON)] | None = None
    points: Points = 0


class CouponIssue(Message, frozen=True):
    """A coupon for `ttl_s` seconds, for orders of `min_yen` at least. Without a shopper it is the bearer's."""

    discount_yen: Yen
    ttl_s: Life
    min_yen: Annotated[int, Meta(ge=0, le=10**12)] = 0
    shopper: Shopper | None = None


class PointsGrant(Message, frozen=True):
    """Points for one shopper."""

    shopper: Shopper
    points: Annotated[int, Meta(ge=1, le=10**9)]


class PaymentCode(Message, frozen=True):
    """A one-time code that the shopper shows at the till."""

    shopper: Shopper
    brand: Name


class MemberToken(Message, frozen=True):
    """Access for one shopper to what is theirs."""

    shopper: Shopper


class Payment(Message, frozen=True):
    """Pay an order in full. `code` with method `cpm` only."""

    order: Id
    amount_yen: Yen
    method: Literal["cash", "card", "cpm", "dynamic_qr", "wallet"]
    brand: Name
    code: Token | None = None


class Refund(Message, frozen=True):
    """Give back part or all of a captured payment."""

    payment: Id
    amount_yen: Yen
    reason: Text = "requested"


class Event(msgspec.Struct, frozen=True):
    """A webhook of the PSP; further fields are neither read nor kept."""

    event_id: Token
    merchant_payment_id: Token
    state: Token


class SeedProduct(Message, frozen=True):
    """A product of the opening catalogue."""

    sku: Sku
    name: Text
    price_yen: Annotated[int, Meta(ge=0, le=10**12)]
    rating: float | None = None
    reviews: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class SeedStock(Message, frozen=True):
    """Opening stock of one item at one place."""

    location: Name
    sku: Sku
    on_hand: Annotated[int, Meta(ge=0, le=2**31 - 1)]


DayOfMonth = Annotated[int, Meta(ge=1, le=31)]


class Tender(Message, frozen=True):
    """What the provider keeps of a brand's payments, and when periods end (`closes`, days of the month; none: daily)
    and are paid out: on the day of `pays` in the place of its `closes`, the next one, or `lag_days` later."""

    brand: Name
    fee_share: Annotated[float, Meta(ge=0, lt=1)]
    fee_yen: Annotated[int, Meta(ge=0, le=10**6)] = 0
    closes: list[DayOfMonth] = []
    pays: list[DayOfMonth] = []
    lag_days: Annotated[int, Meta(ge=0, le=366)] = 0


class Seed(Message, frozen=True):
    """The opening state of an empty database. `tenders` left out: those of a scenario that names none.

    `points_percent`: points that members earn per 100 yen paid, for good; 0: none.
    """

    products: list[SeedProduct]
    stock: list[SeedStock]
    tenders: list[Tender] | None = None
    points_percent: Annotated[int, Meta(ge=0, le=100)] = 0


class Settle(Message, frozen=True):
    """Match the provider's file of this day in Japan, like 2026-04-01."""

    day: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
