"""Tenders and what happens when somebody pays with one.

A payment contends with nobody in this world but where the load test's latencies have come back as a profile, so all
attempts are settled at once and the payer spends the resulting time at the till or in the app.
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
from sim.payments.core import SharedCore
from sim.payments.load import BrandLoad
from sim.payments.outages import outages_of
from sim.payments.slips import OpenSlip, fate_of_slip
from sim.streams import Floats, Streams, choose

_PAY_ATTEMPT = int(Kind.PAY_ATTEMPT)
_CAPTURED = int(PaymentOutcome.CAPTURED)
_DECLINED = int(PaymentOutcome.DECLINED)
_NO_EFFECT = int(PaymentOutcome.TIMED_OUT_NO_EFFECT)
_LATE = int(PaymentOutcome.TIMED_OUT_CAPTURED)
_REFUNDED = int(PaymentOutcome.REFUNDED)
_STORE = int(Channel.STORE)
_EC = -1


@dataclass(slots=True)
class Settlement:
    """How paying ended: whether it succeeded, how long it took, and what the provider keeps.

    With a `slip` the payer has gone away with that: `paid` says what will be true when its time is over. Coupon and
    points are filled in by `sim.loyalty.paying`.
    """

    paid: bool
    seconds: float
    fee_yen: int
    payment: int
    brand: int
    coupon_yen: int = 0
    funder: int = -1
    """Who pays for the coupon: a code of its funders, -1 for none."""
    points_used: int = 0
    points_earned: int = 0
    points_cost_yen: int = 0
    slip: OpenSlip | None = None
    charged_twice: bool = False
    """An earlier attempt had been captured as well; the payer sees it before the night's refund."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payment has to know of its tender: the scenario's figures, on a path where their look-up counts."""

    brand: int
    is_slip: bool
    handling_s: float
    latency_median_s: float
    latency_sigma: float
    time_out: float
    decline: float
    fee: float
    fee_yen: int


class Tenders:
    """The scenario's tenders, indexed; cash is the store tender without a provider."""

    def __init__(self, scenario: Scenario, streams: Streams) -> None:
        rules = scenario.payments
        self.rules = rules
        self.streams = streams
        self.all: list[Tender] = list(rules.tenders.values())
        self.cash = next((i for i, tender in enumerate(self.all) if tender.brand == "cash"), -1)
        self._choices = {channel: self._shares(channel) for channel in ("store", "online")}
        self._online: list[int] = self._choices["online"][0].tolist()
        self.terms = [_terms(tender) for tender in self.all]
        self.outages = outages_of(scenario, self.all)
        self.load = BrandLoad(rules.latency_profile)
        self.core = None if rules.core is None else SharedCore(rules.core, rules.time_out_s)
        self.always_usual = not self.outages.psp and not rules.latency_profile and self.core is None

    def _shares(self, channel: str) -> tuple[Ints, Floats]:
        index = np.array([i for i, tender in enumerate(self.all) if tender.channel == channel and tender.weight > 0])
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

    def without_phone(self, tender: Ints, draw: Floats) -> Ints:
        """The store tender of payers whose phone does not work: for a QR code another one, where there is one."""
        index, weight = self._choices["store"]
        qr = np.array([self.all[i].brand == "qr" for i in index])
        if qr.all():
            return tender
        return np.where(np.isin(tender, index[qr]), index[~qr][choose(draw, weight[~qr])], tender)

    def another(self, tender: int, channel: int, has_cash: bool, goods_wait: bool) -> int:
        """The tender of the next attempt: cash at a till, another one online; the same where there is no other."""
        if channel == _STORE:
            return self.cash if has_cash and self.cash >= 0 else tender
        at = self._online.index(tender)
        others = [*self._online[at + 1 :], *self._online[:at]]
        return next((other for other in others if goods_wait or not self.terms[other].is_slip), tender)

    def conditions(self, tender: int, place: int, payment: int, at_s: float) -> Conditions:
        """How the provider of `tender` is doing at `at_s`, as this payment will find it."""
        usual = self.all[tender].time_out
        factor = self.load.factor(self.all[tender].brand, at_s)
        added_s = self._in_the_core(tender, payment, at_s)
        window = self.outages.psp_at(tender, place, at_s)
        if window is None:
            return Conditions(factor, added_s, usual, None, False)
        late = self.streams.single("outage capture", payment) < window.late_capture
        switches = self.streams.single("outage switch", payment) < window.switch
        return Conditions(factor, added_s, max(usual, window.time_out), late, switches)

    def _in_the_core(self, tender: int, payment: int, at_s: float) -> float:
        """Seconds that the core takes longer than when idle. It keeps cash sales too, but no till waits for that."""
        if self.core is None:
            return 0.0
        self.core.count(at_s)
        return 0.0 if tender == self.cash else self.core.added_s(self.streams.single("core latency", payment))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a payment finds. `late` says whether a time-out will have been captured, None: as ever."""

    latency_factor: float
    added_s: float
    time_out: float
    late: bool | None
    switches: bool
    """Whether the payer tries another tender after a time-out."""


def _terms(tender: Tender) -> Terms:
    return Terms(
        brand=BRANDS.index(tender.brand),
        is_slip=tender.brand == "konbini",
        handling_s=tender.handling_s,
        latency_median_s=tender.latency_median_s,
        latency_sigma=tender.latency_sigma,
        time_out=tender.time_out,
        decline=tender.decline,
        fee=tender.fee,
        fee_yen=tender.fee_yen,
    )


def pay(
    tenders: Tenders,
    log: Recorder,
    errand: Errand,
    order: int,
    channel: int,
    place: Place,
    amount_yen: int,
    at_s: float,
    goods_wait: bool = False,
    refused: frozenset[int] = frozenset(),
) -> Settlement:
    """Try to pay `amount_yen` from `at_s` on; writes one row of `payments` per attempt, but for a slip: `end_slip`.

    A time-out leaves the outcome unknown to the payer, who tries again; where it had been captured after all, the
    night's reconciliation finds and refunds it. `goods_wait`: the goods stay where they are until they are paid, so
    that a slip for the convenience store will do. Tenders that are `refused` are not tried; whoever has nothing else
    has not paid.
    """
    index = errand.store_tender if channel == _STORE else errand.online_tender
    if index in refused:
        index = tenders.another(index, channel, errand.has_cash, goods_wait)
        if index in refused:
            return Settlement(False, 0.0, 0, -1, -1)
    if tenders.terms[index].is_slip and not goods_wait:
        index = tenders.another(index, channel, errand.has_cash, goods_wait)
    at = errand.store if channel == _STORE else _EC
    rules = tenders.rules
    need, seconds, draws = errand.need, 0.0, errand.payment_draws
    captured_before = False
    for attempt in range(rules.attempts):
        tender = tenders.terms[index]
        fate, z = draws[2 * attempt], draws[2 * attempt + 1]
        latency = tender.latency_median_s * exp(tender.latency_sigma * z)
        payment, brand = order * 4 + attempt, tender.brand
        time_out, late, switches = tender.time_out, errand.late_draw < rules.late_capture, False
        timed_out = False
        if not tenders.always_usual:
            now = tenders.conditions(index, at, payment, at_s + seconds)
            latency = latency * now.latency_factor + now.added_s
            time_out, switches = now.time_out, now.switches
            timed_out = latency > rules.time_out_s
            late = timed_out or (late if now.late is None else now.late)
        seconds += tender.handling_s + latency
        outcome, fee = _CAPTURED, round(amount_yen * tender.fee) + tender.fee_yen
        if timed_out or fate < time_out:
            seconds += rules.time_out_s - latency
            latency = rules.time_out_s
            outcome = _LATE if late and not tender.is_slip else _NO_EFFECT
        elif fate < time_out + tender.decline:
            outcome = _DECLINED
        moment = at_s + seconds
        who = (errand.shopper, need, errand.journey, errand.store)
        log.events.extend(EVENT(moment, *who, _PAY_ATTEMPT, place, -1, 0, amount_yen, order, payment, -1))
        row = (payment, order, need, moment, brand, channel, attempt, amount_yen, latency, outcome)
        if outcome == _CAPTURED:
            if not tender.is_slip:
                log.payments.extend(PAYMENT(*row, fee))
                return Settlement(True, seconds, fee, payment, brand, charged_twice=captured_before)
            paid, waits_s = fate_of_slip(rules.slip, tenders.streams, payment)
            slip = OpenSlip(waits_s, paid, latency, row[:3], (brand, channel, attempt), amount_yen, fee)
            return Settlement(paid, seconds, fee if paid else 0, payment, brand, slip=slip)
        log.payments.extend(PAYMENT(*row, 0))
        if outcome == _LATE:
            captured_before = True
            refund(log, row, moment + DAY_S - moment % DAY_S, -amount_yen)
        if outcome == _DECLINED or switches:
            index = tenders.another(index, channel, errand.has_cash, goods_wait)
    return Settlement(False, seconds, 0, -1, -1)


def refund(log: Recorder, row: tuple[float, ...], at_s: float, amount_yen: int) -> None:
    """Write a refund row for the payment `row`; `amount_yen` is negative."""
    payment, order, need, _, brand, channel, attempt = row[:7]
    log.payments.extend(PAYMENT(payment, order, need, at_s, brand, channel, attempt, amount_yen, 0.0, _REFUNDED, 0))
