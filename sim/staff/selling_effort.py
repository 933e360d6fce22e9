"""How hard the staff of stores try to sell, by what a yen sold at a till brings them together.

Shops react to a bonus for the team although each one's part of it is thin (Friebel et al. 2017 [S166]): what counts
is what the team gets, and, so far as people identify with the company, what all get.
"""

from __future__ import annotations

from math import sqrt

from scenarios.evaluation import Evaluation
from scenarios.schema import Scenario
from scenarios.staff import Staff


def selling_effort(scenario: Scenario) -> float:
    """Effort against what the usual bonus brings: -1 without any pay for sales, 0 at the usual one, above 0 beyond.

    With a cost that grows as the square of effort, effort is proportional to pay; what it brings grows with its square
    root, as for the EC division's (`ec_effort`).
    """
    rules = scenario.staff
    return sqrt(paid_percent(rules, scenario.evaluation) / rules.usual_bonus_percent) - 1.0


def paid_percent(rules: Staff, pay: Evaluation) -> float:
    """What the staff of a store feel paid for a yen sold at a till, in percent of it.

    A bonus is paid for all that the store sells, a commission only where somebody has served.
    """
    bonus = pay.store_bonus_percent * pay.till_sale_store_credit
    commission = pay.till_commission_percent * rules.prior_served
    company = pay.company_bonus * pay.company_bonus_percent * rules.prior_margin * rules.company_as_own
    return bonus + commission + company
