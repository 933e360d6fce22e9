"""Points as revenue that is not earned yet: ASBJ Guidance 30, example 22 (the Japanese IFRS 15).

A sale with points is two promises at one price. The price is divided by their stand-alone prices; the points' part is
a contract liability, released as points are used, in proportion to all that are still expected to be used.
"""

from __future__ import annotations

from fractions import Fraction

from sim.evaluation.ledgers.rounding import largest_remainder


def allocated_yen(price_yen: int, points: int, standalone_yen: float) -> tuple[int, int]:
    """The price of a sale as (goods, points).

    `points` are those that the sale brings, worth `standalone_yen` each: what one is used for, times the chance that
    it is used. 100,000 yen, 10,000 points at 0.95: 91,324 and 8,676.
    """
    points_yen = points * Fraction(str(standalone_yen))
    goods, deferred = (
        largest_remainder(price_yen, (Fraction(price_yen), points_yen)) if price_yen > 0 else (price_yen, 0)
    )
    return goods, deferred


def released_yen(deferred_yen: int, used: int, expected: float | Fraction) -> int:
    """What has been earned of a liability of `deferred_yen` once `used` of `expected` points have been used, in all.

    `expected` is today's expectation of all points that will ever be used, those already used included. A later
    expectation changes what is released next, never what was: 8,676 yen, 4,500 of 9,500 points: 4,110; then 8,500 of
    9,700: 7,603, which is 3,493 more.
    """
    if used >= expected:
        return deferred_yen
    return largest_remainder(deferred_yen, (Fraction(used), Fraction(expected) - used))[0] if used > 0 else 0
