"""Where three numbers of `[staff]` come from: fitted to what surveys and one company reported, over the mix of people.

    in stock, siloed pay:   11.2 % of contacts with a recommendation   [S117]
    out of stock:           32.1 %                                     [S117]
    3 % to the staff code:  1.63 times as many, in stock               [S119]

The last is fitted at three quarters of belief, as in the months in which the first pay slips arrive. Scan-and-pay is
closed, nobody queues, colleagues do as everybody did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.stats.qmc import Sobol

from scenarios.evaluation import Evaluation
from scenarios.staff import Staff
from sim.log.schema import StaffAction
from sim.staff.beliefs import USUAL_RATE, first_beliefs, shares, stakes_yen, utilities
from sim.staff.pay import IN_STOCK, STOCKED_OUT, Component, promised_yen
from sim.staff.people import TRAITS, experienced

IN_STOCK_RATE: Final = 0.112
STOCK_OUT_RATE: Final = 0.321
COMMISSION_UPLIFT: Final = 1.63
_COMMISSION_PERCENT: Final = 3.0
_BELIEF: Final = 0.75
_PEOPLE: Final = 4096
_TEAM: Final = 3
"""Staff of a store, as in the ward; a bonus is shared by so many."""
_COMPANY: Final = 12


@dataclass(frozen=True)
class Fit:
    """Values for the keys of `[staff]` with the same names."""

    intercept: float
    stock_out: float
    money: float


def rate(rules: Staff, pay: Evaluation, belief: float, situation: int) -> float:
    """Share of contacts with any recommendation, over the mix of people; new pay is believed to that degree."""
    people = experienced(rules, Sobol(TRAITS, scramble=False).random(_PEOPLE) + 0.5 / _PEOPLE)
    beliefs = first_beliefs(rules, pay, _PEOPLE)
    beliefs[:, Component.COMMISSION] = belief
    promise = promised_yen(rules, pay, _TEAM, _COMPANY)
    stakes = stakes_yen(beliefs, np.broadcast_to(promise, (_PEOPLE, *promise.shape)))
    utility = utilities(rules, pay, people, stakes, people.threat, np.full(_PEOPLE, USUAL_RATE))
    found = shares(utility, scan_and_pay=False)
    chosen = [StaffAction.RECOMMEND, StaffAction.RECOMMEND_JOINING]
    return float(found[:, chosen, situation].sum(axis=1).mean())


def fit(rules: Staff) -> Fit:
    """Solve for the three values, the other keys of `[staff]` given."""
    siloed = Evaluation()
    paid = Evaluation(commission_percent=_COMMISSION_PERCENT)

    def solved(key: str, low: float, high: float, target: float, pay: Evaluation, situation: int) -> float:
        def gap(value: float) -> float:
            return rate(rules.model_copy(update={key: value}), pay, _BELIEF, situation) - target

        return float(brentq(gap, low, high, xtol=1e-6))

    for _ in range(20):
        # Siloed pay has a small stake of its own, so the three depend on each other; a few rounds settle them.
        before = rules
        intercept = solved("intercept", -8, 4, IN_STOCK_RATE, siloed, IN_STOCK)
        rules = rules.model_copy(update={"intercept": intercept})
        stock_out = solved("stock_out", -4, 6, STOCK_OUT_RATE, siloed, STOCKED_OUT)
        rules = rules.model_copy(update={"stock_out": stock_out})
        money = solved("money", 0, 10, COMMISSION_UPLIFT * IN_STOCK_RATE, paid, IN_STOCK)
        rules = rules.model_copy(update={"money": money})
        if all(abs(getattr(rules, k) - getattr(before, k)) < 1e-5 for k in ("intercept", "stock_out", "money")):
            break
    return Fit(rules.intercept, rules.stock_out, rules.money)
