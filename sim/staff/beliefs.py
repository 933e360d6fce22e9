"""What staff believe an action pays, and what follows for what they are likely to do.

A belief is a factor on each component of what the policy promises: 1 is "as promised". Pay that nobody has seen yet
is believed in part; each pay slip moves the factor towards what it showed.
"""

from __future__ import annotations

import numpy as np

import scenarios.staff
from scenarios.evaluation import Evaluation
from sim.log.schema import StaffAction
from sim.staff.pay import ACTIONS, COMPONENTS, OWN, STOCKED_OUT, Component
from sim.staff.people import People
from sim.streams import Floats

_ADVICE = [StaffAction.RECOMMEND, StaffAction.RECOMMEND_JOINING, StaffAction.RECOMMEND_SCAN_AND_PAY]
_FACTOR_MAX = 3.0
USUAL_RATE = 0.112
"""How often colleagues recommend where nothing is done about it [S117]."""


def first_beliefs(rules: scenarios.staff.Staff, pay: Evaluation, staff: int) -> Floats:
    """Factors on day 0, shape (staff, components): pay on a till-based P/L is known, anything else is new."""
    factors = np.full((staff, COMPONENTS), rules.new_policy_trust)
    factors[:, Component.TILL_COMMISSION] = 1.0
    if max(pay.code_store_credit, pay.app_sale_store_credit) == 0:
        factors[:, Component.STORE_BONUS] = 1.0
    return factors


def learn(rules: scenarios.staff.Staff, beliefs: Floats, slips: Floats, promised: Floats) -> None:
    """Move `beliefs` towards what a pay slip showed.

    `slips` is yen by (component, staff); `promised` is what the policy's letter says for what each one did in the
    month, by (staff, component). Whoever did nothing that pays hears from the others what it brought them.
    """
    weight = rules.belief_smoothing
    for component in range(COMPONENTS):
        if component not in OWN:
            beliefs[:, component] += weight * (1.0 - beliefs[:, component])
            continue
        expected, paid = promised[:, component], slips[component]
        if expected.sum() <= 0:
            continue
        seen = np.where(expected > 0, paid / np.where(expected > 0, expected, 1.0), paid.sum() / expected.sum())
        beliefs[:, component] += weight * (np.clip(seen, 0.0, _FACTOR_MAX) - beliefs[:, component])


def stakes_yen(beliefs: Floats, promise: Floats) -> Floats:
    """Own bonus that each expects of each action, shape (staff, actions, 2). `promise` is (staff, components, ...)."""
    expected: Floats = np.einsum("sc,scax->sax", beliefs, promise)
    return expected


def utilities(
    rules: scenarios.staff.Staff, pay: Evaluation, people: People, stakes: Floats, threat: Floats, peers: Floats
) -> Floats:
    """Utility of each action against doing nothing, shape (staff, actions, 2 situations); -inf where it is closed.

    V = taste + money(stake) + identification x company bonus + EC target - threat x (1 - credit) + skill + peers.
    money(y) = sensitivity x y / (half + |y|) [y in yen]. `peers` is the share of contacts at which colleagues
    recommend. Scanning and paying is for goods that are there; deflecting saves a till sale that there must be.
    """
    value = np.zeros((len(people.taste), ACTIONS, 2))
    money = (rules.money * people.money)[:, None, None] * stakes / (rules.money_half_yen + np.abs(stakes))
    uncredited = 1.0 - max(pay.code_store_credit, pay.app_sale_store_credit)
    advising = (
        rules.intercept
        + people.taste
        + rules.identification * pay.company_bonus * people.identification
        + rules.ec_kpi * pay.ec_ratio_kpi
        - rules.threat * uncredited * threat
        + rules.skill * people.skill
        + rules.peer * (peers - USUAL_RATE)
    )
    for action in _ADVICE:
        value[:, action, :] = advising[:, None]
    value[:, StaffAction.RECOMMEND_JOINING, :] += rules.joining
    value[:, StaffAction.RECOMMEND_SCAN_AND_PAY, :] += rules.scan_and_pay
    value[:, :, STOCKED_OUT] += rules.stock_out
    deflecting = rules.deflect + rules.deflect_threat * uncredited * threat
    value[:, StaffAction.DEFLECT, :] = deflecting[:, None]
    value += money
    value[:, StaffAction.NOTHING, :] = 0.0
    value[:, StaffAction.RECOMMEND_SCAN_AND_PAY, STOCKED_OUT] = -np.inf
    return value


def shares(utility: Floats, scan_and_pay: bool) -> Floats:
    """Multinomial logit probabilities of the actions, nobody queueing, same shape as `utility`."""
    weight = np.exp(utility)
    if not scan_and_pay:
        weight[:, StaffAction.RECOMMEND_SCAN_AND_PAY, :] = 0.0
    found: Floats = weight / weight.sum(axis=1, keepdims=True)
    return found
