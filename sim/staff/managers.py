"""What those who do not stand on the floor do about their evaluation: store managers and the EC division."""

from __future__ import annotations

from math import sqrt

import numpy as np

from scenarios.evaluation import Evaluation
from scenarios.schema import Scenario
from sim.streams import Streams


def hold_back_units(scenario: Scenario) -> float:
    """Mean units of an item that store managers keep from orders to be collected, on top of the online buffer [S123].

    They fear to sell at the till no more what an order has taken, the less the more a collected order counts for the
    store against a till sale. Effort to serve orders follows that share and brings its square root, as EC's does
    (`ec_effort`). Whoever has no bonus on sales holds nothing back.
    """
    pay = scenario.evaluation
    if not pay.store_bonus_percent or pay.till_sale_store_credit <= pay.collect_store_credit:
        return 0.0
    return scenario.staff.hold_back_units * (1 - sqrt(pay.collect_store_credit / pay.till_sale_store_credit))


def held_back(scenario: Scenario, streams: Streams, skus: int) -> list[list[int]]:
    """Units kept by [store][sku]: whole ones, on some items one more than on others, so that the mean is as above."""
    stores = len(scenario.stores)
    u = streams.uniforms("held_back", np.arange(stores), skus)
    units: list[list[int]] = np.floor(hold_back_units(scenario) + u).astype(np.int64).tolist()
    return units


def ec_effort(pay: Evaluation) -> float:
    """How far the EC division lets up, from 0 (all its sales are its own) down to -1 (all are given to stores).

    EC keeps what stores do not get of app and collected sales (the mean credit, less what is counted twice). With a
    cost that grows as the square of effort, effort is proportional to the share kept; what it brings grows with its
    square root. Where all are paid by the company's contribution, nobody's share matters.
    """
    given = (pay.app_sale_store_credit + pay.code_store_credit + pay.collect_store_credit) / 3
    kept = 1 - given * (1 - pay.shadow_credit) * (1 - pay.company_bonus)
    return sqrt(kept) - 1
