"""What staff are paid beyond their wage: what a policy promises per action, and what a month brought.

Both are by component, because a pay slip shows components: what staff learn from it is how much of each promise came.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

import scenarios.staff
from scenarios.evaluation import Evaluation
from sim.log.schema import StaffAction
from sim.staff.people import Ints
from sim.streams import Floats


class Component(IntEnum):
    """A line of the pay slip."""

    COMMISSION = 0
    TILL_COMMISSION = 1
    JOIN_FEE = 2
    LTV_SHARE = 3
    STORE_BONUS = 4
    INCREMENTAL = 5
    ATTRIBUTION = 6
    COMPANY_BONUS = 7


COMPONENTS: Final = len(Component)
ACTIONS: Final = len(StaffAction)
IN_STOCK, STOCKED_OUT = 0, 1
OWN: Final = [Component.COMMISSION, Component.JOIN_FEE, Component.LTV_SHARE, Component.INCREMENTAL]
OWN.append(Component.ATTRIBUTION)
"""Components in which people can see the effect of what they did; the others come to all alike."""

ATTRIBUTED_SHARE: Final = {"last": 1.0, "linear": 0.5, "shapley": 0.25}
"""A contact's share of an online sale by rule; for `shapley` the prior, before anything has been measured."""

_WITHOUT_APP: Final = 0.8
_UNPROMPTED: Final = 0.2
_MISSING_PART: Final = 0.6
_SUBSTITUTED: Final = 0.3
_INCREMENTAL: Final = {IN_STOCK: 0.05, STOCKED_OUT: 0.4}
"""What staff take for granted (assumptions): most shoppers have no app, few would use it unprompted; what is missing
is part of the basket and would be replaced at times; advice saves a sale where goods are missing, seldom else."""


def promised_yen(rules: scenarios.staff.Staff, pay: Evaluation, team: int, company: int) -> Floats:
    """What one action brings to oneself by the letter of the policy, shape (components, actions, 2 situations).

    `team` is the number of staff of the store, `company` of all. Negative where a till sale moves away.
    """
    promise = np.zeros((COMPONENTS, ACTIONS, 2))
    join = rules.prior_followed * _WITHOUT_APP
    team_share = pay.store_bonus_percent / 100 / team
    by_code = max(pay.code_store_credit, pay.app_sale_store_credit)
    for situation in (IN_STOCK, STOCKED_OUT):
        missing = situation == STOCKED_OUT
        moved = rules.prior_sale_yen * rules.prior_followed * (_MISSING_PART if missing else 1.0)
        from_till = moved * (_SUBSTITUTED if missing else 1.0)
        uplift = moved * _INCREMENTAL[situation]
        for action in (StaffAction.RECOMMEND, StaffAction.RECOMMEND_SCAN_AND_PAY):
            cell = promise[:, action, situation]
            cell[Component.COMMISSION] = pay.commission_percent / 100 * moved
            cell[Component.TILL_COMMISSION] = -pay.till_commission_percent / 100 * from_till
            cell[Component.STORE_BONUS] = team_share * (by_code * moved - pay.till_sale_store_credit * from_till)
            cell[Component.INCREMENTAL] = pay.incremental_percent / 100 * uplift
            cell[Component.ATTRIBUTION] = pay.attribution_percent / 100 * moved * ATTRIBUTED_SHARE[pay.attribution_rule]
            cell[Component.COMPANY_BONUS] = pay.company_bonus * pay.company_bonus_percent / 100 * uplift / company
        for action in (StaffAction.RECOMMEND, StaffAction.RECOMMEND_JOINING, StaffAction.RECOMMEND_SCAN_AND_PAY):
            cell = promise[:, action, situation]
            cell[Component.JOIN_FEE] = pay.join_fee_yen * join
            cell[Component.LTV_SHARE] = pay.ltv_share_percent / 100 * rules.prior_ltv_yen * join
    kept = rules.prior_sale_yen * _UNPROMPTED
    deflect = promise[:, StaffAction.DEFLECT, IN_STOCK]
    deflect[Component.TILL_COMMISSION] = pay.till_commission_percent / 100 * kept
    deflect[Component.STORE_BONUS] = team_share * (pay.till_sale_store_credit - pay.app_sale_store_credit) * kept
    return promise


@dataclass
class Accounts:
    """What has been earned since the last settlement."""

    credited_yen: Floats
    """Sales that count for each store, shape (stores,)."""
    commission_yen: Floats
    """Commission booked to each code; this and the rest have shape (staff,)."""
    till_sales_yen: Floats
    sign_ups: Floats
    recruits_yen: Floats
    """What shoppers whom the person recruited have contributed."""
    attributed_yen: Floats
    uplift_yen: Floats
    """Measured difference that the person's advice made."""
    company_yen: float
    """The company's contribution."""


def empty(stores: int, staff: int) -> Accounts:
    """Nothing earned yet."""
    a, b, c, d, e, f = np.zeros((6, staff))
    return Accounts(np.zeros(stores), a, b, c, d, e, f, 0.0)


def pay_slips(pay: Evaluation, accounts: Accounts, store: Ints, teams: Ints) -> Floats:
    """Yen by component and staff, shape (components, staff). `store` is each one's, `teams` their sizes.

    A bonus is never negative: nobody pays in.
    """
    slips = np.zeros((COMPONENTS, len(store)))
    slips[Component.COMMISSION] = accounts.commission_yen
    slips[Component.TILL_COMMISSION] = pay.till_commission_percent / 100 * accounts.till_sales_yen
    slips[Component.JOIN_FEE] = pay.join_fee_yen * accounts.sign_ups
    slips[Component.LTV_SHARE] = pay.ltv_share_percent / 100 * accounts.recruits_yen
    slips[Component.STORE_BONUS] = pay.store_bonus_percent / 100 * (accounts.credited_yen / teams)[store]
    slips[Component.INCREMENTAL] = pay.incremental_percent / 100 * accounts.uplift_yen
    slips[Component.ATTRIBUTION] = pay.attribution_percent / 100 * accounts.attributed_yen
    share = pay.company_bonus * pay.company_bonus_percent / 100 / max(1, len(store))
    slips[Component.COMPANY_BONUS] = share * accounts.company_yen
    floats: Floats = np.maximum(slips, 0.0)
    return floats
