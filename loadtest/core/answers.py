"""What the core answers: types of the bodies, and for each call its statuses and error codes.

Handlers and SQL functions write these documents; the OpenAPI document is made of the types, and a test holds the
running core to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from loadtest.core.messages import COUPON

Units = int
Count = Annotated[int, Meta(ge=0)]
Amount = Annotated[int, Meta(ge=0)]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]

OrderState = Literal["pending_payment", "paid", "ready", "collected", "shipped", "completed", "cancelled", "expired"]
PaymentState = Literal[
    "created", "pending_customer", "unknown", "captured", "failed", "expired", "partially_refunded", "refunded"
]


class Answer(msgspec.Struct, frozen=True):
    """Base of all answers."""


class Error(Answer, frozen=True):
    """A refusal; what else is in it depends on the code."""

    error: str
    message: str
    sku: int | msgspec.UnsetType = msgspec.UNSET
    available: Units | msgspec.UnsetType = msgspec.UNSET
    payment: int | msgspec.UnsetType = msgspec.UNSET
    state: str | msgspec.UnsetType = msgspec.UNSET
    amount_yen: Amount | msgspec.UnsetType = msgspec.UNSET
    refundable_yen: Amount | msgspec.UnsetType = msgspec.UNSET


class Product(Answer, frozen=True):
    """A product and what its reviews say."""

    sku: int
    name: str
    price_yen: Amount
    rating: float | None
    reviews: Count
    as_of: Moment


class Availability(Answer, frozen=True):
    """Units that can be promised at this moment."""

    sku: int
    location: str
    available: Units
    as_of: Moment


class Scanned(Answer, frozen=True):
    """A product, its reviews, and what is free of it there."""

    sku: int
    name: str
    price_yen: Amount
    rating: float | None
    reviews: Count
    location: str
    available: Units
    as_of: Moment


class Held(Answer, frozen=True):
    """A reservation and until when it holds."""

    reservation: int
    state: Literal["held"]
    expires_at: Moment


class Released(Answer, frozen=True):
    """A reservation that was given back, or had ended."""

    reservation: int
    state: Literal["released"]


class Placed(Answer, frozen=True):
    """An order that waits for its payment."""

    order: int
    amount_yen: Amount
    state: Literal["pending_payment"]


class OrderShown(Answer, frozen=True):
    """Where an order stands."""

    order: int
    amount_yen: Amount
    coupon_yen: Amount
    points_used: Count
    paid_yen: Amount
    refunded_yen: Amount
    state: OrderState


class Advanced(Answer, frozen=True):
    """The state that an order is in now."""

    order: int
    state: Literal["ready", "collected", "shipped", "cancelled"]


class Code(Answer, frozen=True):
    """A code for one payment."""

    code: str
    expires_at: Moment


class Coupon(Answer, frozen=True):
    """A coupon and whether an order may have it: only an open one."""

    code: Annotated[str, Meta(pattern=COUPON)]
    state: Literal["open", "held", "used", "expired"]
    discount_yen: Amount
    min_yen: Amount
    shopper: int | None
    expires_at: Moment


class Points(Answer, frozen=True):
    """A shopper's points: free = balance - held by orders that are not paid yet."""

    shopper: int
    balance: Count
    held: Count
    free: Count


class Token(Answer, frozen=True):
    """A member's token: `Authorization: Bearer <token>` until it expires."""

    token: str
    expires_at: Moment


class Paid(Answer, frozen=True):
    """A payment: `failed` has a reason, `pending_customer` of a dynamic QR its EMVCo payload."""

    payment: int
    order: int
    state: PaymentState
    reason: str | msgspec.UnsetType = msgspec.UNSET
    qr: str | msgspec.UnsetType = msgspec.UNSET


class PaymentShown(Answer, frozen=True):
    """Where a payment stands."""

    payment: int
    order: int
    state: PaymentState
    amount_yen: Amount
    refunded_yen: Amount
    reason: str | msgspec.UnsetType = msgspec.UNSET


class Refunded(Answer, frozen=True):
    """A refund; a pending one is asked for again until the provider has answered."""

    refund: int
    payment: int
    state: Literal["pending", "refunded", "failed"]


class EventKept(Answer, frozen=True):
    """An event of the PSP; `new` until it has been merged."""

    event: str
    new: bool


class Seeded(Answer, frozen=True):
    """How much was loaded."""

    products: Count
    stock: Count


class Reconciled(Answer, frozen=True):
    """How much of what was open is resolved."""

    resolved: Count
    refunded: Count
    still_unknown: Count


class Settled(Answer, frozen=True):
    """What the lines of the provider's file came to."""

    day: Day
    lines: Count
    matched: Count
    missing_here: Count
    missing_there: Count
    amount_differs: Count
    fee_differs: Count
    resolved: Count
    refunded: Count


class Break(Answer, frozen=True):
    """Something that is not the same here and in the provider's files."""

    what: Literal["missing_here", "missing_there", "amount_differs", "fee_differs"]
    kind: Literal["charge", "refund"]
    merchant_id: str
    day: Day
    brand: str
    their_yen: Amount | None
    our_yen: Amount | None
    payment: int | None


class Settlement(Answer, frozen=True):
    """What the provider pays out for one tender and period."""

    brand: str
    period_start: Day
    period_end: Day
    payout_day: Day
    items: Count
    gross_yen: Amount
    refunds_yen: Amount
    fee_yen: int
    net_yen: int


class Settlements(Answer, frozen=True):
    """All pay-outs, and the first breaks."""

    settlements: list[Settlement]
    breaks: list[Break]
    breaks_in_all: Count


class Totals(Answer, frozen=True):
    """A month in yen: gross - refunds = cash + due + fee + open."""

    captures: Count
    gross_yen: Amount
    refunds_yen: Amount
    fee_yen: int
    cash_yen: int
    due_yen: int
    open_yen: int


class TenderMonth(Answer, frozen=True):
    """The same of one tender."""

    brand: str
    captures: Count
    gross_yen: Amount
    refunds_yen: Amount
    fee_yen: int
    cash_yen: int
    due_yen: int
    open_yen: int


class Month(Answer, frozen=True):
    """The month-end view."""

    month: str
    tenders: list[TenderMonth]
    total: Totals
    breaks: list[Break]
    breaks_in_all: Count


class Status(Answer, frozen=True):
    """The service itself."""

    status: str


@dataclass(frozen=True)
class Says:
    """What one call answers when it succeeds, and the codes with which it may refuse, beside those of all calls."""

    status: int
    type: type[Answer]
    refusals: dict[int, tuple[str, ...]] = field(default_factory=dict)


_ADVANCE = Says(200, Advanced, {404: ("not_found",), 409: ("illegal_transition",)})

ANSWERS: dict[tuple[str, str], Says] = {
    ("GET", "/v1/products/{id}"): Says(200, Product, {404: ("not_found",)}),
    ("GET", "/v1/availability"): Says(200, Availability, {400: ("invalid_request",)}),
    ("POST", "/v1/scans"): Says(201, Scanned, {404: ("not_found",)}),
    ("POST", "/v1/reservations"): Says(201, Held, {409: ("insufficient_stock",)}),
    ("DELETE", "/v1/reservations/{id}"): Says(200, Released, {404: ("not_found",), 409: ("illegal_transition",)}),
    ("POST", "/v1/orders"): Says(
        201,
        Placed,
        {
            409: (
                "coupon_expired",
                "coupon_invalid",
                "coupon_not_yours",
                "coupon_used",
                "insufficient_stock",
                "order_too_small",
                "points_short",
                "reservation_expired",
                "reservation_mismatch",
                "reservation_unknown",
                "reservation_used",
            )
        },
    ),
    ("GET", "/v1/orders/{id}"): Says(200, OrderShown, {404: ("not_found",)}),
    **{("POST", f"/v1/orders/{{id}}/{action}"): _ADVANCE for action in ("ready", "collect", "ship", "cancel")},
    ("POST", "/v1/coupons"): Says(201, Coupon),
    ("GET", "/v1/coupons"): Says(200, Coupon, {400: ("invalid_request",), 404: ("not_found",)}),
    ("POST", "/v1/points"): Says(201, Points),
    ("GET", "/v1/members/{id}/points"): Says(200, Points),
    ("POST", "/v1/payment-codes"): Says(201, Code),
    ("POST", "/v1/member-tokens"): Says(201, Token),
    ("POST", "/v1/payments"): Says(
        201,
        Paid,
        {
            404: ("not_found",),
            409: (
                "amount_mismatch",
                "code_expired",
                "code_invalid",
                "code_used",
                "order_not_payable",
                "payment_unresolved",
            ),
        },
    ),
    ("GET", "/v1/payments/{id}"): Says(200, PaymentShown, {404: ("not_found",)}),
    ("POST", "/v1/refunds"): Says(201, Refunded, {404: ("not_found",), 409: ("exceeds_captured",)}),
    ("POST", "/v1/psp/webhooks"): Says(200, EventKept, {400: ("invalid_request",), 401: ("bad_signature",)}),
    ("POST", "/v1/admin/seed"): Says(200, Seeded, {409: ("not_empty",)}),
    ("POST", "/v1/admin/settle"): Says(200, Settled, {409: ("no_psp",)}),
    ("POST", "/v1/admin/reconcile"): Says(200, Reconciled),
    ("GET", "/v1/settlements"): Says(200, Settlements),
    ("GET", "/v1/settlements/month/{month}"): Says(200, Month, {400: ("invalid_request",)}),
}
"""One entry for each route; the tests say which one is missing."""
