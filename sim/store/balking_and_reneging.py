"""Shoppers lost to the line: who turns away at its sight (balking) and who leaves it (reneging).

Balking goes by the length of the line that is seen, not by how fast it moves (Lu, Musalem, Olivares and Schilkrut
2013): a single line in front of four tills looks four times as long as one line per till, and puts more people off.
Reneging goes by the time spent in the line: patience is log-normal, a multiple of the wait that irritates.
"""

from __future__ import annotations

from math import exp, log

from scenarios.schema import Scenario
from sim.errand import Errand

_LONGEST_TABULATED = 500


def stay_probability(scenario: Scenario) -> list[float]:
    """Probability of joining a line of 0, 1, 2, ... people.

    Purchase incidence falls from its reference by a logit slope per person beyond the first few; the ratio to the
    reference is the share that is not put off.
    """
    rules = scenario.patience
    reference = log(rules.balk_reference / (1 - rules.balk_reference))
    beyond = (max(0, people - rules.balk_from_people) for people in range(_LONGEST_TABULATED))
    return [1 / (1 + exp(rules.balk_logit_per_person * n - reference)) / rules.balk_reference for n in beyond]


def balks(stay: list[float], errand: Errand, people_waiting: int) -> bool:
    """Whether the shopper turns away from a line in which so many wait; the draw belongs to the need."""
    return people_waiting > 0 and errand.balk_draw > stay[min(people_waiting, _LONGEST_TABULATED - 1)]


def reneges_after_s(errand: Errand) -> float:
    """Seconds after which the shopper leaves the line unserved, counted from joining it, whatever line it is by then.

    `[patience]`: the wait that irritates times `leaving_factor`, drawn for the need when it sets out.
    """
    return errand.patience_s
