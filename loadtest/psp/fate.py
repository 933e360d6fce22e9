"""What happens to a charge, decided by a hash of (seed, merchant id) and not by the order of calls.

So the same run against the same PSP has the same declines and the same time-outs, whatever the timing.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(ge=0, le=1)]
Milliseconds = Annotated[float, Meta(ge=0, le=600_000)]

_SIGMA: Final = 0.5  # of the logarithm of the latency: 1 in 100 takes 3.2 times the median (assumption)


class BrandFaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one brand has of its own; None: as all others."""

    latency_ms: Milliseconds | None = None
    decline: Share | None = None
    timeout_before: Share | None = None
    timeout_after: Share | None = None
    outage: bool = False


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How this PSP behaves. Shares are of charges, latencies are medians."""

    latency_ms: Milliseconds = 20.0
    decline: Share = 0.0
    timeout_before: Share = 0.0
    timeout_after: Share = 0.0
    duplicate_webhooks: Share = 0.0
    delayed_webhooks: Share = 0.0
    webhook_delay_ms: Milliseconds = 5000.0  # how late a delayed webhook is, and one for a charge nobody was told of
    customer_delay_ms: Milliseconds = 500.0  # until a shopper has scanned a dynamic QR code and agreed
    outage: bool = False
    brands: dict[str, BrandFaults] = {}
    charges: dict[str, Literal["declined", "lost"]] = {}  # what befalls single charges, by merchant id


@dataclass(frozen=True, slots=True)
class Fate:
    """What is in store for one charge."""

    latency_s: float
    declined: bool
    lost: str  # "" (answered), "before" or "after" the effect
    customer_s: float
    webhook_delayed: bool
    webhook_twice: bool


def uniforms(seed: int, name: str, count: int) -> list[float]:
    """`count` numbers in (0, 1) that depend on nothing but seed and name."""
    digest = hashlib.blake2b(name.encode(), digest_size=8 * count, key=seed.to_bytes(8, "big", signed=True)).digest()
    return [(int.from_bytes(digest[at : at + 8], "big") + 0.5) / 2.0**64 for at in range(0, 8 * count, 8)]


def fate_of(faults: Faults, seed: int, brand: str, merchant_payment_id: str) -> Fate:
    """The fate of one charge. A brand without a latency of its own is up to half faster or slower than the rest."""
    own = faults.brands.get(brand, BrandFaults())
    speed, lost, declined, customer, delayed, twice = uniforms(seed, f"charge {merchant_payment_id}", 6)
    median_ms = own.latency_ms
    if median_ms is None:
        median_ms = faults.latency_ms * (0.5 + uniforms(seed, f"brand {brand}", 1)[0])
    decline = faults.decline if own.decline is None else own.decline
    share_before = faults.timeout_before if own.timeout_before is None else own.timeout_before
    share_after = faults.timeout_after if own.timeout_after is None else own.timeout_after
    told = faults.charges.get(merchant_payment_id)
    before = told == "lost" or (told is None and lost < share_before)
    after = told is None and share_before <= lost < share_before + share_after
    return Fate(
        latency_s=median_ms / 1000.0 * math.exp(_SIGMA * NormalDist().inv_cdf(speed)),
        declined=told == "declined" or (told is None and declined < decline),
        lost="before" if before else "after" if after else "",
        customer_s=faults.customer_delay_ms / 1000.0 * (0.5 + customer),
        webhook_delayed=delayed < faults.delayed_webhooks,
        webhook_twice=twice < faults.duplicate_webhooks,
    )
