"""Paying at a convenience store: a slip is shown now and paid within some hours or days, or never.

The goods of the order wait unshipped until then. The provider takes the cash, so what is paid is certain; a slip that
is not paid in time expires, and nobody owes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from statistics import NormalDist
from typing import Final

from scenarios.payments import Slip
from sim.calendar import HOUR_S
from sim.log.recorder import Recorder
from sim.log.rows import PAYMENT
from sim.log.schema import PaymentOutcome
from sim.streams import Streams

_CAPTURED, _EXPIRED = int(PaymentOutcome.CAPTURED), int(PaymentOutcome.EXPIRED)
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class OpenSlip:
    """A slip in a shopper's hand: after `waits_s` it will have been paid, or have expired."""

    waits_s: float
    paid: bool
    latency_s: float
    row: tuple[int, int, int]
    """Payment, order, need."""
    tender: tuple[int, int, int]
    """Brand, channel, attempt."""
    amount_yen: int
    fee_yen: int


def fate_of_slip(rules: Slip, streams: Streams, payment: int) -> tuple[bool, float]:
    """Whether the slip will be paid, and the seconds until that or until it expires."""
    valid_s = rules.valid_hours * HOUR_S
    if streams.single("slip", payment) < rules.unpaid:
        return False, valid_s
    z = _NORMAL.inv_cdf(streams.single("slip", payment, 1))
    waits_s = rules.pays_after_hours * HOUR_S * exp(rules.pays_after_sigma * z)
    return waits_s <= valid_s, min(waits_s, valid_s)


def end_slip(log: Recorder, slip: OpenSlip, now_s: float) -> None:
    """The slip's time is over: write its row of `payments`."""
    outcome, fee_yen = (_CAPTURED, slip.fee_yen) if slip.paid else (_EXPIRED, 0)
    brand, channel, attempt = slip.tender
    row = (*slip.row, now_s, brand, channel, attempt, slip.amount_yen, slip.latency_s, outcome, fee_yen)
    log.payments.extend(PAYMENT(*row))
