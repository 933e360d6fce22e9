"""Net present value, payback and the dip of a series of cash flows: plain arithmetic on lists.

`flows[k]` is the money that comes (positive) or goes at the end of period k; `flows[0]` is today's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Dip:
    """How far the sum of all flows so far falls below zero at worst (0 where it never does), and in which period."""

    depth: float
    period: int


def rate_per_period(rate_per_year: float, periods_a_year: int = 12) -> float:
    """The rate that compounds to `rate_per_year`: (1 + i) ** 12 = 1 + r.

    At 12.682503 % a year it is 1 % a month.
    """
    return float((1 + rate_per_year) ** (1 / periods_a_year) - 1)


def npv(rate: float, flows: Sequence[float]) -> float:
    """Net present value: sum of flows[k] / (1 + rate) ** k; the first flow is not discounted.

    As numpy_financial.npv, whose examples it gives: npv(0.281, [-100, 39, 59, 55, 20]) is -0.00848, npv(0.08, [-40000,
    5000, 8000, 12000, 30000]) is 3065.22. By hand: 100 today and 110 in a year at 10 % are 100 + 110 / 1.1 = 200. A
    level flow of 1 for n periods is an annuity, (1 - (1 + i) ** -n) / i.
    """
    return sum(flow / (1 + rate) ** period for period, flow in enumerate(flows))


def discounted(rate: float, flows: Sequence[float]) -> list[float]:
    """Each flow at its worth of today; they sum to the net present value."""
    return [flow / (1 + rate) ** period for period, flow in enumerate(flows)]


def payback(flows: Sequence[float]) -> float | None:
    """Periods until the sum of all flows so far is not below zero any more, for good; None where it ends below.

    Within a period the flow is taken to be even. By hand: -1000, then 400 a period, stands at -200 after two periods
    and is back after half of the third: 2.5. A series that is never below zero has paid back at 0.
    """
    standing = list(accumulate(flows))
    below = [period for period, total in enumerate(standing) if total < 0]
    if not below:
        return 0.0
    last = below[-1]
    if last == len(standing) - 1:
        return None
    return last - standing[last] / flows[last + 1]


def dip(flows: Sequence[float]) -> Dip:
    """The lowest point of the sum of all flows so far, the first where there are several."""
    standing = list(accumulate(flows))
    lowest = min(standing, default=0.0)
    return Dip(-lowest, standing.index(lowest)) if lowest < 0 else Dip(0.0, 0)
