"""What is done for the figure and not for the sale: codes on orders that came by themselves, sign-ups that nobody uses.

Both grow with what is at stake: share = limit x stake / (half + stake).
"""

from __future__ import annotations

import numpy as np

import scenarios.staff
from scenarios.evaluation import Evaluation
from sim.staff.pay import Component
from sim.streams import Floats


def code_shares(rules: scenarios.staff.Staff, pay: Evaluation, beliefs: Floats) -> Floats:
    """Share of app orders without advice on which each one puts the own code, shape (staff,)."""
    per_order = pay.commission_percent / 100 * rules.prior_sale_yen * beliefs[:, Component.COMMISSION]
    return rules.code_gaming * pull(rules, per_order)


def hollow_shares(rules: scenarios.staff.Staff, pay: Evaluation, beliefs: Floats) -> Floats:
    """Share of refusals that each one turns into a sign-up for the fee alone, shape (staff,)."""
    return rules.join_gaming * pull(rules, pay.join_fee_yen * beliefs[:, Component.JOIN_FEE])


def pull(rules: scenarios.staff.Staff, stake_yen: Floats) -> Floats:
    """How much a stake draws, from 0 to 1 as it grows without bound."""
    pulled: Floats = np.asarray(stake_yen / (rules.money_half_yen + stake_yen))
    return pulled


def ships_instead(pay: Evaluation, accepted_in_stock: bool, draw: float) -> bool:
    """Whether a shopper with the goods in hand is made to order them from EC, so that EC's share looks well [S165]."""
    return accepted_in_stock and draw < pay.ec_ratio_kpi
