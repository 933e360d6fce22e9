"""Paying, for many payers at once: the rules of `sim.payments.tenders.pay`, in arrays.

A payment goes to the provider at most `attempts` times. After a definite no, a payer at a till who has cash pays with
that (the provider has lost the payment), another tries the same tender again; online the next tender is tried. After
a time-out, whose outcome the payer does not know, the same tender is tried again; where the first had been captured
after all, the provider finds it at night and gives the money back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from scenarios.payments import Payments
from sim.bench.psp.merchants import Ints
from sim.log.schema import PaymentOutcome
from sim.streams import Floats, Streams, choose

Bools = NDArray[np.bool_]

CAPTURED = int(PaymentOutcome.CAPTURED)
DECLINED = int(PaymentOutcome.DECLINED)
NO_EFFECT = int(PaymentOutcome.TIMED_OUT_NO_EFFECT)
LATE = int(PaymentOutcome.TIMED_OUT_CAPTURED)


@dataclass(frozen=True)
class Tenders:
    """The provider's tenders, one row each; `after` is the tender of the next attempt after a definite no."""

    brand: list[str]
    in_store: Bools
    weight: Floats
    handling_s: Floats
    latency_median_s: Floats
    latency_sigma: Floats
    decline: Floats
    time_out: Floats
    fee: Floats
    fee_yen: Floats
    calendar: list[str]
    after: Ints

    def first_choice(self, in_store: Bools, draw: Floats) -> Ints:
        """The tender each payer reaches for first."""
        tender = np.empty(len(draw), dtype=np.int64)
        for side in (True, False):
            index = np.flatnonzero(self.in_store == side)
            tender[in_store == side] = index[choose(draw[in_store == side], self.weight[index])]
        return tender

    def mean_at_till_s(self) -> float:
        """Expected seconds from the amount told to the receipt, for a first attempt in a store."""
        latency = self.latency_median_s * np.exp(self.latency_sigma**2 / 2)
        weight = self.weight * self.in_store
        return float(((self.handling_s + latency) * weight).sum() / weight.sum())


@dataclass(frozen=True)
class Attempt:
    """The k-th try of those payers (`row`) who came to it; times are seconds from the beginning of paying."""

    row: Ints
    tender: Ints
    sent_s: Floats
    answered_s: Floats
    outcome: Ints


def tenders_of(rules: Payments) -> Tenders:
    """All tenders in use that go through a provider: everything but cash."""
    chosen = [tender for tender in rules.tenders.values() if tender.brand != "cash" and tender.weight > 0]
    in_store = np.array([tender.channel == "store" for tender in chosen])
    after = np.arange(len(chosen))
    online = np.flatnonzero(~in_store)
    after[online] = np.roll(online, -1)

    def column(name: str) -> Floats:
        return np.array([getattr(tender, name) for tender in chosen], dtype=float)

    names = ("weight", "handling_s", "latency_median_s", "latency_sigma", "decline", "time_out", "fee", "fee_yen")
    return Tenders(
        brand=[tender.brand for tender in chosen],
        in_store=in_store,
        calendar=[tender.calendar for tender in chosen],
        after=after,
        **{name: column(name) for name in names},
    )


def try_to_pay(
    rules: Payments, tenders: Tenders, streams: Streams, payment: Ints, in_store: Bools, draws: dict[str, Floats]
) -> tuple[list[Attempt], Floats]:
    """Every attempt of every payer, first tries first, and the seconds that paying takes each, cash included.

    `draws` holds a uniform per payer under `tender`, `fate` and `latency`; what few need is drawn here.
    """
    row = np.arange(len(payment))
    tender = tenders.first_choice(in_store, draws["tender"])
    fate, z = draws["fate"], ndtri(draws["latency"])
    spent_s = np.zeros(len(payment))
    attempts: list[Attempt] = []
    for number in range(rules.attempts):
        if number:
            again = streams.uniforms(f"attempt {number}", payment[row], 2)
            fate, z = again[:, 0], ndtri(again[:, 1])
        attempt, seconds = _attempt(rules, tenders, streams, payment, row, tender, fate, z, spent_s[row])
        spent_s[row] = seconds
        attempts.append(attempt)
        declined = attempt.outcome == DECLINED
        with_cash = declined & in_store[row]
        with_cash[with_cash] = streams.uniform("has cash", payment[row[with_cash]]) < rules.has_cash
        spent_s[row[with_cash]] += _cash_s(rules)
        on = (attempt.outcome != CAPTURED) & ~with_cash
        tender = np.where(declined, tenders.after[tender], tender)[on]
        row = row[on]
    return attempts, spent_s


def _attempt(
    rules: Payments,
    tenders: Tenders,
    streams: Streams,
    payment: Ints,
    row: Ints,
    tender: Ints,
    fate: Floats,
    z: Floats,
    spent_s: Floats,
) -> tuple[Attempt, Floats]:
    latency_s: Any = tenders.latency_median_s[tender] * np.exp(tenders.latency_sigma[tender] * z)
    timed_out = fate < tenders.time_out[tender]
    outcome = np.where(fate < tenders.time_out[tender] + tenders.decline[tender], DECLINED, CAPTURED)
    late = streams.uniform("late capture", payment[row[timed_out]]) < rules.late_capture
    outcome[timed_out] = np.where(late, LATE, NO_EFFECT)
    latency_s[timed_out] = rules.time_out_s
    sent_s = spent_s + tenders.handling_s[tender]
    return Attempt(row, tender, sent_s, sent_s + latency_s, outcome), sent_s + latency_s


def _cash_s(rules: Payments) -> float:
    return next((tender.handling_s for tender in rules.tenders.values() if tender.brand == "cash"), 0.0)
