"""Tenders and what happens when somebody pays with one.

A payment contends with nobody in this world (the provider's capacity is a matter of the load test), so all attempts
are settled at once and the payer spends the resulting time at the till or in the app.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Literal

import numpy as np

from scenarios.payments import Tender
from scenarios.schema import Scenario
from sim.calendar import DAY_S
from sim.errand import Errand
from sim.log.recorder import BRANDS, Recorder
from sim.log.rows import EVENT, PAYMENT
from sim.log.schema import Channel, Kind, PaymentOutcome, Place
from sim.needs import Ints
from sim.streams import Floats, choose

_PAY_ATTEMPT = int(Kind.PAY_ATTEMPT)
_CAPTURED = int(PaymentOutcome.CAPTURED)
_DECLINED = int(PaymentOutcome.DECLINED)
_NO_EFFECT = int(PaymentOutcome.TIMED_OUT_NO_EFFECT)
_LATE = int(PaymentOutcome.TIMED_OUT_CAPTURED)
_REFUNDED = int(PaymentOutcome.REFUNDED)
_STORE = int(Channel.STORE)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How paying ended: whether it succeeded, how long it took, and what the provider keeps."""

    paid: bool
    seconds: float
    fee_yen: int
    payment: int
    brand: int


class Tenders:
    """The scenario's tenders, indexed; cash is the store tender without a provider."""

    def __init__(self, scenario: Scenario) -> None:
        rules = scenario.payments
        self.rules = rules
        self.all: list[Tender] = list(rules.tenders.values())
        self.brand = [BRANDS.index(tender.brand) for tender in self.all]
        self.cash = next((i for i, tender in enumerate(self.all) if tender.brand == "cash"), -1)
        self._choices = {channel: self._shares(channel) for channel in ("store", "online")}

    def _shares(self, channel: str) -> tuple[Ints, Floats]:
        index = np.array([i for i, tender in enumerate(self.all) if tender.channel == channel])
        weight = np.array([self.all[i].weight for i in index])
        if self.cash in index:
            others = index != self.cash
            weight[others] *= (1 - self.rules.cash_share) / weight[others].sum()
            weight[~others] = self.rules.cash_share
        return index, weight

    def first_choice(self, channel: Literal["store", "online"], draw: Floats) -> Ints:
        """Index of the tender that a payer reaches for first."""
        index, weight = self._choices[channel]
        return index[choose(draw, weight)]

    def after_decline(self, tender: int, channel: int, has_cash: bool) -> int:
        """The tender of the next attempt: cash at a till, another one online; the same where there is no other."""
        if channel == _STORE:
            return self.cash if has_cash and self.cash >= 0 else tender
        index, _ = self._choices["online"]
        return int(index[(np.flatnonzero(index == tender)[0] + 1) % len(index)])


def pay(
    tenders: Tenders,
    log: Recorder,
    errand: Errand,
    order: int,
    channel: int,
    place: Place,
    amount_yen: int,
    at_s: float,
) -> Settlement:
    """Try to pay `amount_yen` from `at_s` on; writes one row of `payments` per attempt.

    A time-out leaves the outcome unknown to the payer, who tries again; where it had been captured after all, the
    night's reconciliation finds and refunds it.
    """
    index = errand.store_tender if channel == _STORE else errand.online_tender
    rules = tenders.rules
    need, seconds = errand.need, 0.0
    for attempt in range(rules.attempts):
        tender = tenders.all[index]
        fate, z = errand.payment_draws[attempt]
        latency = tender.latency_median_s * exp(tender.latency_sigma * z)
        seconds += tender.handling_s + latency
        payment, brand = order * 4 + attempt, tenders.brand[index]
        outcome, fee = _CAPTURED, round(amount_yen * tender.fee)
        if fate < tender.time_out:
            seconds += rules.time_out_s - latency
            latency = rules.time_out_s
            outcome = _LATE if errand.late_draw < rules.late_capture else _NO_EFFECT
        elif fate < tender.time_out + tender.decline:
            outcome = _DECLINED
        moment = at_s + seconds
        row = (payment, order, need, moment, brand, channel, attempt, amount_yen, latency, outcome)
        who = (errand.shopper, need, errand.journey, errand.store)
        log.events.extend(EVENT(moment, *who, _PAY_ATTEMPT, place, -1, 0, amount_yen, order, payment, -1))
        if outcome == _CAPTURED:
            log.payments.extend(PAYMENT(*row, fee))
            return Settlement(True, seconds, fee, payment, brand)
        log.payments.extend(PAYMENT(*row, 0))
        if outcome == _LATE:
            refund(log, row, moment + DAY_S - moment % DAY_S, -amount_yen)
        elif outcome == _DECLINED:
            index = tenders.after_decline(index, channel, errand.has_cash)
    return Settlement(False, seconds, 0, -1, -1)


def refund(log: Recorder, row: tuple[float, ...], at_s: float, amount_yen: int) -> None:
    """Write a refund row for the payment `row`; `amount_yen` is negative."""
    payment, order, need, _, brand, channel, attempt = row[:7]
    log.payments.extend(PAYMENT(payment, order, need, at_s, brand, channel, attempt, amount_yen, 0.0, _REFUNDED, 0))
