"""All routes: who may call them, what they expect, who answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from loadtest.core import (
    benefits,
    catalogue,
    members,
    messages,
    orders,
    payments,
    reconcile,
    refunds,
    reservations,
    seed,
    settlements,
    webhooks,
)
from loadtest.core.service import Core, Request
from loadtest.http.messages import Reply

Handler = Callable[[Core, Request], Awaitable[Reply]]

_BODY_BYTES = 64 * 1024
_SEED_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """One call. `clients` empty: the request authenticates itself (webhooks). `keyed`: needs an Idempotency-Key."""

    method: str
    path: str
    clients: frozenset[str]
    handler: Handler
    summary: str
    message: type[messages.Message] | None = None
    keyed: bool = False
    limit_bytes: int = _BODY_BYTES


_TILL_APP = frozenset({"till", "app"})
_APP = frozenset({"app"})
_OFFICE = frozenset({"back_office"})
_ALL = frozenset({"till", "app", "back_office"})
_MEMBER = frozenset({"member"})
_TILL_OFFICE = frozenset({"till", "back_office"})


def routes() -> list[Route]:
    """Every route but health, readiness, metrics and the OpenAPI document."""
    steps = [
        Route(
            "POST",
            f"/v1/orders/{{id}}/{action}",
            _TILL_OFFICE,
            orders.advance(action),
            f"{action.capitalize()} an order",
            keyed=True,
        )
        for action in ("ready", "collect", "ship", "cancel")
    ]
    return [
        Route("GET", "/v1/products/{id}", _TILL_APP | _MEMBER, catalogue.product, "A product"),
        Route("GET", "/v1/availability", _TILL_APP | _MEMBER, catalogue.availability, "Units that can be promised now"),
        Route("POST", "/v1/scans", _TILL_APP | _MEMBER, catalogue.scan, "Scan a label", messages.Scan, keyed=True),
        Route("POST", "/v1/reservations", _APP, reservations.reserve, "Hold stock", messages.Reservation, keyed=True),
        Route("DELETE", "/v1/reservations/{id}", _APP | _OFFICE, reservations.release, "Give a hold back"),
        Route("POST", "/v1/orders", _TILL_APP, orders.place, "Place an order", messages.Order, keyed=True),
        Route("GET", "/v1/orders/{id}", _ALL | _MEMBER, orders.show, "Where an order stands"),
        *steps,
        Route(
            "POST",
            "/v1/coupons",
            _APP | _OFFICE,
            benefits.issue_coupon,
            "Issue a coupon",
            messages.CouponIssue,
            keyed=True,
        ),
        Route("GET", "/v1/coupons", _ALL, benefits.show_coupon, "What a coupon is worth"),
        Route("POST", "/v1/points", _OFFICE, benefits.grant_points, "Grant points", messages.PointsGrant, keyed=True),
        Route("GET", "/v1/members/{id}/points", _APP | _OFFICE | _MEMBER, benefits.show_points, "A shopper's points"),
        Route(
            "POST",
            "/v1/payment-codes",
            _APP | _MEMBER,
            payments.make_code,
            "One-time code",
            messages.PaymentCode,
            keyed=True,
        ),
        Route("POST", "/v1/member-tokens", _APP, members.make_token, "A member's token", messages.MemberToken),
        Route("POST", "/v1/payments", _TILL_APP, payments.pay, "Pay an order", messages.Payment, keyed=True),
        Route("GET", "/v1/payments/{id}", _ALL | _MEMBER, payments.show, "Where a payment stands"),
        Route("POST", "/v1/refunds", _ALL, refunds.refund, "Refund a payment", messages.Refund, keyed=True),
        Route("POST", "/v1/psp/webhooks", frozenset(), webhooks.receive, "An event of the PSP"),
        Route(
            "POST",
            "/v1/admin/seed",
            _OFFICE,
            seed.seed,
            "Load products and stock",
            messages.Seed,
            keyed=True,
            limit_bytes=_SEED_BYTES,
        ),
        Route("GET", "/v1/settlements", _OFFICE, settlements.listing, "What the provider pays out, and what differs"),
        Route("GET", "/v1/settlements/month/{month}", _OFFICE, settlements.month, "A month by tender"),
        Route(
            "POST",
            "/v1/admin/settle",
            _OFFICE,
            settlements.settle,
            "Match the provider's file of a day",
            messages.Settle,
            keyed=True,
        ),
        Route("POST", "/v1/admin/reconcile", _OFFICE, reconcile.reconcile, "Resolve what is open", keyed=True),
    ]
